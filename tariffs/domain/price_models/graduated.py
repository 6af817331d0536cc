"""
Each range prices its own part of the quantity.
"""

from dataclasses import dataclass
from fractions import Fraction

from tariffs.domain.price_models.breakdown import Breakdown, Part
from tariffs.domain.price_models.ranges import ZERO, Range, read_ranges
from tariffs.domain.price_models.terms import Terms


@dataclass(frozen=True, slots=True)
class Graduated:
    """A flat fee is due when the quantity enters its range, that of the first range also at 0."""

    ranges: tuple[Range, ...]

    @classmethod
    def read(cls, terms: Terms) -> "Graduated":
        """Take the model's terms."""
        return cls(read_ranges(terms, with_percent=True))

    def price(self, quantity: Fraction) -> Breakdown:
        """
        Return the price of a quantity; beyond a last range that ends nothing is due.

        >>> ranges = (Range(Fraction(10), Fraction(2), Fraction(5)), Range(None, Fraction(1)))
        >>> Graduated(ranges).price(Fraction(12)).amount
        Fraction(27, 1)
        """
        parts: list[Part] = []
        low = ZERO
        for step in self.ranges:
            top = quantity if step.up_to is None else min(quantity, step.up_to)
            units = top - low
            if units > 0 or not parts:
                counted = step.counted(max(units, ZERO))
                amount = step.flat_fee + counted * step.price
                parts.append(Part("range", counted, step.price, step.flat_fee, amount))
            if step.up_to is None or quantity <= step.up_to:
                break
            low = step.up_to
        return Breakdown(sum((part.amount for part in parts), ZERO), tuple(parts))
