"""
Calendar periods of allowances and guards, and what a guard says of a month's spending.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from tariffs.domain.deck import Recurrence


class GuardState(StrEnum):
    """What a guard does at the moment."""

    CALM = "calm"
    NEAR = "near"
    REACHED = "reached"


#: From this share of the limit on the subscriber is warned.
NEAR_SHARE = Decimal("0.8")


@dataclass(frozen=True, slots=True)
class GuardAnswer:
    """Spent of the limit of this month (with what was allowed beyond it), and what is left."""

    state: GuardState
    spent: Decimal
    limit: Decimal

    @property
    def left(self) -> Decimal:
        """What may still be spent this month; never negative."""
        return max(self.limit - self.spent, Decimal("0.00"))

    @property
    def percent(self) -> int:
        """How much of the limit is spent, in whole percent, at most 100."""
        return min(int(self.spent * 100 / self.limit), 100)


def judge_guard(*, spent: Decimal, amount: Decimal, allowed_more: Decimal) -> GuardAnswer:
    """
    Return what a guard says.

    >>> judge_guard(spent=Decimal(80), amount=Decimal(100), allowed_more=Decimal(0)).state
    <GuardState.NEAR: 'near'>
    """
    limit = amount + allowed_more
    if spent >= limit:
        state = GuardState.REACHED
    else:
        state = GuardState.NEAR if spent >= limit * NEAR_SHARE else GuardState.CALM
    return GuardAnswer(state, spent, limit)


def period_number(day: date) -> int:
    """
    Return a day as the number that names periods.

    >>> period_number(date(2026, 11, 1))
    20261101
    """
    return day.year * 10_000 + day.month * 100 + day.day


def period_of(recurrence: Recurrence, on: date) -> tuple[int, date | None]:
    """
    Return the number of the period of an allowance on a day, and the day after its last.

    >>> period_of(Recurrence.WEEK, date(2026, 11, 22))
    (20261116, datetime.date(2026, 11, 23))
    """
    if recurrence == Recurrence.ONCE:
        return 0, None
    if recurrence == Recurrence.DAY:
        return period_number(on), on + timedelta(days=1)
    if recurrence == Recurrence.WEEK:
        monday = on - timedelta(days=on.weekday())
        return period_number(monday), monday + timedelta(days=7)
    first = on.replace(day=1)
    return period_number(first), (first + timedelta(days=32)).replace(day=1)


def current_periods(on: date) -> dict[Recurrence, int]:
    """Return the numbers of all periods that a day is in."""
    return {recurrence: period_of(recurrence, on)[0] for recurrence in Recurrence}
