"""
Priced rows in force, what they took out of counters, and what of it comes late.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.db import connection
from django.db.models import Max

from billing_project.kernel import binary_copy
from rating.domain.clock import zone_clock
from rating.domain.counters import AllowanceCounters, Totals, counters_of, totals_of
from rating.domain.periods import RECURRENCES, periods_on
from rating.domain.revisions import PricedRows
from rating.domain.usage import Ints
from rating.models import BatchSpan
from tariffs.domain.deck import DAY, Recurrence
from tariffs.models import Allowance, RateStep, ZoneTerms

#: The end of windows without one, in seconds: PostgreSQL still has dates there.
NO_END: Final = 2**38
ROW: Final = """
    account_id, started_at, record_key, source_id, revision, batch_id, file_id, subscription_id,
    kind, other_number, zone_id, band_id, plan_version_id, deck_version_id, quantity, billed,
    allowance_id, allowance_used
"""
ROW_TYPES: Final = (
    *("bigint", "timestamptz", "bigint", "smallint", "smallint"),
    *("bigint", "bigint", "bigint", "smallint", "bigint", "smallint"),
    *("integer", "integer", "integer", "bigint", "bigint", "integer", "bigint", "bigint"),
)
#: A window: usage of a subscription from a moment up to another.
_WINDOWS: Final = """
    unnest(%(account_ids)s::bigint[], %(subscription_ids)s::bigint[], %(first)s::bigint[],
           %(end)s::bigint[]) AS w (account_id, subscription_id, first, end_)
"""
# LATERAL with an order of its own: an index scan per window, whatever the statistics say.
IN_FORCE: Final = f"""
    SELECT r.* FROM {_WINDOWS}
     CROSS JOIN LATERAL (
        SELECT DISTINCT ON (account_id, started_at, source_id, record_key)
               {ROW}, (amount * 100)::bigint AS minor
          FROM rating_pricedusage u
         WHERE u.account_id = w.account_id AND u.subscription_id = w.subscription_id
           AND u.started_at >= to_timestamp(w.first) AND u.started_at < to_timestamp(w.end_)
           AND u.started_at >= to_timestamp(%(least)s) AND u.started_at < to_timestamp(%(most)s)
         ORDER BY account_id, started_at, source_id, record_key, revision DESC) AS r
     WHERE r.revision %% 2 = 0
"""
COVERS: Final = f"""
    SELECT c.source_id, c.record_key, c.revision, c.owner_id, c.allowance_id, c.used
      FROM {_WINDOWS}
     CROSS JOIN LATERAL (
        SELECT * FROM rating_usagecover c
         WHERE c.account_id = w.account_id AND c.subscription_id = w.subscription_id
           AND c.started_at >= to_timestamp(w.first) AND c.started_at < to_timestamp(w.end_)
           AND c.started_at >= to_timestamp(%(least)s) AND c.started_at < to_timestamp(%(most)s)
         ORDER BY c.started_at) AS c
"""
#: Rows of a batch that start no later than others did: they may come late.
EARLY: Final = """
    SELECT account_id, subscription_id, extract(epoch FROM min(started_at))::bigint
      FROM rating_pricedusage
     WHERE batch_id = %s AND revision = 0 AND started_at <= to_timestamp(%s)
     GROUP BY account_id, subscription_id
"""
#: Of those, the ones after which other batches have records.
OVERTAKEN: Final = """
    SELECT w.n FROM unnest(%(account_ids)s::bigint[], %(subscription_ids)s::bigint[],
                           %(first)s::bigint[]) WITH ORDINALITY
           AS w (account_id, subscription_id, first, n)
     WHERE EXISTS (SELECT 1 FROM rating_pricedusage u
                    WHERE u.account_id = w.account_id AND u.subscription_id = w.subscription_id
                      AND u.started_at >= to_timestamp(w.first) AND u.batch_id <> %(batch_id)s
                      AND u.started_at >= to_timestamp(%(least)s))
"""
SPAN: Final = """
    SELECT extract(epoch FROM min(started_at))::bigint, extract(epoch FROM max(started_at))::bigint
      FROM rating_pricedusage WHERE batch_id = %s
