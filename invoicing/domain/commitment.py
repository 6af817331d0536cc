"""
A minimum that is agreed for a period, and what is charged on top when less was used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billing_project.kernel.money import ZERO
from billing_project.kernel.periods import Period
from invoicing.domain.proration import Convention, price_of, share_of


@dataclass(frozen=True, slots=True)
class Counted:
    """A charge of the period: prorated like the minimum or not, and whether it counts towards it."""

    code: str
    amount: Decimal
    is_prorated: bool = False
    counts: bool = True


@dataclass(frozen=True, slots=True)
class TrueUp:
    """What the charges came to, by code, and what the minimum adds."""

    charges: dict[str, Decimal]
    amount: Decimal

    @property
    def total(self) -> Decimal:
        """What is billed for the period."""
        return sum(self.charges.values(), ZERO) + self.amount


def true_up(
    minimum: Decimal,
    charges: Sequence[Counted],
    *,
    active: Period,
    cycle: Period,
    convention: Convention,
    rounds_last: bool = False,
) -> TrueUp:
    """
    Return what is missing to a minimum for the active part of a cycle.

    The minimum's share is rounded before charges are taken off it, or, with `rounds_last`, after.

    >>> from datetime import date
    >>> month = Period(date(2026, 4, 1), date(2026, 5, 1))
    >>> true_up(Decimal(300), [Counted("plan", Decimal(120))], active=Period(date(2026, 4, 16),
    ...     date(2026, 5, 1)), cycle=month, convention=Convention()).amount
    Decimal('30.00')
    """
    amounts = {
        one.code: price_of(one.amount, active, cycle=cycle, convention=convention)
        if one.is_prorated
        else convention.rounded(one.amount)
        for one in charges
    }
    least = Fraction(minimum) * share_of(active, cycle, convention)
    if not rounds_last:
        least = Fraction(convention.rounded(least))
    counted = sum((amounts[one.code] for one in charges if one.counts), ZERO)
    return TrueUp(amounts, max(ZERO, convention.rounded(least - Fraction(counted))))
