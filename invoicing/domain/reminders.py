"""
Reminding of debts: campaigns per currency, levels of one invoice.
"""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from billing_project.kernel.money import ZERO


@dataclass(slots=True)
class Campaign:
    """
    Asks for payment where a currency's debt reaches its threshold, so many times each.

    Two tries of a currency are more than `pause` apart; it is over when none has a try left.
    """

    thresholds: Mapping[str, Decimal]
    most_tries: int
    pause: timedelta
    overdue: dict[str, Decimal] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    last: dict[str, datetime] = field(default_factory=dict)

    def owe(self, currency: str, amount: Decimal) -> None:
        """Add to the debt of a currency; below zero it was paid."""
        self.overdue[currency] = self.overdue.get(currency, ZERO) + amount

    def run(self, now: datetime) -> dict[str, Decimal]:
        """Return what is asked for now, by currency."""
        asked = {
            code: self.overdue[code] for code in sorted(self.thresholds) if self._asks(code, now)
        }
        for code in asked:
            self.tries[code] = self.tries.get(code, 0) + 1
            self.last[code] = now
        return asked

    @property
    def is_over(self) -> bool:
        """Whether every currency has used up its tries."""
        return all(self.tries.get(code, 0) >= self.most_tries for code in self.thresholds)

    def _asks(self, code: str, now: datetime) -> bool:
        if self.overdue.get(code, ZERO) < self.thresholds[code]:
            return False
        if self.tries.get(code, 0) >= self.most_tries:
            return False
        return code not in self.last or now > self.last[code] + self.pause


class Counting(StrEnum):
    """From what a level's days count: the due date, the end of the month they lead to, the reminder
    before."""

    NET_DAYS = "net_days"
    END_OF_MONTH = "end_of_month"
    PREVIOUS = "previous_date"


@dataclass(frozen=True, slots=True)
class Level:
    """A reminder after so many days."""

    number: int
    counting: Counting
    days: int


def next_level(
    levels: Sequence[Level], sent: Sequence[date], *, due: date, on: date
) -> Level | None:
    """
    Return the reminder that a run on a day sends, or None: the next one, however late it is.

    >>> first = Level(1, Counting.NET_DAYS, 10)
    >>> next_level([first], [], due=date(2026, 1, 1), on=date(2026, 1, 11)) == first
    True
    """
    number = len(sent) + 1
    level = next((one for one in levels if one.number == number), None)
    if level is None or _reached(level, sent[-1] if sent else due, due) > on:
        return None
    return level


def _reached(level: Level, previous: date, due: date) -> date:
    start = previous if level.counting is Counting.PREVIOUS else due
    day = start + timedelta(days=level.days)
    if level.counting is Counting.END_OF_MONTH:
        return day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return day
