"""
Recurring fees: the periods that are due, and their postings (decision B3).

- A fee in advance is charged when its period begins (cycle start; activation; change of plan), a
  fee in arrears when it has ended; a period ends with the cycle, the plan or the service.
- Nights that were missed are caught up: every due period is charged, one after another.
- The night charges on the morning `business_date`. A period that begins then is posted on that day;
  what was due before, fees in arrears too, on the day that ends, with its usage: so the fee of a
  closed cycle stands on the cycle's own bill, and nothing is posted further into the past.
- Restrictions for debt don't touch fees. While the subscriber's own pause lasts (state `suspended`
  on the day of charging) periods are billed at zero: the chain of days has no hole.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts import operations as accounts
from accounts import queries as accounts_queries
from accounts.domain.kinds import Kind

#: More periods in one go than two years of daily fees: something is wrong.
MOST_PASSES: Final = 800

#: Advisory lock: shared by those who charge, alone for those who cut what was charged.
FEES_LOCK: Final = 7_306_010

#: A company may have a fee of its own: that of the first day of a period counts.
OWN_FEE: Final = accounts_queries.company_fee_join(
    customer="a.customer_id", plan_version="v.id", day="b.period_start"
)
OWN_FEE_DUE: Final = accounts_queries.company_fee_join(
    customer="c.customer_id", plan_version="v.id", day="c.starts_on"
)

# One period per service: the next of its chain, if it is due.
CHARGE: Final = f"""
    WITH live AS (
        SELECT s.id AS subscription_id, s.account_id, s.state, a.cycle_day, a.customer_id,
               (s.activated_at AT TIME ZONE %(zone)s)::date AS active_on,
               (s.terminated_at AT TIME ZONE %(zone)s)::date + 1 AS ends_before
          FROM accounts_subscription s JOIN accounts_account a ON a.id = s.account_id
         WHERE s.account_id >= %(account_from)s AND s.account_id < %(account_to)s
           AND s.activated_at IS NOT NULL
    ), chained AS (
        SELECT l.*, p.period_end AS previous_end, coalesce(p.period_end, l.active_on) AS starts_on
          FROM live l LEFT JOIN LATERAL (
               SELECT b.period_end FROM invoicing_billedperiod b
                WHERE b.account_id = l.account_id AND b.subscription_id = l.subscription_id
                  AND b.kind = 'fee'
                ORDER BY b.period_end DESC LIMIT 1) p ON true
    ), assigned AS (
        SELECT q.subscription_id, q.plan_version_id,
               (q.active_from AT TIME ZONE %(zone)s)::date AS from_day,
               lead((q.active_from AT TIME ZONE %(zone)s)::date)
                   OVER (PARTITION BY q.subscription_id ORDER BY q.active_from) AS changes_on
          FROM accounts_planassignment q
         WHERE q.account_id >= %(account_from)s AND q.account_id < %(account_to)s
    ), due AS MATERIALIZED (
        SELECT c.account_id, c.subscription_id, c.state, c.starts_on, c.previous_end,
               v.id AS plan_version_id, coalesce(own.fee, v.fee) AS fee, v.fee_period,
               v.fee_timing, v.proration,
               invoicing_cycle_end(c.starts_on, c.cycle_day)
               - invoicing_cycle_start(c.starts_on, c.cycle_day) AS cycle_days,
               CASE v.fee_period WHEN 'day' THEN c.starts_on + 1
               ELSE least(invoicing_cycle_end(c.starts_on, c.cycle_day), s.changes_on,
                          c.ends_before) END AS ends_on
          FROM chained c
          JOIN assigned s
            ON s.subscription_id = c.subscription_id AND s.from_day <= c.starts_on
           AND (s.changes_on IS NULL OR c.starts_on < s.changes_on)
          JOIN tariffs_planversion v ON v.id = s.plan_version_id {OWN_FEE_DUE}
         WHERE c.starts_on <= %(business_date)s
           AND (c.ends_before IS NULL OR c.starts_on < c.ends_before)
    )
    INSERT INTO invoicing_billedperiod (account_id, subscription_id, plan_version_id, kind,
        period_start, period_end, previous_end, amount, charged_on)
    SELECT account_id, subscription_id, plan_version_id, 'fee', starts_on, ends_on, previous_end,
           CASE state WHEN 'suspended' THEN 0
           ELSE invoicing_prorated(fee, fee_period, proration, ends_on - starts_on, cycle_days)
           END,
           %(business_date)s
           - CASE WHEN fee_timing = 'arrears' OR starts_on < %(business_date)s THEN 1 ELSE 0 END
      FROM due
     WHERE fee_timing = 'advance' OR ends_on <= %(business_date)s
     ORDER BY account_id, subscription_id
    ON CONFLICT DO NOTHING
    RETURNING id
"""

# What the ledger says about a charged period; also read by splits.
POSTINGS: Final = f"""
    SELECT b.account_id, b.id, -b.amount, b.charged_on, b.subscription_id,
           jsonb_build_object(
               'plan_version', v.id, 'plan', p.code, 'plan_ru', p.name_ru, 'plan_en', p.name_en,
               'period_start', b.period_start, 'period_end', b.period_end,
               'days', b.period_end - b.period_start,
               'cycle_days', invoicing_cycle_end(b.period_start, a.cycle_day)
                             - invoicing_cycle_start(b.period_start, a.cycle_day),
               'fee', coalesce(own.fee, v.fee)::text, 'fee_period', v.fee_period, 'proration', v.proration)
      FROM invoicing_billedperiod b
      JOIN accounts_account a ON a.id = b.account_id
      JOIN tariffs_planversion v ON v.id = b.plan_version_id
      JOIN tariffs_plan p ON p.id = v.plan_id {OWN_FEE}
     WHERE b.id = ANY(%(ids)s)
"""


class UnableToChargeFees(Exception):
    """The periods that are due don't come to an end."""


def charge_fees(
    *,
    business_date: date,
    now: datetime,
    actor: str = "system:nightly",
    account_from: int = 0,
    account_to: int = 2**62,
) -> int:
    """
    Charge every recurring fee due up to the business day, for accounts of a half-open range.

    Returns the number of periods charged. Safe to kill and to run again: a second run charges
    nothing. Keep a range to 50,000 accounts.
    """
    values = {
        "business_date": business_date,
        "account_from": account_from,
        "account_to": account_to,
        "zone": settings.TIME_ZONE,
    }
    charged = 0
    for _pass in range(MOST_PASSES):
        count = _charge_next(values, now=now, actor=actor)
        if not count:
            return charged
        charged += count
    raise UnableToChargeFees(_("The periods that are due don't come to an end."))


@transaction.atomic
def _charge_next(values: Mapping[str, Any], *, now: datetime, actor: str) -> int:
    """Charge the next due period of each service; the period and its posting commit together."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [FEES_LOCK])
        cursor.execute(CHARGE, values)
        ids = [row[0] for row in cursor.fetchall()]
    post_fees(ids, now=now, actor=actor)
    return len(ids)


def post_fees(period_ids: list[int], *, now: datetime, actor: str) -> None:
    """Post the fees of charged periods, their ids being the references (decision A1)."""
    if period_ids:
        accounts.post_many(
            source_sql=POSTINGS, params={"ids": period_ids}, kind=Kind.FEE, now=now, actor=actor
        )
