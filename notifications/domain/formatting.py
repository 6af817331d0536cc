"""
Money, dates, times, phones, speeds as people of each language write them.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Final
from zoneinfo import ZoneInfo

NO_BREAK: Final = "\u00a0"
MINUS: Final = "\u2212"

SYMBOLS: Final[Mapping[str, str]] = {
    "RUB": "₽",
    "USD": "$",
    "EUR": "€",
    "KZT": "₸",
    "BYN": "Br",
}
MONTHS: Final[Mapping[str, tuple[str, ...]]] = {
    "ru": (
        *("января", "февраля", "марта", "апреля", "мая", "июня"),
        *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}


def format_money(amount: Decimal, *, currency: str, language: str) -> str:
    """
    Write an amount with its sign and currency; a whole amount without its zero cents.

    >>> format_money(Decimal("-1234.50"), currency="RUB", language="ru")
    '−1\\xa0234,50\\xa0₽'
    >>> format_money(Decimal("1234.00"), currency="RUB", language="en")
    '₽1,234'
    """
    digits = (
        f"{abs(amount):,.0f}" if amount == amount.to_integral_value() else f"{abs(amount):,.2f}"
    )
    sign = MINUS if amount < 0 else ""
    symbol = SYMBOLS.get(currency, currency)
    if language == "ru":
        digits = digits.replace(",", NO_BREAK).replace(".", ",")
        return f"{sign}{digits}{NO_BREAK}{symbol}"
    return f"{sign}{symbol}{digits}"


def round_up(amount: Decimal) -> Decimal:
    """
    Return the amount as one asks a person to pay it: whole, upwards.

    >>> round_up(Decimal("0.01"))
    Decimal('1')
    """
    return amount.to_integral_value(rounding=ROUND_CEILING)


def format_date(day: date, *, language: str, this_year: int) -> str:
    """
    Write a day; the year only if it is not this one.

    >>> format_date(date(2026, 11, 22), language="ru", this_year=2026)
    '22\\xa0ноября'
    """
    text = f"{day.day}{NO_BREAK}{MONTHS[language][day.month - 1]}"
    return text if day.year == this_year else f"{text} {day.year}"


def format_moment(moment: datetime, *, language: str, time_zone: str, this_year: int) -> str:
    """Write a moment in the person's own time zone, to the minute."""
    local = moment.astimezone(ZoneInfo(time_zone))
    day = format_date(local.date(), language=language, this_year=this_year)
    return f"{day} {'в' if language == 'ru' else 'at'} {local:%H:%M}"


def format_phone(value: str) -> str:
    """
    Write a Russian number in groups, another with its plus; a login stays as it is.

    >>> format_phone("79123456789"), format_phone("3581234567"), format_phone("ivanova")
    ('+7\\xa0912\\xa0345-67-89', '+3581234567', 'ivanova')
    """
    if not value.isdigit():
        return value
    if len(value) == 11 and value[0] == "7":
        groups = (value[1:4], f"{value[4:7]}-{value[7:9]}-{value[9:]}")
        return f"+7{NO_BREAK}" + NO_BREAK.join(groups)
    return f"+{value}"


def format_speed(kbps: int, *, language: str) -> str:
    """
    Write a speed in kbit/s, or in Mbit/s where it is a whole number of them.

    >>> format_speed(512, language="ru"), format_speed(100_000, language="en")
    ('512\\xa0Кбит/с', '100\\xa0Mbit/s')
    """
    whole, rest = divmod(kbps, 1000)
    if whole and not rest:
        return f"{whole}{NO_BREAK}{'Мбит/с' if language == 'ru' else 'Mbit/s'}"
    return f"{kbps}{NO_BREAK}{'Кбит/с' if language == 'ru' else 'kbit/s'}"


def format_duration(seconds: int, *, language: str) -> str:
    """
    Write a duration: `3 мин 20 с`.

    >>> format_duration(3725, language="en")
    '1\\xa0h 2\\xa0min 5\\xa0s'
    """
    units = ("ч", "мин", "с") if language == "ru" else ("h", "min", "s")
    parts = (seconds // 3600, seconds % 3600 // 60, seconds % 60)
    words = [f"{part}{NO_BREAK}{unit}" for part, unit in zip(parts, units, strict=True) if part]
    return " ".join(words) or f"0{NO_BREAK}{units[2]}"


def format_usage(units: int, *, kind: str, language: str) -> str:
    """
    Write an amount of usage: whole minutes, messages, or a volume in GB or MB, rounded down.

    >>> format_usage(5999, kind="voice", language="en"), format_usage(3 << 30, kind="data", language="ru")
    ('99\xa0min', '3\xa0ГБ')
    """
    is_russian = language == "ru"
    if kind == "voice":
        return f"{units // 60}{NO_BREAK}{'мин' if is_russian else 'min'}"
    if kind == "sms":
        return f"{units}{NO_BREAK}SMS"
    if units >= 1 << 30:
        tenths = units * 10 >> 30
        whole, rest = divmod(tenths, 10)
        mark = "," if is_russian else "."
        digits = f"{whole}{mark}{rest}" if rest else str(whole)
        return f"{digits}{NO_BREAK}{'ГБ' if is_russian else 'GB'}"
    return f"{units >> 20}{NO_BREAK}{'МБ' if is_russian else 'MB'}"
