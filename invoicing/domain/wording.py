"""
Money, dates, lengths and volumes as a bill writes them, in Russian (ru) and English (en).
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

THIN: Final = "\N{NARROW NO-BREAK SPACE}"
FIXED: Final = "\N{NO-BREAK SPACE}"
MINUS: Final = "\N{MINUS SIGN}"
SIGNS: Final = {"RUB": "₽", "USD": "$", "EUR": "€", "KZT": "₸", "BYN": "Br"}
MONTHS: Final = {
    "ru": (
        *("января", "февраля", "марта", "апреля", "мая", "июня"),
        *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
UNITS: Final = {
    "ru": {"minute": "мин", "second": "с", "message": "шт.", "day": "дн.", "MB": "МБ"},
    "en": {"minute": "min", "second": "s", "message": "msg", "day": "days", "MB": "MB"},
}
MIB: Final = 1 << 20


def money(amount: Decimal, *, language: str, currency: str = "RUB") -> str:
    """
    Return an amount for people.

    >>> money(Decimal("-1234.5"), language="en")
    '−₽1,234.50'
    """
    sign, size = (MINUS if amount < 0 else ""), f"{abs(amount):,.2f}"
    symbol = SIGNS.get(currency, currency)
    if language == "ru":
        return f"{sign}{size.replace(',', THIN).replace('.', ',')}{FIXED}{symbol}"
    return f"{sign}{symbol}{size}"


def price(amount: Decimal, *, language: str, currency: str = "RUB") -> str:
    """
    Return a price for people; one with parts of a kopeck keeps them.

    >>> price(Decimal("0.12500"), language="en")
    '₽0.125'
    """
    if amount == amount.quantize(Decimal("0.01")):
        return money(amount, language=language, currency=currency)
    figures, symbol = f"{amount.normalize():f}", SIGNS.get(currency, currency)
    if language == "ru":
        return f"{figures.replace('.', ',')}{FIXED}{symbol}"
    return f"{symbol}{figures}"


def day(value: date, *, language: str) -> str:
    """
    Return a day with its year.

    >>> day(date(2026, 11, 22), language="en")
    '22 November 2026'
    """
    return f"{value.day} {MONTHS[language][value.month - 1]} {value.year}"


def days(start: date, end: date, *, language: str) -> str:
    """
    Return a half-open period by its first and last day, as short as it can be said.

    >>> days(date(2026, 11, 1), date(2026, 12, 1), language="en")
    '1–30 November 2026'
    """
    last = end - timedelta(days=1)
    if last <= start:
        return day(start, language=language)
    if (start.year, start.month) == (last.year, last.month):
        return f"{start.day}–{day(last, language=language)}"
    first = f"{start.day} {MONTHS[language][start.month - 1]}"
    if start.year != last.year:
        first = f"{first} {start.year}"
    return f"{first} – {day(last, language=language)}"


def quantity(value: int, *, unit: str, language: str) -> str:
    """
    Return a length, a number of messages, a volume or days; '' for what isn't counted.

    >>> quantity(200, unit="second", language="en")
    '3\xa0min 20\xa0s'
    """
    words = UNITS[language]
    if unit == "second":
        minutes, seconds = divmod(value, 60)
        parts = [f"{minutes}{FIXED}{words['minute']}"] if minutes else []
        if seconds or not minutes:
            parts.append(f"{seconds}{FIXED}{words['second']}")
        return " ".join(parts)
    if unit == "byte":
        tenths = (value * 10 + MIB // 2) // MIB
        mark = "," if language == "ru" else "."
        return f"{tenths // 10}{mark}{tenths % 10}{FIXED}{words['MB']}"
    return f"{value}{FIXED}{words[unit]}" if unit in words else ""


def phone(digits: str) -> str:
    """
    Return a Russian number as people write it; others as they are.

    >>> phone("79215550101")
    '+7\xa0921\xa0555-01-01'
    """
    if len(digits) != 11 or not digits.startswith("7") or not digits.isdigit():
        return digits
    return f"+7 {digits[1:4]} {digits[4:7]}-{digits[7:9]}-{digits[9:]}".replace(" ", FIXED)
