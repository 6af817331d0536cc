"""
How amounts, days, lengths and numbers are written on the pages, in both languages.

What messages write too is `notifications.domain.formatting`; here is what only pages need.
"""

from datetime import date
from decimal import Decimal
from typing import Final

from notifications.domain.formatting import (
    MONTHS,
    NO_BREAK,
    SYMBOLS,
    format_date,
    format_duration,
    format_money,
    format_phone,
    format_speed,
)

__all__ = [
    "NO_BREAK",
    "SYMBOLS",
    "day",
    "format_duration",
    "format_money",
    "format_phone",
    "money",
    "month",
    "speed",
    "volume",
]

MONTH_NAMES_RU: Final = (
    "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь".split()
)
WORD_JOINER: Final = "\u2060"
UNITS: Final = {"ru": ("Б", "КБ", "МБ", "ГБ", "ТБ"), "en": ("B", "KB", "MB", "GB", "TB")}
KILO: Final = 1024


def money(amount: Decimal, *, currency: str, language: str) -> str:
    """
    Write an amount of a list or a bill: always with its kopecks, so that columns align.

    >>> money(Decimal("-1234.5"), currency="RUB", language="ru").replace(NO_BREAK, " ")
    '−1 234,50 ₽'
    >>> money(Decimal("120"), currency="RUB", language="en")
    '₽120.00'
    """
    written = format_money(amount, currency=currency, language=language)
    if amount != amount.to_integral_value():
        return written
    cents = ",00" if language == "ru" else ".00"
    figures, mark, sign = written.rpartition(NO_BREAK)
    return f"{figures}{cents}{mark}{sign}" if language == "ru" else f"{written}{cents}"


def day(value: date, *, language: str, today: date | None) -> str:
    """
    Write a day; the year only if it is not that of `today`.

    >>> day(date(2025, 11, 2), language="en", today=date(2026, 1, 1)).replace(NO_BREAK, " ")
    '2 November 2025'
    """
    return format_date(value, language=language, this_year=today.year if today else 0)


def month(value: date, *, language: str) -> str:
    """
    Write a month.

    >>> month(date(2026, 11, 1), language="ru")
    'ноябрь 2026'
    """
    names = MONTH_NAMES_RU if language == "ru" else MONTHS["en"]
    return f"{names[value.month - 1]} {value.year}"


def volume(size: int, *, language: str) -> str:
    """
    Write a number of bytes, to a tenth of the largest unit that fits.

    >>> volume(1572864, language="ru").replace(NO_BREAK, " ")
    '1,5 МБ'
    >>> volume(20 * 1024**3, language="en").replace(NO_BREAK, " ")
    '20 GB'
    """
    units = UNITS[language]
    power = min(max(0, (max(size, 1).bit_length() - 1) // 10), len(units) - 1)
    tenths = (Decimal(size) / KILO**power).quantize(Decimal("0.1"))
    written = f"{tenths:f}".removesuffix(".0")
    return f"{written.replace('.', ',') if language == 'ru' else written}{NO_BREAK}{units[power]}"


def speed(kbps: int, *, language: str) -> str:
    """
    Write a speed that no line break cuts in two.

    >>> speed(512, language="en").replace(WORD_JOINER, "").replace(NO_BREAK, " ")
    '512 kbit/s'
    """
    written = format_speed(kbps, language=language)
    return written.replace("/", f"{WORD_JOINER}/{WORD_JOINER}")
