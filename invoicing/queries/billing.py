"""
What a bill is made of: accounts whose cycle closed, their unbilled entries, usage by zone, tax.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

import orjson
from django.conf import settings
from django.db import connection

from accounts.domain.kinds import Kind
from accounts.queries.calendars import calendar_join, cycle_ends, cycle_starts
from billing_project.kernel.sql import id_array
from invoicing.domain.charges import LedgerRow, Tax, UsageSum
from tariffs.models import PackageVersion, PlanVersion, TaxRate
from tariffs.queries import UnknownTaxRate

#: An entry may be posted so many days before the start of a cycle and still get on its bill.
LATE_DAYS: Final = 92
#: Ledger kinds of usage are the usage kinds of the sub-ledger, shifted (accounts.domain.kinds).
USAGE_SHIFT: Final = Kind.USAGE_VOICE - 1

#: By code: looked up a million times, the enumeration itself takes four times as long.
KINDS: Final = {int(kind): kind for kind in Kind}

UNBILLED: Final = """
    NOT EXISTS (SELECT 1 FROM invoicing_billedentry x
                 WHERE x.account_id = e.account_id AND x.entry_id = e.id)
"""

#: Of the accounts from one to another only: told that a portion of accounts is meant, not where they are,
#: the planner reads whole tables for each portion.
OF_THESE: Final = "BETWEEN %(account_first)s AND %(account_last)s"
UNBILLED_OF_THESE: Final = f"""
    NOT EXISTS (SELECT 1 FROM invoicing_billedentry x
                 WHERE x.account_id = e.account_id AND x.entry_id = e.id
                   AND x.account_id {OF_THESE})
"""

LAST_BILL: Final = """
    LEFT JOIN LATERAL (
         SELECT b.period_end, b.closing FROM invoicing_bill b
          WHERE b.account_id = a.id AND b.replaces_id IS NULL
          ORDER BY b.period_start DESC LIMIT 1) b ON true
"""

# Years before the first entry, in the billing that an account came from, get no bills.
STARTS_ON: Final = """
    coalesce(b.period_end, greatest(a.opened_on, (
        SELECT invoicing_cycle_start(min(e.business_date), a.cycle_day)
          FROM accounts_ledgerentry e WHERE e.account_id = a.id)))
"""

NOT_PARKED: Final = """
    NOT EXISTS (SELECT 1 FROM invoicing_parkedbill p
                 WHERE p.account_id = a.id AND p.released_at IS NULL)
"""
# Legal entities whose bills a person looks through: their bills are issued by runs.
NOT_REVIEWED: Final = """
    NOT EXISTS (SELECT 1 FROM accounts_contract c
                  JOIN invoicing_billingpolicy bp ON bp.legal_entity_id = c.legal_entity_id
                 WHERE c.id = a.contract_id AND bp.review <> 'never')
"""

#: The first day that is on no bill yet, `st.starts_on`, and the rule of its cycle.
FIRST_OPEN: Final = f"""
    CROSS JOIN LATERAL (SELECT {STARTS_ON} AS starts_on) st
    {calendar_join(account="a.id", day="st.starts_on")}
"""
CYCLE_ENDS_ON: Final = cycle_ends("st.starts_on")

CLOSED: Final = f"""
    SELECT a.id FROM accounts_account a {LAST_BILL} {FIRST_OPEN}
     WHERE a.id >= %(account_from)s AND a.id < %(account_to)s
       AND {NOT_PARKED} AND {NOT_REVIEWED}
       AND {CYCLE_ENDS_ON} <= %(business_date)s
     ORDER BY a.id
