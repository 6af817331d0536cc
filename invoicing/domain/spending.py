"""
A line of usage between the least and the most that a period may cost, and its free units.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billing_project.kernel.money import ZERO
from invoicing.domain.proration import Convention


@dataclass(frozen=True, slots=True)
class Bounds:
    """
    `before` was billed for the period already; the least is settled by its last line only.
    """

    least: Decimal | None = None
    most: Decimal | None = None
    before: Decimal = ZERO
    is_last: bool = True


@dataclass(frozen=True, slots=True)
class Bounded:
    """Exact amounts: what the discount took, what was over the most, what was missing."""

    gross: Fraction
    discount: Fraction
    over: Fraction
    missing: Fraction

    @property
    def total(self) -> Fraction:
        """What is billed."""
        return self.gross - self.discount - self.over + self.missing


def bound_spend(
    gross: Fraction, bounds: Bounds, *, percent_off: Decimal = ZERO, convention: Convention
) -> Bounded:
    """
    Return a line after a percentage, within bounds.

    >>> found = bound_spend(Fraction(22), Bounds(most=Decimal(170), before=Decimal(160)),
    ...     convention=Convention())
    >>> found.over, found.total
    (Fraction(12, 1), Fraction(10, 1))
    """
    discount = Fraction(convention.rounded(gross * Fraction(percent_off) / 100))
    before, net = Fraction(bounds.before), gross - discount
    over = missing = Fraction(0)
    if bounds.most is not None:
        over = max(over, before + net - max(Fraction(bounds.most), before))
        net -= over
    if bounds.least is not None and bounds.is_last:
        missing = max(missing, Fraction(bounds.least) - before - net)
    return Bounded(gross, discount, over, missing)


def take_free(left: Decimal, units: Decimal) -> Decimal:
    """
    Return how many of some units are free while so many free ones are left.

    >>> take_free(Decimal(60), Decimal(75))
    Decimal('60')
    """
    return max(ZERO, min(left, units))
