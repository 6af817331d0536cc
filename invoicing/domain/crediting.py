"""
Credits: for time that was paid and not used, notes against an invoice, notes applied to invoices.

What is credited never exceeds what was charged, line by line, net and tax.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from billing_project.kernel.money import ZERO
from billing_project.kernel.periods import Period
from invoicing.domain.promotions.coupons import NOTHING, Discounted
from invoicing.domain.proration import Convention, price_of


@dataclass(frozen=True, slots=True)
class Taxed:
    """An amount without tax and its tax, each rounded on its own."""

    net: Decimal = ZERO
    tax: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """With tax."""
        return self.net + self.tax


def with_tax(net: Decimal, rate: Decimal, *, convention: Convention) -> Taxed:
    """
    Add tax to an amount, rate 0.20 = 20 %.

    >>> with_tax(Decimal("71.43"), Decimal("0.20"), convention=Convention()).total
    Decimal('85.72')
    """
    return Taxed(net, convention.rounded(Fraction(net) * Fraction(rate)))


def unused_credit(
    price: Decimal,
    unused: Period | None,
    *,
    cycle: Period,
    tax_rate: Decimal,
    convention: Convention,
) -> Taxed:
    """Return the credit for unused days of a cycle that was billed in advance."""
    if unused is None:
        return Taxed()
    net = price_of(price, unused, cycle=cycle, convention=convention)
    return with_tax(net, tax_rate, convention=convention)


def split_refund(credited: Decimal, *, invoiced: Decimal, paid: Decimal) -> tuple[Decimal, Decimal]:
    """
    Return (refund, credit): money goes back only where more was paid than was used.

    >>> split_refund(Decimal(40), invoiced=Decimal(100), paid=Decimal(80))
    (Decimal('20'), Decimal('20'))
    """
    refund = max(ZERO, min(credited, paid - (invoiced - credited)))
    return refund, credited - refund


class UnableToCredit(ValueError):
    """A line has less left than is to be credited; it isn't changed."""


@dataclass(frozen=True, slots=True)
class Note:
    """A credit note: net of coupons, its tax, and the share of the coupons in it."""

    taxed: Taxed
    coupons: Decimal


@dataclass(slots=True)
class CreditedInvoice:
    """
    An invoice and the notes against it.

    With `carries_rest` the notes that credit all of it add up to it: the last takes what is left.
    """

    invoice: Discounted
    convention: Convention
    carries_rest: bool = True
    credited: dict[str, Decimal] = field(default_factory=dict)
    done: Taxed = field(default_factory=Taxed)

    @property
    def total(self) -> Taxed:
        """What the invoice charged."""
        return Taxed(self.invoice.subtotal, self.invoice.tax(self.convention))

    def add_note(self, items: Sequence[tuple[str, Decimal]]) -> Note:
        """Credit amounts of fees, before coupons; raise UnableToCredit for more than is left."""
        fees = {fee.code: fee for fee in self.invoice.fees}
        after = dict(self.credited)
        for code, amount in items:
            after[code] = after.get(code, ZERO) + amount
            if code not in fees or amount < 0 or after[code] > fees[code].amount:
                raise UnableToCredit(code)
        self.credited = after
        coupons = net = tax = NOTHING
        for code, amount in items:
            fee = fees[code]
            share = self.invoice.share_of(fee, amount)
            coupons += share
            net += Fraction(amount) - share
            tax += (Fraction(amount) - share) * Fraction(fee.tax_rate)
        note = self._rounded(items, coupons=coupons, exact=(net, tax))
        self.done = Taxed(self.done.net + note.net, self.done.tax + note.tax)
        return Note(note, self.convention.rounded(coupons))

    def _rounded(
        self,
        items: Sequence[tuple[str, Decimal]],
        *,
        coupons: Fraction,
        exact: tuple[Fraction, Fraction],
    ) -> Taxed:
        net, tax = (self.convention.rounded(amount) for amount in exact)
        if not self.carries_rest:
            return Taxed(net, tax)
        left = Taxed(self.total.net - self.done.net, self.total.tax - self.done.tax)
        if all(self.credited.get(fee.code) == fee.amount for fee in self.invoice.fees):
            return left
        asked = sum((amount for _code, amount in items), ZERO)
        net = asked - self.convention.rounded(coupons)
        return Taxed(min(net, left.net), min(tax, left.tax))


def apply_credits(balances: Mapping[str, Decimal], invoice: Decimal) -> dict[str, Decimal]:
    """
    Return what an invoice takes of each balance, in their order, until it is covered.

    >>> apply_credits({"A": Decimal("0.20"), "B": Decimal("0.50")}, Decimal("0.10"))
    {'A': Decimal('0.10'), 'B': Decimal('0.00')}
    """
    taken = {}
    for code, balance in balances.items():
        taken[code] = max(ZERO, min(balance, invoice))
        invoice -= taken[code]
    return taken


@dataclass(frozen=True, slots=True)
class VoidNote:
    """A note that voids an invoice: what becomes credit and refund, or is just dropped."""

    credit: Decimal
    refund: Decimal = ZERO
    is_voided: bool = False

    @property
    def total(self) -> Decimal:
        """What it takes off the invoice."""
        return self.credit + self.refund


def void_invoice(
    total: Decimal, *, paid: Decimal, credit: Decimal, refund: Decimal
) -> list[VoidNote]:
    """
    Return the notes that bring an invoice to zero; raise UnableToCredit for more than it has.

    What is neither credited nor refunded is on a note that is void itself.
    """
    if credit + refund > total or refund > paid or min(credit, refund) < 0:
        raise UnableToCredit(total)
    notes = [VoidNote(credit, refund)]
    rest = total - notes[0].total
    return [*notes, VoidNote(rest, is_voided=True)] if rest else notes
