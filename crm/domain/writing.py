"""
How money and phones are written on the agents' screens.
"""

from decimal import Decimal
from typing import Final

NBSP: Final = "\u00a0"
MINUS: Final = "\u2212"
_SIGNS: Final = {"RUB": "₽", "USD": "$", "EUR": "€"}


def money(amount: Decimal, *, currency: str, is_russian: bool, decimals: int = 2) -> str:
    """Return `1 234,50 ₽` in Russian, `₽1,234.50` in English."""
    minus = MINUS if amount < 0 else ""
    figures = grouped(f"{abs(amount):,.{decimals}f}", is_russian=is_russian)
    sign = _SIGNS.get(currency, currency)
    return f"{minus}{figures}{NBSP}{sign}" if is_russian else f"{minus}{sign}{figures}"


def grouped(figures: str, *, is_russian: bool) -> str:
    """Return figures written `1,234.50` as the language writes them."""
    return figures.replace(",", NBSP).replace(".", ",") if is_russian else figures


def phone(value: str) -> str:
    """Return `+7 912 345-67-89` for a Russian number; anything else as it is."""
    digits = value.removeprefix("+")
    if not (digits.isdigit() and len(digits) == 11 and digits.startswith("7")):
        return value
    parts = f"+7 {digits[1:4]} {digits[4:7]}-{digits[7:9]}-{digits[9:]}"
    return parts.replace(" ", NBSP)


def cell(text: str) -> str:
    """
    Return a text as a cell of a table program takes it: never as a formula.

    >>> cell("=1+1"), cell("+79215550102"), cell("a=1")
    ("'=1+1", "'+79215550102", 'a=1')
    """
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text
