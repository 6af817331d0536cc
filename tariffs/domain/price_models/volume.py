"""
The range that the quantity reaches prices all of it.
"""

from dataclasses import dataclass
from fractions import Fraction

from tariffs.domain.price_models.breakdown import Breakdown, Part
from tariffs.domain.price_models.ranges import Range, read_ranges
from tariffs.domain.price_models.terms import Terms


@dataclass(frozen=True, slots=True)
class Volume:
    """More may cost less: the last range that the quantity reaches holds for every unit."""

    ranges: tuple[Range, ...]

    @classmethod
    def read(cls, terms: Terms) -> "Volume":
        """Take the model's terms."""
        return cls(read_ranges(terms, with_percent=False))

    def price(self, quantity: Fraction) -> Breakdown:
        """
        Return the price of a quantity; beyond a last range that ends, that range holds.

        >>> ranges = (Range(Fraction(10), Fraction(2)), Range(None, Fraction(1)))
        >>> Volume(ranges).price(Fraction(12)).amount
        Fraction(12, 1)
        """
        reached = next(
            (step for step in self.ranges if step.up_to is None or quantity <= step.up_to),
            self.ranges[-1],
        )
        counted = reached.counted(quantity)
        amount = counted * reached.unit_price + reached.flat_fee
        part = Part("range", counted, reached.unit_price, reached.flat_fee, amount)
        return Breakdown(amount, (part,))
