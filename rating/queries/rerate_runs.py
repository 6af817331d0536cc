"""
Runs of re-rating: what a selection holds, whom it concerns, what a preview found.
"""

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from rating.domain.rerating import STEPS, Bucket, Selection
from rating.domain.revisions import PricedRows
from rating.models import RerateLine, RerateRun
from rating.queries.rerating import ROW, ROW_TYPES, copied

#: Counted exactly up to here.
MOST_COUNTED: Final = 200_000
_WHERE: Final = {
    "account_ids": "u.account_id = ANY(%(account_ids)s)",
    "zone_ids": "u.zone_id = ANY(%(zone_ids)s)",
    "kinds": "u.kind = ANY(%(kinds)s)",
    "deck_version_ids": "u.deck_version_id = ANY(%(deck_version_ids)s)",
    "plan_ids": """u.plan_version_id IN (SELECT id FROM tariffs_planversion
                                          WHERE plan_id = ANY(%(plan_ids)s))""",
    "deck_ids": """u.deck_version_id IN (SELECT id FROM tariffs_ratedeckversion
                                          WHERE deck_id = ANY(%(deck_ids)s))""",
}
_PERIOD: Final = "u.started_at >= %(first_at)s AND u.started_at < %(end_at)s"
_IN_FORCE: Final = """
    u.revision %% 2 = 0 AND NOT EXISTS (
        SELECT FROM rating_pricedusage n
         WHERE n.account_id = u.account_id AND n.started_at = u.started_at
           AND n.source_id = u.source_id AND n.record_key = u.record_key
           AND n.revision > u.revision)
"""
COUNT: Final = """
    SELECT count(*), count(DISTINCT account_id), coalesce(sum(amount), 0)
      FROM (SELECT account_id, amount FROM rating_pricedusage u
             WHERE {where} AND {in_force} LIMIT %(most)s) AS s
"""
ACCOUNTS: Final = """
    SELECT DISTINCT u.account_id FROM rating_pricedusage u
     WHERE {where} AND u.account_id > %(after)s ORDER BY u.account_id LIMIT %(limit)s
"""
SELECTED: Final = f"""
    SELECT {ROW}, (amount * 100)::bigint FROM rating_pricedusage u
     WHERE {{where}} AND u.account_id = ANY(%(these)s) AND {_IN_FORCE}
"""
#: Records whose price in force was written by a batch, with the price they had before.
WRITTEN_BY: Final = f"""
    SELECT u.account_id, count(*), sum(CASE WHEN {_IN_FORCE} THEN 1 ELSE 0 END)
      FROM rating_pricedusage u
     WHERE u.batch_id = %(batch_id)s AND u.revision %% 2 = 0 AND u.account_id > %(after)s
     GROUP BY u.account_id ORDER BY u.account_id LIMIT %(limit)s
"""
FOUND_BY_NUMBER: Final = """
    SELECT id FROM accounts_account WHERE number LIKE %s || '%%' ORDER BY id LIMIT 200
"""


@dataclass(frozen=True, slots=True)
class SelectionCount:
    """How many records and accounts are selected, and what they cost; `is_more`: at least."""

    records: int
    accounts: int
    amount: Decimal
    is_more: bool


@dataclass(frozen=True, slots=True)
class RunTotals:
    """What a preview found: accounts that change, records, sums; by state of their lines."""

    accounts: int
    records: int
    changed: int
    failed: int
    old_amount: Decimal
    new_amount: Decimal
    difference: Decimal
    size: Decimal
    applied: int
    stale: int


def count_selection(selection: Selection) -> SelectionCount:
    """Count what a selection holds; not beyond MOST_COUNTED records."""
    params = {**_params(selection), "most": MOST_COUNTED + 1}
    with connection.cursor() as cursor:
        cursor.execute(COUNT.format(where=_where(selection), in_force=_IN_FORCE), params)
        records, accounts, amount = cursor.fetchone()
    return SelectionCount(min(records, MOST_COUNTED), accounts, amount, records > MOST_COUNTED)


