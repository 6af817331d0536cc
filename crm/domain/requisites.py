"""
Check digits and shapes of Russian requisites: КПП, ОГРН, БИК, bank account (ИНН is in accounts).
"""

from typing import Final

_BANK: Final = (7, 1, 3)


def is_kpp(text: str) -> bool:
    """Return whether the text has the shape of a КПП: nine characters, letters only in the middle."""
    return len(text) == 9 and _is_digits(text[:4]) and text[4:6].isalnum() and _is_digits(text[6:])


def is_ogrn(text: str) -> bool:
    """Return whether the text is an ОГРН (13 digits) or ОГРНИП (15) whose last digit checks."""
    if not _is_digits(text) or len(text) not in {13, 15}:
        return False
    return int(text[:-1]) % (len(text) - 2) % 10 == int(text[-1])


def is_bic(text: str) -> bool:
    """Return whether the text has the shape of a Russian БИК: nine digits from 04."""
    return len(text) == 9 and _is_digits(text) and text.startswith("04")


def is_bank_account(account: str, *, bic: str) -> bool:
    """Return whether the account (20 digits) checks with its bank's БИК."""
    if not _is_digits(account) or len(account) != 20 or not is_bic(bic):
        return False
    return _checks(bic[-3:] + account)


def is_correspondent_account(account: str, *, bic: str) -> bool:
    """Return whether a bank's account at the Bank of Russia (20 digits, 30101…) checks with its БИК."""
    if not _is_digits(account) or len(account) != 20 or not is_bic(bic):
        return False
    return account.startswith("301") and _checks(f"0{bic[4:6]}{account}")


def _checks(text: str) -> bool:
    digits = [int(char) for char in text]
    return sum(digit * _BANK[at % 3] % 10 for at, digit in enumerate(digits)) % 10 == 0


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
