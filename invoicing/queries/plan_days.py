"""
Which plan charges which days of a service, in SQL: shared by charging and minimum charges.
"""

from typing import Final

# Days [from_day, changes_on) of each assignment. The day of a change is charged by the plan that
# begins, or, where its version says so, by the one that was left; of several on one day the last
# counts. %(account_from)s … %(account_to)s, %(zone)s.
BILLED_BY: Final = """
    SELECT subscription_id, plan_version_id, from_day,
           lead(from_day) OVER (PARTITION BY subscription_id ORDER BY active_from) AS changes_on
      FROM (SELECT q.subscription_id, q.plan_version_id, q.active_from,
                   (q.active_from AT TIME ZONE %(zone)s)::date
                   + CASE WHEN v.bills_change_day THEN 0
                          WHEN lag(q.id) OVER pages IS NULL THEN 0
                          WHEN (lead(q.active_from) OVER pages AT TIME ZONE %(zone)s)::date
                               = (q.active_from AT TIME ZONE %(zone)s)::date THEN 0
                     ELSE 1 END AS from_day
              FROM accounts_planassignment q
              JOIN tariffs_planversion v ON v.id = q.plan_version_id
             WHERE q.account_id >= %(account_from)s AND q.account_id < %(account_to)s
            WINDOW pages AS (PARTITION BY q.subscription_id ORDER BY q.active_from)) x
"""
