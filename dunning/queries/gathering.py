"""
What a decision needs, read in columns: rules, services with their plans, accounts that went astray.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from django.db import connection

from dunning.domain.access import Rule
from dunning.domain.planning import ServiceRow
from dunning.models import AccessRule

#: One decision about an account at a time. Not the balance row: postings go on meanwhile.
LOCK_ACCOUNTS: Final = """
    SELECT id FROM accounts_account WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
"""

PLAN_NOW: Final = """
    LEFT JOIN LATERAL (
        SELECT p.code, v.speed_kbps, v.slow_speed_kbps FROM accounts_planassignment pa
          JOIN tariffs_planversion v ON v.id = pa.plan_version_id
          JOIN tariffs_plan p ON p.id = v.plan_id
         WHERE pa.account_id = s.account_id AND pa.subscription_id = s.id
           AND pa.active_from <= %(now)s AND (pa.active_to IS NULL OR pa.active_to > %(now)s)
         LIMIT 1) plan ON true
"""

# A service that was ended before it was ever opened, or whose end is written, needs no decision.
SERVICES: Final = f"""
    SELECT s.id, s.account_id, a.customer_id, a.kind, a.credit_class, s.service, s.state,
           plan.code, plan.speed_kbps, plan.slow_speed_kbps,
           ARRAY(SELECT i.value FROM accounts_identifieruse i
                  WHERE i.subscription_id = s.id AND i.active_from <= %(now)s
                    AND (i.active_to IS NULL OR i.active_to > %(now)s)
                  ORDER BY i.kind, i.value),
           coalesce(x.level, ''), x.rule_id, x.rules_mark, coalesce(x.desired, '{{}}')
      FROM accounts_subscription s JOIN accounts_account a ON a.id = s.account_id
      {PLAN_NOW}
      LEFT JOIN dunning_serviceaccess x ON x.subscription_id = s.id
     WHERE s.account_id = ANY(%(account_ids)s) AND s.state <> 'ordered'
       AND NOT (s.state = 'terminated' AND coalesce(x.level, 'ended') = 'ended')
     ORDER BY s.account_id, s.id
"""

# What money does not tell: never decided, decided by other rules, or before the service's state or
# plan became what it is (an event that was lost).
ASTRAY: Final = f"""
    SELECT DISTINCT s.account_id
      FROM accounts_subscription s
      {PLAN_NOW}
      LEFT JOIN dunning_serviceaccess x ON x.subscription_id = s.id
     WHERE s.account_id >= %(account_from)s AND s.account_id < %(account_to)s
       AND CASE s.state
           WHEN 'ordered' THEN false
           WHEN 'terminated' THEN coalesce(x.level, 'ended') <> 'ended'
           WHEN 'suspended' THEN x.level IS DISTINCT FROM 'paused'
           ELSE x.level IS NULL OR x.level IN ('paused', 'ended')
                OR x.rules_mark IS DISTINCT FROM %(mark)s
                OR x.desired ->> 'plan' IS DISTINCT FROM plan.code END
     ORDER BY s.account_id
"""


def list_rules() -> list[Rule]:
    """List the rules in use, in their order."""
    return [
        Rule(
            id=rule.pk,
            position=rule.position,
            below=rule.below,
            effect=rule.effect,
            or_equal=rule.or_equal,
            service=rule.service,
            account_kind=rule.account_kind,
            credit_class=rule.credit_class,
        )
        for rule in AccessRule.objects.filter(is_active=True).order_by("position")
    ]


def lock_accounts(account_ids: Sequence[int]) -> list[int]:
    """Lock the accounts in order, so that nobody else decides about them; return those there are."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_ACCOUNTS, [list(account_ids)])
        return [row[0] for row in cursor.fetchall()]


def list_service_rows(*, account_ids: Sequence[int], now: datetime) -> list[ServiceRow]:
    """List what there is to decide on the accounts, by account."""
    with connection.cursor() as cursor:
        cursor.execute(SERVICES, {"account_ids": list(account_ids), "now": now})
        return [_to_service_row(list(row)) for row in cursor.fetchall()]


def _to_service_row(values: list[Any]) -> ServiceRow:
    # Raw cursors give jsonb as text: Django turns psycopg2's own reading off.
    values[10], values[14] = tuple(values[10]), orjson.loads(values[14])
    return ServiceRow(*values)


def list_astray(*, account_from: int, account_to: int, rules_mark: int, now: datetime) -> list[int]:
    """List accounts in [account_from, account_to) whose access is wrong though money is in bounds."""
    values: dict[str, Any] = {
        "account_from": account_from,
        "account_to": account_to,
        "mark": rules_mark,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(ASTRAY, values)
        return [row[0] for row in cursor.fetchall()]
