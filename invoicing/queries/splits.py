"""
What billed periods are worth from a day on: given back at a change of plan, a pause, or the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts import queries as accounts_queries
from accounts.queries.calendars import calendar_join, whole_cycle
from invoicing.queries.package_days import HELD

#: What a cut is about: the plan, packages, or both.
PLAN: Final = "plan"
PACKAGE: Final = "package"
EVERYTHING: Final = "all"

#: A company's own fee: for days that were billed, and for those charged anew.
OWN_FEE_BILLED: Final = accounts_queries.company_fee_join(
    customer="a.customer_id", plan_version="b.plan_version_id", day="b.period_start"
)
OWN_FEE_ANEW: Final = accounts_queries.company_fee_join(
    customer="a.customer_id", plan_version="v.id", day="c.period_start"
)

# A cut's first unused day is the day after a termination, or, where the plan doesn't charge that
# day, the day itself; a plan that is moved to may leave the day of the change to the former one.
# `ends_on` of a period is where earlier credits begin, `worth` what they left of its amount: given
# back is what of that the days used aren't worth. What is due once is not given back, nor is a
# package whose terms say so.
UNUSED: Final = f"""
    wanted AS (
        SELECT w.subscription_id, w.plan_version_id, w.what, w.source_id, w.ended_at,
               w.unused_from + CASE WHEN nv.bills_change_day THEN 0 ELSE (nv.id IS NOT NULL)::int END
               AS unused_from
          FROM unnest(%(subscription_ids)s::bigint[], %(days)s::date[],
                      %(plan_version_ids)s::bigint[], %(whats)s::text[],
                      %(sources)s::bigint[], %(ends)s::timestamp[])
               AS w (subscription_id, unused_from, plan_version_id, what, source_id, ended_at)
          LEFT JOIN tariffs_planversion nv ON nv.id = w.plan_version_id
    ), billed AS (
        SELECT b.id, b.account_id, b.period_start, b.period_end, b.amount,
               coalesce(b.began_at AT TIME ZONE %(zone)s, b.period_start) AS part_from,
               CASE WHEN coalesce(b.proration, v.proration) = 'seconds' THEN w.ended_at END
               AS ended_at,
               w.unused_from - CASE WHEN w.ended_at IS NULL OR b.what <> '{PLAN}' THEN 0
                                    WHEN coalesce(b.proration, v.proration) = 'seconds' THEN 1
                                    WHEN v.bills_last_day THEN 0 ELSE 1 END AS unused_from,
               coalesce(b.fee, own.fee, v.fee) AS fee,
               coalesce(b.fee_period, v.fee_period) AS fee_period,
               coalesce(b.proration, v.proration) AS proration,
               coalesce((SELECT min(c.period_start) FROM invoicing_billedperiodcredit c
                          WHERE c.account_id = b.account_id AND c.billed_period_id = b.id),
                        b.period_end) AS ends_on,
               b.amount - coalesce((SELECT sum(c.amount) FROM invoicing_billedperiodcredit c
                                     WHERE c.account_id = b.account_id
                                       AND c.billed_period_id = b.id), 0) AS worth,
               {whole_cycle("b.period_start", names=True)}
          FROM wanted w
          JOIN accounts_subscription s ON s.id = w.subscription_id
          JOIN accounts_account a ON a.id = s.account_id
          JOIN invoicing_billedperiod b
            ON b.account_id = s.account_id AND b.subscription_id = s.id
           AND b.period_end >= w.unused_from
           AND b.what = ANY(CASE w.what WHEN '{EVERYTHING}' THEN ARRAY['{PLAN}', '{PACKAGE}']
                            ELSE ARRAY[w.what] END)
           AND (w.source_id = 0 OR b.source_id = w.source_id)
           AND b.plan_version_id IS DISTINCT FROM w.plan_version_id
          {calendar_join(account="b.account_id", day="b.period_start")}
          LEFT JOIN tariffs_planversion v ON v.id = b.plan_version_id
          LEFT JOIN tariffs_packageversion k ON k.id = b.package_version_id {OWN_FEE_BILLED}
         WHERE k.id IS NULL OR (k.gives_back AND k.fee_period <> 'once')
    ), cut AS (
        SELECT b.*, greatest(unused_from, period_start) AS cut_on FROM billed b
    ), used AS (
        SELECT c.*, coalesce(ended_at, cut_on) AS part_to FROM cut c WHERE cut_on < ends_on
    ), unused AS (
        SELECT account_id, id, cut_on, ends_on,
               greatest(0, worth - invoicing_part_price(fee, fee_period, proration, part_from,
                                                        part_to, cycle_from, cycle_to, months))
               AS given_back
          FROM used
    )
