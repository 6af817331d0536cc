"""
Standing orders: when the next try is, what a failure means, how much a month may still take.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from billing_project.kernel.periods import add_months

#: Waits after the first failures of a round; one more failure switches the order off.
RETRIES: Final = (timedelta(hours=2), timedelta(days=1), timedelta(days=2))
#: After a charge a threshold is looked at again only so much later.
REST: Final = timedelta(hours=1)
#: The hour of the operator's day at which an order by date is due.
HOUR: Final = time(10, 0)
#: Words of acquirers after which trying again is pointless.
FINAL_WORDS: Final = frozenset(
    {
        *("card_expired", "expired_card", "lost_card", "stolen_card", "permission_revoked"),
        *("invalid_card_number", "invalid_payment_method", "authentication_required"),
        *("payment_method_restricted", "fraud_suspected", "pickup_card"),
    }
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a subscriber orders: a threshold or a day, an amount, at most so much a month."""

    amount: Decimal
    monthly_cap: Decimal
    threshold: Decimal | None = None
    day: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """What follows a failed try: another at `next_try_at`, or None: the order is switched off."""

    failures: int
    next_try_at: datetime | None


def find_fault(terms: Terms) -> str:
    """
    Return the field that is wrong, or an empty string.

    >>> find_fault(Terms(Decimal(500), Decimal(400), day=5))
    'monthly_cap'
    """
    has_one = (terms.threshold is None) != (terms.day is None)
    checks = {
        "trigger": not has_one,
        "amount": terms.amount <= 0,
        "monthly_cap": terms.monthly_cap < terms.amount,
        "threshold": terms.threshold is not None and terms.threshold < 0,
        "day": terms.day is not None and not 1 <= terms.day <= 31,
    }
    return next((field for field, is_wrong in checks.items() if is_wrong), "")


def next_day(day: int, *, after: date) -> date:
    """
    Return the first such day of a month after a date; a month too short ends on it.

    >>> next_day(31, after=date(2027, 1, 31)), next_day(5, after=date(2026, 11, 2))
    (datetime.date(2027, 2, 28), datetime.date(2026, 11, 5))
    """
    first = after.replace(day=1)
    for months in (0, 1):
        month = add_months(first, months)
        due = month.replace(day=min(day, monthrange(month.year, month.month)[1]))
        if due > after:
            return due
    raise AssertionError  # the day of the month after is always later


def judge_failure(failures: int, *, word: str, now: datetime) -> Failure:
    """
    Return what follows the next failure after so many: wait longer each time, then no more.

    >>> from datetime import UTC
    >>> judge_failure(3, word="", now=datetime(2026, 11, 2, tzinfo=UTC)).next_try_at is None
    True
    """
    counted = failures + 1
    if word in FINAL_WORDS or failures >= len(RETRIES):
        return Failure(counted, None)
    return Failure(counted, now + RETRIES[failures])


def fits_cap(amount: Decimal, *, taken: Decimal, cap: Decimal) -> bool:
    """Whether one more charge stays within what the month may take."""
    return taken + amount <= cap
