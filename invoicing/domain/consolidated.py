"""
Sums of other documents: a parent's invoice of its children, taxes on a sum, credit of an account.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from billing_project.kernel.money import ZERO
from invoicing.domain.documents import exact_tax
from invoicing.domain.proration import Convention


@dataclass(slots=True)
class ParentInvoice:
    """A draft with one line per child; credits of a child reduce its line, adjustments the total."""

    children: dict[str, Decimal]
    adjusted: Decimal = field(default=ZERO)

    @property
    def total(self) -> Decimal:
        """What the parent pays."""
        return sum(self.children.values(), ZERO) - self.adjusted

    def credit(self, child: str, amount: Decimal) -> Decimal:
        """Take a credit off a child's line, at most all of it; return how much."""
        taken = min(self.children[child], amount)
        self.children[child] -= taken
        return taken

    def adjust(self, amount: Decimal) -> None:
        """Write off a part of the whole."""
        self.adjusted += amount


def tax_lines(
    amount: Decimal,
    percents: Mapping[str, Decimal],
    *,
    convention: Convention,
    included: bool = False,
) -> dict[str, Decimal]:
    """
    Return each tax on an amount without them, or with all of them inside, each rounded.

    >>> tax_lines(Decimal(120), {"VAT": Decimal(20)}, convention=Convention(), included=True)
    {'VAT': Decimal('20.00')}
    """
    together = sum(percents.values(), Decimal(0))
    return {
        code: convention.rounded(exact_tax(amount, percent, included=included, together=together))
        for code, percent in percents.items()
    }


def settle(amounts: Sequence[Decimal], *, credit: Decimal = ZERO) -> tuple[Decimal, Decimal]:
    """
    Return (total, what of it credit pays) of an invoice's lines.

    >>> settle([Decimal(5), Decimal(-2)], credit=Decimal(2))
    (Decimal('3.00'), Decimal('2'))
    """
    total = sum(amounts, ZERO)
    return total, max(ZERO, min(credit, total))
