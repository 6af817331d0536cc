"""
The statement of an account: what there was, what came and went by day, what there is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.db import connection

from accounts.domain.kinds import Fund, Kind
from accounts.models.labels import KIND_LABELS
from accounts.queries.balances import balance_as_of
from accounts.queries.entries import COLUMNS, Entry, EntryKey, entry_of_row

PERIOD: Final = """
    FROM accounts_ledgerentry
   WHERE account_id = %(account_id)s AND fund = %(fund)s
     AND business_date >= %(first)s AND business_date <= %(last)s
"""
PAGE: Final = f"""
    SELECT {COLUMNS} {PERIOD} AND (business_date, id) > (%(day)s, %(id)s)
     ORDER BY business_date, id LIMIT %(limit)s
"""
CARRIED: Final = f"""
    SELECT coalesce(sum(amount), 0) {PERIOD} AND (business_date, id) <= (%(day)s, %(id)s)
"""
TOTALS: Final = f"""
    SELECT coalesce(sum(amount) FILTER (WHERE amount > 0), 0),
           coalesce(sum(amount) FILTER (WHERE amount < 0), 0), count(*) {PERIOD}
"""
BY_DAY: Final = f"""
    SELECT business_date, kind, count(*), sum(amount) {PERIOD}
     GROUP BY business_date, kind ORDER BY business_date, kind
"""
#: Entries read at once when all of them are wanted.
PORTION: Final = 1000


class StatementLine(NamedTuple):
    """An entry and what there was after it."""

    entry: Entry
    balance: Decimal


class StatementDay(NamedTuple):
    """Entries of one kind on a day, and what there was after them."""

    day: date
    kind: Kind
    entries: int
    amount: Decimal
    balance: Decimal

    @property
    def kind_label(self) -> str:
        """What they are, in the reader's language."""
        return str(KIND_LABELS[self.kind])


@dataclass(frozen=True, slots=True)
class Statement:
    """
    A period of an account, both days included: opening + credited + charged = closing.

    `charged` is negative. `lines` are a page of the entries, oldest first, `carried` what there was
    before them; `next_key` continues (None: these were the last).
    """

    account_id: int
    first: date
    last: date
    opening: Decimal
    closing: Decimal
    credited: Decimal
    charged: Decimal
    entries: int
    carried: Decimal
    lines: tuple[StatementLine, ...]
    next_key: EntryKey | None


def get_statement(
    *,
    account_id: int,
    first: date,
    last: date,
    after: EntryKey | None = None,
    limit: int = 100,
    fund: Fund = Fund.MONEY,
) -> Statement:
    """Return a page of the statement from `first` to `last`, both included."""
    values = _values(account_id, first=first, last=last, fund=fund) | _place(after)
    opening = balance_as_of(account_id, first - timedelta(days=1))[fund]
    with connection.cursor() as cursor:
        cursor.execute(TOTALS, values)
        credited, charged, entries = cursor.fetchone()
        cursor.execute(CARRIED, values)
        carried = opening + cursor.fetchone()[0]
        cursor.execute(PAGE, values | {"limit": limit + 1})
        rows = [entry_of_row(row) for row in cursor.fetchall()]
    shown = rows[:limit]
    return Statement(
        account_id=account_id,
        first=first,
        last=last,
        opening=opening,
        closing=opening + credited + charged,
        credited=credited,
        charged=charged,
        entries=entries,
        carried=carried,
        lines=tuple(_with_balances(shown, carried)),
        next_key=shown[-1].key if shown and len(rows) > limit else None,
    )


def iterate_statement(
    *, account_id: int, first: date, last: date, fund: Fund = Fund.MONEY
) -> Iterator[StatementLine]:
    """Yield every entry of the period with what there was after it; a portion is read at a time."""
    after: EntryKey | None = None
    while True:
        page = get_statement(
            account_id=account_id, first=first, last=last, after=after, limit=PORTION, fund=fund
        )
        yield from page.lines
        if page.next_key is None:
            return
        after = page.next_key


def list_statement_days(
    *, account_id: int, first: date, last: date, fund: Fund = Fund.MONEY
) -> list[StatementDay]:
    """Return the period by day and kind: as many lines for a year of calls as for one a day."""
    balance = balance_as_of(account_id, first - timedelta(days=1))[fund]
    found: list[StatementDay] = []
    with connection.cursor() as cursor:
        cursor.execute(BY_DAY, _values(account_id, first=first, last=last, fund=fund))
        for day, kind, entries, amount in cursor.fetchall():
            balance += amount
            found.append(StatementDay(day, Kind(kind), entries, amount, balance))
    return found


def _values(account_id: int, *, first: date, last: date, fund: Fund) -> dict[str, Any]:
    return {"account_id": account_id, "first": first, "last": last, "fund": int(fund)}


def _place(after: EntryKey | None) -> dict[str, Any]:
    day, entry_id = after or (date.min, 0)
    return {"day": day, "id": entry_id}


def _with_balances(entries: list[Entry], balance: Decimal) -> Iterator[StatementLine]:
    for entry in entries:
        balance += entry.amount
        yield StatementLine(entry, balance)
