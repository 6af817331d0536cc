"""
Write-offs of old debts as the desk sees them: runs, their progress, the accounts selected.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Sum

from accounts.models import WriteOff, WriteOffLine, WriteOffRun
from billing_project.kernel import queries as kernel_queries
from crm.queries import staff

PAGE = 100


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with who asked, how far it is, and what was written off."""

    run: WriteOffRun
    asked_by: str
    percent: int
    errors: int
    written: int
    written_amount: Decimal

    @property
    def waits(self) -> bool:
        """Whether a second person has to decide."""
        return self.run.state == WriteOffRun.State.PREVIEWED and self.run.approval_id is not None

    @property
    def asked_of_second_by(self) -> str:
        """Who asked for a second person; nobody if none is waited for."""
        approval = self.run.approval
        return approval.requested_by if self.waits and approval is not None else ""

    @property
    def is_working(self) -> bool:
        """Whether it is being posted."""
        return bool(self.run.state == WriteOffRun.State.APPROVED)


@dataclass(frozen=True, slots=True)
class LineView:
    """An account selected: what it owed then, what was written off (None: nothing, or not yet)."""

    line: WriteOffLine
    written: Decimal | None


def list_runs(*, before: int | None = None, limit: int = 30) -> list[RunView]:
    """List the newest runs."""
    rows = WriteOffRun.objects.select_related("approval").order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return _views(rows[:limit])


def list_asked() -> list[RunView]:
    """List the runs that wait for a second person."""
    rows = WriteOffRun.objects.select_related("approval").filter(
        state=WriteOffRun.State.PREVIEWED, approval__isnull=False
    )
    return _views(rows.order_by("pk")[:200])


def find_run(run_id: int) -> RunView | None:
    """Return one run, or None."""
    found = _views(WriteOffRun.objects.select_related("approval").filter(pk=run_id))
    return found[0] if found else None


def list_lines(run: WriteOffRun, *, after: int = 0, limit: int = PAGE) -> list[LineView]:
    """List the accounts selected, by key."""
    rows = WriteOffLine.objects.filter(run=run, account_id__gt=after)
    lines = list(rows.select_related("account__customer").order_by("account_id")[:limit])
    ids = [line.account_id for line in lines]
    written = dict(
        WriteOff.objects.filter(run=run, account_id__in=ids).values_list("account_id", "amount")
    )
    return [LineView(line, written.get(line.account_id)) for line in lines]


def _views(rows: Iterable[WriteOffRun]) -> list[RunView]:
    runs = list(rows)
    names = staff.names_of({run.asked_by for run in runs})
    sums = {
        run_id: (count, amount)
        for run_id, count, amount in WriteOff.objects.filter(run__in=runs)
        .values_list("run_id")
        .annotate(Count("pk"), Sum("amount"))
    }
    return [_view(run, names, *sums.get(run.pk, (0, Decimal("0.00")))) for run in runs]


def _view(run: WriteOffRun, names: dict[str, str], *written: int | Decimal) -> RunView:
    steps = (
        kernel_queries.list_steps(job=f"write_off:{run.pk}", business_date=run.business_date)
        if run.business_date
        else []
    )
    pieces, done = sum(step.pieces for step in steps), sum(step.done for step in steps)
    count, amount = written
    return RunView(
        run=run,
        asked_by=names.get(run.asked_by, run.asked_by),
        percent=100 * done // pieces if pieces else 0,
        errors=sum(step.failed for step in steps),
        written=int(count),
        written_amount=Decimal(amount),
    )
