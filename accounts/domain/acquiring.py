"""
What is said between us and an acquirer, in plain values; and when to ask again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

#: An acquirer remembers a key of ours for 24 hours; after that the same asking may be done twice.
KEY_LIVES: Final = timedelta(hours=23)
#: How long a link to pay may be begun, and how long a notice's signature is good.
LINK_LIVES: Final = timedelta(days=3)
TOLERANCE: Final = timedelta(seconds=300)
#: Waits between looks at what is open; the last is repeated.
LOOKS: Final = tuple(timedelta(seconds=wait) for wait in (15, 30, 60, 120, 300, 900, 1800, 3600))


class NoAnswer(Exception):
    """The acquirer didn't answer, or not so that it can be read: the outcome is not known."""


class Refused(Exception):
    """The acquirer answered no, for good: `code` is its word, `external_id` what it made of it."""

    def __init__(self, code: str, external_id: str = "") -> None:
        super().__init__(code)
        self.code = code[:120]
        self.external_id = external_id


class Declined(Refused):
    """The card was refused: this very payment is not made."""


class ForgedNotice(Exception):
    """A notice that is not the acquirer's, is too old, or can't be read."""


class Outcome(StrEnum):
    """How far something is, as the acquirer says."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Subject(StrEnum):
    """What a notice is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach an acquirer; the secrets are here only while a call lasts."""

    base_url: str
    shop_id: str
    secret: str
    hook_secret: str
    networks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CardToken:
    """A card the acquirer keeps for us, and what people call it."""

    token: str
    payer: str
    title: str
    last4: str
    expires: str


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A payment to be asked for. With `card` it is taken at once, else the payer goes to a page.

    `key` goes along so that the same asking twice is one. `vat_code` asks for a fiscal receipt.
    """

    key: str
    amount: Decimal
    currency: str
    description: str
    return_url: str
    email: str
    account_number: str
    saves_card: bool = False
    card: CardToken | None = None
    vat_code: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A payment as the acquirer knows it now; `charge` is what refunds and disputes name."""

    external_id: str
    outcome: Outcome
    amount: Decimal
    currency: str
    charge: str = ""
    page_url: str = ""
    reason: str = ""
    paid_at: datetime | None = None
    card: CardToken | None = None


@dataclass(frozen=True, slots=True)
class SeenRefund:
    """A refund as the acquirer knows it now."""

    external_id: str
    outcome: Outcome
    amount: Decimal
    charge: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SeenDispute:
    """A dispute at the bank: SUCCEEDED means won by us, FAILED lost."""

    external_id: str
    outcome: Outcome
    amount: Decimal
    charge: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notice asks us to look at; `event` tells it from every other, `key` is ours if there."""

    event: str
    kind: str
    subject: Subject
    subject_id: str
    key: str = ""


def next_look(looks: int, *, now: datetime) -> datetime:
    """
    Return when to ask again after so many looks.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 2, 12, tzinfo=UTC)
    >>> [(next_look(n, now=noon) - noon).seconds for n in (0, 1, 99)]
    [15, 30, 3600]
    """
    return now + LOOKS[min(looks, len(LOOKS) - 1)]


def to_minor(amount: Decimal, *, digits: int) -> int:
    """
    Return an amount in whole minor units; it must be in them.

    >>> to_minor(Decimal("12.30"), digits=2)
    1230
    """
    return int(amount.scaleb(digits))


def from_minor(units: int, *, digits: int) -> Decimal:
    """
    Return minor units as an amount.

    >>> from_minor(1230, digits=2)
    Decimal('12.30')
    """
    return Decimal(units).scaleb(-digits)
