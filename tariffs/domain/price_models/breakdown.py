"""
What a price model answers: an exact amount, and the parts that explain it.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the explanation: so many units (or blocks, or events) at a price, and a fee."""

    rule: str
    quantity: Fraction
    price: Fraction
    fee: Fraction
    amount: Fraction


@dataclass(frozen=True, slots=True)
class Breakdown:
    """An exact amount; before limits and rounding it is the sum of the parts."""

    amount: Fraction
    parts: tuple[Part, ...] = ()


class PriceModel(Protocol):
    """Prices a quantity that was counted from nothing."""

    def price(self, quantity: Fraction) -> Breakdown:
        """Return the amount of so much, and what it is made of."""
        ...
