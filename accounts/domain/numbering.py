"""
Account and contract numbers, and the check digits of INN.
"""

from collections.abc import Sequence
from typing import Final

#: The first account number's eight digits; nine with the check digit.
FIRST_ACCOUNT: Final = 10_000_001
_INN_10: Final = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_11: Final = (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_12: Final = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)


def account_number(serial: int) -> str:
    """
    Return the account number of a serial number from 1: eight digits and a Luhn check digit.

    >>> account_number(1)
    '100000017'
    """
    digits = str(FIRST_ACCOUNT - 1 + serial)
    return digits + str(-_luhn_sum(digits + "0") % 10)


def is_account_number(text: str) -> bool:
    """
    Return whether the text is an account number that checks: one wrong digit never does.

    >>> is_account_number("100000017"), is_account_number("100000018")
    (True, False)
    """
    return len(text) == 9 and _is_digits(text) and _luhn_sum(text) % 10 == 0


def contract_number(*, prefix: str, year: int, serial: int) -> str:
    """
    Return the contract's number.

    >>> contract_number(prefix="Д", year=2026, serial=17)
    'Д-2026-00017'
    """
    return f"{prefix}-{year}-{serial:05d}"


def is_inn(text: str) -> bool:
    """
    Return whether the text is an ИНН of a company (10 digits) or a person (12) that checks.

    >>> is_inn("7830002293"), is_inn("7830002294")
    (True, False)
    """
    if not _is_digits(text) or len(text) not in {10, 12}:
        return False
    digits = [int(char) for char in text]
    if len(digits) == 10:
        return digits[9] == _weighed(digits, _INN_10)
    return digits[10] == _weighed(digits, _INN_11) and digits[11] == _weighed(digits, _INN_12)


def _luhn_sum(digits: str) -> int:
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total


def _weighed(digits: Sequence[int], weights: Sequence[int]) -> int:
    return sum(d * w for d, w in zip(digits, weights, strict=False)) % 11 % 10


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
