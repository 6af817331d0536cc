"""
What a run of re-rating changed, put back: the prices that its records had before.
"""

from typing import Any, Final

from django.db import connection, transaction

from rating.operations.rerating.looking import AccountChange
from rating.queries.rerating import ROW

#: The prices in force that the batch wrote, of accounts; the price before is two revisions older.
_WRITTEN: Final = """
    FROM rating_pricedusage u
    JOIN rating_pricedusage o
      ON o.account_id = u.account_id AND o.started_at = u.started_at
     AND o.source_id = u.source_id AND o.record_key = u.record_key AND o.revision = u.revision - 2
   WHERE u.batch_id = %(undone)s AND u.revision %% 2 = 0 AND u.account_id = ANY(%(accounts)s)
"""
CHANGES: Final = f"""
    SELECT u.account_id, count(*), (sum(u.amount) * 100)::bigint, (sum(o.amount) * 100)::bigint,
           sum(u.revision + (u.record_key %% 1000003))::bigint,
           count(*) FILTER (WHERE EXISTS (
               SELECT FROM rating_pricedusage n
                WHERE n.account_id = u.account_id AND n.started_at = u.started_at
                  AND n.source_id = u.source_id AND n.record_key = u.record_key
                  AND n.revision > u.revision))
    {_WRITTEN} GROUP BY u.account_id
"""
_NAMES: Final = [name.strip() for name in ROW.split(",")]
_NEGATED: Final = ("quantity", "billed", "allowance_used")


def _columns(alias: str, *, shift: int, sign: str) -> str:
    told = {
        "revision": f"u.revision + {shift}",
        "batch_id": "%(batch)s::bigint",
        **{name: f"{sign}{alias}.{name}" for name in _NEGATED},
    }
    return ", ".join(told.get(name, f"{alias}.{name}") for name in _NAMES)


PUT_BACK: Final = f"""
    INSERT INTO rating_pricedusage ({ROW}, amount)
    SELECT {_columns("u", shift=1, sign="-")}, -u.amount {_WRITTEN}
     UNION ALL
    SELECT {_columns("o", shift=2, sign="")}, o.amount {_WRITTEN}
"""
_COVER: Final = """account_id, started_at, source_id, record_key, subscription_id, owner_id,
    allowance_id, owner_account_id, period"""
