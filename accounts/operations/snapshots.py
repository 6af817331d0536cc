"""
Balances at the end of a month, so that «as of» needs no old months of the ledger (decision A7).
"""

from datetime import date
from typing import Final

from django.db import connection

from billing_project.kernel.periods import Period, add_months, month_of

# What the month before ended with, and the entries since. An account without either has no row.
TAKE: Final = """
    INSERT INTO accounts_balancesnapshot (account_id, month, money, bonus, held)
    SELECT account_id, %(month)s, sum(amount) FILTER (WHERE fund = 1),
           sum(amount) FILTER (WHERE fund = 2), sum(amount) FILTER (WHERE fund = 3)
      FROM (
        SELECT account_id, fund, amount FROM accounts_ledgerentry
         WHERE business_date >= %(since)s AND business_date < %(end)s
           AND account_id >= %(low)s AND account_id < %(high)s
        UNION ALL
        SELECT s.account_id, f.fund, f.amount FROM accounts_balancesnapshot s,
               LATERAL (VALUES (1, s.money), (2, s.bonus), (3, s.held)) AS f (fund, amount)
         WHERE s.month = %(previous)s AND s.account_id >= %(low)s AND s.account_id < %(high)s
        UNION ALL
        SELECT a.id, f.fund, 0.00 FROM accounts_account a, (VALUES (1), (2), (3)) AS f (fund)
         WHERE a.opened_on < %(end)s AND a.id >= %(low)s AND a.id < %(high)s
      ) AS moves
     GROUP BY account_id
     ORDER BY account_id
    ON CONFLICT (account_id, month) DO NOTHING
"""
PREVIOUS: Final = "SELECT max(month) FROM accounts_balancesnapshot WHERE month < %s"


def take_snapshots(*, month: date, account_from: int, account_to: int) -> int:
    """
    Note what each account of the half-open range held at the end of the month of `month`.

    Return how many were new. Take the months in their order, each when nothing will be posted into
    it any more: what is noted is not noted again.
    """
    span = month_of(month)
    with connection.cursor() as cursor:
        cursor.execute(PREVIOUS, [span.start])
        previous: date | None = cursor.fetchone()[0]
        since = add_months(previous, 1) if previous else date.min
        cursor.execute(
            TAKE, _params(span, previous, since) | {"low": account_from, "high": account_to}
        )
        return int(cursor.rowcount)


def _params(span: Period, previous: date | None, since: date) -> dict[str, date | int | None]:
    return {"month": span.start, "end": span.end, "previous": previous, "since": since}
