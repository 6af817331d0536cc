"""
The fee for a part of a cycle, and which days a charge covers.

Conventions:
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
from typing import Final

from billing_project.kernel.money import ZERO, round_money
from billing_project.kernel.periods import Period, cycle_of

MONTH: Final = "month"
DAY: Final = "day"
ACTUAL: Final = "actual"
FIXED_30: Final = "fixed_30"


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
    base = 30 if terms.proration == FIXED_30 else cycle_days
    return round_money(min(terms.fee, terms.fee * days / base))


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
