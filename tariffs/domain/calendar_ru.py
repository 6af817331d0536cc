"""
Non-working days of Russia and its VAT, as the state set them.

A holiday on a weekend moves to the next working day (article 112 of the Labour Code); days moved
by a government decree are listed by year. For 2027 no moved days beyond the law's own are listed:
the operator adds those of the decree in the calendar.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

SATURDAY: Final = 5
YEARS: Final = (2025, 2026, 2027)
NEW_YEAR: Final = "Новогодние каникулы"

#: (month, day): name. The New Year days are never moved by law, only by decree.
FIXED: Final = {
    **{(1, day): NEW_YEAR for day in range(1, 9)},
    (1, 7): "Рождество Христово",
    (2, 23): "День защитника Отечества",
    (3, 8): "Международный женский день",
    (5, 1): "Праздник Весны и Труда",
    (5, 9): "День Победы",
    (6, 12): "День России",
    (11, 4): "День народного единства",
}
MOVED_DAY: Final = "Перенесённый выходной день"
#: Days off moved by decree; in these years they take the place of what the law would move.
BY_DECREE: Final = {
    2025: (
        *(date(2025, 5, 2), date(2025, 5, 8), date(2025, 6, 13)),
        *(date(2025, 11, 3), date(2025, 12, 31)),
    ),
    2026: (date(2026, 1, 9), date(2026, 3, 9), date(2026, 5, 11), date(2026, 12, 31)),
}


@dataclass(frozen=True, slots=True)
class TaxPeriod:
    """Percent of a tax category in [valid_from, valid_to)."""

    category: str
    percent: Decimal
    valid_from: date
    valid_to: date | None


TAXES: Final = (
    TaxPeriod("standard", Decimal(20), date(2019, 1, 1), date(2026, 1, 1)),
    TaxPeriod("standard", Decimal(22), date(2026, 1, 1), None),
    TaxPeriod("none", Decimal(0), date(2000, 1, 1), None),
)


def list_holidays(year: int) -> dict[date, str]:
    """
    Return the non-working days of a year that aren't ordinary weekends, with their names.

    >>> list_holidays(2027)[date(2027, 5, 3)]
    'Праздник Весны и Труда'
    """
    days = {date(year, month, day): name for (month, day), name in FIXED.items()}
    if year in BY_DECREE:
        return days | dict.fromkeys(BY_DECREE[year], MOVED_DAY)
    return days | dict(_moved_by_law(days))


def _moved_by_law(days: dict[date, str]) -> Iterator[tuple[date, str]]:
    for day, name in days.items():
        if day.month == 1 or day.weekday() < SATURDAY:
            continue
        moved = day
        while moved.weekday() >= SATURDAY or moved in days:
            moved += timedelta(days=1)
        yield moved, name