"""

# The earliest day from the last bill on with something on it, a charge or a live service, decides
# which cycle is next; months in which nothing happened get no bill.
DUE: Final = f"""
    WITH closed AS MATERIALIZED (
        SELECT a.id AS account_id, a.cycle_day, a.currency, c.legal_entity_id,
               coalesce(b.closing, 0) AS opening, {STARTS_ON} AS starts_on,
               CASE WHEN b.period_end IS NULL THEN '-infinity'::date
               ELSE b.period_end - {LATE_DAYS} END AS entries_from
          FROM accounts_account a
          JOIN accounts_contract c ON c.id = a.contract_id {LAST_BILL}
         WHERE a.id = ANY(%(account_ids)s::bigint[]) AND {NOT_PARKED}
    ), moved AS (
        SELECT c.account_id, min(e.business_date) AS moved_on
          FROM closed c
          JOIN accounts_ledgerentry e
            ON e.account_id = c.account_id AND e.fund = 1
           AND e.business_date >= c.entries_from AND e.business_date < %(business_date)s
         WHERE e.account_id {OF_THESE} AND {UNBILLED_OF_THESE}
         GROUP BY c.account_id
    ), served AS (
        SELECT c.account_id,
               min(greatest((s.activated_at AT TIME ZONE %(zone)s)::date, c.starts_on))
               AS served_on
          FROM closed c
          JOIN accounts_subscription s
            ON s.account_id = c.account_id AND s.activated_at IS NOT NULL
           AND (s.terminated_at IS NULL
                OR (s.terminated_at AT TIME ZONE %(zone)s)::date >= c.starts_on)
         WHERE s.account_id {OF_THESE}
         GROUP BY c.account_id
    ), lively AS MATERIALIZED (
        SELECT c.*, greatest(least(m.moved_on, s.served_on), c.starts_on) AS lively_on
          FROM closed c
          LEFT JOIN moved m ON m.account_id = c.account_id
          LEFT JOIN served s ON s.account_id = c.account_id
         WHERE m.account_id IS NOT NULL OR s.account_id IS NOT NULL
    )
    SELECT a.account_id, legal_entity_id, currency, opening,
           greatest({cycle_starts("a.lively_on")}, a.starts_on) AS period_start,
           {cycle_ends("a.lively_on")} AS period_end, entries_from
      FROM lively a {calendar_join(account="a.account_id", day="a.lively_on")}
     WHERE {cycle_ends("a.lively_on")} <= %(business_date)s
     ORDER BY a.account_id
"""

ENTRIES: Final = f"""
    SELECT e.account_id, e.id, e.kind, e.amount, e.business_date, e.about_subscription_id,
           e.explanation::text, e.ref
      FROM unnest(%(account_ids)s::bigint[], %(from)s::date[], %(to)s::date[])
           AS d (account_id, entries_from, period_end)
      JOIN accounts_ledgerentry e
        ON e.account_id = d.account_id AND e.fund = 1
       AND e.business_date >= d.entries_from AND e.business_date < d.period_end
     WHERE e.account_id {OF_THESE} AND {UNBILLED_OF_THESE}
     ORDER BY e.account_id, e.business_date, e.id
"""

USAGE: Final = f"""
    SELECT u.account_id, u.subscription_id, e.kind, u.zone_id,
           coalesce(z.name_ru, ''), coalesce(z.name_en, ''), u.plan_version_id, e.business_date,
           count(*) FILTER (WHERE u.revision %% 2 = 0),
           coalesce(sum(u.billed) FILTER (WHERE u.revision = 0), 0)::bigint, sum(u.amount)
      FROM unnest(%(account_ids)s::bigint[], %(batch_ids)s::bigint[], %(kinds)s::int[],
                  %(days)s::date[]) AS e (account_id, batch_id, kind, business_date)
      JOIN rating_pricedusage u
        ON u.account_id = e.account_id AND u.batch_id = e.batch_id
       AND CASE WHEN e.kind = {Kind.USAGE_CORRECTION:d} THEN u.revision > 0
           ELSE u.revision = 0 AND u.kind = e.kind - {USAGE_SHIFT} END
      LEFT JOIN tariffs_zone z ON z.id = u.zone_id
     WHERE u.amount <> 0 AND u.account_id {OF_THESE}
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
     ORDER BY 1, 2, 3, 4, 7, 8
