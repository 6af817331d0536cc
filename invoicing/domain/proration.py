"""
The fee for a part of a cycle, and which days a charge covers.

`share_of` and `price_of` are the rule for cycles of any length, under a declared convention; the
functions below them are the fee of a plan, by the conventions that its version declares:
- the day of activation is charged; the day of termination is charged, or not; the day of a plan
  change is charged by the new plan, or by the one that was left;
- `actual`: fee × days ÷ days of the whole cycle; `fixed_30`: fee × days ÷ 30, never above the fee;
  `month_30`: the same, every month whose end is crossed having thirty days; `seconds`: between
  moments, where a service begins or ends; a whole cycle costs the whole fee in each;
- a cycle of two months costs two fees; a cycle that a change of the cycle day cut short is a part
  of its whole one;
- a fee per day is charged for each day;
- what is given back is what was charged less what the days used are worth: charge and credit add
  up to the kopeck. `migrations/sql/cycles.sql` holds the same in SQL for mass work.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from accounts.domain.calendars import Calendar, Cycle
from billing_project.kernel.money import ZERO, round_money
from billing_project.kernel.periods import Period

MONTH: Final = "month"
DAY: Final = "day"
ACTUAL: Final = "actual"
FIXED_30: Final = "fixed_30"
ACTUAL_SECONDS: Final = "actual_seconds"
#: As plans declare it: each month crossed counts as thirty days; seconds.
MONTH_30: Final = "month_30"
SECONDS: Final = "seconds"
SECOND: Final = timedelta(seconds=1)
#: Days of a month under `fixed_30`.
THIRTY: Final = 30
SHORTEST_MONTH: Final = 28


@dataclass(frozen=True, slots=True)
class Convention:
    """
    How a part of a cycle is counted and rounded: `actual` days of the whole cycle, `fixed_30` days a
    month, or `actual_seconds`; `factor_scale` rounds the share itself to so many digits.
    """

    day_count: str = ACTUAL
    factor_scale: int | None = None
    mode: str = "half_up"
    digits: int = 2

    def rounded(self, amount: Decimal | Fraction) -> Decimal:
        """Return an amount as it is charged."""
        return round_money(amount, mode=self.mode, digits=self.digits)


def share_of(part: Period, cycle: Period, convention: Convention) -> Fraction:
    """
    Return which share of a cycle's price a part of it costs: 1 for all of it, never more.

    >>> share_of(Period(date(2023, 5, 23), date(2023, 6, 15)),
    ...     Period(date(2023, 5, 15), date(2023, 6, 15)), Convention(FIXED_30))
    Fraction(11, 15)
    """
    if part == cycle:
        return Fraction(1)
    months = (cycle.end.year - cycle.start.year) * 12 + cycle.end.month - cycle.start.month
    if convention.day_count == FIXED_30 and months and cycle.days >= SHORTEST_MONTH:
        share = _capped(_days_of_thirty(part), THIRTY * months)
    else:
        share = _capped((part.end - part.start) // SECOND, (cycle.end - cycle.start) // SECOND)
    if convention.factor_scale is None:
        return share
    return Fraction(round_money(share, digits=convention.factor_scale))


def _capped(counted: int, whole: int) -> Fraction:
    return min(Fraction(1), Fraction(counted, whole))


def _days_of_thirty(part: Period) -> int:
    """Return the days of a part as if every month it crosses the end of had thirty."""
    crossed = (part.end.year - part.start.year) * 12 + part.end.month - part.start.month
    return THIRTY * crossed + part.end.day - part.start.day


def price_of(price: Decimal, part: Period, *, cycle: Period, convention: Convention) -> Decimal:
    """
    Return what a part of a cycle costs at the price of the whole, rounded.

    >>> price_of(Decimal("19.95"), Period(date(2023, 5, 15), date(2023, 5, 23)),
    ...     cycle=Period(date(2023, 4, 23), date(2023, 5, 23)), convention=Convention(FIXED_30))
    Decimal('5.32')
    """
    return convention.rounded(Fraction(price) * share_of(part, cycle, convention))


@dataclass(frozen=True, slots=True)
class FeeTerms:
    """
    A plan version's recurring fee: amount, per month or day, and how parts are counted; whether it
    charges the day on which a service moves to it.
    """

    fee: Decimal
    fee_period: str = MONTH
    proration: str = ACTUAL
    bills_change_day: bool = True

    def first_day(self, effective_on: date) -> date:
        """Return the first day that a change to the plan on a day is charged for."""
        return effective_on if self.bills_change_day else effective_on + timedelta(days=1)


def part_price(terms: FeeTerms, part: Period, cycle: Cycle) -> Decimal:
    """
    Return the fee for days (or the seconds between two moments) of one cycle, rounded.

    A cycle of two months costs two monthly fees.

    >>> from accounts.domain.calendars import monthly
    >>> january = monthly(1).cycle_on(date(2026, 1, 1))
    >>> part_price(FeeTerms(Decimal(300)), Period(date(2026, 1, 1), date(2026, 1, 11)), january)
    Decimal('96.77')
    """
    days = (_day(part.end) - _day(part.start)).days
    if terms.fee_period == DAY:
        return round_money(terms.fee * days)
    whole = terms.fee * cycle.months
    if _covers(part, cycle.whole):
        return round_money(whole)
    if terms.proration == FIXED_30:
        share = _capped(days, THIRTY * cycle.months)
    elif terms.proration == MONTH_30:
        share = _capped(max(0, _days_of_thirty(part)), THIRTY * cycle.months)
    elif terms.proration == SECONDS:
        length = midnight_of(cycle.whole.end) - midnight_of(cycle.whole.start)
        counted = midnight_of(part.end) - midnight_of(part.start)
        share = _capped(counted // SECOND, length // SECOND)
    else:
        share = _capped(days, cycle.whole.days)
    return round_money(Fraction(whole) * share)


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def midnight_of(moment: date) -> datetime:
    """Return a day's first moment; a moment is its own."""
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time())


