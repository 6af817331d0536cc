"""
Debt by its age, and a statement that runs through an account.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing_project.kernel.money import ZERO


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What is open of a document (below zero of a note), by its own due date."""

    due: date
    open: Decimal


def age_debt(
    items: Iterable[OpenItem],
    limits: Sequence[int],
    *,
    on: date,
    has_current: bool = True,
    advance: Decimal = ZERO,
) -> list[Decimal]:
    """
    Return debt by age: what isn't due yet (if it stands apart), up to each limit of days, beyond.

    Money that is paid and not allocated takes from the youngest.

    >>> age_debt([OpenItem(date(2026, 1, 1), Decimal(5))], [30, 60], on=date(2026, 2, 15))
    [Decimal('0.00'), Decimal('0.00'), Decimal('5.00'), Decimal('0.00')]
    """
    buckets = [ZERO] * (len(limits) + 1 + has_current)
    for item in items:
        age = (on - item.due).days
        is_current = has_current and age <= 0
        place = 0 if is_current else bisect_left(limits, age) + has_current
        buckets[place] += item.open
    buckets[0] -= advance
    return buckets


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A document and the balance after it: debits above zero, credits below."""

    reference: str
    amount: Decimal
    balance: Decimal


def statement(
    moves: Iterable[tuple[str, Decimal]], *, opening: Decimal = ZERO
) -> Iterator[StatementLine]:
    """
    Yield the lines of a statement in their order.

    >>> [line.balance for line in statement([("A", Decimal(5)), ("B", Decimal(-2))])]
    [Decimal('5.00'), Decimal('3.00')]
    """
    for reference, amount in moves:
        opening += amount
        yield StatementLine(reference, amount, opening)
