"""
Work on suspended records, its progress, and the alarms of the suspense.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import QuerySet, Sum

from billing_project.kernel.invariants import Invariant
from rating.domain.suspense_alarms import DayOfReason, Threshold
from rating.models import (
    IntakeSummary,
    SuspenseAlarm,
    SuspenseRun,
    SuspenseRunRecord,
    SuspenseThreshold,
)

#: The usual share is that of so many days before.
USUAL_OVER: Final = timedelta(days=14)
#: A record that waits longer, and work that stands still longer, is somebody's concern.
WAITS_TOO_LONG: Final = timedelta(days=30)
STANDS_TOO_LONG: Final = timedelta(hours=2)

UNSEEN: Final = """
    SELECT a.business_date, s.code AS source, a.reason, a.suspended, a.records
      FROM rating_suspensealarm a JOIN rating_usagesource s ON s.id = a.source_id
     WHERE a.seen_at IS NULL
"""
OLD: Final = """
    SELECT reason, count(*) AS records, min(suspended_at) AS oldest FROM rating_suspenserecord
     WHERE state = 'waiting' AND suspended_at < '{before}' GROUP BY reason
"""
STANDING: Final = """
    SELECT id, kind, done, total, trouble FROM rating_suspenserun
     WHERE state = 'waiting' AND asked_at < '{before}'
"""


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A record of a correction with its line before and after."""

    record_id: int
    before: str
    after: str


def find_run(run_id: int) -> SuspenseRun | None:
    """Return one run."""
    return SuspenseRun.objects.filter(pk=run_id).first()


def find_run_by_request(request_id: str) -> SuspenseRun | None:
    """Return what a form that was sent before had asked for."""
    return SuspenseRun.objects.filter(request_id=request_id).first()


def list_runs(*, limit: int = 20) -> list[SuspenseRun]:
    """Return the newest runs."""
    return list(SuspenseRun.objects.order_by("-pk")[:limit])


def list_asked_runs() -> list[SuspenseRun]:
    """Return the runs that wait for a second person, oldest first."""
    return list(SuspenseRun.objects.filter(state=SuspenseRun.State.ASKED).order_by("pk"))


def list_runs_of(record_id: int) -> list[SuspenseRun]:
    """Return the runs that had to do with a record, newest first."""
    return list(SuspenseRun.objects.filter(records__record_id=record_id).order_by("-pk")[:20])


def waiting_runs() -> list[int]:
    """Return the runs that have something left to do, oldest first."""
    waiting = SuspenseRun.objects.filter(state=SuspenseRun.State.WAITING)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def next_of_run(run: SuspenseRun, *, limit: int) -> list[int]:
    """Return the ids of the records that come next."""
    rest = SuspenseRunRecord.objects.filter(run=run, record_id__gt=run.cursor)
    return list(rest.order_by("record_id").values_list("record_id", flat=True)[:limit])


def list_changed_lines(run: SuspenseRun, *, limit: int = 50) -> list[ChangedLine]:
    """Return the first lines that a correction changed."""
    changed = SuspenseRunRecord.objects.filter(run=run).exclude(after="").order_by("record_id")
    rows = changed.values_list("record_id", "before", "record__raw", "after")[:limit]
    return [ChangedLine(pk, before or raw, after) for pk, before, raw, after in rows]


def list_alarms(*, is_unseen: bool = True, limit: int = 20) -> "QuerySet[SuspenseAlarm]":
    """Return alarms with their sources, newest first."""
    alarms = SuspenseAlarm.objects.select_related("source").order_by("-business_date", "-suspended")
    return (alarms.filter(seen_at__isnull=True) if is_unseen else alarms)[:limit]


def count_unseen_alarms() -> int:
    """Return how many alarms nobody has seen."""
    return SuspenseAlarm.objects.filter(seen_at__isnull=True).count()


def thresholds() -> dict[int, Threshold]:
    """Return the thresholds by source; 0 is for the sources without one of their own."""
    return {
        row.source_id or 0: Threshold(row.times, row.least_percent, row.least_records)
        for row in SuspenseThreshold.objects.all()
    }


def days_of_reasons(*, business_date: date) -> list[DayOfReason]:
    """Return what came on a day by source and reason, with the days before it; two queries."""
    today = _sums([business_date])
    usual = _sums([business_date - timedelta(days=n) for n in range(1, USUAL_OVER.days + 1)])
    return [
        DayOfReason(
            source_id=source_id,
            reason=reason,
            suspended=suspended,
            records=today.get((source_id, ""), 0),
            usual_suspended=usual.get((source_id, reason), 0),
            usual_records=usual.get((source_id, ""), 0),
        )
        for (source_id, reason), suspended in sorted(today.items())
        if reason
    ]


def _sums(days: Sequence[date]) -> dict[tuple[int, str], int]:
    rows = IntakeSummary.objects.filter(business_date__in=days).values_list("source_id", "reason")
    return {(source, reason): n for source, reason, n in rows.annotate(Sum("records"))}


def alarms(*, now: datetime) -> list[Invariant]:
    """Return what needs a person though no promise is broken."""
    return [
        Invariant(
            name="suspense grew",
            sql=UNSEEN,
            why="More records than usual can't be priced, and nobody has looked at it.",
        ),
        Invariant(
            name="records wait too long in suspense",
            sql=OLD.format(before=(now - WAITS_TOO_LONG).isoformat()),
            why="Usage is not charged, and late charges annoy.",
        ),
        Invariant(
            name="work on suspended records stands still",
            sql=STANDING.format(before=(now - STANDS_TOO_LONG).isoformat()),
            why="No worker takes it, or it meets trouble every time.",
        ),
    ]
