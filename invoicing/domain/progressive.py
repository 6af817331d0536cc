"""
Bills before the period ends: whenever usage reaches a threshold, for all that isn't billed yet.

The bill of the period credits what was billed so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from billing_project.kernel.money import ZERO

NONE: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class PeriodBill:
    """Fees and usage of a period, and what was billed of it before."""

    fees: Decimal
    credited: Decimal

    @property
    def total(self) -> Decimal:
        """What is left to bill."""
        return self.fees - self.credited


@dataclass(slots=True)
class Progress:
    """Usage of a period against thresholds, ascending; beyond the last every `recurring` more."""

    thresholds: Sequence[Decimal] = ()
    recurring: Decimal | None = None
    used: Decimal = ZERO
    billed: Decimal = ZERO
    passed: int = 0

    def __post_init__(self) -> None:
        self.thresholds = sorted(self.thresholds)

    def use(self, amount: Decimal) -> Decimal | None:
        """Add usage; return what is billed at once if it reaches a threshold."""
        self.used += amount
        steps = self._steps(self.used)
        if steps <= self.passed:
            return None
        self.passed = steps
        due, self.billed = self.used - self.billed, self.used
        return due

    def end_period(self, fee: Decimal) -> PeriodBill:
        """Bill the period with its fee; all thresholds are ahead again."""
        bill = PeriodBill(fee + self.used, self.billed)
        self.used = self.billed = ZERO
        self.passed = 0
        return bill

    def _steps(self, used: Decimal) -> int:
        """Return how many thresholds usage has reached."""
        steps = sum(used >= threshold for threshold in self.thresholds)
        if self.recurring and steps == len(self.thresholds):
            base = self.thresholds[-1] if self.thresholds else NONE
            steps += int((used - base) // self.recurring)
        return steps
