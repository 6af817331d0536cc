"""
Half-open periods of days, and the calendar arithmetic of billing cycles.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

#: A day, or an instant whose time of day stays.
Moment = TypeVar("Moment", bound=date)


class EmptyPeriod(ValueError):
    """A period must end after it starts."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """
    Days from `start` up to, not including, `end`.

    >>> Period(date(2026, 1, 1), date(2026, 2, 1)).days
    31
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            message = f"[{self.start}, {self.end}) is empty"
            raise EmptyPeriod(message)

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        """The last day inside, for people: «с 1 по 31 января»."""
        return self.end - timedelta(days=1)

    def overlap(self, other: "Period") -> "Period | None":
        """
        Return the days in both, or None.

        >>> Period(date(2026, 1, 1), date(2026, 2, 1)).overlap(
        ...     Period(date(2026, 1, 20), date(2026, 3, 1))
        ... )
        Period(start=datetime.date(2026, 1, 20), end=datetime.date(2026, 2, 1))
        """
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None

    def __iter__(self) -> Iterator[date]:
        for number in range(self.days):
            yield self.start + timedelta(days=number)


def add_months(day: Moment, months: int, *, anchor_day: int | None = None) -> Moment:
    """
    Return the day `months` later, clamped to the month's end without drift.

    `anchor_day` is the wished day of month (1–31); by default that of `day`.

    >>> add_months(date(2026, 2, 28), 1, anchor_day=31)
    datetime.date(2026, 3, 31)
    """
    wished = anchor_day or day.day
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return day.replace(year=year, month=month + 1, day=min(wished, last))


def month_of(day: date) -> Period:
    """Return the calendar month that holds the day."""
    return cycle_of(day, cycle_day=1)


def cycle_of(day: date, *, cycle_day: int, months: int = 1, phase: int = 0) -> Period:
    """
    Return the billing cycle that holds the day; cycles start on `cycle_day` (1–31, clamped).

    For cycles of two months the odd months (January, March …) start a cycle, with a `phase` of 1
    the even ones.

    >>> cycle_of(date(2026, 2, 28), cycle_day=31)
    Period(start=datetime.date(2026, 2, 28), end=datetime.date(2026, 3, 31))
    """
    start = add_months(day.replace(day=1), 0, anchor_day=cycle_day)
    if start > day:
        start = add_months(start, -1, anchor_day=cycle_day)
    start = add_months(start, -((start.month - 1 - phase) % months), anchor_day=cycle_day)
    return Period(start, add_months(start, months, anchor_day=cycle_day))
