"""
What being late costs: each day adds to an exact sum, and what of that sum is due goes to the ledger.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from billing_project.kernel.money import ZERO, round_money

#: Places of the exact sum, and of a day's percent.
PLACES: Final = Decimal("0.00000001")
#: Nights so many days back are caught up.
CATCH_UP_DAYS: Final = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class LateTerms:
    """
    What a rule says: `percent` of what is overdue for each day, or a sum for each month begun.
    """

    percent: Decimal | None = None
    per_month: Decimal | None = None
    grace_days: int = 0
    cap_percent: Decimal | None = None
    minimum: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Accrued:
    """The sum of the days so far, what of it was charged, and the last day's part of that."""

    exact: Decimal = Decimal(0)
    charged: Decimal = ZERO
    amount: Decimal = ZERO


def key_rate_percent(rate: Decimal, divisor: int) -> Decimal:
    """
    Return the percent of a day that a fraction of the key rate is.

    >>> key_rate_percent(Decimal("16.5"), 300)
    Decimal('0.05500000')
    """
    return (rate / divisor).quantize(PLACES, ROUND_HALF_UP)


def add_day(
    before: Accrued, base: Decimal, *, due_on: date, day: date, terms: LateTerms
) -> Accrued:
    """
    Return what a day makes of a late fee; `base` is what is overdue of the bill that day.

    Nothing is charged until the sum reaches the minimum, nothing above the cap; what was charged stays.

    >>> terms = LateTerms(percent=Decimal("0.1"))
    >>> add_day(Accrued(), Decimal(300), due_on=date(2026, 1, 1), day=date(2026, 1, 2), terms=terms)
    Accrued(exact=Decimal('0.30000000'), charged=Decimal('0.30'), amount=Decimal('0.30'))
    """
    first = due_on + timedelta(days=terms.grace_days + 1)
    if base <= 0 or day < first:
        return Accrued(before.exact, before.charged)
    if terms.percent is not None:
        added = base * terms.percent / 100
    else:
        begun = months_begun(first, day) - months_begun(first, day - timedelta(days=1))
        added = (terms.per_month or ZERO) * begun
    exact = before.exact + added.quantize(PLACES, ROUND_HALF_UP)
    cap = exact if terms.cap_percent is None else base * terms.cap_percent / 100
    due = min(exact, cap)
    owed = ZERO if due < terms.minimum else round_money(due)
    amount = max(ZERO, owed - before.charged)
    return Accrued(exact, before.charged + amount, amount)


def months_begun(first: date, day: date) -> int:
    """
    Return how many months from a day on have begun by another; 0 before the first.

    >>> [months_begun(date(2026, 1, 31), date(2026, 2, day)) for day in (1, 27, 28)]
    [1, 1, 2]
    """
    if day < first:
        return 0
    last = (date(day.year + day.month // 12, day.month % 12 + 1, 1) - timedelta(days=1)).day
    whole = (day.year - first.year) * 12 + day.month - first.month
    return whole + (day.day >= min(first.day, last))


def days_to_count(*, on: date, since: date | None, counted: Iterable[date]) -> list[date]:
    """
    Return the days up to `on` whose late fees aren't counted, of a month back at most.

    `since` is when the first rule began, None without any.
    """
    if since is None:
        return []
    done = set(counted)
    first = max(since, on - timedelta(days=CATCH_UP_DAYS - 1))
    days = (first + timedelta(days=step) for step in range((on - first).days + 1))
    return [day for day in days if day not in done]