"""


@dataclass(frozen=True, slots=True)
class DueCycle:
    """A closed cycle of an account that has no bill yet; `opening` is the debt before it."""

    account_id: int
    legal_entity_id: int
    currency: str
    opening: Decimal
    period_start: date
    period_end: date
    entries_from: Any


@dataclass(frozen=True, slots=True)
class Entry:
    """An unbilled entry with its reference: of usage entries, the batch."""

    account_id: int
    row: LedgerRow
    ref: int


class TaxTable:
    """Percent and inclusion of tax by plan version and day; read once for a run."""

    def __init__(self) -> None:
        self._plans = {
            pk: (category, included)
            for pk, category, included in PlanVersion.objects.values_list(
                "id", "tax_category", "tax_included"
            )
        }
        self._packages = {
            pk: (category, included)
            for pk, category, included in PackageVersion.objects.values_list(
                "id", "tax_category", "tax_included"
            )
        }
        self._rates = list(
            TaxRate.objects.order_by("valid_from").values_list(
                "category", "percent", "valid_from", "valid_to"
            )
        )
        self._known: dict[tuple[int | None, int | None, date], Tax] = {}

    def find(
        self, plan_version_id: int | None, *, on: date, package_version_id: int | None = None
    ) -> Tax:
        """
        Return the tax of a package version's charges on a day, or of a plan version's; without
        either the standard one.
        """
        key = (plan_version_id, package_version_id, on)
        if key not in self._known:
            category, included = self._packages.get(
                package_version_id or 0, self._plans.get(plan_version_id or 0, ("standard", True))
            )
            self._known[key] = Tax(self._percent(category, on), is_included=included)
        return self._known[key]

    def span_of(self, on: date) -> date:
        """Return a day from which taxes are as on this one: the last on which any rate changed."""
        edges = (edge for rate in self._rates for edge in rate[2:] if edge and edge <= on)
        return max(edges, default=on)

    def _percent(self, category: str, on: date) -> Decimal:
        for name, percent, valid_from, valid_to in self._rates:
            if name == category and valid_from <= on and (valid_to is None or on < valid_to):
                return Decimal(percent)
        message = f"{category} on {on}"
        raise UnknownTaxRate(message)


def list_closed_accounts(*, business_date: date, account_from: int, account_to: int) -> list[int]:
    """Return the accounts of a range whose cycle after their last bill has ended."""
    values: dict[str, Any] = {
        "business_date": business_date,
        "account_from": account_from,
        "account_to": account_to,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLOSED, values)
        return [row[0] for row in cursor.fetchall()]


def list_due_cycles(account_ids: Sequence[int], *, business_date: date) -> list[DueCycle]:
    """Return the next closed cycle without a bill of each account that has one, by account."""
    values: dict[str, Any] = {
        "business_date": business_date,
        "zone": settings.TIME_ZONE,
        **_named(account_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(DUE, values)
        return [DueCycle(*row) for row in cursor.fetchall()]


def list_unbilled_entries(cycles: Sequence[DueCycle]) -> list[Entry]:
    """Return the entries that go on the bills of these cycles, late ones of earlier included."""
    values: dict[str, Any] = {
        **_named([cycle.account_id for cycle in cycles]),
        "from": [cycle.entries_from for cycle in cycles],
        "to": [cycle.period_end for cycle in cycles],
    }
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES, values)
        return [
            Entry(
                account_id,
                LedgerRow(
                    entry_id,
                    KINDS[kind],
                    amount,
                    day,
                    subscription_id,
                    orjson.loads(told) if told else {},
                ),
                ref,
            )
            for account_id, entry_id, kind, amount, day, subscription_id, told, ref in (
                cursor.fetchall()
            )
        ]


def sum_usage(entries: Iterable[Entry], *, taxes: TaxTable) -> dict[int, list[UsageSum]]:
    """
    Return the charged usage behind usage entries, by account: one sum per service, zone and tax.

    Amounts add up to the entries, with the sign turned, as long as the records are there.
    """
    usage = list(entries)
    if not usage:
        return {}
    # Days taxed alike are added up together.
    days = {entry.row.business_date for entry in usage}
    spans = {day: taxes.span_of(day).isoformat() for day in days}
    values: dict[str, Any] = {
        **_named([entry.account_id for entry in usage]),
        "batch_ids": id_array(entry.ref for entry in usage),
        "kinds": id_array(int(entry.row.kind) for entry in usage),
        "days": "{" + ",".join(spans[entry.row.business_date] for entry in usage) + "}",
    }
    sums: dict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0, 0, Decimal(0)])
    with connection.cursor() as cursor:
        cursor.execute(USAGE, values)
        for *place, plan_version_id, day, count, quantity, amount in cursor.fetchall():
            total = sums[(*place, taxes.find(plan_version_id, on=day))]
            for position, value in enumerate((count, quantity, amount)):
                total[position] += value
    return _by_account(sums)


def _named(account_ids: Sequence[int]) -> dict[str, Any]:
    """Return accounts as statements name them: one by one, and from where to where."""
    return {
        "account_ids": id_array(account_ids),
        "account_first": min(account_ids, default=0),
        "account_last": max(account_ids, default=0),
    }


def _by_account(sums: dict[tuple[Any, ...], list[Any]]) -> dict[int, list[UsageSum]]:
    found: dict[int, list[UsageSum]] = defaultdict(list)
    for place, (count, quantity, amount) in sums.items():
        account_id, subscription_id, kind, zone_id, name_ru, name_en, tax = place
        if not amount:
            # Priced again, and nothing came of it in this zone.
            continue
        found[account_id].append(
            UsageSum(
                kind=Kind(kind),
                subscription_id=subscription_id,
                zone_id=zone_id,
                zone_ru=name_ru,
                zone_en=name_en,
                count=count,
                quantity=quantity,
                amount=amount,
                tax=tax,
            )
        )
    return found
