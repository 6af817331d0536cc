"""
Vouchers as values: secrets, their hashes, the list for the printer, and when guessing is stopped.
"""

import csv
import hmac
import io
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

DIGITS: Final = 16
#: A guess that a million cards were out for would be right once in ten thousand million.
SPACE: Final = 10**DIGITS
_BETWEEN: Final = re.compile(r"[\s\-–—.]+")
_CODE: Final = re.compile(rf"[0-9]{{{DIGITS}}}")

WINDOW: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Card:
    """One card for the printer: its number in the series and its secret, known here only."""

    serial: int
    code: str


@dataclass(frozen=True, slots=True)
class Print:
    """What all cards of a series say."""

    series: str
    nominal: Decimal
    currency: str
    valid_from: date
    valid_until: date


@dataclass(frozen=True, slots=True)
class Limits:
    """How many wrong codes in WINDOW are tolerated for one account, one person, one address."""

    account: int = 5
    actor: int = 10
    address: int = 30


LIMITS: Final = Limits()


def read_code(text: str) -> str | None:
    """
    Return the digits of a code as people type it, None if it is none.

    >>> read_code(" 1234-5678 9012 3456 ")
    '1234567890123456'
    >>> read_code("1234") is None
    True
    """
    digits = _BETWEEN.sub("", text)
    return digits if _CODE.fullmatch(digits) else None


def write_code(code: str) -> str:
    """
    Return a code in groups of four, as it is printed.

    >>> write_code("1234567890123456")
    '1234-5678-9012-3456'
    """
    return "-".join(code[at : at + 4] for at in range(0, DIGITS, 4))


def secret_hash(code: str, *, key: str) -> bytes:
    """Return what is stored of a code: 32 bytes that say nothing to who lacks the server's key."""
    return hmac.digest(key.encode(), b"retel voucher " + code.encode(), "sha256")


def make_cards(count: int) -> list[Card]:
    """Return so many cards with secrets that differ, from the system's source of randomness."""
    codes: set[str] = set()
    while len(codes) < count:
        codes.add(f"{secrets.randbelow(SPACE):0{DIGITS}}")
    # A set's order follows its values' hashes: the serial must say nothing of the secret.
    shuffled = list(codes)
    secrets.SystemRandom().shuffle(shuffled)
    return [Card(serial, code) for serial, code in enumerate(shuffled, start=1)]


def card_label(series: str, serial: int) -> str:
    """
    Return a card's number for people, and for the registry of payments.

    >>> card_label("L26", 17)
    'L26-000017'
    """
    return f"{series}-{serial:06}"


def write_cards(cards: Iterable[Card], *, on: Print) -> str:
    """Return the list for the printer as CSV with a semicolon, one card a line."""
    out = io.StringIO()
    sheet = csv.writer(out, delimiter=";", lineterminator="\r\n")
    sheet.writerow(
        ["series", "card", "code", "nominal", "currency", "usable_from", "usable_before"]
    )
    for card in cards:
        label = card_label(on.series, card.serial)
        days = (on.valid_from.isoformat(), on.valid_until.isoformat())
        code = write_code(card.code)
        sheet.writerow([on.series, label, code, f"{on.nominal:.2f}", on.currency, *days])
    return out.getvalue()


def locked_until(failures: Iterable[datetime], *, limit: int, now: datetime) -> datetime | None:
    """
    Return when one more try is possible, None = now; `failures` are the moments of wrong codes.

    At most `limit` wrong codes are tolerated in any WINDOW.
    """
    late = sorted((at for at in failures if at > now - WINDOW), reverse=True)
    return late[limit - 1] + WINDOW if len(late) >= limit else None
