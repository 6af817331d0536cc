"""
When a reason's share of a source's records is alarming.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

PERCENT: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Threshold:
    """Both `times` the usual share and `least_percent` must be passed, by `least_records`."""

    times: Decimal = Decimal(3)
    least_percent: Decimal = Decimal(1)
    least_records: int = 10


@dataclass(frozen=True, slots=True)
class DayOfReason:
    """Records of one source suspended for one reason on a day, and on the days before it."""

    source_id: int
    reason: str
    suspended: int
    records: int
    usual_suspended: int = 0
    usual_records: int = 0

    @property
    def share(self) -> Decimal:
        """Suspended ones among the records of the day, 0 to 1."""
        return Decimal(self.suspended) / self.records if self.records else Decimal(0)

    @property
    def usual_share(self) -> Decimal | None:
        """The same over the days before; None if no record came."""
        return Decimal(self.usual_suspended) / self.usual_records if self.usual_records else None


def is_alarming(day: DayOfReason, threshold: Threshold) -> bool:
    """
    Return whether the share grew beyond the threshold; a source without a past has none to pass.

    >>> is_alarming(DayOfReason(1, "no_rate", 40, 1000, 100, 10_000), Threshold())
    True
    >>> is_alarming(DayOfReason(1, "no_rate", 30, 1000, 100, 10_000), Threshold())
    False
    """
    if day.suspended < threshold.least_records:
        return False
    if day.share * PERCENT <= threshold.least_percent:
        return False
    return day.usual_share is None or day.share > threshold.times * day.usual_share


def alarming(days: Iterable[DayOfReason], thresholds: dict[int, Threshold]) -> list[DayOfReason]:
    """Return the alarming ones; `thresholds` are by source, 0 is for sources without their own."""
    usual = thresholds.get(0, Threshold())
    return [day for day in days if is_alarming(day, thresholds.get(day.source_id, usual))]
