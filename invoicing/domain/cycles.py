"""
Billing cycles of any length and anchor: gapless, without drift.

A boundary is counted from the anchor, never from the boundary before it, so a cycle day of 31 comes
back after every short month. Moments are days, or instants where fees are counted in seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import count, pairwise, takewhile
from typing import Final, TypeVar

from billing_project.kernel.periods import Period, add_months


class Unit(StrEnum):
    """What a plan's price is for."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


MONTHS: Final = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.HALF_YEAR: 6, Unit.YEAR: 12}
DAYS: Final = {Unit.DAY: 1, Unit.WEEK: 7}
#: Anchors beside a cycle day of 1–31: months and years of the calendar, weeks from Monday; or the
#: day on which it all began.
CALENDAR: Final = "calendar"
ANNIVERSARY: Final = "anniversary"

_Moment = TypeVar("_Moment", bound=date)


@dataclass(frozen=True, slots=True)
class CycleRule:
    """
    Cycles of `count` units. `anchored_on` is the day an anniversary, or cycles of days, count from.

    `steps_back`: the boundary before the first one is that many months before it (28 February gives
    28 January); otherwise it is the cycle day there (31 January).
    """

    unit: Unit = Unit.MONTH
    count: int = 1
    anchor: int | str = 1
    anchored_on: date | None = None
    steps_back: bool = False


def cycle_at(rule: CycleRule, moment: date, *, since: date) -> Period:
    """
    Return the cycle that holds a moment of a service that has run since another.

    A cycle day begins its cycles on its first occurrence since then.

    >>> cycle_at(CycleRule(anchor=31), date(2026, 2, 28), since=date(2026, 1, 10))
    Period(start=datetime.date(2026, 2, 28), end=datetime.date(2026, 3, 31))
    """
    if rule.unit in DAYS:
        return _cycle_of_days(rule, moment, since)
    months = MONTHS[rule.unit] * rule.count
    base, day = _base(rule, since, months)
    if isinstance(rule.anchor, int) and moment < base:
        before = add_months(base, -months, anchor_day=base.day if rule.steps_back else day)
        return Period(before, base)
    apart = (moment.year - base.year) * 12 + moment.month - base.month
    passed = apart // months - 1
    while add_months(base, (passed + 1) * months, anchor_day=day) <= moment:
        passed += 1
    return Period(
        add_months(base, passed * months, anchor_day=day),
        add_months(base, (passed + 1) * months, anchor_day=day),
    )


def _cycle_of_days(rule: CycleRule, moment: date, since: date) -> Period:
    length = timedelta(days=DAYS[rule.unit] * rule.count)
    if rule.anchor == CALENDAR:
        base = midnight(since) - timedelta(days=since.weekday())
    else:
        base = rule.anchored_on or since
    start = base + (moment - base) // length * length
    return Period(start, start + length)


def _base(rule: CycleRule, since: date, months: int) -> tuple[date, int]:
    """Return a boundary to count from, and the day of month that all of them wish for."""
    if rule.anchor == CALENDAR:
        return midnight(since).replace(month=1, day=1), 1
    if rule.anchor == ANNIVERSARY:
        base = rule.anchored_on or since
        return base, base.day
    day = int(rule.anchor)
    first = add_months(since.replace(day=1), 0, anchor_day=day)
    return (add_months(first, months, anchor_day=day) if first < since else first), day


def midnight(moment: _Moment) -> _Moment:
    """Return the start of an instant's day; a day is its own."""
    if isinstance(moment, datetime):
        return moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return moment


def billing_periods(rule: CycleRule, *, since: date) -> Iterator[Period]:
    """
    Yield the periods of a service without end: the rest of its first cycle, then whole cycles.

    >>> next(billing_periods(CycleRule(anchor=15), since=date(2026, 1, 1)))
    Period(start=datetime.date(2026, 1, 1), end=datetime.date(2026, 1, 15))
    """
    start = since
    while True:
        end = cycle_at(rule, start, since=since).end
        yield Period(start, end)
        start = end


def calendar_buckets(
    unit: Unit, number: int, *, since: date, until: date, cut: date | None = None
) -> list[Period]:
    """
    Return the calendar cycles of so many units that end by a day; a partial first unit stands alone.

    `cut` parts the bucket that holds it (the end of a trial) and moves no other boundary.
    """
    whole = CycleRule(unit, anchor=CALENDAR)
    first = cycle_at(whole, since, since=since)
    base = since if first.start == since else first.end
    # Units are counted from the first whole one, which is nobody's anniversary but its own.
    steps = CycleRule(unit, number, ANNIVERSARY, base)
    bounds = {since, base, *([cut] if cut else [])}
    bounds.update(takewhile(lambda day: day <= until, _starts(steps, base)))
    return [Period(*pair) for pair in pairwise(sorted(b for b in bounds if since <= b <= until))]


def _starts(rule: CycleRule, base: date) -> Iterator[date]:
    if rule.unit in DAYS:
        return (base + timedelta(days=DAYS[rule.unit] * rule.count * n) for n in count())
    months = MONTHS[rule.unit] * rule.count
    return (add_months(base, months * n, anchor_day=base.day) for n in count())


class DayRounding(StrEnum):
    """Which day an instant's charge begins on: the nearest midnight, the one before, the next."""

    NEAREST = "nearest"
    BILLED_TIME_UP = "billed_time_up"
    BILLED_TIME_DOWN = "billed_time_down"


def billed_day(moment: datetime, rounding: DayRounding) -> date:
    """
    Return the day that a service which began at an instant is charged from; noon goes to the next.

    >>> billed_day(datetime(2026, 3, 10, 16), DayRounding.NEAREST)
    datetime.date(2026, 3, 11)
    """
    passed = datetime.combine(date.min, moment.time()) - datetime.combine(date.min, time())
    is_next = {
        DayRounding.NEAREST: passed >= timedelta(hours=12),
        DayRounding.BILLED_TIME_UP: False,
        DayRounding.BILLED_TIME_DOWN: bool(passed),
    }[rounding]
    return moment.date() + timedelta(days=is_next)