"""

QUOTE: Final = f"WITH {UNUSED} SELECT coalesce(sum(given_back), 0) FROM unused"

#: What days charged anew cost, by c, the days, v, the plan, and s, the service.
PRICE_ANEW: Final = f"""invoicing_part_price(
               coalesce(own.fee, v.fee), v.fee_period, v.proration,
               CASE WHEN v.proration = 'seconds'
               THEN greatest(c.period_start, s.activated_at AT TIME ZONE %(zone)s)
               ELSE c.period_start END, c.period_end, {whole_cycle("c.period_start")})"""
CALENDAR_ANEW: Final = calendar_join(account="c.account_id", day="c.period_start")

# What `operations.split_periods` would give back, and charge by the new plan.
SETTLEMENT: Final = f"""
    WITH {UNUSED}, anew AS (
        SELECT c.given_back, {PRICE_ANEW} AS charged
          FROM (SELECT u.account_id, u.cut_on AS period_start, u.ends_on AS period_end,
                       u.given_back, b.subscription_id
                  FROM unused u JOIN invoicing_billedperiod b ON b.id = u.id) c
          JOIN accounts_account a ON a.id = c.account_id {CALENDAR_ANEW}
          JOIN accounts_subscription s ON s.id = c.subscription_id
          JOIN tariffs_planversion v ON v.id = %(plan_version_id)s {OWN_FEE_ANEW}
    )
    SELECT coalesce(sum(given_back), 0), coalesce(sum(charged), 0) FROM anew
"""

LATER_PLANS: Final = """
    SELECT (active_from AT TIME ZONE %s)::date AS from_day, plan_version_id
      FROM accounts_planassignment
     WHERE subscription_id = %s AND (active_from AT TIME ZONE %s)::date > %s
     ORDER BY active_from
"""

# Packages that ended, and were charged for days after that.
ENDED_PACKAGES: Final = f"""
    WITH held AS ({HELD})
    SELECT h.assignment_id, h.ends_before FROM held h
     WHERE h.subscription_id = %(subscription_id)s AND h.ends_before IS NOT NULL
       AND EXISTS (SELECT 1 FROM invoicing_billedperiod b
                    WHERE b.account_id = h.account_id
                      AND b.subscription_id = h.subscription_id AND b.what = 'package'
                      AND b.source_id = h.assignment_id AND b.period_end > h.ends_before)
     ORDER BY h.assignment_id
"""


@dataclass(frozen=True, slots=True)
class Cut:
    """
    Days of a service that aren't used from a day on: of its plan, its packages (`source_id`: of that
    assignment) or both; with the plan that takes the plan's days over. `ended_at`: the service ended
    then, the day before; the plan's version says what of that day is charged.
    """

    subscription_id: int
    unused_from: date
    plan_version_id: int | None = None
    what: str = PLAN
    source_id: int = 0
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """Days already charged that another plan takes over: given back, and charged anew."""

    given_back: Decimal
    charged: Decimal

    @property
    def to_pay(self) -> Decimal:
        """What the subscriber pays for the difference; below zero, gets back."""
        return self.charged - self.given_back


def cut_values(cuts: Sequence[Cut]) -> dict[str, Any]:
    """Return the parameters of UNUSED."""
    return {
        "subscription_ids": [cut.subscription_id for cut in cuts],
        "days": [cut.unused_from for cut in cuts],
        "plan_version_ids": [cut.plan_version_id for cut in cuts],
        "whats": [cut.what for cut in cuts],
        "sources": [cut.source_id for cut in cuts],
        "ends": [
            timezone.make_naive(cut.ended_at) if cut.ended_at is not None else None for cut in cuts
        ],
        "zone": settings.TIME_ZONE,
    }


def quote_settlement(*, subscription_id: int, plan_version_id: int, on: date) -> Settlement:
    """Return what a change of plan on a day makes of the days that are charged already."""
    cut = Cut(subscription_id, on, plan_version_id)
    with connection.cursor() as cursor:
        cursor.execute(SETTLEMENT, {**cut_values([cut]), "plan_version_id": plan_version_id})
        return Settlement(*cursor.fetchone())


def quote_given_back(cut: Cut) -> Decimal:
    """Return what `operations.split_periods` would give back for a cut."""
    with connection.cursor() as cursor:
        cursor.execute(QUOTE, cut_values([cut]))
        given_back: Decimal = cursor.fetchone()[0]
    return given_back


def quote_termination(*, subscription_id: int, on: date) -> Decimal:
    """Return what `operations.terminate_service` gives back if the service's last day is `on`."""
    ended_at = timezone.make_aware(datetime.combine(on, time.max))
    cut = Cut(subscription_id, on + timedelta(days=1), what=EVERYTHING, ended_at=ended_at)
    return quote_given_back(cut)


def list_later_plans(subscription_id: int, *, after: date) -> list[Cut]:
    """Return the plans that a service has from days after that day, as cuts of what was charged."""
    zone = settings.TIME_ZONE
    with connection.cursor() as cursor:
        cursor.execute(LATER_PLANS, [zone, subscription_id, zone, after])
        return [Cut(subscription_id, day, version_id) for day, version_id in cursor.fetchall()]


def list_ended_packages(*, account_id: int, subscription_id: int) -> list[Cut]:
    """Return the packages of a service that were charged for days after their end, as cuts."""
    values: dict[str, Any] = {
        "account_from": account_id,
        "account_to": account_id + 1,
        "subscription_id": subscription_id,
        "zone": settings.TIME_ZONE,
    }
    with connection.cursor() as cursor:
        cursor.execute(ENDED_PACKAGES, values)
        return [
            Cut(subscription_id, ends_before, what=PACKAGE, source_id=assignment_id)
            for assignment_id, ends_before in cursor.fetchall()
        ]
