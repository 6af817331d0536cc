"""What the kernel can tell: progress of jobs, state changes of a thing, approvals that wait."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from billing_project.kernel.invariants import Invariant
from billing_project.kernel.models import Approval, StateChange

STEPS: Final = """
    SELECT step, min(position), count(*), count(*) FILTER (WHERE state = 'done'),
           count(*) FILTER (WHERE state = 'running'), count(*) FILTER (WHERE state = 'failed'),
           sum(rows_done)::bigint, sum(rows_total)::bigint, min(started_at),
           CASE WHEN bool_and(state = 'done') THEN max(finished_at) END,
           coalesce(max(error) FILTER (WHERE state = 'failed'), '')
      FROM kernel_jobrun WHERE job = %s AND business_date = %s
     GROUP BY step ORDER BY min(position), step
"""

DEFAULT_PARTITIONS: Final = """
    SELECT d.relname FROM pg_partitioned_table p JOIN pg_class d ON d.oid = p.partdefid
     WHERE p.partstrat = 'r' AND d.relnamespace = current_schema()::regnamespace
     ORDER BY d.relname
"""


@dataclass(frozen=True, slots=True)
class StepProgress:
    """One step of a job on one day: its pieces by state, its rows, its times."""

    step: str
    position: int
    pieces: int
    done: int
    running: int
    failed: int
    rows_done: int
    rows_total: int
    started_at: datetime | None
    finished_at: datetime | None
    error: str

    @property
    def waiting(self) -> int:
        """Pieces nobody claimed yet."""
        return self.pieces - self.done - self.running - self.failed

    @property
    def percent(self) -> int:
        """Share of the pieces done, whole percents rounded down."""
        return 100 * self.done // self.pieces if self.pieces else 0


def list_steps(*, job: str, business_date: date) -> list[StepProgress]:
    """List the steps of the job on that day in their order."""
    with connection.cursor() as cursor:
        cursor.execute(STEPS, [job, business_date])
        return [StepProgress(*row) for row in cursor.fetchall()]


def list_state_changes(*, model: str, object_id: int) -> list[StateChange]:
    """List the moves of one object, oldest first; `model` is its label, `accounts.subscription`."""
    return list(StateChange.objects.filter(model=model, object_id=object_id).order_by("pk"))


def list_approvals(*, kind: str = "") -> "QuerySet[Approval]":
    """List what waits for a second person, oldest first."""
    waiting = Approval.objects.filter(state=Approval.State.PENDING)
    return (waiting.filter(kind=kind) if kind else waiting).order_by("pk")


def invariants() -> list[Invariant]:
    """Return the promises of the kernel: default partitions are empty, events and inboxes agree."""
    return [*_empty_defaults(), INBOX_HAS_EVENT]


def _empty_defaults() -> list[Invariant]:
    with connection.cursor() as cursor:
        cursor.execute(DEFAULT_PARTITIONS)
        names = [row[0] for row in cursor.fetchall()]
    return [
        Invariant(
            name=f"{name} is empty",
            sql=f"SELECT * FROM {connection.ops.quote_name(name)} LIMIT 100",
            why="A month was not made ahead (ensure_months); its rows fell into the default.",
        )
        for name in names
    ]


INBOX_HAS_EVENT: Final = Invariant(
    name="every inbox row has its event",
    sql="""
        SELECT i.* FROM kernel_eventinbox i WHERE NOT EXISTS (
            SELECT 1 FROM kernel_businessevent e WHERE e.account_id = i.account_id
               AND e.happened_at = i.happened_at AND e.id = i.event_id)
    """,
    why="A consumer would wait for an event that nobody wrote.",
)
