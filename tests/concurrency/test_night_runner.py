"""The night's runner on real connections: shared, failing, run again."""

import threading
import time
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from django.db import connection

from billing_project import night
from billing_project.kernel import jobs
from billing_project.kernel.models import JobRun

pytestmark = pytest.mark.django_db(transaction=True)

DAY = date(2026, 11, 21)
NIGHT = night.Night(business_date=DAY, now=datetime(2026, 11, 22, 1, tzinfo=UTC))
RANGES = [(0, 10), (10, 20), (20, 30), (30, jobs.LAST_ACCOUNT)]


class Notes:
    """Steps that note which range was worked at, and can be told to fail."""

    def __init__(self) -> None:
        self.done: Counter[int] = Counter()
        self.lock = threading.Lock()
        self.fails_at: int | None = None
        self.seconds = 0.0

    def work(self, _night: night.Night, piece: JobRun, advance: night.Advance) -> night.Summary:
        """Note the range."""
        if piece.account_from == self.fails_at:
            message = "the disk is full"
            raise OSError(message)
        time.sleep(self.seconds)
        with self.lock:
            self.done[piece.account_from] += 1
        advance(10, 10)
        return {"accounts": 10, "charged": {"voice": "1.25"}}

    def steps(self) -> list[night.Step]:
        """One step over all ranges."""
        return [night.Step("count", self.work, lambda: RANGES)]


def test_a_night_works_every_piece_once_and_adds_their_figures() -> None:
    notes = Notes()

    report = night.run(night=NIGHT, steps=notes.steps())

    assert notes.done == {0: 1, 10: 1, 20: 1, 30: 1}
    assert report.summary_of("count") == {"accounts": 40, "charged": {"voice": "5.00"}}


def test_a_failed_piece_stops_the_night_and_the_next_run_does_only_the_rest() -> None:
    notes = Notes()
    notes.fails_at = 20
    with pytest.raises(night.UnableToFinishNight, match="the disk is full"):
        night.run(night=NIGHT, steps=notes.steps())
    failed = JobRun.objects.get(state=JobRun.State.FAILED)
    assert (failed.account_from, "OSError" in failed.error) == (20, True)

    notes.fails_at = None
    night.run(night=NIGHT, steps=notes.steps())

    assert notes.done == {0: 1, 10: 1, 20: 1, 30: 1}
    assert set(JobRun.objects.values_list("state", flat=True)) == {JobRun.State.DONE}


def test_two_runners_share_the_pieces_and_both_wait_for_the_end() -> None:
    notes = Notes()
    notes.seconds = 0.2
    reports: list[night.NightReport] = []

    def run() -> None:
        try:
            reports.append(night.run(night=NIGHT, steps=notes.steps()))
        finally:
            connection.close()

    runners = [threading.Thread(target=run) for _ in range(2)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()

    assert notes.done == {0: 1, 10: 1, 20: 1, 30: 1}
    assert [report.summary_of("count")["accounts"] for report in reports] == [40, 40]


def test_a_closed_night_asked_for_again_goes_through_all_its_pieces() -> None:
    notes = Notes()
    night.run(night=NIGHT, steps=notes.steps())

    jobs.reopen(job=night.JOB, business_date=DAY)
    night.run(night=NIGHT, steps=notes.steps())

    assert notes.done == {0: 2, 10: 2, 20: 2, 30: 2}
    assert JobRun.objects.count() == 4
