"""
Runs of re-rating as the agents see them: with names, bills that are touched, what may be chosen.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Exists, OuterRef

from accounts.models import Account
from billing_project.kernel.models import Approval
from crm.queries import staff
from invoicing.models import Bill
from rating.domain.rerating import Bucket, Selection
from rating.models import RerateLine, RerateRun
from rating.queries import rerate_runs
from rating.queries.rerate_runs import RunTotals
from tariffs.models import Plan, RateDeck, RateDeckVersion, Zone

PAGE: Final = 50
#: The drawing of the distribution, in units.
WIDTH, HEIGHT, LABEL = 720, 150, 20
_EXPORTED: Final = 2_000


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with who asked for it and its sums, and the approval it waits for."""

    run: RerateRun
    asked_by: str
    totals: RunTotals
    approval: Approval | None = None

    @property
    def percent(self) -> int:
        """How far it is in what it does now."""
        run = self.run
        if run.state == RerateRun.State.DRAFT:
            return 0
        return 100 * run.done // run.accounts if run.accounts else 100


@dataclass(frozen=True, slots=True)
class LineView:
    """What a run does to an account, with its name and the bills of the period."""

    line: RerateLine
    account: Account
    bills: list[Bill]

    @property
    def key(self) -> str:
        """After which the next page goes on."""
        return f"{self.line.difference}~{self.line.account_id}"


@dataclass(frozen=True, slots=True)
class BucketBar:
    """A column of the distribution: where it stands, and what it is."""

    bucket: Bucket
    x: int
    y: int
    width: int
    height: int

    @property
    def low(self) -> str | None:
        """Where the step begins, as text."""
        return None if self.bucket.low is None else str(self.bucket.low)

    @property
    def high(self) -> str | None:
        """Where it ends."""
        return None if self.bucket.high is None else str(self.bucket.high)

    @property
    def middle(self) -> int:
        """Where its label stands."""
        return self.x + self.width // 2

    @property
    def tone(self) -> str:
        """Whether accounts get money back or pay more."""
        return "less" if (self.bucket.high or 1) <= 0 else "more"


def list_views(*, before: int = 0, limit: int = 30) -> list[RunView]:
    """List runs with names and sums, the newest first."""
    return _views(rerate_runs.list_rerate_runs(before=before, limit=limit))


def list_asked() -> list[RunView]:
    """List the runs that wait for a second person."""
    runs = RerateRun.objects.filter(
        state=RerateRun.State.PREVIEWED, approval_id__isnull=False
    ).order_by("pk")
    return _views(runs)


def find_view(run_id: int) -> RunView | None:
    """Return one run."""
    return next(iter(_views(RerateRun.objects.filter(pk=run_id).select_related("undoes"))), None)


def _views(found: Iterable[RerateRun]) -> list[RunView]:
    runs = list(found)
    names = staff.names_of(run.asked_by for run in runs)
    waiting = Approval.objects.filter(
        pk__in=[run.approval_id for run in runs if run.approval_id],
        state=Approval.State.PENDING,
    )
    approvals = {approval.pk: approval for approval in waiting}
    return [
        RunView(
            run,
            names.get(run.asked_by, run.asked_by),
            rerate_runs.total_of_run(run.pk),
            approvals.get(run.approval_id or 0),
        )
        for run in runs
    ]


def list_line_views(
    run: RerateRun, *, after: str = "", number: str = "", limit: int = PAGE
) -> list[LineView]:
    """List the accounts of a run by difference, with the bills that the period touches."""
    lines = rerate_runs.list_lines(run.pk, after=_key(after), number=number, limit=limit)
    ids = [line.account_id for line in lines]
    accounts = Account.objects.select_related("customer").in_bulk(ids)
    bills: dict[int, list[Bill]] = {}
    for bill in _touched(run).filter(account_id__in=ids).order_by("period_start"):
        bills.setdefault(bill.account_id, []).append(bill)
    return [
        LineView(line, accounts[line.account_id], bills.get(line.account_id, [])) for line in lines
    ]


def export_lines(run: RerateRun) -> Iterator[LineView]:
    """Yield all accounts of a run, a portion in memory at a time."""
    after = ""
    while part := list_line_views(run, after=after, limit=_EXPORTED):
        yield from part
        after = part[-1].key


def _key(text: str) -> tuple[Decimal, int] | None:
    difference, _sign, account = text.partition("~")
    try:
        return Decimal(difference), int(account)
    except (ArithmeticError, ValueError):
        return None


def _touched(run: RerateRun):  # type: ignore[no-untyped-def]
    selection = Selection.from_json(run.selection)
    return Bill.objects.filter(period_start__lt=selection.end, period_end__gt=selection.first)


def count_touched_bills(run: RerateRun) -> int:
    """Count the issued bills of the period of the accounts that change."""
    lines = RerateLine.objects.filter(run=run, account_id=OuterRef("account_id")).exclude(
        difference=0
    )
    return int(_touched(run).filter(Exists(lines)).count())


def draw_distribution(run_id: int) -> list[BucketBar]:
    """Return the columns of accounts by difference."""
    buckets = rerate_runs.distribution_of_run(run_id)
    filled = [place for place, bucket in enumerate(buckets) if bucket.accounts]
    if not filled:
        return []
    buckets = buckets[filled[0] : filled[-1] + 1]
    most = max(bucket.accounts for bucket in buckets)
    width = WIDTH // max(len(buckets), 6)
    bars = []
    for place, bucket in enumerate(buckets):
        height = max(2, (HEIGHT - LABEL) * bucket.accounts // most) if bucket.accounts else 0
        bars.append(BucketBar(bucket, place * width + 4, HEIGHT - height, width - 8, height))
    return bars


def choices(*, language: str) -> dict[str, list[tuple[int, str]]]:
    """Return what a selection may name."""
    name = "name_ru" if language.startswith("ru") else "name_en"
    versions = RateDeckVersion.objects.filter(published_at__isnull=False)
    ordered = versions.select_related("deck").order_by("-replaced_at", "deck__code", "-valid_from")
    return {
        "plan": list(Plan.objects.order_by(name).values_list("pk", name)),
        "zone": list(Zone.objects.order_by(name).values_list("pk", name)),
        "deck": list(RateDeck.objects.order_by("name").values_list("pk", "name")),
        "version": [(one.pk, _version_name(one)) for one in ordered[:300]],
    }


def _version_name(version: RateDeckVersion) -> str:
    replaced = " ↺" if version.replaced_at else ""
    return f"{version.deck.name}, {version.valid_from:%d.%m.%Y} (#{version.pk}){replaced}"


def describe(selection: Selection, *, language: str) -> list[str]:
    """Return what is selected in words, the period apart."""
    known = choices(language=language)
    found = []
    for name, ids in (
        ("plan", selection.plan_ids),
        ("zone", selection.zone_ids),
        ("deck", selection.deck_ids),
        ("version", selection.deck_version_ids),
    ):
        words = dict(known[name])
        found += [words.get(one, f"#{one}") for one in ids]
    numbers = Account.objects.filter(pk__in=selection.account_ids[:20])
    return [*found, *numbers.order_by("number").values_list("number", flat=True)]


def last_day(selection: Selection) -> object:
    """Return the last day of the period, as people say it."""
    return selection.end - timedelta(days=1)
