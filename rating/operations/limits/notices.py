"""
Telling subscribers that an allowance is nearly or wholly used, once per period and threshold.
"""

from datetime import date, datetime
from typing import Any, Final

from django.db import connection, transaction

from billing_project.kernel.operations import record_events
from rating.domain.spending import current_periods
from tariffs.domain.deck import Recurrence

#: Percent of an allowance, and the event that says so.
THRESHOLDS: Final = {80: "allowance.low", 100: "allowance.used_up"}

NOTICED: Final = """
    INSERT INTO rating_allowancenotice
        (account_id, subscription_id, allowance_id, period, percent, noticed_at)
    SELECT u.account_id, u.subscription_id, u.allowance_id, u.period, t.percent, %(now)s
      FROM rating_allowanceuse u
      JOIN tariffs_allowance a ON a.id = u.allowance_id
      JOIN accounts_subscription b ON b.id = u.subscription_id AND b.state <> 'terminated'
      JOIN unnest(%(recurrences)s::text[], %(periods)s::integer[]) AS p (recurrence, period)
        ON p.recurrence = a.recurrence AND p.period = u.period
      CROSS JOIN unnest(%(percents)s::integer[]) AS t (percent)
     WHERE u.account_id >= %(account_from)s AND u.account_id < %(account_to)s
       AND u.used > 0
       AND u.used >= (u.granted + u.carried) * t.percent / 100.0
     ORDER BY u.account_id, u.subscription_id, u.allowance_id, t.percent
    ON CONFLICT (account_id, subscription_id, allowance_id, period, percent) DO NOTHING
    RETURNING id, account_id, subscription_id, allowance_id, period, percent
"""

#: Who passed two thresholds at once is told of the higher one.
EVENTS: Final = """
    SELECT n.account_id, NULL::bigint, n.subscription_id, %s::timestamptz,
           jsonb_build_object(
               'usage_kind', a.usage_kind, 'is_money', a.is_money,
               'included', u.granted + u.carried, 'left', u.granted + u.carried - u.used,
               'percent', n.percent, 'allowance_id', n.allowance_id)
      FROM (SELECT DISTINCT ON (account_id, subscription_id, allowance_id, period) *
              FROM rating_allowancenotice WHERE id = ANY(%s)
             ORDER BY account_id, subscription_id, allowance_id, period, percent DESC) AS n
      JOIN rating_allowanceuse u USING (account_id, subscription_id, allowance_id, period)
      JOIN tariffs_allowance a ON a.id = n.allowance_id
     WHERE n.percent = %s
"""


@transaction.atomic
def notice_allowances(
    *,
    business_date: date,
    now: datetime,
    actor: str,
    account_from: int = 0,
    account_to: int = 2**62,
) -> int:
    """
    Tell who has used 80 % or all of an allowance of the present period; return how many notices.

    Run again, it tells only what is new. Allowances that are granted anew every day are left out:
    nobody wants to be told every day.
    """
    periods = current_periods(business_date)
    del periods[Recurrence.DAY]
    params: dict[str, Any] = {
        "now": now,
        "percents": list(THRESHOLDS),
        "recurrences": [kind.value for kind in periods],
        "periods": list(periods.values()),
        "account_from": account_from,
        "account_to": account_to,
    }
    with connection.cursor() as cursor:
        cursor.execute(NOTICED, params)
        ids = [row[0] for row in cursor.fetchall()]
    told = 0
    for percent, kind in THRESHOLDS.items():
        if ids:
            told += record_events(
                kind=kind, source_sql=EVENTS, params=[now, ids, percent], actor=actor
            )
    return told
