"""
The fee for a part of a cycle, and which days a charge covers.

`share_of` and `price_of` are the rule for cycles of any length, under a declared convention; the
functions below them are the fee of a plan, by the operator's conventions:
- the day of activation is charged, the day of termination is charged, the day of a plan change
  belongs to the new plan;
- `actual`: fee × days ÷ days of the whole cycle; `fixed_30`: fee × days ÷ 30, never above the fee;
  a whole cycle costs the whole fee either way;
- a fee per day is charged for each day;
- what is given back is what was charged less what the days used are worth: charge and credit add
  up to the kopeck. `migrations/sql/billing.sql` holds the same in SQL for mass work.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from billing_project.kernel.money import ZERO, round_money
from billing_project.kernel.periods import Period, cycle_of

MONTH: Final = "month"
DAY: Final = "day"
ACTUAL: Final = "actual"
FIXED_30: Final = "fixed_30"
ACTUAL_SECONDS: Final = "actual_seconds"
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
        second = timedelta(seconds=1)
        share = _capped((part.end - part.start) // second, (cycle.end - cycle.start) // second)
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
    """A plan version's recurring fee: amount, per month or day, and how parts are counted."""

    fee: Decimal
    fee_period: str = MONTH
    proration: str = ACTUAL


def prorated_fee(terms: FeeTerms, *, days: int, cycle_days: int) -> Decimal:
    """
    Return the fee for so many days of a cycle, rounded.

    >>> prorated_fee(FeeTerms(Decimal("300")), days=10, cycle_days=31)
    Decimal('96.77')
    """
    if days <= 0:
        return ZERO
    if terms.fee_period == DAY:
        return round_money(terms.fee * days)
    if days >= cycle_days:
        return round_money(terms.fee)
    base = THIRTY if terms.proration == FIXED_30 else cycle_days
    return round_money(Fraction(terms.fee) * _capped(days, base))


def next_period(
    *, starts_on: date, cycle_day: int, terms: FeeTerms, ends_before: date | None = None
) -> Period:
    """
    Return the days that a charge beginning on a day covers: a day, or the rest of its cycle.

    `ends_before` is the first day that isn't this plan's any more (change, day after termination).
    """
    if terms.fee_period == DAY:
        return Period(starts_on, starts_on + timedelta(days=1))
    end = cycle_of(starts_on, cycle_day=cycle_day).end
    return Period(starts_on, min(end, ends_before) if ends_before else end)


def fee_of(period: Period, *, cycle_day: int, terms: FeeTerms) -> Decimal:
    """Return the fee for a period that lies in one cycle."""
    cycle = cycle_of(period.start, cycle_day=cycle_day)
    return prorated_fee(terms, days=period.days, cycle_days=cycle.days)


def unused_fee(
    charged: Decimal, *, period: Period, unused_from: date, cycle_day: int, terms: FeeTerms
) -> Decimal:
    """
    Return what of a charged period is given back when its days from `unused_from` on aren't used.

    >>> unused_fee(Decimal("300.00"), period=Period(date(2026, 1, 1), date(2026, 2, 1)),
    ...     unused_from=date(2026, 1, 11), cycle_day=1, terms=FeeTerms(Decimal("300")))
    Decimal('203.23')
    """
    used = (unused_from - period.start).days
    if used <= 0:
        return charged
    if used >= period.days:
        return ZERO
    cycle = cycle_of(period.start, cycle_day=cycle_day)
    worth = prorated_fee(terms, days=used, cycle_days=cycle.days)
    return max(ZERO, charged - worth)
