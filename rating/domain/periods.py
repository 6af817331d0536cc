"""
Periods for which allowances are granted, in the operator's calendar: named by their first day.
"""

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import numpy as np

from rating.domain.clock import DAY_ZERO, DAYS, FIRST_DAY
from rating.domain.usage import Ints
from tariffs.domain.deck import Recurrence

#: The numbers of recurrences in columns.
RECURRENCES: Final = (Recurrence.MONTH, Recurrence.WEEK, Recurrence.DAY, Recurrence.ONCE)
MONTH: Final = RECURRENCES.index(Recurrence.MONTH)


def period_of(recurrence: Recurrence, day: date) -> int:
    """
    Return the period of a local day: its first day as yyyymmdd, 0 for what is granted once.

    >>> [period_of(kind, date(2026, 11, 22)) for kind in RECURRENCES]
    [20261101, 20261116, 20261122, 0]
    """
    if recurrence is Recurrence.ONCE:
        return 0
    first = {
        Recurrence.MONTH: day.replace(day=1),
        Recurrence.WEEK: day - timedelta(days=day.weekday()),
        Recurrence.DAY: day,
    }[recurrence]
    return first.year * 10_000 + first.month * 100 + first.day


@lru_cache(maxsize=1)
def period_tables() -> Ints:
    """Return the period of each recurrence (in the order of RECURRENCES) and day of the tables."""
    days = np.arange(DAY_ZERO, DAY_ZERO + DAYS)
    week = days - (days + 3) % 7
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]")
    return np.stack([_numbers(month), _numbers(week), _numbers(days), np.zeros(DAYS, np.int64)])


def _numbers(days: np.ndarray) -> Ints:
    moments = days.astype("datetime64[D]")
    months = moments.astype("datetime64[M]")
    number = months.astype(np.int64)
    day = (moments - months).astype(np.int64) + 1
    answer: Ints = ((number // 12 + 1970) * 100 + number % 12 + 1) * 100 + day
    return answer


def periods_between(first: date, last: date) -> list[int]:
    """
    Return every period that a day of [first, last] may fall into, in ascending order.

    >>> periods_between(date(2026, 11, 1), date(2026, 11, 2))
    [0, 20261026, 20261101, 20261102]
    """
    days = (first + timedelta(days=shift) for shift in range((last - first).days + 1))
    return sorted({period_of(kind, day) for day in days for kind in RECURRENCES})


def periods_on(recurrence: Ints, day: Ints) -> Ints:
    """Return the periods of recurrences, by number, that hold days given as yyyymmdd."""
    years, months, days = day // 10_000, day // 100 % 100, day % 100
    first = ((years - 1970) * 12 + months - 1).astype("datetime64[M]").astype("datetime64[D]")
    row = first.astype(np.int64) + days - 1 - DAY_ZERO
    periods: Ints = period_tables()[recurrence, np.clip(row, 0, DAYS - 1)]
    return periods


def period_code(period: Ints) -> Ints:
    """Return periods as small ascending numbers, for keys: 0 for what is granted once."""
    year, month, day = period // 10_000, period // 100 % 100, period % 100
    code: Ints = ((year - FIRST_DAY.year) * 12 + month - 1) * 31 + day
    return np.where(period == 0, 0, code)
