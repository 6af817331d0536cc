"""
The trial balance: both sides of every entry, by contra account, kind and day.

An entry stands on a personal account and, with the other sign, on its contra account: what is given
to a subscriber is the contra's debit, what is charged its credit. Debits and credits are equal.
"""

from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from django.db import connection

from accounts.domain.kinds import Contra, Kind
from accounts.models.labels import CONTRA_LABELS, KIND_LABELS

SIDES: Final = """
    SELECT contra, kind, count(*), coalesce(sum(amount) FILTER (WHERE amount > 0), 0),
           coalesce(-sum(amount) FILTER (WHERE amount < 0), 0)
      FROM accounts_ledgerentry
     WHERE business_date >= %s AND business_date <= %s
     GROUP BY contra, kind ORDER BY contra, kind
"""
DAYS: Final = """
    SELECT contra, kind, count(*), coalesce(sum(amount) FILTER (WHERE amount > 0), 0),
           coalesce(-sum(amount) FILTER (WHERE amount < 0), 0), business_date
      FROM accounts_ledgerentry
     WHERE business_date >= %s AND business_date <= %s AND contra = %s AND kind = %s
     GROUP BY contra, kind, business_date ORDER BY business_date
"""


class TrialSide(NamedTuple):
    """Entries of one kind against one contra account, whose debit and credit they are."""

    contra: Contra
    kind: Kind
    entries: int
    debit: Decimal
    credit: Decimal
    day: date | None = None

    @property
    def kind_label(self) -> str:
        """The kind's name."""
        return str(KIND_LABELS[self.kind])

    @property
    def contra_label(self) -> str:
        """The contra account's name."""
        return str(CONTRA_LABELS[self.contra])

    @property
    def turnover(self) -> Decimal:
        """Credit less debit: what the contra account gained."""
        return self.credit - self.debit


def contra_label(contra: Contra) -> str:
    """Return the contra account's name, in the reader's language."""
    return str(CONTRA_LABELS[contra])


def kind_label(kind: Kind) -> str:
    """Return what a kind of entry is called, in the reader's language."""
    return str(KIND_LABELS[kind])


def trial_sides(*, first: date, last: date) -> list[TrialSide]:
    """Return the days from `first` to `last`, both included, by contra account and kind."""
    with connection.cursor() as cursor:
        cursor.execute(SIDES, [first, last])
        return [_side(row) for row in cursor.fetchall()]


def trial_days(*, first: date, last: date, contra: Contra, kind: Kind) -> list[TrialSide]:
    """Return one kind against one contra account day by day."""
    with connection.cursor() as cursor:
        cursor.execute(DAYS, [first, last, int(contra), int(kind)])
        return [_side(row) for row in cursor.fetchall()]


def _side(row: tuple[int, int, int, Decimal, Decimal, *tuple[date, ...]]) -> TrialSide:
    contra, kind, entries, debit, credit, *day = row
    return TrialSide(Contra(contra), Kind(kind), entries, debit, credit, *day)