def selected_accounts(selection: Selection, *, after: int, limit: int) -> list[int]:
    """List the next accounts with selected usage, in order."""
    params = {**_params(selection), "after": after, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(ACCOUNTS.format(where=_where(selection)), params)
        return [row[0] for row in cursor.fetchall()]


def selected_rows(selection: Selection, account_ids: list[int]) -> PricedRows:
    """Return the prices in force of the selected usage of some accounts."""
    params: dict[str, object] = {**_params(selection), "these": account_ids}
    columns = copied(SELECTED.format(where=_where(selection)), params, types=ROW_TYPES)
    return PricedRows.of(columns)


def accounts_written_by(batch_id: int, *, after: int, limit: int) -> list[tuple[int, int, int]]:
    """List accounts that a batch gave prices: how many records, of how many these are in force."""
    params = {"batch_id": batch_id, "after": after, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN_BY, params)
        return list(cursor.fetchall())


def _params(selection: Selection) -> dict[str, Any]:
    zone = ZoneInfo(settings.TIME_ZONE)
    return {
        **{name: list(getattr(selection, name)) for name in _WHERE},
        "first_at": datetime.combine(selection.first, time(), zone),
        "end_at": datetime.combine(selection.end, time(), zone),
    }


def _where(selection: Selection) -> str:
    parts = [part for name, part in _WHERE.items() if getattr(selection, name)]
    return " AND ".join([_PERIOD, *parts])


def list_rerate_runs(*, before: int = 0, limit: int = 30) -> list[RerateRun]:
    """List runs, the newest first."""
    runs = RerateRun.objects.order_by("-pk").select_related("undoes")
    return list((runs.filter(pk__lt=before) if before else runs)[:limit])


def working_rerate_runs() -> list[int]:
    """List the runs that have something to compute or to apply, oldest first."""
    at_work = (RerateRun.State.DRAFT, RerateRun.State.APPROVED)
    runs = RerateRun.objects.filter(state__in=at_work)
    return list(runs.order_by("pk").values_list("pk", flat=True))


def total_of_run(run_id: int) -> RunTotals:
    """Add up the lines of a run; `size` is the sum of all differences whatever their sign."""
    lines = RerateLine.objects.filter(run_id=run_id)
    names = ("records", "changed", "failed", "old_amount", "new_amount", "difference")
    found = lines.aggregate(
        **{f"all_{name}": Sum(name) for name in names},
        all_accounts=Count("pk"),
        all_applied=Count("pk", filter=Q(outcome=RerateLine.Outcome.APPLIED)),
        all_stale=Count("pk", filter=Q(outcome=RerateLine.Outcome.STALE)),
        more=Sum("difference", filter=Q(difference__gt=0)),
        less=Sum("difference", filter=Q(difference__lt=0)),
    )
    more, less = found.pop("more") or Decimal(0), found.pop("less") or Decimal(0)
    sums: dict[str, Any] = {name.removeprefix("all_"): value or 0 for name, value in found.items()}
    return RunTotals(size=more - less, **sums)


def distribution_of_run(run_id: int) -> list[Bucket]:
    """Count the accounts of a run by their difference, those without one left out."""
    ends: list[tuple[int | None, int | None]] = list(pairwise([None, *STEPS, None]))
    counts = {f"n{place}": Count("pk", filter=_between(*end)) for place, end in enumerate(ends)}
    found = RerateLine.objects.filter(run_id=run_id).aggregate(**counts)
    return [Bucket(low, high, found[f"n{place}"]) for place, (low, high) in enumerate(ends)]


def _between(low: int | None, high: int | None) -> Q:
    chosen = ~Q(difference=0)
    if low is not None:
        chosen &= Q(difference__gte=low)
    return chosen if high is None else chosen & Q(difference__lt=high)


def list_lines(
    run_id: int,
    *,
    after: tuple[Decimal, int] | None = None,
    number: str = "",
    limit: int = 50,
) -> list[RerateLine]:
    """List what a run does to accounts, by difference, after the last of the page before."""
    lines: QuerySet[RerateLine] = RerateLine.objects.filter(run_id=run_id)
    if number:
        with connection.cursor() as cursor:
            cursor.execute(FOUND_BY_NUMBER, [number])
            lines = lines.filter(account_id__in=[row[0] for row in cursor.fetchall()])
    if after:
        difference, account_id = after
        lines = lines.filter(
            Q(difference__gt=difference) | Q(difference=difference, account_id__gt=account_id)
        )
    return list(lines.order_by("difference", "account_id")[:limit])
