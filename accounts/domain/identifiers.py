"""
Numbers and logins: how they are written, stored, and looked up when usage is resolved.
"""

import re
from hashlib import blake2b
from typing import Final

import phonenumbers

#: E.164 numbers have at most fifteen digits.
MAX_DIGITS: Final = 15
MIN_DIGITS: Final = 4
_HASH_BITS: Final = 62
_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{1,31}")


class UnreadablePhone(ValueError):
    """No telephone number can be read from the text."""


class UnreadableLogin(ValueError):
    """The text has characters that no login has, or is too short or too long."""


def subscriber_key(identifier: str) -> int:
    """
    Return the integer under which a number or login is looked up.

    E.164 digits without plus are their own value; anything else is a negative 62-bit hash of its
    UTF-8 text, in lower case, since logins don't tell case apart.

    >>> subscriber_key("79215550101")
    79215550101
    >>> subscriber_key("ivanov") == subscriber_key("Ivanov") < 0
    True
    """
    is_number = identifier.isascii() and identifier.isdigit() and identifier[0] != "0"
    if is_number and len(identifier) <= MAX_DIGITS:
        return int(identifier)
    digest = blake2b(identifier.lower().encode(), digest_size=8).digest()
    return -(int.from_bytes(digest, "big") >> (64 - _HASH_BITS)) - 1


def read_phone(text: str, *, region: str = "RU") -> str:
    """
    Return the E.164 digits without plus of a number as people write it.

    >>> read_phone("8 (921) 555-01-01")
    '79215550101'
    >>> read_phone("+358 40 123 4567")
    '358401234567'
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise UnreadablePhone(text) from error
    if not phonenumbers.is_possible_number(number):
        raise UnreadablePhone(text)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]


def format_phone(digits: str) -> str:
    """
    Return the number as people read it.

    >>> format_phone("79215550101")
    '+7 921 555-01-01'
    """
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return digits
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def read_login(text: str) -> str:
    """
    Return the login as it is stored: lower case, no blanks around.

    Letters, digits and . _ - @ are what RADIUS servers and switches agree on.

    >>> read_login(" Ivanov-12 ")
    'ivanov-12'
    """
    login = text.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise UnreadableLogin(text)
    return login


def beauty_of(value: str) -> str:
    """
    Return the class of a number by its last seven digits: gold, silver or plain.

    >>> beauty_of("79215555555"), beauty_of("79215551000"), beauty_of("79215510147")
    ('gold', 'silver', 'plain')
    """
    tail = value[-7:]
    if not tail.isdigit():
        return "plain"
    longest = max(len(run.group()) for run in re.finditer(r"(.)\1*", tail))
    if longest >= 5 or len(set(tail)) <= 2:
        return "gold"
    return "silver" if longest >= 3 else "plain"
