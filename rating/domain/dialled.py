"""
A number as dialled to E.164 digits, one at a time: what `rating.formats.numbers` does for columns.

The table of rules is there; a property test holds the two equal.
"""

from typing import Final

_MOST_DIGITS: Final = 18
_LONGEST: Final = 15
_NATIONAL: Final = 10
_EMERGENCY: Final = {
    **{f"0{n}": str(100 + n) for n in (1, 2, 3, 4)},
    **{f"0{n}0": str(100 + n) for n in (1, 2, 3, 4)},
}
_CALLED_WITH_COUNTRY: Final = {f"7{n}": str(n) for n in (101, 102, 103, 104, 112)}


def read_dialled(text: str, *, area_code: str = "") -> str | None:
    """
    Return the digits of a number, None if it is none. Short numbers keep their leading zeros.

    >>> read_dialled("8 921 5550101".replace(" ", "")), read_dialled("+995321"), read_dialled("03")
    ('79215550101', None, '103')
    """
    has_plus = text.startswith("+")
    digits = text[1:] if has_plus else text
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        return None
    if has_plus:
        if digits in _CALLED_WITH_COUNTRY:
            return _CALLED_WITH_COUNTRY[digits]
        return digits if _is_full(digits, least=8) else None
    return _read_local(digits, area_code)


def _read_local(digits: str, area_code: str) -> str | None:
    length = len(digits)
    if digits in _EMERGENCY:
        return _EMERGENCY[digits]
    full, least = digits, _NATIONAL + 1
    if length >= 12 and digits.startswith("810"):
        full, least = digits[3:], 8
    elif length >= _NATIONAL and digits.startswith("00"):
        full, least = digits[2:], 8
    elif length == _NATIONAL + 1 and digits.startswith("8"):
        full = "7" + digits[1:]
    elif length == _NATIONAL:
        full = "7" + digits
    elif area_code and length > 0 and length + len(area_code) == _NATIONAL:
        full = "7" + area_code + digits
    if 2 <= length <= 6 and full is digits:
        return digits
    return full if _is_full(full, least=least) else None


def _is_full(digits: str, *, least: int) -> bool:
    """No country code begins with a zero."""
    return least <= len(digits) <= _LONGEST and digits[0] != "0"