"""
#: Batches priced before spans were kept have none.
WITHOUT_SPAN: Final = """
    SELECT b.id FROM rating_usagebatch b
     WHERE b.id <> %s AND NOT EXISTS (SELECT 1 FROM rating_batchspan s WHERE s.batch_id = b.id)
     ORDER BY b.id
"""
#: What subscriptions took out of counters before a moment, by day, where it is not long ago.
USED_BEFORE: Final = f"""
    SELECT x.owner_account_id, x.owner_id, x.allowance_id,
           to_char(x.started_at AT TIME ZONE %(zone)s, 'YYYYMMDD')::integer AS day,
           w.first, sum(x.used)::bigint
      FROM {_WINDOWS}
     CROSS JOIN LATERAL (
        SELECT u.account_id AS owner_account_id, u.subscription_id AS owner_id, u.allowance_id,
               u.allowance_used AS used, u.started_at
          FROM rating_pricedusage u
         WHERE u.account_id = w.account_id AND u.subscription_id = w.subscription_id
           AND u.started_at >= to_timestamp(w.first - %(back)s)
           AND u.started_at < to_timestamp(w.first) AND u.allowance_id <> 0
           AND NOT EXISTS (SELECT 1 FROM rating_usagecover c
                            WHERE c.account_id = u.account_id AND c.started_at = u.started_at
                              AND c.source_id = u.source_id AND c.record_key = u.record_key
                              AND c.revision = u.revision)
        UNION ALL
        SELECT c.owner_account_id, c.owner_id, c.allowance_id, c.used, c.started_at
          FROM rating_usagecover c
         WHERE c.account_id = w.account_id AND c.subscription_id = w.subscription_id
           AND c.started_at >= to_timestamp(w.first - %(back)s)
           AND c.started_at < to_timestamp(w.first)) AS x
     GROUP BY 1, 2, 3, 4, 5
"""
COUNTERS: Final = """
    SELECT account_id, subscription_id, allowance_id, period, used, carried, granted
      FROM rating_allowanceuse
     WHERE (account_id, subscription_id) IN (SELECT * FROM unnest(%s::bigint[], %s::bigint[]))
"""
TOTALS: Final = """
    SELECT account_id, subscription_id, meter, number, period, quantity
      FROM rating_runningtotal
     WHERE (account_id, subscription_id) IN (SELECT * FROM unnest(%s::bigint[], %s::bigint[]))
"""
#: Services that ever shared allowances, with the group they did it in.
GROUPS: Final = """
    SELECT m.subscription_id, s.account_id, m.group_id
      FROM (SELECT group_id, subscription_id FROM rating_allowancegroupmember
             UNION SELECT id, owner_id FROM rating_allowancegroup) AS m
      JOIN accounts_subscription s ON s.id = m.subscription_id
     WHERE m.group_id IN (
        SELECT group_id FROM rating_allowancegroupmember WHERE subscription_id = ANY(%s)
         UNION SELECT id FROM rating_allowancegroup WHERE owner_id = ANY(%s))
     ORDER BY 1, 3
"""


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Usage of subscriptions, each from a moment up to another (seconds); arrays of one length."""

    account_id: Ints
    subscription_id: Ints
    first: Ints
    end: Ints

    def __len__(self) -> int:
        return len(self.subscription_id)

    def some(self, rows: Ints) -> "Windows":
        """Return the windows at these positions."""
        return Windows(
            self.account_id[rows], self.subscription_id[rows], self.first[rows], self.end[rows]
        )

    def params(self) -> dict[str, object]:
        """Return them for a statement."""
        return {
            "account_ids": self.account_id.tolist(),
            "subscription_ids": self.subscription_id.tolist(),
            "first": self.first.tolist(),
            "end": self.end.tolist(),
            "least": int(self.first.min(initial=NO_END)),
            "most": int(self.end.max(initial=0)),
        }


def rows_in_force(windows: Windows) -> PricedRows:
    """Return the prices in force of the windows; a subscription must not be in two of them."""
    columns = copied(IN_FORCE, windows.params(), types=ROW_TYPES)
    return PricedRows.of(columns)


