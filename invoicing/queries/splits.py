"""
What billed periods are worth from a day on: given back at a change of plan or at the end.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from accounts import queries as accounts_queries

#: A company's own fee: for days that were billed, and for those charged anew.
OWN_FEE_BILLED: Final = accounts_queries.company_fee_join(
    customer="a.customer_id", plan_version="b.plan_version_id", day="b.period_start"
)
OWN_FEE_ANEW: Final = accounts_queries.company_fee_join(
    customer="a.customer_id", plan_version="v.id", day="c.period_start"
)

# `ends_on` of a period is where earlier credits begin. What is given back is what was charged for
# the days up to there, less what the days used are worth.
UNUSED: Final = f"""
    wanted AS (
        SELECT * FROM unnest(%(subscription_ids)s::bigint[], %(days)s::date[],
                             %(plan_version_ids)s::bigint[])
               AS w (subscription_id, unused_from, plan_version_id)
    ), billed AS (
        SELECT b.*, coalesce(own.fee, v.fee) AS fee, v.fee_period, v.proration, w.unused_from,
               coalesce((SELECT min(c.period_start) FROM invoicing_billedperiodcredit c
                          WHERE c.account_id = b.account_id AND c.billed_period_id = b.id),
                        b.period_end) AS ends_on,
               invoicing_cycle_end(b.period_start, a.cycle_day)
               - invoicing_cycle_start(b.period_start, a.cycle_day) AS cycle_days
          FROM wanted w
          JOIN accounts_subscription s ON s.id = w.subscription_id
          JOIN accounts_account a ON a.id = s.account_id
          JOIN invoicing_billedperiod b
            ON b.account_id = s.account_id AND b.subscription_id = s.id
           AND b.period_end > w.unused_from
           AND b.plan_version_id IS DISTINCT FROM w.plan_version_id
          JOIN tariffs_planversion v ON v.id = b.plan_version_id {OWN_FEE_BILLED}
    ), cut AS (
        SELECT b.*, greatest(unused_from, period_start) AS cut_on,
               CASE WHEN ends_on = period_end THEN amount
               ELSE least(amount, invoicing_prorated(fee, fee_period, proration,
                                                     ends_on - period_start, cycle_days)) END
               AS worth
          FROM billed b
    ), unused AS (
        SELECT account_id, id, cut_on, ends_on,
               greatest(0, worth - invoicing_prorated(fee, fee_period, proration,
                                                      cut_on - period_start, cycle_days))
               AS given_back
          FROM cut WHERE cut_on < ends_on
    )
"""

QUOTE: Final = f"WITH {UNUSED} SELECT coalesce(sum(given_back), 0) FROM unused"

# What `operations.split_periods` would give back, and charge by the new plan.
SETTLEMENT: Final = f"""
    WITH {UNUSED}, anew AS (
        SELECT c.given_back,
               invoicing_prorated(coalesce(own.fee, v.fee), v.fee_period, v.proration,
                                  c.period_end - c.period_start,
                                  invoicing_cycle_end(c.period_start, a.cycle_day)
                                  - invoicing_cycle_start(c.period_start, a.cycle_day)) AS charged
          FROM (SELECT account_id, cut_on AS period_start, ends_on AS period_end, given_back
                  FROM unused) c
          JOIN accounts_account a ON a.id = c.account_id
          JOIN tariffs_planversion v ON v.id = %(plan_version_id)s {OWN_FEE_ANEW}
    )
    SELECT coalesce(sum(given_back), 0), coalesce(sum(charged), 0) FROM anew
"""


@dataclass(frozen=True, slots=True)
class Settlement:
    """Days already charged that another plan takes over: given back, and charged anew."""

    given_back: Decimal
    charged: Decimal

    @property
    def to_pay(self) -> Decimal:
        """What the subscriber pays for the difference; below zero, gets back."""
        return self.charged - self.given_back


def quote_settlement(*, subscription_id: int, plan_version_id: int, on: date) -> Settlement:
    """Return what a change of plan on a day makes of the days that are charged already."""
    values: dict[str, Any] = {
        "subscription_ids": [subscription_id],
        "days": [on],
        "plan_version_ids": [plan_version_id],
        "plan_version_id": plan_version_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(SETTLEMENT, values)
        return Settlement(*cursor.fetchone())


def quote_termination(*, subscription_id: int, on: date) -> Decimal:
    """Return what `operations.terminate_service` gives back if the service's last day is `on`."""
    values: dict[str, Any] = {
        "subscription_ids": [subscription_id],
        "days": [on + timedelta(days=1)],
        "plan_version_ids": [None],
    }
    with connection.cursor() as cursor:
        cursor.execute(QUOTE, values)
        given_back: Decimal = cursor.fetchone()[0]
    return given_back