def _covers(part: Period, cycle: Period) -> bool:
    return midnight_of(part.start) <= midnight_of(cycle.start) and (
        midnight_of(cycle.end) <= midnight_of(part.end)
    )


def next_period(
    *, starts_on: date, calendar: Calendar, terms: FeeTerms, ends_before: date | None = None
) -> Period:
    """
    Return the days that a charge beginning on a day covers: a day, or the rest of its cycle.

    `ends_before` is the first day that isn't this plan's any more (change, day after termination).
    """
    if terms.fee_period == DAY:
        return Period(starts_on, starts_on + timedelta(days=1))
    end = calendar.cycle_on(starts_on).days.end
    return Period(starts_on, min(end, ends_before) if ends_before else end)


def fee_of(period: Period, *, calendar: Calendar, terms: FeeTerms) -> Decimal:
    """Return the fee for a period that lies in one cycle."""
    return part_price(terms, period, calendar.cycle_on(period.start))


def unused_fee(
    charged: Decimal, *, period: Period, unused_from: date, calendar: Calendar, terms: FeeTerms
) -> Decimal:
    """
    Return what of a charged period is given back when its days from `unused_from` on aren't used.

    >>> from accounts.domain.calendars import monthly
    >>> unused_fee(Decimal("300.00"), period=Period(date(2026, 1, 1), date(2026, 2, 1)),
    ...     unused_from=date(2026, 1, 11), calendar=monthly(1), terms=FeeTerms(Decimal("300")))
    Decimal('203.23')
    """
    if unused_from <= period.start:
        return charged
    if unused_from >= period.end:
        return ZERO
    used = Period(period.start, unused_from)
    return max(ZERO, charged - fee_of(used, calendar=calendar, terms=terms))