def covers_in(windows: Windows) -> list[Ints]:
    """
    Return what was written beside the rows of the windows' accounts: source_id, record_key,
    revision, owner_id, allowance_id, used.
    """
    types = ("smallint", "bigint", "smallint", "bigint", "integer", "bigint")
    return copied(COVERS, windows.params(), types=types)


def counters_in(windows: Windows) -> tuple[AllowanceCounters, Ints]:
    """Return the counters of the windows' subscriptions, and what is left of each."""
    *columns, granted = binary_copy.copy_out(
        sql=COUNTERS,
        params=[windows.account_id.tolist(), windows.subscription_id.tolist()],
        types=["bigint", "bigint", "integer", "integer", "bigint", "bigint", "bigint"],
    )
    names = ("account_id", "subscription_id", "allowance_id", "period", "used", "carried")
    counters = counters_of(**dict(zip(names, columns, strict=True)), totals=totals_in(windows))
    _account, subscription, allowance, period, _used, _carried = columns
    # One row per counter: in the order of the counters' key, as they are.
    order = np.lexsort((period, allowance, subscription))
    return counters, granted[order] + counters.carried - counters.used


def totals_in(windows: Windows) -> Totals:
    """Return the running totals of the windows' subscriptions."""
    columns = binary_copy.copy_out(
        sql=TOTALS,
        params=[windows.account_id.tolist(), windows.subscription_id.tolist()],
        types=["bigint", "bigint", "smallint", "integer", "integer", "bigint"],
    )
    names = ("account_id", "subscription_id", "meter", "number", "period", "quantity")
    return totals_of(**dict(zip(names, columns, strict=True)))


def used_before(windows: Windows, *, days: int) -> AllowanceCounters:
    """
    Return what the windows' subscriptions used before them of the periods that hold their start.

    Rows older than `days` are not looked at.
    """
    params = {**windows.params(), "zone": settings.TIME_ZONE, "back": days * DAY}
    types = ("bigint", "bigint", "integer", "integer", "bigint", "bigint")
    account, owner, allowance, day, first, used = copied(USED_BEFORE, params, types=types)
    period = periods_of(allowance, day)
    is_same = period == periods_of(allowance, days_of(first))
    return counters_of(
        account_id=account[is_same],
        subscription_id=owner[is_same],
        allowance_id=allowance[is_same],
        period=period[is_same],
        used=used[is_same],
    )


