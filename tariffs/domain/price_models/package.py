"""
Whole packages of units.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from tariffs.domain.price_models.breakdown import Breakdown, Part
from tariffs.domain.price_models.ranges import ZERO
from tariffs.domain.price_models.terms import Terms


@dataclass(frozen=True, slots=True)
class Package:
    """A price per started package of `size` units, after the free ones."""

    size: Fraction
    package_price: Fraction
    free_units: Fraction = ZERO

    @classmethod
    def read(cls, terms: Terms) -> "Package":
        """Take the model's terms."""
        return cls(
            terms.number("package_size", positive=True),
            terms.number("package_price"),
            terms.number("free_units", default=ZERO),
        )

    def price(self, quantity: Fraction) -> Breakdown:
        """
        Return the price of a quantity.

        >>> Package(Fraction(10), Fraction(100), Fraction(10)).price(Fraction(121)).amount
        Fraction(1200, 1)
        """
        packages = Fraction(max(0, ceil((quantity - self.free_units) / self.size)))
        amount = packages * self.package_price
        return Breakdown(amount, (Part("package", packages, self.package_price, ZERO, amount),))
