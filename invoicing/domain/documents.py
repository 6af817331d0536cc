"""
From charges to the lines and totals of a bill.

An amount on the ledger has been rounded when it was charged; here amounts only add. Tax is computed
once per rate on the sum, taken out of prices that include it or added to those that don't, and
spread over the lines by largest remainder: net + tax = gross on each line and on the document.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from billing_project.kernel.money import ZERO, round_money, round_together

FEE: Final = "fee"
USAGE: Final = "usage"
ONE_OFF: Final = "one_off"
LATE_FEE: Final = "late_fee"
ADJUSTMENT: Final = "adjustment"
#: The order of lines on a bill.
ORDER: Final = {FEE: 0, USAGE: 1, ONE_OFF: 2, LATE_FEE: 3, ADJUSTMENT: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """
    What becomes one line: `amount` positive = the subscriber owes it, as charged (with tax where
    `tax_included`). Adjustments carry no tax.
    """

    kind: str
    amount: Decimal
    title_ru: str
    title_en: str
    tax_percent: Decimal = ZERO
    tax_included: bool = True
    subscription_id: int | None = None
    quantity: int = 0
    count: int = 0
    unit: str = ""
    explanation: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """A charge in its place on the bill, split into net and tax."""

    position: int
    charge: Charge
    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        """What the subscriber pays for it."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Totals:
    """
    Figures of a document, as debt of the subscriber: positive = owes.

    `added_tax` is the tax on prices without tax, which the ledger doesn't hold yet.
    """

    net: Decimal
    tax: Decimal
    gross: Decimal
    adjustments: Decimal
    added_tax: Decimal


def build_lines(charges: Iterable[Charge]) -> list[Line]:
    """Return the lines in the order of a bill, tax spread over them."""
    ordered = sorted(
        charges,
        key=lambda c: (ORDER[c.kind], c.subscription_id or 0, c.unit, c.title_ru, c.tax_percent),
    )
    taxes = _taxes(ordered)
    return [
        Line(position, charge, charge.amount - tax if charge.tax_included else charge.amount, tax)
        for position, (charge, tax) in enumerate(zip(ordered, taxes, strict=True), start=1)
    ]


def _taxes(charges: Sequence[Charge]) -> list[Decimal]:
    """Return the tax of each charge: computed on the sum of its rate, then spread."""
    taxes = [ZERO] * len(charges)
    groups: dict[tuple[Decimal, bool], list[int]] = {}
    for place, charge in enumerate(charges):
        if charge.tax_percent and charge.kind != ADJUSTMENT:
            groups.setdefault((charge.tax_percent, charge.tax_included), []).append(place)
    for (percent, included), places in groups.items():
        amounts = [charges[place].amount for place in places]
        parts = spread_tax(amounts, percent=percent, included=included)
        for place, part in zip(places, parts, strict=True):
            taxes[place] = part
    return taxes


def spread_tax(amounts: Sequence[Decimal], *, percent: Decimal, included: bool) -> list[Decimal]:
    """
    Return the tax of each amount; together they are the rounded tax of the sum.

    Amounts may be of both signs (a credit among charges), so the rest goes kopeck by kopeck to
    the lines that rounding took most from.

    >>> spread_tax([Decimal("1.00")] * 3, percent=Decimal(20), included=True)
    [Decimal('0.17'), Decimal('0.17'), Decimal('0.16')]
    """
    exact = [exact_tax(amount, percent, included=included) for amount in amounts]
    total = exact_tax(sum(amounts, ZERO), percent, included=included)
    return round_together(exact, round_money(total))


def exact_tax(
    amount: Decimal, percent: Decimal, *, included: bool, together: Decimal | None = None
) -> Decimal:
    """
    Return one tax on an amount, or in it, not rounded; `together`: all that are in it, in percent.

    >>> exact_tax(Decimal(120), Decimal(20), included=True)
    Decimal('20')
    """
    base = 100 + (percent if together is None else together) if included else Decimal(100)
    return amount * percent / base


def total_of(lines: Iterable[Line]) -> Totals:
    """Add up the lines; adjustments stand apart from what was sold."""
    net = tax = adjustments = added = ZERO
    for line in lines:
        if line.charge.kind == ADJUSTMENT:
            adjustments -= line.gross
            continue
        net += line.net
        tax += line.tax
        if not line.charge.tax_included:
            added += line.tax
    return Totals(net, tax, net + tax, adjustments, added)
