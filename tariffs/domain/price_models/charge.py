"""
What is around a price model: units converted, free units, what was counted before, spend limits.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from tariffs.domain.price_models.breakdown import Breakdown, Part, PriceModel
from tariffs.domain.price_models.percentage import Percentage
from tariffs.domain.price_models.ranges import ZERO


@dataclass(frozen=True, slots=True)
class Charge:
    """
    A model with everything around it.

    A quantity is divided by `divide_by` (rounded up to whole units if `rounds_up`), then
    `discount` units of it are free; the model prices the rest as coming after `before` units:
    f(before + q) − f(before). `maximum` limits what all units together cost, `minimum` is due
    whatever they cost. `is_monthly`: the quantities of a month add up, and a record pays what it
    adds to their price; otherwise every record starts from nothing.
    """

    model: PriceModel
    divide_by: Fraction = Fraction(1)
    rounds_up: bool = False
    discount: Fraction = ZERO
    minimum: Fraction | None = None
    maximum: Fraction | None = None
    before: Fraction = ZERO
    is_monthly: bool = False

    def units(self, quantity: Fraction | int) -> Fraction:
        """
        Return the units of a quantity that the model prices.

        >>> kib = Charge(Percentage(ZERO), divide_by=Fraction(1024), rounds_up=True)
        >>> kib.units(1025)
        Fraction(2, 1)
        """
        converted = Fraction(quantity) / self.divide_by
        if self.rounds_up:
            converted = Fraction(ceil(converted))
        return max(ZERO, converted - self.discount)

    def price(self, quantity: Fraction | int) -> Breakdown:
        """Return the price of a quantity on its own."""
        return self._between(self.before, self.units(quantity), is_first=not self.before)

    def price_more(self, counted: int, quantity: int) -> Breakdown:
        """
        Return what a quantity adds to the price of what the month counted before it.

        What all records of a month pay adds up to the price of their sum, in whatever order.
        """
        if not quantity:
            return Breakdown(ZERO)
        before = self.units(counted)
        added = self.units(counted + quantity) - before
        return self._between(self.before + before, added, is_first=not counted and not self.before)

    def _between(self, before: Fraction, units: Fraction, *, is_first: bool) -> Breakdown:
        if isinstance(self.model, Percentage):
            found, base = self.model.price(units), ZERO
        else:
            found = self.model.price(before + units)
            base = ZERO if is_first else self.model.price(before).amount
        total = found.amount
        if self.maximum is not None:
            total, base = min(total, self.maximum), min(base, self.maximum)
        if self.minimum is not None:
            total = max(total, self.minimum)
        return Breakdown(total - base, _explained(found, total, base))


def _explained(found: Breakdown, total: Fraction, base: Fraction) -> tuple[Part, ...]:
    """Return the model's parts, then what a limit and what was counted before make of them."""
    parts = list(found.parts)
    limit = total - found.amount
    if limit:
        parts.append(Part("limit", ZERO, ZERO, ZERO, limit))
    if base:
        parts.append(Part("before", ZERO, ZERO, ZERO, -base))
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class BrokenCharge:
    """Stored terms that break a rule: a draft may hold them, no published version does."""

    key: str
    rule: str
