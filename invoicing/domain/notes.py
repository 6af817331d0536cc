"""
How much of a bill's line a note may change, and the tax of that part.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from billing_project.kernel.money import ZERO, round_money

CREDIT: Final = "credit_note"
DEBIT: Final = "debit_note"
OTHER_WAY: Final = {CREDIT: DEBIT, DEBIT: CREDIT}
#: Kinds of lines that were sold; what moved the balance otherwise is corrected where it came from.
SOLD: Final = frozenset({"fee", "usage", "one_off"})


class WrongPart(ValueError):
    """A part of a line that can't be credited or debited; `left` is how much can be."""

    def __init__(self, left: Decimal) -> None:
        super().__init__(str(left))
        self.left = left


@dataclass(frozen=True, slots=True)
class LineNow:
    """A line of a bill with what notes took from it (`credited`) and put on it (`debited`)."""

    line_id: int
    kind: str
    subscription_id: int | None
    title_ru: str
    title_en: str
    tax_percent: Decimal
    gross: Decimal
    tax: Decimal
    credited: Decimal = ZERO
    credited_tax: Decimal = ZERO
    debited: Decimal = ZERO
    debited_tax: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        """What the line still charges; negative of a line that gives back."""
        return self.gross - self.credited + self.debited

    @property
    def left_tax(self) -> Decimal:
        """The tax in what it still charges."""
        return self.tax - self.credited_tax + self.debited_tax

    @property
    def creditable(self) -> Decimal:
        """How much may be credited; a line that gives back can't be credited beyond its debits."""
        base = max(self.gross, ZERO)
        return max(base - self.credited + self.debited, ZERO) if self.kind in SOLD else ZERO


@dataclass(frozen=True, slots=True)
class Part:
    """What a note changes of a line; all positive."""

    line: LineNow
    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        """With tax."""
        return self.net + self.tax


def part_of(line: LineNow, amount: Decimal, *, kind: str) -> Part:
    """
    Return the part of `amount` with tax by the line's rate; what takes back all of a line, a credit
    of one that charges or a debit of one that gives back, takes exactly its tax.

    Raises WrongPart when a credit is more than is left, or the line can't be corrected at all.

    >>> line = LineNow(1, "fee", None, "", "", Decimal(22), Decimal("10.00"), Decimal("1.81"))
    >>> part_of(line, Decimal("4.00"), kind=CREDIT).tax, part_of(line, Decimal(10), kind=CREDIT).tax
    (Decimal('0.72'), Decimal('1.81'))
    """
    if amount <= 0 or amount != round_money(amount) or line.kind not in SOLD:
        raise WrongPart(line.creditable)
    tax = round_money(amount * line.tax_percent / (100 + line.tax_percent))
    if kind == CREDIT and amount > line.creditable:
        raise WrongPart(line.creditable)
    sign = 1 if kind == CREDIT else -1
    if line.gross * sign > 0 and amount <= line.left * sign:
        tax = _tax_taken(amount, tax, left=line.left * sign, left_tax=line.left_tax * sign)
    return Part(line, amount - tax, tax)


def _tax_taken(amount: Decimal, tax: Decimal, *, left: Decimal, left_tax: Decimal) -> Decimal:
    """Keep what is left of net and of tax from changing sides: with the last kopeck both are 0."""
    if amount == left:
        return max(min(left_tax, amount), ZERO)
    return max(min(tax, left_tax), amount - (left - left_tax), ZERO)


def take_all(
    lines: Sequence[LineNow],
) -> tuple[list[tuple[int, Decimal]], list[tuple[int, Decimal]]]:
    """Return the (line, amount) of credits and of debits after which every line charges nothing."""
    sold = [line for line in lines if line.kind in SOLD]
    credits = [(line.line_id, line.left) for line in sold if line.left > 0]
    debits = [(line.line_id, -line.left) for line in sold if line.left < 0]
    return credits, debits
