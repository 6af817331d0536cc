"""
Minimum charges: what a service was charged in a cycle is topped up to its plan's minimum.

Once a cycle is over and its fees are charged. Charged are the fees of its days (plan, packages,
pauses, less what was given back) and the usage of its days; the minimum is that of the days which the
plan charged, by the plan's convention, so a pause has none. A top-up is a billed period of its own,
chain `m<first day of the cycle>`, with the minimum as its fee; one of nothing is kept too.
"""

from datetime import date, datetime
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction

from accounts.queries.calendars import calendar_join, cycle_ends, cycle_starts, whole_cycle
from invoicing.operations.fee_postings import lock_fees, post_fees
from tariffs.models import PlanVersion

#: Cycles that ended longer ago are not topped up any more.
LATEST_DAYS: Final = 92

# `range_agg` joins days that follow each other: a fee per day is a period a day.
CHARGE_MINIMUMS: Final = f"""
    WITH charged AS (
        SELECT b.account_id, b.subscription_id, b.plan_version_id, b.what, b.amount,
               b.period_start, b.amount - coalesce(g.given_back, 0) AS net,
               coalesce(g.given_from, b.period_end) AS used_until,
               {cycle_starts("b.period_start")} AS starts_on,
               {cycle_ends("b.period_start")} AS ends_on,
               {whole_cycle("b.period_start", names=True)}
          FROM invoicing_billedperiod b
          JOIN accounts_account a ON a.id = b.account_id
          {calendar_join(account="b.account_id", day="b.period_start")}
          LEFT JOIN (SELECT billed_period_id, sum(amount) AS given_back,
                            min(period_start) AS given_from
                       FROM invoicing_billedperiodcredit
                      WHERE account_id >= %(account_from)s AND account_id < %(account_to)s
                      GROUP BY billed_period_id) g ON g.billed_period_id = b.id
         WHERE b.account_id >= %(account_from)s AND b.account_id < %(account_to)s
           AND b.what IN ('plan', 'package', 'pause')
           AND b.period_end > %(business_date)s - {LATEST_DAYS}
           AND EXISTS (SELECT 1 FROM accounts_planassignment q
                         JOIN tariffs_planversion v ON v.id = q.plan_version_id
                        WHERE q.account_id = b.account_id
                          AND q.subscription_id = b.subscription_id AND v.minimum > 0)
    ), days AS (
        SELECT account_id, subscription_id, plan_version_id, starts_on, ends_on, cycle_from,
               cycle_to, months, unnest(range_agg(daterange(period_start, used_until))) AS part
          FROM charged
         WHERE what = 'plan' AND used_until > period_start AND ends_on <= %(business_date)s
         GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    ), least_of AS (
        SELECT d.account_id, d.subscription_id, d.starts_on, d.ends_on,
               sum(invoicing_part_price(v.minimum, 'month', v.proration, lower(d.part),
                                        upper(d.part), cycle_from, cycle_to, months)) AS minimum,
               (array_agg(v.id ORDER BY upper(d.part) DESC))[1] AS plan_version_id
          FROM days d JOIN tariffs_planversion v ON v.id = d.plan_version_id AND v.minimum > 0
         GROUP BY 1, 2, 3, 4
    ), topped AS (
        SELECT l.*, l.minimum
               - coalesce((SELECT sum(c.net) FROM charged c
                            WHERE c.account_id = l.account_id
                              AND c.subscription_id = l.subscription_id
                              AND c.starts_on = l.starts_on), 0)
               - coalesce((SELECT sum(u.amount) FROM rating_pricedusage u
                            WHERE u.account_id = l.account_id
                              AND u.subscription_id = l.subscription_id
                              AND u.started_at >= l.starts_on::timestamp AT TIME ZONE %(zone)s
                              AND u.started_at < l.ends_on::timestamp AT TIME ZONE %(zone)s), 0)
               AS missing
          FROM least_of l
         WHERE NOT EXISTS (SELECT 1 FROM invoicing_billedperiod m
                            WHERE m.account_id = l.account_id
                              AND m.subscription_id = l.subscription_id
                              AND m.kind = 'm' || to_char(l.starts_on, 'YYYYMMDD'))
    )
    INSERT INTO invoicing_billedperiod (account_id, subscription_id, plan_version_id, kind, what,
        period_start, period_end, previous_end, amount, fee, fee_period, proration, charged_on)
    SELECT account_id, subscription_id, plan_version_id,
           'm' || to_char(starts_on, 'YYYYMMDD'), 'minimum', starts_on, ends_on, NULL,
           greatest(missing, 0), minimum, 'month', 'actual', %(business_date)s - 1
      FROM topped ORDER BY account_id, subscription_id, starts_on
    ON CONFLICT DO NOTHING
    RETURNING id
"""


def charge_minimums(
    *,
    business_date: date,
    now: datetime,
    actor: str = "system:nightly",
    account_from: int = 0,
    account_to: int = 2**62,
) -> int:
    """
    Top up the cycles that ended by the business day, for accounts of a half-open range.

    To run after `charge_fees` and before bills; usage must be posted. Returns the number of cycles
    looked at; a second run finds none.
    """
    if not PlanVersion.objects.filter(minimum__gt=0).exists():
        return 0
    values: dict[str, Any] = {
        "business_date": business_date,
        "account_from": account_from,
        "account_to": account_to,
        "zone": settings.TIME_ZONE,
    }
    return _charge(values, now=now, actor=actor)


@transaction.atomic
def _charge(values: dict[str, Any], *, now: datetime, actor: str) -> int:
    lock_fees(alone=False)
    with connection.cursor() as cursor:
        cursor.execute(CHARGE_MINIMUMS, values)
        ids = [row[0] for row in cursor.fetchall()]
    post_fees(ids, now=now, actor=actor)
    return len(ids)
