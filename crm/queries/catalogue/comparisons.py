"""
Comparisons of versions as the CRM shows them: who asked, how far they are, what came out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from accounts.models import Account, User
from billing_project.kernel.models import JobRun
from billing_project.kernel.periods import add_months
from crm.domain.change_bars import Bar, draw_changes
from crm.queries.catalogue import words
from rating.domain.usage import Reason
from rating.models import Comparison
from rating.queries import telling
from rating.queries import whatif as rating_queries
from tariffs import queries as tariffs_queries
from tariffs.domain.deck import UsageKind
from tariffs.models import PlanVersion, RateDeckVersion

PAGE: Final = 30
STAFF: Final = "staff:"

Versions = Sequence[tuple[PlanVersion | RateDeckVersion, str]]


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """A comparison in the list."""

    comparison: Comparison
    old: str
    new: str
    state: str
    asked_by: str
    change: Decimal | None


@dataclass(frozen=True, slots=True)
class Top:
    """An account whose month changes much."""

    account_id: int
    number: str
    customer_id: int
    name: str
    old: Decimal
    new: Decimal
    change: Decimal


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """What changes for usage of a kind to a zone."""

    kind: str
    zone: str
    records: int
    quantity: str
    old: Decimal
    new: Decimal
    change: Decimal


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """A comparison's page."""

    row: ComparisonRow
    run: JobRun | None
    percent: int
    bars: tuple[Bar, ...]
    most: tuple[Top, ...]
    least: tuple[Top, ...]
    zones: tuple[ZoneRow, ...]
    unpriced: tuple[tuple[str, int], ...]
    totals: dict[str, Any]

    @property
    def is_moving(self) -> bool:
        """Whether it waits or runs."""
        return self.row.state in {"pending", "running"}

    @property
    def differs(self) -> bool:
        """Whether the old version priced anew differs from what was charged in reality."""
        usage = self.totals.get("usage", {})
        return bool(usage) and usage["old"] != usage["stored"]


def list_comparisons(*, before: int | None = None, limit: int = PAGE) -> list[ComparisonRow]:
    """Return comparisons, the newest first."""
    return _rows(rating_queries.list_comparisons(before=before, limit=limit))


def _rows(found: Sequence[Comparison]) -> list[ComparisonRow]:
    labels = _labels(found)
    runs = JobRun.objects.filter(
        job=rating_queries.JOB, step__in=[str(row.pk) for row in found]
    ).values_list("step", "state")
    states = dict(runs)
    people = _people(row.requested_by for row in found)
    return [
        ComparisonRow(
            comparison=row,
            old=labels.get((row.kind, row.old_version_id), "—"),
            new=labels.get((row.kind, row.new_version_id), "—"),
            state=states.get(str(row.pk), "pending"),
            asked_by=people.get(row.requested_by, row.requested_by),
            change=Decimal(row.result["total"]["change"]) if row.result else None,
        )
        for row in found
    ]


def _labels(found: Iterable[Comparison]) -> dict[tuple[str, int], str]:
    ids: dict[str, set[int]] = {"plan": set(), "deck": set()}
    for row in found:
        ids[row.kind] |= {row.old_version_id, row.new_version_id}
    plans = PlanVersion.objects.filter(pk__in=ids["plan"]).select_related("plan")
    decks = RateDeckVersion.objects.filter(pk__in=ids["deck"]).select_related("deck")
    return {("plan", row.pk): label_of_plan(row) for row in plans} | {
        ("deck", row.pk): label_of_deck(row) for row in decks
    }


def label_of_plan(version: PlanVersion) -> str:
    """Return «Старт № 3»."""
    return f"{words.name_of(version.plan)} № {version.number}"


def label_of_deck(version: RateDeckVersion) -> str:
    """Return «Звонки, с 01.02.2026 №17»: corrected versions begin on the same day."""
    return f"{version.deck.name}, {version.valid_from:%d.%m.%Y} (№ {version.pk})"


def _people(actors: Iterable[str]) -> dict[str, str]:
    ids = {actor for actor in actors if actor.startswith(STAFF)}
    keys = [int(actor.removeprefix(STAFF)) for actor in ids if actor.removeprefix(STAFF).isdigit()]
    users = User.objects.filter(pk__in=keys)
    return {f"{STAFF}{user.pk}": user.full_name or user.login for user in users}


