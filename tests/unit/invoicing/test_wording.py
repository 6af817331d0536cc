"""Money, days and quantities as people read them."""

from datetime import date
from decimal import Decimal

import pytest

from invoicing.domain import papers, wording


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("amount", "language", "expected"),
    [
        ("1234.5", "ru", "1 234,50 ₽"),
        ("-0.05", "ru", "−0,05 ₽"),
        ("1234.5", "en", "₽1,234.50"),
        ("-1234567.89", "en", "−₽1,234,567.89"),
    ],
)
def test_money(amount: str, language: str, expected: str) -> None:
    assert plain(wording.money(Decimal(amount), language=language)) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (date(2026, 1, 1), date(2026, 2, 1), "1–31 января 2026"),
        (date(2026, 1, 31), date(2026, 2, 28), "31 января – 27 февраля 2026"),
        (date(2025, 12, 15), date(2026, 1, 15), "15 декабря 2025 – 14 января 2026"),
        (date(2026, 1, 5), date(2026, 1, 6), "5 января 2026"),
    ],
)
def test_periods_are_told_by_their_first_and_last_day(start, end, expected) -> None:
    assert wording.days(start, end, language="ru") == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (200, "second", "3 мин 20 с"),
        (120, "second", "2 мин"),
        (0, "second", "0 с"),
        (3, "message", "3 шт."),
        (1_572_864, "byte", "1,5 МБ"),
        (7, "", ""),
    ],
)
def test_quantities(value: int, unit: str, expected: str) -> None:
    assert plain(wording.quantity(value, unit=unit, language="ru")) == expected


@pytest.mark.parametrize(
    ("count", "expected"), [(1, "1 раз"), (3, "3 раза"), (13, "13 раз"), (22, "22 раза")]
)
def test_russian_counts(count: int, expected: str) -> None:
    told = papers.why(kind="usage", explanation={}, count=count, language="ru", currency="RUB")
    assert told == expected


def test_phones_of_other_countries_stay_as_they_are() -> None:
    assert plain(wording.phone("78125550000")) == "+7 812 555-00-00"
    assert wording.phone("493012345678") == "493012345678"
