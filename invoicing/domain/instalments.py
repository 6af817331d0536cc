"""
A debt in parts by percent, each with its day; what was paid of them, and what is overdue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from billing_project.kernel.money import ZERO, round_money, round_together
from invoicing.domain.receivables import oldest_first


@dataclass(slots=True)
class Instalment:
    """A part of a debt: paid with money, and credited by notes."""

    code: str
    amount: Decimal
    due: date | None = None
    paid: Decimal = ZERO
    credited: Decimal = ZERO

    @property
    def open(self) -> Decimal:
        """What is left."""
        return self.amount - self.paid - self.credited

    def is_overdue(self, on: date) -> bool:
        """Whether its day is past and something is open."""
        return self.due is not None and self.due < on and self.open > 0


def split_debt(amount: Decimal, percents: Sequence[Decimal]) -> list[Decimal]:
    """
    Split a debt by percents; the parts add up to it as far as the percents do.

    >>> split_debt(Decimal("100.00"), [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")])
    [Decimal('33.33'), Decimal('33.33'), Decimal('33.34')]
    """
    exact = [Fraction(amount) * Fraction(percent) / 100 for percent in percents]
    total = round_money(sum(exact, Fraction(0)))
    return round_together([round_money(one, digits=12) for one in exact], total)


def pay_instalments(
    instalments: Sequence[Instalment], amount: Decimal, *, by_note: bool = False
) -> list[Decimal]:
    """
    Spread money, or a note, over what is open, in order; return what each got.

    What all together don't need is left over.
    """
    parts = list(oldest_first([one.open for one in instalments], amount))
    for one, part in zip(instalments, parts, strict=True):
        if by_note:
            one.credited += part
        else:
            one.paid += part
    return parts


def take_back(instalments: Sequence[Instalment], parts: Sequence[Decimal]) -> None:
    """Undo a payment by what each got of it."""
    for one, part in zip(instalments, parts, strict=True):
        one.paid -= part


class DebtState(StrEnum):
    """What people are told of a debt in parts."""

    PAID = "Paid"
    OVERDUE = "Overdue"
    PARTLY_PAID = "Partly Paid"
    UNPAID = "Unpaid"


def state_of(instalments: Sequence[Instalment], *, on: date) -> DebtState:
    """Return the state of a debt on a day."""
    if all(one.open <= 0 for one in instalments):
        return DebtState.PAID
    if any(one.is_overdue(on) for one in instalments):
        return DebtState.OVERDUE
    has_paid = any(one.paid or one.credited for one in instalments)
    return DebtState.PARTLY_PAID if has_paid else DebtState.UNPAID
