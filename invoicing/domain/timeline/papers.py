"""
From the lines of a run to its documents, with tax and the account's credit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from billing_project.kernel.money import ZERO
from invoicing.domain.timeline.terms import CREDIT, CREDIT_NOTE, Item, Terms

INVOICE: Final = "invoice"


@dataclass(frozen=True, slots=True)
class Paper:
    """An invoice, or a credit note; a note's figures are positive too."""

    kind: str
    subtotal: Decimal
    tax: Decimal
    credit_used: Decimal = ZERO
    credit_generated: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """With tax."""
        return self.subtotal + self.tax

    @property
    def due(self) -> Decimal:
        """What is left to pay."""
        return max(ZERO, self.total) - self.credit_used

    @property
    def owed(self) -> Decimal:
        """What it adds to what the subscriber owes."""
        return -self.total if self.kind == CREDIT_NOTE else self.total

    @property
    def credit_change(self) -> Decimal:
        """What it adds to the account's credit."""
        noted = self.total if self.kind == CREDIT_NOTE else ZERO
        return noted + self.credit_generated - self.credit_used


def papers_of(items: Sequence[Item], *, credit: Decimal, terms: Terms) -> list[Paper]:
    """Return the documents of one run; `credit` is what the account has when it begins."""
    if terms.credit_document != CREDIT_NOTE:
        return [_invoice(items, credit, terms)]
    papers = []
    credits = [item for item in items if item.kind == CREDIT]
    charges = [item for item in items if item.kind != CREDIT]
    if credits:
        subtotal, tax = _taxed(credits, terms)
        papers.append(Paper(CREDIT_NOTE, -subtotal, -tax))
        credit += papers[0].total
    if charges:
        papers.append(_invoice(charges, credit, terms))
    return papers


def _invoice(items: Sequence[Item], credit: Decimal, terms: Terms) -> Paper:
    subtotal, tax = _taxed(items, terms)
    total = subtotal + tax
    if total < 0:
        return Paper(INVOICE, subtotal, tax, credit_generated=-total)
    return Paper(INVOICE, subtotal, tax, credit_used=min(credit, total))


def _taxed(items: Sequence[Item], terms: Terms) -> tuple[Decimal, Decimal]:
    subtotal = sum((item.amount for item in items), ZERO)
    return subtotal, terms.convention.rounded(Fraction(subtotal) * Fraction(terms.tax_rate))
