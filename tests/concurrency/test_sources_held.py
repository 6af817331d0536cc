"""The locks under which usage is priced: given back when pricing ends, also when it fails."""

from functools import partial

import psycopg2
import pytest
from django.db import connection, transaction
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from rating.operations.batches import EVERYTHING, SOURCE_LOCK, hold_sources

pytestmark = pytest.mark.django_db(transaction=True)

SOURCE = 4_211


class _Failed(Exception):
    """Pricing ended early."""


class _Watched(psycopg2.extensions.connection):
    """Notes in what state it is closed: closed within a transaction, locks stay for a moment."""

    closed_in: list[int] = []

    def close(self) -> None:
        self.closed_in.append(self.get_transaction_status())
        super().close()


@pytest.fixture
def closed_in(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """States of transactions in which connections were closed."""
    monkeypatch.setattr(_Watched, "closed_in", noted := [])
    connect = partial(psycopg2.connect, connection_factory=_Watched)
    monkeypatch.setattr("rating.operations.batches.psycopg2.connect", connect)
    return noted


def is_free(source_id: int) -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [SOURCE_LOCK, source_id])
        (taken,) = cursor.fetchone()
    return bool(taken)


def test_they_are_held_while_it_works(closed_in: list[int]) -> None:
    with hold_sources([EVERYTHING, SOURCE]):
        assert not is_free(EVERYTHING)
        assert not is_free(SOURCE)
    assert is_free(EVERYTHING)
    assert is_free(SOURCE)
    assert closed_in == [TRANSACTION_STATUS_IDLE]


def test_they_are_given_back_before_a_failure_is_told(closed_in: list[int]) -> None:
    with pytest.raises(_Failed), hold_sources([SOURCE]):
        raise _Failed
    assert closed_in == [TRANSACTION_STATUS_IDLE]
    assert is_free(SOURCE)
