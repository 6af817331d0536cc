"""
Money set aside for usage that goes on (`AccountBalance.held`). Who holds why is the caller's table.

What is held still belongs to the account: available = money + floor - held. The SQL of single holds
is accounts/sql/accounts_holds.sql; operations of upper apps call it inside their own functions.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from django.db import connection
from django.utils.translation import gettext as _

#: Locked in the order of accounts, like every posting.
CHANGE: Final = """
    WITH wanted AS MATERIALIZED (
        SELECT account_id, sum(amount) AS amount
          FROM unnest(%s::bigint[], %s::numeric[]) AS w (account_id, amount)
         GROUP BY account_id
    ), locked AS MATERIALIZED (
        SELECT b.account_id FROM accounts_accountbalance b
         WHERE b.account_id IN (SELECT account_id FROM wanted)
         ORDER BY b.account_id FOR NO KEY UPDATE
    )
    UPDATE accounts_accountbalance b SET held = b.held - w.amount
      FROM wanted w JOIN locked l ON l.account_id = w.account_id
     WHERE b.account_id = w.account_id
"""


class UnableToHold(Exception):
    """The account has no balance row."""


def hold(*, account_id: int, amount: Decimal, is_limited: bool = True) -> Decimal | None:
    """
    Set money aside, or with a negative amount let go of it; return what may be spent afterwards.

    None if there was too little (nothing is held then). Without `is_limited` it is held in any
    case: for usage that took place and must be charged.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_hold(%s, %s, %s)", [account_id, amount, is_limited])
        available: Decimal | None = cursor.fetchone()[0]
    return available


def release_holds(*, rows: Sequence[tuple[int, Decimal]]) -> None:
    """
    Let go of held money of many accounts; rows are (account_id, amount), accounts may repeat.

    Locks the balances in order and keeps them until the caller's transaction ends: the postings
    that follow in it lock nothing new. Raises UnableToHold, nothing written, without a balance.
    """
    if not rows:
        return
    accounts, amounts = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(CHANGE, [accounts, amounts])
        if cursor.rowcount != len(set(accounts)):
            message = _("%(count)s accounts have no balance.")
            raise UnableToHold(message % {"count": len(set(accounts)) - cursor.rowcount})
