"""
An account's billing calendar: cycles of one or two months, and the days on which they changed.

A rule holds from a day up to another. Where rules meet the cycle on either side is cut short: the
calendar has no gap and no day twice, and a cut cycle is charged as a part of its whole one.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from billing_project.kernel.periods import Period, add_months, cycle_of

#: Before every account.
FIRST_DAY: Final = date(1900, 1, 1)
LONGEST: Final = 2


class Anchor(StrEnum):
    """What cycles count from: a day of the month, the calendar, the day the account was opened."""

    DAY = "day"
    CALENDAR = "calendar"
    ANNIVERSARY = "anniversary"


@dataclass(frozen=True, slots=True)
class Rule:
    """
    Cycles of `months` months on a day of the month, for days in [starts_on, until).

    `phase` of cycles of two months: 0, they begin in January, March …; 1, in February, April …
    """

    cycle_day: int
    months: int = 1
    phase: int = 0
    starts_on: date = FIRST_DAY
    until: date | None = None

    @property
    def beat(self) -> tuple[int, int, int]:
        """When cycles begin, whatever days the rule holds for."""
        return self.cycle_day, self.months, self.phase

    def holds(self, day: date) -> bool:
        """Whether the rule is that of a day."""
        return self.starts_on <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Cycle:
    """The days of a cycle, and the whole cycle of its rule: more, where a change cut it short."""

    days: Period
    whole: Period
    months: int = 1

    @property
    def is_whole(self) -> bool:
        """Whether nothing was cut off."""
        return self.days == self.whole


@dataclass(frozen=True, slots=True)
class Calendar:
    """The rules of an account, one after another; days of none are the first rule's."""

    rules: tuple[Rule, ...]

    def rule_on(self, day: date) -> Rule:
        """Return the rule of a day."""
        return next((rule for rule in self.rules if rule.holds(day)), self.rules[0])

    def cycle_on(self, day: date) -> Cycle:
        """
        Return the cycle that holds a day.

        >>> moved = Calendar((Rule(1, until=date(2026, 2, 1)), Rule(10, starts_on=date(2026, 2, 1))))
        >>> moved.cycle_on(date(2026, 2, 3)).days
        Period(start=datetime.date(2026, 2, 1), end=datetime.date(2026, 2, 10))
        """
        rule = self.rule_on(day)
        whole = cycle_of(day, cycle_day=rule.cycle_day, months=rule.months, phase=rule.phase)
        start = max(whole.start, rule.starts_on) if rule.starts_on <= day else whole.start
        end = whole.end if rule.until is None else min(whole.end, rule.until)
        return Cycle(Period(start, end), whole, rule.months)


def monthly(cycle_day: int) -> Calendar:
    """Return the calendar of an account that never had another: months from a day on."""
    return Calendar((Rule(cycle_day),))


def rule_from(
    starts_on: date, *, anchor: Anchor, cycle_day: int, months: int, opened_on: date
) -> Rule:
    """
    Return the rule for days from one on.

    A day of the month begins its cycles on its first occurrence from then; the calendar on the first
    of a month (of two: January, March …); an anniversary counts from the day of opening.

    >>> rule_from(date(2026, 2, 1), anchor=Anchor.DAY, cycle_day=10, months=2,
    ...     opened_on=date(2025, 1, 5)).phase
    1
    """
    if anchor == Anchor.CALENDAR:
        return Rule(1, months, 0, starts_on)
    if anchor == Anchor.ANNIVERSARY:
        return Rule(opened_on.day, months, (opened_on.month - 1) % months, starts_on)
    first = add_months(starts_on.replace(day=1), 0, anchor_day=cycle_day)
    if first < starts_on:
        first = add_months(first, 1, anchor_day=cycle_day)
    return Rule(cycle_day, months, (first.month - 1) % months, starts_on)
