"""
The ledger as people read it: page by page from the newest, by days, and as a trial balance.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.db import connection

from accounts.domain.kinds import Contra, Fund, Kind
from accounts.models.labels import CONTRA_LABELS, KIND_LABELS

EntryKey = tuple[date, int]

COLUMNS: Final = """
    id, account_id, business_date, kind, ref, contra, fund, amount, posted_at,
    about_subscription_id, reverses_id, explanation, actor, on_behalf_of
"""
PAGE: Final = f"""
    SELECT {COLUMNS} FROM accounts_ledgerentry
     WHERE account_id = %s AND (business_date, id) < (%s, %s) AND fund = ANY(%s)
     ORDER BY business_date DESC, id DESC LIMIT %s
"""
ONE: Final = f"SELECT {COLUMNS} FROM accounts_ledgerentry WHERE account_id = %s AND id = %s"
HAS: Final = "SELECT EXISTS (SELECT 1 FROM accounts_ledgerentry WHERE account_id = %s)"
# Money only: bonuses and what becomes of them are told apart.
DAYS: Final = """
    WITH days AS (
        SELECT DISTINCT business_date FROM accounts_ledgerentry
         WHERE account_id = ANY(%s) AND business_date < %s AND fund = 1
         ORDER BY business_date DESC LIMIT %s
    )
    SELECT e.business_date, e.account_id, e.kind, sum(e.amount), count(*)
      FROM accounts_ledgerentry e
     WHERE e.account_id = ANY(%s) AND e.fund = 1
       AND e.business_date IN (SELECT business_date FROM days)
       AND e.business_date >= (SELECT min(business_date) FROM days)
     GROUP BY e.business_date, e.account_id, e.kind
     ORDER BY e.business_date DESC, e.account_id, e.kind
"""
TRIAL: Final = """
    SELECT kind, contra, count(*), sum(amount) FROM accounts_ledgerentry
     WHERE business_date >= %s AND business_date <= %s
     GROUP BY kind, contra ORDER BY kind, contra
"""
#: Before the first page, and after every month there can be.
END_OF_TIME: Final = date(9999, 12, 31)
LARGEST_ID: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the statement. `key` continues the list after it."""

    id: int
    account_id: int
    business_date: date
    kind: Kind
    ref: int
    contra: Contra
    fund: Fund
    amount: Decimal
    posted_at: datetime
    about_subscription_id: int | None
    reverses_id: int | None
    explanation: dict[str, Any] | None
    actor: str
    on_behalf_of: str

    @property
    def key(self) -> EntryKey:
        """The place of the entry in the list."""
        return (self.business_date, self.id)

    @property
    def kind_label(self) -> str:
        """What the entry is, in the reader's language."""
        return str(KIND_LABELS[self.kind])


class DaySum(NamedTuple):
    """Entries of one kind on one business day and account."""

    business_date: date
    account_id: int
    kind: Kind
    amount: Decimal
    entries: int


class TrialLine(NamedTuple):
    """Entries of one kind against one contra account; the contra's side is minus the amount."""

    kind: Kind
    contra: Contra
    entries: int
    amount: Decimal

    @property
    def kind_label(self) -> str:
        """The kind's name."""
        return str(KIND_LABELS[self.kind])

    @property
    def contra_label(self) -> str:
        """The contra account's name."""
        return str(CONTRA_LABELS[self.contra])


def list_entries(
    *,
    account_id: int,
    before: EntryKey | None = None,
    limit: int = 50,
    funds: Iterable[Fund] = tuple(Fund),
) -> list[Entry]:
    """List entries of the funds, newest first; `before` is the `key` of the last one shown."""
    day, entry_id = before or (END_OF_TIME, LARGEST_ID)
    with connection.cursor() as cursor:
        cursor.execute(PAGE, [account_id, day, entry_id, [int(fund) for fund in funds], limit])
        return [entry_of_row(row) for row in cursor.fetchall()]


def find_entry(*, account_id: int, entry_id: int) -> Entry | None:
    """Return one entry of the account, or None."""
    with connection.cursor() as cursor:
        cursor.execute(ONE, [account_id, entry_id])
        row = cursor.fetchone()
    return entry_of_row(row) if row else None


def has_entries(account_id: int) -> bool:
    """Return whether anything was ever posted to the account."""
    with connection.cursor() as cursor:
        cursor.execute(HAS, [account_id])
        return bool(cursor.fetchone()[0])


def list_days(
    *, account_ids: Iterable[int], limit: int, before: date | None = None
) -> list[DaySum]:
    """
    Sum the entries of money by business day and kind, newest day first.

    At most `limit` distinct days, all before the day `before`.
    """
    ids = list(account_ids)
    with connection.cursor() as cursor:
        cursor.execute(DAYS, [ids, before or END_OF_TIME, limit, ids])
        return [
            DaySum(day, account, Kind(kind), amount, entries)
            for day, account, kind, amount, entries in cursor.fetchall()
        ]


def trial_balance(*, first: date, last: date) -> list[TrialLine]:
    """Sum the ledger by kind and contra account, from `first` to `last`, both included."""
    with connection.cursor() as cursor:
        cursor.execute(TRIAL, [first, last])
        return [
            TrialLine(Kind(kind), Contra(contra), entries, amount)
            for kind, contra, entries, amount in cursor.fetchall()
        ]


def entry_of_row(row: tuple[Any, ...]) -> Entry:
    """Return an entry from a row of `COLUMNS`."""
    (entry_id, account_id, day, kind, ref, contra, fund, *rest) = row
    codes = (Kind(kind), ref, Contra(contra), Fund(fund))
    *before, explanation, actor, on_behalf_of = rest
    # Django leaves jsonb of a bare cursor as text.
    reasons = None if explanation is None else json.loads(explanation)
    values: list[Any] = [entry_id, account_id, day, *codes, *before, reasons, actor, on_behalf_of]
    return Entry(*values)
