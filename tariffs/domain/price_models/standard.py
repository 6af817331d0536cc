"""
So many units at one price, or so many started blocks.
"""

from dataclasses import dataclass
from fractions import Fraction

from tariffs.domain.price_models.breakdown import Breakdown, Part
from tariffs.domain.price_models.ranges import ZERO, Range
from tariffs.domain.price_models.terms import Terms


@dataclass(frozen=True, slots=True)
class Standard:
    """A price per unit; with a block size, per started block."""

    unit_price: Fraction
    block_size: Fraction = ZERO

    @classmethod
    def read(cls, terms: Terms) -> "Standard":
        """Take the model's terms."""
        return cls(
            terms.number("unit_price", default=ZERO), terms.number("block_size", default=ZERO)
        )

    def price(self, quantity: Fraction) -> Breakdown:
        """
        Return the price of a quantity.

        >>> Standard(Fraction(10)).price(Fraction(7)).amount
        Fraction(70, 1)
        """
        counted = Range(None, block_size=self.block_size).counted(quantity)
        amount = counted * self.unit_price
        return Breakdown(amount, (Part("unit", counted, self.unit_price, ZERO, amount),))
