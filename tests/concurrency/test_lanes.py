"""Pieces on several connections: each once, errors loud, nothing left open."""

from threading import Barrier

import pytest
from django.db import connection, transaction

from billing_project.kernel.lanes import side_by_side

pytestmark = pytest.mark.django_db(transaction=True)


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def living(backends: set[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE pid = ANY(%s)", [list(backends)])
        return {pid for (pid,) in cursor.fetchall()}


def test_every_piece_is_worked_once_on_a_few_connections() -> None:
    both_at_work = Barrier(2, timeout=10)

    def work(piece: int) -> tuple[int, int]:
        if piece < 2:
            both_at_work.wait()
        return piece, backend()

    found = list(side_by_side(work, range(20), lanes=2))
    assert sorted(piece for piece, _ in found) == list(range(20))
    used = {pid for _, pid in found}
    assert len(used) == 2
    assert backend() not in used
    assert living(used) == set()


def test_inside_a_transaction_the_callers_connection_works() -> None:
    with transaction.atomic():
        found = list(side_by_side(lambda piece: (piece, backend()), range(3), lanes=2))
        assert found == [(piece, backend()) for piece in range(3)]


def test_an_error_ends_it_and_the_rest_is_not_begun() -> None:
    begun: list[int] = []

    def work(piece: int) -> int:
        begun.append(piece)
        if piece == 3:
            raise ValueError(piece)
        return piece

    answers: list[int] = []
    with pytest.raises(ValueError, match="3"):
        answers.extend(side_by_side(work, range(1000), lanes=1))
    assert begun == [0, 1, 2, 3]


def test_a_caller_who_stops_looking_stops_the_work() -> None:
    begun: list[int] = []
    looking = side_by_side(lambda piece: begun.append(piece) or backend(), range(10_000), lanes=2)
    next(looking)
    looking.close()
    assert len(begun) < 10_000


def test_nothing_to_do_is_no_error() -> None:
    assert list(side_by_side(lambda piece: piece, list[int](), lanes=2)) == []
