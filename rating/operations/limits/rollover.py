"""
What is left of an allowance at the end of its period, carried into the next.

The part carried is taken out of the ended period in the same statement, so that a late record can't
use it a second time; what was carried is a fact (`AllowanceCarry`), written once.
"""

from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from rating.domain.spending import period_of
from rating.operations.batches import EVERYTHING, SOURCE_LOCK
from rating.queries.limits import day_begins
from tariffs.domain.deck import Recurrence

#: Shared by those who carry over; whoever prices holds it alone.
WAIT_FOR_PRICING: Final = "SELECT pg_advisory_xact_lock_shared(%s, %s)"
#: Rollover `first` uses what was carried in before the period's own units, `last` after them;
#: only the own units are carried on, so that they live for one more period and no longer.
CARRY: Final = """
    WITH ending AS (
        SELECT s.account_id, s.id AS subscription_id, a.id AS allowance_id, a.amount,
               greatest(0, least(
                   CASE a.rollover
                       WHEN 'first' THEN a.amount
                           - greatest(coalesce(u.used, 0) - greatest(coalesce(u.carried, 0), 0), 0)
                       ELSE a.amount - coalesce(u.used, 0) END,
                   coalesce(a.rollover_cap, a.amount))) AS units
          FROM accounts_planassignment p
          JOIN accounts_subscription s ON s.id = p.subscription_id AND s.state <> 'terminated'
          JOIN tariffs_allowance a ON a.plan_version_id = p.plan_version_id
          LEFT JOIN rating_allowanceuse u
            ON u.account_id = s.account_id AND u.subscription_id = s.id
           AND u.allowance_id = a.id AND u.period = %(ended)s
         WHERE a.rollover <> 'none' AND a.recurrence = %(recurrence)s
           AND s.account_id >= %(account_from)s AND s.account_id < %(account_to)s
           AND p.active_from < %(end)s AND (p.active_to IS NULL OR p.active_to > %(end)s)
           AND (NOT a.rollover_if_paid OR EXISTS (
                   SELECT FROM accounts_accountbalance b
                    WHERE b.account_id = s.account_id AND b.money + b.floor >= 0))
    ), carried AS (
        INSERT INTO rating_allowancecarry
            (account_id, subscription_id, allowance_id, from_period, to_period, units, carried_at)
        SELECT account_id, subscription_id, allowance_id, %(ended)s, %(next)s, units, %(now)s
          FROM ending WHERE units > 0
         ORDER BY account_id, subscription_id, allowance_id
        ON CONFLICT (account_id, subscription_id, allowance_id, from_period) DO NOTHING
        RETURNING account_id, subscription_id, allowance_id, units
    ), moved AS (
        SELECT c.account_id, c.subscription_id, c.allowance_id, e.amount, d.period, d.units
          FROM carried c
          JOIN ending e USING (account_id, subscription_id, allowance_id)
         CROSS JOIN LATERAL (VALUES (%(ended)s, -c.units), (%(next)s, c.units)) AS d (period, units)
    )
    INSERT INTO rating_allowanceuse AS u
        (account_id, subscription_id, allowance_id, period, granted, carried, used)
    SELECT account_id, subscription_id, allowance_id, period, amount, units, 0 FROM moved
     ORDER BY account_id, subscription_id, allowance_id, period
    ON CONFLICT (account_id, subscription_id, allowance_id, period)
    DO UPDATE SET carried = u.carried + excluded.carried
"""


@transaction.atomic
def carry_over(
    *,
    business_date: date,
    now: datetime,
    account_from: int = 0,
    account_to: int = 2**62,
) -> int:
    """
    Carry on what is left of allowances whose period ends with the day; return how many.

    Late records of the ended period find what was not carried. Run again, nothing more is carried.
    Waits for whoever prices usage: what is left is read and moved while nobody takes it.
    """
    morning = business_date + timedelta(days=1)
    counters = 0
    for recurrence in (Recurrence.DAY, Recurrence.WEEK, Recurrence.MONTH):
        ended, first_day_after = period_of(recurrence, business_date)
        if first_day_after != morning:
            continue
        params: dict[str, Any] = {
            "recurrence": recurrence.value,
            "ended": ended,
            "next": period_of(recurrence, morning)[0],
            "end": day_begins(morning),
            "now": now,
            "account_from": account_from,
            "account_to": account_to,
        }
        with connection.cursor() as cursor:
            cursor.execute(WAIT_FOR_PRICING, [SOURCE_LOCK, EVERYTHING])
            cursor.execute(CARRY, params)
            counters += cursor.rowcount
    return counters // 2
