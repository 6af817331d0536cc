"""
Who is moved to a new version of their plan, and when.
"""

from datetime import date, timedelta
from typing import Any, Final

from django.db import connection

from accounts.queries.calendars import calendar_join, cycle_ends, cycle_starts
from tariffs import queries as tariffs_queries

# Services on an earlier version that were not told of this move yet. At renewal: the first day of
# a cycle on or after the earliest.
MOVERS: Final = f"""
    SELECT s.account_id, s.id AS subscription_id, f.fee,
           CASE WHEN NOT %(is_renewal)s THEN %(earliest_on)s::date
                WHEN {cycle_starts("%(earliest_on)s::date")}
                     = %(earliest_on)s::date THEN %(earliest_on)s::date
                ELSE {cycle_ends("%(earliest_on)s::date")} END AS effective_on
      FROM accounts_planassignment q
      JOIN accounts_subscription s ON s.id = q.subscription_id AND s.account_id = q.account_id
      JOIN accounts_account a ON a.id = s.account_id
           {calendar_join(account="a.id", day="%(earliest_on)s::date")}
      JOIN tariffs_planversion f ON f.id = q.plan_version_id
     WHERE q.plan_version_id = ANY(%(former_ids)s) AND q.active_to IS NULL
       AND s.state <> 'terminated'
       AND s.account_id >= %(account_from)s AND s.account_id < %(account_to)s
       AND NOT EXISTS (SELECT 1 FROM invoicing_planchange m
                        WHERE m.account_id = s.account_id AND m.subscription_id = s.id
                          AND m.plan_version_id = %(plan_version_id)s AND m.is_move)
"""


def count_movers(*, plan_version_id: int, on: date) -> int:
    """Return how many services a version would move that were not told yet; drafts too."""
    move = tariffs_queries.find_move(tariffs_queries.get_plan_version(plan_version_id))
    values: dict[str, Any] = {
        "plan_version_id": plan_version_id,
        "former_ids": list(move.former_ids),
        "earliest_on": max(move.earliest_on, on + timedelta(days=move.notice_days)),
        "is_renewal": move.is_renewal,
        "account_from": 0,
        "account_to": 2**62,
    }
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({MOVERS}) m", values)
        return int(cursor.fetchone()[0])
