"""
What dunning sets on balance rows from above (decision A3): the watched interval and the floor.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from django.db import connection
from django.utils.translation import gettext as _

WatchRow = tuple[int, Decimal, Decimal | None, Decimal | None]

# Locked in the order of accounts, like every posting; guarded by the money the decision was made on.
SET_WATCH: Final = """
    WITH wanted AS MATERIALIZED (
        SELECT * FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[])
            AS w (account_id, seen_money, low, high)
    ), locked AS MATERIALIZED (
        SELECT b.account_id, b.money FROM accounts_accountbalance b
         WHERE b.account_id IN (SELECT account_id FROM wanted)
         ORDER BY b.account_id FOR NO KEY UPDATE
    )
    UPDATE accounts_accountbalance b SET watch_low = w.low, watch_high = w.high
      FROM wanted w JOIN locked l ON l.account_id = w.account_id AND l.money = w.seen_money
     WHERE b.account_id = w.account_id
    RETURNING b.account_id
"""

SET_FLOOR: Final = """
    WITH wanted AS MATERIALIZED (
        SELECT * FROM unnest(%s::bigint[], %s::numeric[]) AS w (account_id, floor)
    ), locked AS MATERIALIZED (
        SELECT b.account_id FROM accounts_accountbalance b
         WHERE b.account_id IN (SELECT account_id FROM wanted)
         ORDER BY b.account_id FOR NO KEY UPDATE
    )
    UPDATE accounts_accountbalance b SET floor = w.floor
      FROM wanted w JOIN locked l ON l.account_id = w.account_id
     WHERE b.account_id = w.account_id
    RETURNING b.account_id
"""

TAKE_CROSSINGS: Final = """
    WITH due AS MATERIALIZED (
        SELECT id FROM accounts_balancecrossing ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ), taken AS (
        DELETE FROM accounts_balancecrossing c USING due WHERE c.id = due.id
        RETURNING c.account_id
    )
    SELECT DISTINCT account_id FROM taken ORDER BY account_id
"""

OPEN_BALANCES: Final = """
    INSERT INTO accounts_accountbalance (account_id, floor)
    SELECT a.id, a.credit_limit FROM accounts_account a
     WHERE NOT EXISTS (SELECT 1 FROM accounts_accountbalance b WHERE b.account_id = a.id)
     ORDER BY a.id
    ON CONFLICT (account_id) DO NOTHING
"""


def set_watch(*, rows: Sequence[WatchRow]) -> set[int]:
    """
    Write the interval [low, high) of money in which the present access stays right.

    Rows are (account_id, seen_money, low, high), one per account; None is open. Written only where
    the money still is `seen_money`; return the accounts written: decide the others anew.
    """
    if not rows:
        return set()
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(SET_WATCH, columns)
        return {row[0] for row in cursor.fetchall()}


def set_floor(*, rows: Sequence[tuple[int, Decimal]]) -> set[int]:
    """
    Write how far below zero the money may go; rows are (account_id, floor), one per account.

    Return the accounts written.
    """
    if not rows:
        return set()
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(SET_FLOOR, columns)
        return {row[0] for row in cursor.fetchall()}


def open_balances() -> int:
    """
    Make the balance row of every account that has none; return how many.

    `open_account` makes its own; this is for accounts written in bulk (moving in, the demo).
    """
    with connection.cursor() as cursor:
        cursor.execute(OPEN_BALANCES)
        return int(cursor.rowcount)


class UnableToTakeCrossings(Exception):
    """The crossings were asked for outside the transaction that decides."""


def take_crossings(*, limit: int) -> list[int]:
    """
    Take accounts whose money left its interval, inside the caller's transaction.

    At most `limit` crossings; the accounts come back once each, in their order. Crossings another
    reader holds are skipped; if the transaction fails they wait again.
    """
    if not connection.in_atomic_block:
        raise UnableToTakeCrossings(_("Take crossings inside the transaction that decides."))
    with connection.cursor() as cursor:
        cursor.execute(TAKE_CROSSINGS, [limit])
        return [row[0] for row in cursor.fetchall()]