_COVER_OF: Final = ", ".join(f"c.{name.strip()}" for name in _COVER.split(","))
_JOIN_COVER: Final = """
    JOIN rating_usagecover c
      ON c.account_id = u.account_id AND c.started_at = u.started_at
     AND c.source_id = u.source_id AND c.record_key = u.record_key AND c.revision = {revision}
   WHERE u.batch_id = %(undone)s AND u.revision %% 2 = 0 AND u.account_id = ANY(%(accounts)s)
"""
PUT_COVERS_BACK: Final = f"""
    INSERT INTO rating_usagecover ({_COVER}, revision, batch_id, used)
    SELECT {_COVER_OF}, u.revision + 1, %(batch)s::bigint, -c.used FROM rating_pricedusage u
    {_JOIN_COVER.format(revision="u.revision")}
     UNION ALL
    SELECT {_COVER_OF}, u.revision + 2, %(batch)s::bigint, c.used FROM rating_pricedusage u
    {_JOIN_COVER.format(revision="u.revision - 2")}
"""
#: What the rows of the new batch took more or less, exactly.
_MOVED: Final = """
    WITH moved AS (
        SELECT owner_account_id, owner_id, allowance_id, period, sum(used) AS used FROM (
            SELECT p.account_id AS owner_account_id, p.subscription_id AS owner_id, p.allowance_id,
                   CASE WHEN a.recurrence = 'once' THEN 0
                        ELSE to_char(date_trunc(a.recurrence, p.started_at AT TIME ZONE %(zone)s),
                                     'YYYYMMDD')::integer END AS period, p.allowance_used AS used
              FROM rating_pricedusage p JOIN tariffs_allowance a ON a.id = p.allowance_id
             WHERE p.batch_id = %(batch)s AND p.account_id = ANY(%(accounts)s)
               AND NOT EXISTS (
                   SELECT FROM rating_usagecover c
                    WHERE c.account_id = p.account_id AND c.started_at = p.started_at
                      AND c.source_id = p.source_id AND c.record_key = p.record_key
                      AND c.revision = p.revision)
             UNION ALL
            SELECT owner_account_id, owner_id, allowance_id, period, used FROM rating_usagecover
             WHERE batch_id = %(batch)s AND account_id = ANY(%(accounts)s)) AS r
         GROUP BY 1, 2, 3, 4 HAVING sum(used) <> 0)
"""
#: Counters after it.
COUNT_BACK: Final = f"""{_MOVED}
    UPDATE rating_allowanceuse u SET used = u.used + m.used FROM moved m
     WHERE u.account_id = m.owner_account_id AND u.subscription_id = m.owner_id
       AND u.allowance_id = m.allowance_id AND u.period = m.period
"""
#: Accounts that would take more than there is.
OVERDRAWN: Final = f"""{_MOVED}
    SELECT DISTINCT r.account_id
      FROM (SELECT account_id, subscription_id AS owner_id, allowance_id FROM rating_pricedusage
             WHERE batch_id = %(batch)s AND account_id = ANY(%(accounts)s) AND allowance_id <> 0
             UNION
            SELECT account_id, owner_id, allowance_id FROM rating_usagecover
             WHERE batch_id = %(batch)s AND account_id = ANY(%(accounts)s)) AS r
      JOIN moved m ON m.owner_id = r.owner_id AND m.allowance_id = r.allowance_id
      JOIN rating_allowanceuse u
        ON u.account_id = m.owner_account_id AND u.subscription_id = m.owner_id
       AND u.allowance_id = m.allowance_id AND u.period = m.period
     WHERE m.used > 0 AND u.used + m.used > u.granted + u.carried
"""
#: One of 0 counts as well: what is put back would have to be counted.
TOTTED: Final = """
    SELECT DISTINCT account_id FROM rating_runningtotal WHERE account_id = ANY(%(accounts)s)
"""


def look_back(undone: int, account_ids: list[int]) -> dict[int, AccountChange]:
    """
    Return what putting back would do to accounts.

    `failed` are records priced again since: the account is left alone, as is one that pays by
    running totals.
    """
    params: dict[str, Any] = {"undone": undone, "accounts": account_ids}
    with connection.cursor() as cursor:
        cursor.execute(TOTTED, params)
        totted = {row[0] for row in cursor.fetchall()}
        cursor.execute(CHANGES, params)
        rows = cursor.fetchall()
    return {
        account: AccountChange(
            account_id=account,
            records=count,
            changed=count,
            failed=count if account in totted else newer,
            old=old,
            new=new,
            seen=seen,
        )
        for account, count, old, new, seen, newer in rows
    }


@transaction.atomic
def put_back(undone: int, account_ids: list[int], *, batch_id: int, zone: str) -> set[int]:
    """
    Write reversals and the earlier prices, in the caller's transaction; return who is left alone.

    Those are the accounts of which others have used meanwhile what was given back to an allowance.
    """
    overdrawn: set[int] = set()
    while rest := sorted(set(account_ids) - overdrawn):
        params: dict[str, Any] = {
            "undone": undone,
            "accounts": rest,
            "batch": batch_id,
            "zone": zone,
        }
        point = transaction.savepoint()
        with connection.cursor() as cursor:
            cursor.execute(PUT_BACK, params)
            cursor.execute(PUT_COVERS_BACK, params)
            cursor.execute(OVERDRAWN, params)
            found = {row[0] for row in cursor.fetchall()}
            if not found:
                cursor.execute(COUNT_BACK, params)
                transaction.savepoint_commit(point)
                break
        transaction.savepoint_rollback(point)
        overdrawn |= found
    return overdrawn
