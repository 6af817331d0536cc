"""How the editor writes volumes, prices, hours and weekdays, in both languages."""

from decimal import Decimal

import pytest
from django.utils import translation

from crm.queries.catalogue import words


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


@pytest.mark.parametrize(
    ("kind", "units", "russian", "english"),
    [
        ("voice", 200, "3 мин 20 с", "3 min 20 s"),
        ("voice", 60, "1 мин", "1 min"),
        ("voice", 0, "0 с", "0 s"),
        ("voice", 72_000, "1 200 мин", "1,200 min"),
        ("sms", 1, "1 сообщение", "1 message"),
        ("sms", 22, "22 сообщения", "22 messages"),
        ("data", 1536 * 1024 * 1024, "1,5 ГБ", "1.5 GB"),
        ("data", 500 * 1024 * 1024, "500 МБ", "500 MB"),
        ("data", 1024, "1 КБ", "1 KB"),
        ("data", 12, "12 байт", "12 bytes"),
    ],
)
def test_quantities(kind: str, units: int, russian: str, english: str) -> None:
    assert plain(words.quantity(kind, units)) == russian
    with translation.override("en"):
        assert plain(words.quantity(kind, units)) == english


@pytest.mark.parametrize(
    ("amount", "russian", "english"),
    [
        ("2.5", "2,50 ₽", "₽2.50"),
        ("0.0333", "0,0333 ₽", "₽0.0333"),
        ("1200", "1 200,00 ₽", "₽1,200.00"),
        ("100", "100,00 ₽", "₽100.00"),
    ],
)
def test_prices(amount: str, russian: str, english: str) -> None:
    assert plain(words.price(Decimal(amount))) == russian
    with translation.override("en"):
        assert plain(words.price(Decimal(amount))) == english


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([], "каждый день"),
        ([1, 2, 3, 4, 5, 6, 7], "каждый день"),
        ([1, 2, 3, 4, 5], "Пн–Пт"),
        ([6, 7], "Сб, Вс"),
        ([1, 3, 5], "Пн, Ср, Пт"),
    ],
)
def test_weekdays(days: list[int], expected: str) -> None:
    assert words.weekdays(days) == expected


@pytest.mark.parametrize(
    ("kind", "unit", "expected"),
    [
        ("voice", 60, "2,50 ₽ за минуту"),
        ("voice", 1, "2,50 ₽ за 1 с"),
        ("sms", 1, "2,50 ₽ за сообщение"),
        ("data", 1024 * 1024, "2,50 ₽ за мегабайт"),
        ("data", 1024**3, "2,50 ₽ за 1 ГБ"),
    ],
)
def test_prices_per_unit(kind: str, unit: int, expected: str) -> None:
    assert plain(words.unit_price(kind, Decimal("2.5"), unit)) == expected
