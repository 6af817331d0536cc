"""Inboxes, pieces of jobs and months, worked at by several at the same moment."""

from datetime import date
from functools import partial

import pytest
from django.db import connection, transaction

from billing_project.kernel import jobs, operations
from billing_project.kernel.models import BusinessEvent, EventInbox, JobRun
from tests.concurrency.together import failures, together
from tests.people import CLERK, NOON

pytestmark = pytest.mark.django_db(transaction=True)

DAY = date(2026, 11, 2)
STEP = {"job": "night", "business_date": DAY, "step": "fees"}
EVENTS = """
    SELECT number, NULL::bigint, NULL::bigint, %s::timestamptz, '{}'::jsonb
      FROM generate_series(1, 90) AS number
"""


def write_events() -> list[int]:
    operations.record_events(kind="bill.issued", source_sql=EVENTS, params=[NOON], actor=CLERK)
    return list(BusinessEvent.objects.order_by("id").values_list("id", flat=True))


def drain() -> list[int]:
    taken: list[int] = []
    while True:
        with transaction.atomic():
            events = operations.take_inbox(consumer="notifications", limit=7)
        if not events:
            return taken
        taken += [event.pk for event in events]


def test_two_readers_take_every_event_once() -> None:
    ids = write_events()
    answers = together([drain, drain])
    assert failures(answers) == []
    assert sorted(pk for taken in answers for pk in taken) == ids
    assert not EventInbox.objects.exists()


def test_an_event_of_a_transaction_that_commits_late_is_not_lost() -> None:
    """Reading by a watermark would pass over it (decision A4)."""
    with transaction.atomic():
        late = operations.record_event(kind="bill.issued", happened_at=NOON, actor=CLERK)
        [early] = together(
            [partial(operations.record_event, kind="bill.issued", happened_at=NOON, actor=CLERK)]
        )
        [first] = together([drain])
    assert early > late
    assert (first, drain()) == ([early], [late])


def test_a_reader_that_fails_gives_its_events_back() -> None:
    ids = write_events()
    with pytest.raises(ZeroDivisionError):
        _take_and_fail()
    assert sorted(drain()) == ids


def _take_and_fail() -> None:
    with transaction.atomic():
        operations.take_inbox(consumer="notifications", limit=5)
        raise ZeroDivisionError


def test_each_piece_is_claimed_once() -> None:
    jobs.plan_pieces(**STEP, ranges=[(at, at + 10) for at in range(0, 50, 10)])

    def work(name: str) -> list[int]:
        done = []
        while (piece := jobs.claim_piece(**STEP, worker=name)) is not None:
            jobs.finish_piece(piece, rows_done=10)
            done.append(piece.piece)
        return done

    answers = together([partial(work, f"w{number}") for number in range(4)])
    assert failures(answers) == []
    assert sorted(piece for done in answers for piece in done) == [0, 1, 2, 3, 4]
    assert set(JobRun.objects.values_list("state", "attempts")) == {("done", 1)}


def test_pieces_planned_at_once_are_planned_once() -> None:
    cuts = [[(0, 10), (10, jobs.LAST_ACCOUNT)], [(0, jobs.LAST_ACCOUNT)]]
    answers = together([partial(jobs.plan_pieces, **STEP, ranges=cut) for cut in cuts * 2])
    assert failures(answers) == []
    ends = list(JobRun.objects.order_by("piece").values_list("account_from", "account_to"))
    assert ends in cuts


def test_a_silent_piece_is_taken_over_and_its_first_worker_loses_it() -> None:
    jobs.plan_pieces(**STEP)
    first = jobs.claim_piece(**STEP, worker="killed")
    assert jobs.claim_piece(**STEP, worker="other") is None
    _silence(seconds=61)
    second = jobs.claim_piece(**STEP, worker="other")
    assert (second.pk, second.attempts) == (first.pk, 2)
    with pytest.raises(jobs.PieceLost):
        jobs.finish_piece(first)
    with pytest.raises(jobs.PieceLost):
        jobs.beat(first)
    jobs.finish_piece(second, summary={"charged": "1.00"})
    assert JobRun.objects.get().summary == {"charged": "1.00"}


def test_the_heart_beats_during_a_long_transaction() -> None:
    jobs.plan_pieces(**STEP)
    piece = jobs.claim_piece(**STEP, worker="slow")
    _silence(seconds=61)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        with jobs.beating(piece, every=0.05) as progress:
            progress.rows_done = 7
            cursor.execute("SELECT pg_sleep(0.5)")
        [rival] = together([partial(jobs.claim_piece, **STEP, worker="rival")])
    assert rival is None
    assert JobRun.objects.get().rows_done == 7


def _silence(*, seconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE kernel_jobrun SET heartbeat_at = heartbeat_at - make_interval(secs => %s)",
            [seconds],
        )


def test_months_made_by_several_at_once_are_made_once() -> None:
    span = {"first": date(2003, 1, 1), "last": date(2003, 3, 31)}
    answers = together([partial(operations.ensure_months, **span)] * 4)
    assert failures(answers) == []
    made = [name for names in answers for name in names]
    assert len(made) == len(set(made))
    assert {name for name in made if name.startswith("kernel_businessevent")} == {
        f"kernel_businessevent_y2003m0{month}" for month in (1, 2, 3)
    }
