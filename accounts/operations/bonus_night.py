"""
Bonus money at night: pays the charges of the day, and is lost after its last day. Set-based.

By night the same is taken as by `domain.bonuses.allocate`: a test compares them.
"""

from datetime import date, datetime
from typing import Any, Final

from django.db import connection, transaction

from accounts.domain.bonuses import ANY, KINDS_PAID, ORDER
from accounts.domain.kinds import Fund, Kind
from accounts.operations.posting import post_many

#: Balances of everybody with something to use or lose, locked before their grants.
LOCK: Final = """
    SELECT b.account_id FROM accounts_accountbalance b
     WHERE b.bonus > 0 AND b.account_id >= %(low)s AND b.account_id < %(high)s
     ORDER BY b.account_id FOR NO KEY UPDATE
"""
# Grants by their last day, each with what those before it hold: a grant gives what of the charges
# lies behind them. The use, its parts, what is left of the grants: one statement.
TAKE: Final = """
    WITH grants AS (
        SELECT g.id, g.account_id, g.left,
               sum(g.left) OVER (PARTITION BY g.account_id ORDER BY g.expires_on NULLS LAST, g.id)
                   - g.left AS before
          FROM accounts_bonusgrant g
         WHERE g.left > 0 AND g.pays = %(pays)s
           AND g.account_id >= %(low)s AND g.account_id < %(high)s
           AND (g.expires_on IS NULL OR g.expires_on >= %(day)s)
    ), charged AS (
        SELECT e.account_id, -coalesce(sum(e.amount) FILTER (WHERE e.kind = ANY(%(kinds)s)), 0) AS own,
               -sum(e.amount) AS total
          FROM accounts_ledgerentry e
         WHERE e.business_date = %(day)s AND e.fund = 1 AND e.kind = ANY(%(all_kinds)s)
           AND e.account_id IN (SELECT account_id FROM grants)
         GROUP BY e.account_id
    ), used AS (
        SELECT u.account_id, coalesce(sum(u.amount) FILTER (WHERE u.pays = %(pays)s), 0) AS own,
               sum(u.amount) AS total
          FROM accounts_bonususe u
         WHERE u.business_date = %(day)s AND u.account_id IN (SELECT account_id FROM grants)
         GROUP BY u.account_id
    ), room AS (
        SELECT c.account_id,
               least(c.total - coalesce(u.total, 0),
                     CASE WHEN %(is_any)s THEN c.total - coalesce(u.total, 0)
                          ELSE c.own - coalesce(u.own, 0) END) AS amount
          FROM charged c LEFT JOIN used u ON u.account_id = c.account_id
    ), shares AS (
        SELECT g.id AS grant_id, g.account_id, least(g.left, r.amount - g.before) AS amount
          FROM grants g JOIN room r ON r.account_id = g.account_id
         WHERE r.amount > g.before
    ), uses AS (
        INSERT INTO accounts_bonususe (account_id, amount, pays, request_id, business_date,
            used_at, actor, on_behalf_of)
        SELECT account_id, sum(amount), %(pays)s, %(request)s, %(day)s, %(now)s, %(actor)s, ''
          FROM shares GROUP BY account_id ORDER BY account_id
        ON CONFLICT (account_id, request_id) DO NOTHING
        RETURNING id, account_id
    ), parts AS (
        INSERT INTO accounts_bonuspart (account_id, grant_id, use_id, amount)
        SELECT s.account_id, s.grant_id, u.id, s.amount
          FROM shares s JOIN uses u ON u.account_id = s.account_id
        RETURNING grant_id, amount
    ), taken AS (
        UPDATE accounts_bonusgrant g SET "left" = g.left - p.amount
          FROM parts p WHERE g.id = p.grant_id
        RETURNING g.id
    )
    SELECT coalesce(array_agg(id), '{}') FROM uses
"""
USES: Final = """
    SELECT account_id, {ref}, {amount}, business_date, NULL::bigint, NULL::jsonb
      FROM accounts_bonususe WHERE id = ANY(%s)
"""
LOSE: Final = """
    WITH lost AS (
        UPDATE accounts_bonusgrant g SET "left" = 0
          FROM (SELECT id, account_id, "left" AS amount FROM accounts_bonusgrant
                 WHERE "left" > 0 AND expires_on <= %(day)s
                   AND account_id >= %(low)s AND account_id < %(high)s
                 ORDER BY account_id, id) AS old
         WHERE g.id = old.id
        RETURNING g.id, old.account_id, old.amount
    ), parts AS (
        INSERT INTO accounts_bonuspart (account_id, grant_id, use_id, amount)
        SELECT account_id, id, NULL, amount FROM lost ORDER BY account_id, id
        RETURNING id
    )
    SELECT coalesce(array_agg(id), '{}') FROM parts
"""
LOST: Final = """
    SELECT account_id, grant_id, -amount, %s::date, NULL::bigint, NULL::jsonb
      FROM accounts_bonuspart WHERE id = ANY(%s)
"""


def use_bonuses(
    *,
    business_date: date,
    charges_of: date,
    now: datetime,
    actor: str,
    account_from: int,
    account_to: int,
) -> int:
    """
    Pay the charges of the day `charges_of` with bonus money; return the uses made.

    Of the half-open range of accounts, in one transaction. The night of `business_date` pays the
    charges of a day once; what was charged to it later, the next night pays.
    """
    made = 0
    with transaction.atomic():
        values = _range(account_from, account_to) | {"day": charges_of, "now": now, "actor": actor}
        _execute(LOCK, values)
        for pays in ORDER:
            request = {"pays": pays, "request": f"night:{business_date}:{charges_of}:{pays}"}
            ids = _execute(TAKE, values | request | _kinds(pays))
            for fund, ref, amount in (
                (Fund.BONUS, "id", "-amount"),
                (Fund.MONEY, "-id", "amount"),
            ):
                post_many(
                    source_sql=USES.format(ref=ref, amount=amount),
                    params=[ids],
                    kind=Kind.BONUS_USE,
                    fund=fund,
                    now=now,
                    actor=actor,
                )
            made += len(ids)
    return made


def expire_bonuses(
    *, business_date: date, now: datetime, actor: str, account_from: int, account_to: int
) -> int:
    """Take back what is left of grants whose last day was `business_date` or before; how many."""
    with transaction.atomic():
        values = _range(account_from, account_to)
        _execute(LOCK, values)
        ids = _execute(LOSE, values | {"day": business_date})
        post_many(
            source_sql=LOST,
            params=[business_date, ids],
            kind=Kind.BONUS_EXPIRY,
            fund=Fund.BONUS,
            now=now,
            actor=actor,
        )
    return len(ids)


def _range(low: int, high: int) -> dict[str, Any]:
    return {"low": low, "high": high}


def _kinds(pays: str) -> dict[str, Any]:
    return {
        "kinds": [int(kind) for kind in KINDS_PAID[pays]],
        "all_kinds": [int(kind) for kind in KINDS_PAID[ANY]],
        "is_any": pays == ANY,
    }


def _execute(statement: str, values: dict[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return row[0] if row and isinstance(row[0], list) else []