def find_comparison(comparison_id: int) -> ComparisonView | None:
    """Return a comparison with its progress and result."""
    found = Comparison.objects.filter(pk=comparison_id).first()
    if found is None:
        return None
    [row] = _rows([found])
    run, result = rating_queries.find_run(found), found.result
    tops = [*result.get("most", []), *result.get("least", [])]
    accounts = _accounts(top["account_id"] for top in tops)
    return ComparisonView(
        row=row,
        run=run,
        percent=_percent(run),
        bars=draw_changes(result.get("histogram", [])),
        most=tuple(_tops(result.get("most", []), accounts)),
        least=tuple(_tops(result.get("least", []), accounts)),
        zones=tuple(_zones(result.get("zones", []))),
        unpriced=tuple(
            (telling.tell_reason(Reason[code.upper()]), count)
            for code, count in result.get("unpriced", {}).items()
        ),
        totals=_decimals(result),
    )


def _percent(run: JobRun | None) -> int:
    if run is None:
        return 0
    if run.state == JobRun.State.DONE:
        return 100
    return run.rows_done * 100 // run.rows_total if run.rows_total else 0


def _decimals(result: dict[str, Any]) -> dict[str, Any]:
    """Return the totals with money as Decimals."""
    money: dict[str, Any] = {
        name: {key: Decimal(value) for key, value in result[name].items()}
        for name in ("usage", "fees", "total")
        if name in result
    }
    counts = ("records", "subscriptions", "accounts", "pay_more", "pay_less", "same")
    return {**{name: result[name] for name in counts if name in result}, **money}


def _accounts(ids: Iterable[int]) -> dict[int, Account]:
    return Account.objects.select_related("contract__customer").in_bulk(list(ids))


def _tops(tops: Iterable[dict[str, Any]], accounts: dict[int, Account]) -> list[Top]:
    found = []
    for top in tops:
        account = accounts.get(top["account_id"])
        customer = account.contract.customer if account else None
        found.append(
            Top(
                account_id=top["account_id"],
                number=account.number if account else str(top["account_id"]),
                customer_id=customer.pk if customer else 0,
                name=str(customer.name) if customer else "",
                **{key: Decimal(top[key]) for key in ("old", "new", "change")},
            )
        )
    return found


def _zones(rows: Iterable[dict[str, Any]]) -> list[ZoneRow]:
    names = tariffs_queries.zone_names(language="ru" if words.is_russian() else "en")
    return [
        ZoneRow(
            kind=str(words.KINDS[UsageKind(row["kind"]).code]) if row["kind"] else "",
            zone="" if row["zone_id"] < 0 else names.get(row["zone_id"], ""),
            records=row["records"],
            quantity=words.quantity(UsageKind(row["kind"]).code, row["quantity"])
            if row["kind"]
            else "",
            **{key: Decimal(row[key]) for key in ("old", "new", "change")},
        )
        for row in rows
    ]


def list_months(on: date, *, count: int = 12) -> list[date]:
    """Return the first days of the last whole months, the newest first."""
    first = on.replace(day=1)
    return [add_months(first, -back) for back in range(1, count + 1)]


def list_plan_versions(service: str = "") -> list[tuple[PlanVersion, str]]:
    """Return all versions of plans that are not archived, by plan, the newest first."""
    rows = PlanVersion.objects.filter(plan__is_archived=False).select_related("plan")
    if service:
        rows = rows.filter(plan__service=service)
    return [(row, label_of_plan(row)) for row in rows.order_by("plan__code", "-number")]


def list_deck_versions(usage_kind: str = "") -> list[tuple[RateDeckVersion, str]]:
    """Return all versions of decks, by deck, the newest first."""
    rows = RateDeckVersion.objects.select_related("deck")
    if usage_kind:
        rows = rows.filter(deck__usage_kind=usage_kind)
    ordered = rows.order_by("deck__code", "-valid_from", "-pk")
    return [(row, label_of_deck(row)) for row in ordered]