def days_of(moments: Ints) -> Ints:
    """Return the operator's days of moments as yyyymmdd."""
    local, _ = zone_clock(settings.TIME_ZONE).read(moments)
    days = local.astype("datetime64[s]").astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    month = months.astype(np.int64)
    number: Ints = (month // 12 + 1970) * 10_000 + (month % 12 + 1) * 100
    number += (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    return number


def periods_of(allowance_id: Ints, day: Ints) -> Ints:
    """Return the periods of allowances that hold days (yyyymmdd)."""
    wanted = np.unique(allowance_id)
    known = dict(Allowance.objects.filter(pk__in=wanted.tolist()).values_list("id", "recurrence"))
    numbers = [RECURRENCES.index(Recurrence(known.get(pk, "month"))) for pk in wanted.tolist()]
    recurrence = np.array(numbers, np.int64)[np.searchsorted(wanted, allowance_id)]
    return periods_on(recurrence, day)


def start_of(period: int) -> int:
    """Return the moment at which a period (yyyymmdd) begins."""
    day = datetime(period // 10_000, period // 100 % 100, period % 100, tzinfo=_zone())
    return int(day.timestamp())


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def with_groups(windows: Windows, *, pairs: Iterable[tuple[int, int]] = ()) -> tuple[Windows, Ints]:
    """
    Return the windows with those of everybody who shares allowances with them, and their groups.

    `pairs` are subscriptions that have windows and are to be in one group for another reason.

    A group's windows begin with its first and end with its last. Groups are numbers from 0;
    services that are linked through several groups are one.
    """
    ids = windows.subscription_id.tolist()
    with connection.cursor() as cursor:
        cursor.execute(GROUPS, [ids, ids])
        shared = cursor.fetchall()
    account = dict(zip(ids, windows.account_id.tolist(), strict=True))
    for number, pair in enumerate(pairs, start=1):
        shared += [(one, account[one], -number) for one in pair]
    if not shared:
        return windows, np.arange(len(windows), dtype=np.int64)
    account |= {subscription: account_id for subscription, account_id, _group in shared}
    group_of = _linked(account, shared)
    spans: dict[int, tuple[int, int]] = {}
    for one, first, end in zip(ids, windows.first.tolist(), windows.end.tolist(), strict=True):
        known = spans.get(group_of[one], (first, end))
        spans[group_of[one]] = (min(known[0], first), max(known[1], end))
    members = sorted(one for one in account if group_of[one] in spans)
    groups = np.array([group_of[one] for one in members], np.int64)
    columns = [
        [account[one] for one in members],
        members,
        [spans[group_of[one]][0] for one in members],
        [spans[group_of[one]][1] for one in members],
    ]
    found = Windows(*(np.array(column, np.int64) for column in columns))
    return found, np.unique(groups, return_inverse=True)[1].astype(np.int64)


def _linked(account: dict[int, int], shared: list[tuple[int, int, int]]) -> dict[int, int]:
    """Return the smallest subscription that each is linked with, through one group or more."""
    leader = {one: one for one in account}

    def find(one: int) -> int:
        while leader[one] != one:
            one = leader[one]
        return one

    first_of_group: dict[int, int] = {}
    for subscription, _account, group in shared:
        one, other = find(subscription), find(first_of_group.setdefault(group, subscription))
        leader[max(one, other)] = min(one, other)
    return {one: find(one) for one in account}


def early_in_batch(batch_id: int, *, until: int) -> tuple[Ints, Ints, Ints]:
    """Return account, subscription and first start of a batch's usage up to a moment."""
    account, subscription, first = binary_copy.copy_out(
        sql=EARLY, params=[batch_id, until], types=["bigint", "bigint", "bigint"]
    )
    return account, subscription, first


def overtaken(windows: Windows, *, batch_id: int) -> Ints:
    """Return the positions of the windows in which other batches have records."""
    found = copied(OVERTAKEN, {**windows.params(), "batch_id": batch_id}, types=("bigint",))[0]
    return found - 1


def span_of(batch_id: int) -> tuple[int, int] | None:
    """Return the first and the last start of a batch's records in seconds; None without any."""
    with connection.cursor() as cursor:
        cursor.execute(SPAN, [batch_id])
        first, last = cursor.fetchone()
    return None if first is None else (first, last)


def batches_without_span(batch_id: int) -> list[int]:
    """Return the other batches of which it isn't written down when their usage was."""
    with connection.cursor() as cursor:
        cursor.execute(WITHOUT_SPAN, [batch_id])
        return [row[0] for row in cursor.fetchall()]


def last_start_of_others(batch_id: int) -> int:
    """Return the last start of what other batches priced, of which it is written down."""
    others = BatchSpan.objects.exclude(batch_id=batch_id)
    last = others.aggregate(last=Max("last_at"))["last"]
    return int(last.timestamp()) if last else 0


def rest_that_fits() -> dict[int, int]:
    """
    Return for each allowance how much must be left to say that nobody was refused a step of it.

    Allowances of money and such that are not known are not in it: nobody can say.
    """
    longest: dict[str, int] = {}
    kind = "deck_version__deck__usage_kind"
    terms = ZoneTerms.objects.values_list(kind).annotate(
        Max("first_increment"), Max("next_increment")
    )
    steps = RateStep.objects.values_list(f"rate__{kind}").annotate(Max("increment"))
    for of_kind, *increments in [*terms, *steps]:
        longest[of_kind] = max(longest.get(of_kind, 1), *increments)
    allowances = Allowance.objects.filter(is_money=False)
    return {
        pk: ceil(max(step, longest.get(of_kind, 1)) * factor)
        for pk, of_kind, step, factor in allowances.values_list(
            "id", "usage_kind", "step", "factor"
        )
    }


def copied(sql: str, params: dict[str, object], *, types: tuple[str, ...]) -> list[Ints]:
    """Return the columns of a select with named parameters, as binary_copy.copy_out does."""
    with connection.cursor() as cursor:
        bound = cursor.mogrify(sql, params).decode()
    return binary_copy.copy_out(sql=bound, types=types)
