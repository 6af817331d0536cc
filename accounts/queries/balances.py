"""
What an account holds, now and on any day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.db import connection

from accounts.domain.kinds import Fund
from accounts.models.ledger import AccountBalance

AS_OF: Final = """
    WITH snapshot AS (
        SELECT month, money, bonus, held FROM accounts_balancesnapshot
         WHERE account_id = %(account_id)s
           AND (month + interval '1 month')::date <= %(on)s + 1
         ORDER BY month DESC LIMIT 1
    ), since AS (
        SELECT coalesce((SELECT (month + interval '1 month')::date FROM snapshot), '-infinity') AS day
    )
    SELECT fund, sum(amount) FROM (
        SELECT e.fund, e.amount FROM accounts_ledgerentry e, since
         WHERE e.account_id = %(account_id)s
           AND e.business_date >= since.day AND e.business_date <= %(on)s
        UNION ALL SELECT 1, money FROM snapshot
        UNION ALL SELECT 2, bonus FROM snapshot
        UNION ALL SELECT 3, held FROM snapshot
    ) AS moves GROUP BY fund
"""


@dataclass(frozen=True, slots=True)
class Balance:
    """
    The figures of an account. `floor` is how far below zero the money may go, as a positive number.
    """

    account_id: int
    money: Decimal
    bonus: Decimal
    held: Decimal
    floor: Decimal

    @property
    def available(self) -> Decimal:
        """What may still be spent: money not held, and the floor below it."""
        return self.money - self.held + self.floor


def get_balance(account_id: int) -> Balance:
    """Return the account's balance; AccountBalance.DoesNotExist without the account."""
    row = AccountBalance.objects.get(pk=account_id)
    return Balance(row.account_id, row.money, row.bonus, row.held, row.floor)


def get_balances(*, account_ids: Iterable[int]) -> dict[int, Balance]:
    """Return the balances by account, in one query; unknown accounts are left out."""
    rows = AccountBalance.objects.filter(pk__in=list(account_ids))
    return {
        row.account_id: Balance(row.account_id, row.money, row.bonus, row.held, row.floor)
        for row in rows
    }


def balance_as_of(account_id: int, on: date) -> dict[Fund, Decimal]:
    """Return what each fund held at the end of the business day: snapshot and entries since."""
    with connection.cursor() as cursor:
        cursor.execute(AS_OF, {"account_id": account_id, "on": on})
        sums = dict(cursor.fetchall())
    return {fund: sums.get(fund, Decimal("0.00")) for fund in Fund}


#: The balance rows, as a fragment for the select of an upper app.
MONEY_SQL: Final = """
    SELECT account_id, money, floor, watch_low, watch_high FROM accounts_accountbalance
"""
#: What holds that somebody asked for keep of each balance.
ASKED_SQL: Final = """
    SELECT account_id, sum(amount - captured) AS held FROM accounts_hold
     WHERE state = 'open' GROUP BY account_id
"""
#: Money set aside for usage that goes on (what is held beyond the holds somebody asked for), as a
#: fragment for the select of an upper app.
HELD_SQL: Final = f"""
    SELECT b.account_id, b.held - coalesce(h.held, 0) AS held FROM accounts_accountbalance b
      LEFT JOIN ({ASKED_SQL}) AS h ON h.account_id = b.account_id
     WHERE b.held <> coalesce(h.held, 0)
"""
#: The accounts whose money left its interval and waits for dunning.
CROSSINGS_SQL: Final = "SELECT DISTINCT account_id FROM accounts_balancecrossing"
UNWATCHED: Final = """
    SELECT account_id FROM accounts_accountbalance
     WHERE account_id >= %s AND account_id < %s
       AND (watch_low IS NULL OR watch_high IS NULL OR money < watch_low OR money >= watch_high)
     ORDER BY account_id
"""


def money_columns(*, account_ids: Iterable[int]) -> list[tuple[int, Decimal, Decimal]]:
    """Return (account_id, money, floor) of the accounts, in their order."""
    rows = AccountBalance.objects.filter(pk__in=list(account_ids)).order_by("pk")
    return list(rows.values_list("account_id", "money", "floor"))


def list_unwatched(*, account_from: int, account_to: int) -> list[int]:
    """List accounts of the half-open range without an interval, or with money outside it."""
    with connection.cursor() as cursor:
        cursor.execute(UNWATCHED, [account_from, account_to])
        return [row[0] for row in cursor.fetchall()]
