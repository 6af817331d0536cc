"""
What is open of each invoice, and the credit of the account, as money comes and goes.

Credit pays the oldest open invoice first. What an invoice has too much becomes credit.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from billing_project.kernel.money import ZERO


class UnableToAllocate(ValueError):
    """There is no such invoice, or payment, or it has less."""


@dataclass(slots=True)
class Receivable:
    """
    An invoice: charged, less what was adjusted, paid, and taken from credit (below zero: given to).

    A refunded one is open again and stays so: credit doesn't pay it by itself.
    """

    code: str
    issued: date
    charged: Decimal
    adjusted: Decimal = ZERO
    paid: Decimal = ZERO
    credited: Decimal = ZERO
    is_refunded: bool = False

    @property
    def balance(self) -> Decimal:
        """What is open."""
        return self.charged - self.adjusted - self.paid - self.credited


@dataclass(slots=True)
class Receivables:
    """The invoices of an account and its credit that none of them has used."""

    invoices: dict[str, Receivable] = field(default_factory=dict)
    credit: Decimal = ZERO

    @property
    def balance(self) -> Decimal:
        """What the account owes; below zero it has money."""
        return sum((one.balance for one in self.invoices.values()), -self.credit)

    def issue(self, code: str, amount: Decimal, *, on: date) -> Decimal:
        """Add an invoice; return what of it credit leaves to pay."""
        if code in self.invoices:
            raise UnableToAllocate(code)
        invoice = self.invoices[code] = Receivable(code, on, amount)
        self._settle()
        return invoice.charged - invoice.credited

    def pay(self, code: str, amount: Decimal) -> None:
        """Take a payment for an invoice."""
        self._find(code).paid += amount
        self._settle()

    def adjust(self, code: str, amount: Decimal) -> None:
        """Write off a part of an invoice; what was paid for it becomes credit."""
        self._find(code).adjusted += amount
        self._settle()

    def add_credit(self, amount: Decimal) -> None:
        """Give the account credit."""
        self.credit += amount
        self._settle()

    def refund(self, code: str, amount: Decimal, *, adjust: Decimal = ZERO) -> None:
        """
        Give a payment back, and write a part of the charge off with it.

        Credit that the invoice had generated is taken back as far as it is unused.
        """
        invoice = self._find(code)
        invoice.is_refunded = True
        invoice.paid -= amount
        invoice.adjusted += max(ZERO, min(adjust, invoice.charged - invoice.adjusted))
        taken = max(ZERO, min(self.credit, -invoice.credited, invoice.balance))
        self.credit -= taken
        invoice.credited += taken

    def charge_back(self, code: str, amount: Decimal) -> None:
        """Let the payer's bank take a payment back; below zero, it returns."""
        self._find(code).paid -= amount

    def _find(self, code: str) -> Receivable:
        if code not in self.invoices:
            raise UnableToAllocate(code)
        return self.invoices[code]

    def _settle(self) -> None:
        for invoice in self.invoices.values():
            surplus = -invoice.balance
            if surplus > 0:
                self.credit += surplus
                invoice.credited -= surplus
        for invoice in sorted(self.invoices.values(), key=lambda one: one.issued):
            if invoice.balance > 0 and not invoice.is_refunded:
                taken = min(invoice.balance, max(ZERO, self.credit))
                invoice.credited += taken
                self.credit -= taken


@dataclass(slots=True)
class Matching:
    """One receivable against payments that are not allocated."""

    open: Decimal
    payments: dict[str, Decimal]

    def match(self, payment: str, amount: Decimal) -> None:
        """Allocate a part of a payment; raise UnableToAllocate for more than either has."""
        if not ZERO < amount <= min(self.open, self.payments.get(payment, ZERO)):
            raise UnableToAllocate(payment)
        self.payments[payment] -= amount
        self.open -= amount


def oldest_first(open_amounts: list[Decimal], amount: Decimal) -> Iterator[Decimal]:
    """
    Yield what each of some open amounts gets of a sum, in their order; the rest is what isn't used.

    >>> list(oldest_first([Decimal(20), Decimal(100)], Decimal(50)))
    [Decimal('20'), Decimal('30')]
    """
    for wanted in open_amounts:
        taken = max(ZERO, min(wanted, amount))
        amount -= taken
        yield taken
