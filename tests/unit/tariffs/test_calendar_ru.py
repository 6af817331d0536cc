"""Holidays and VAT as the state set them."""

from datetime import date
from decimal import Decimal

from tariffs.domain.calendar_ru import TAXES, list_holidays


def test_days_off_moved_by_decree_are_holidays() -> None:
    assert date(2025, 5, 2) in list_holidays(2025)
    assert date(2026, 5, 11) in list_holidays(2026)
    assert date(2026, 12, 31) in list_holidays(2026)


def test_by_law_a_holiday_on_a_weekend_moves_to_monday() -> None:
    days = list_holidays(2027)
    assert [day for day in (date(2027, 5, 3), date(2027, 5, 10), date(2027, 6, 14)) if day in days]
    assert date(2027, 5, 4) not in days
    assert days[date(2027, 1, 7)] == "Рождество Христово"


def test_the_number_of_days_a_year() -> None:
    assert {year: len(list_holidays(year)) for year in (2025, 2026, 2027)} == {
        2025: 19,
        2026: 18,
        2027: 17,
    }


def test_vat_rises_with_the_year_2026() -> None:
    standard = [tax for tax in TAXES if tax.category == "standard"]
    assert [(tax.percent, tax.valid_to) for tax in standard] == [
        (Decimal(20), date(2026, 1, 1)),
        (Decimal(22), None),
    ]
