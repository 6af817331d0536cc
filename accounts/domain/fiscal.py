"""
Fiscal receipts as values: what is told to a register, what it answers, when to try again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Final

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(minutes=15)
#: What was taken to be sent and not answered for so long was abandoned by its worker.
LEASE: Final = timedelta(minutes=3)
#: A receipt that isn't registered after so long is an alarm.
OVERDUE: Final = timedelta(hours=1)

#: VAT codes of receipts: (percent, calculated out of the sum) -> code. Without VAT it is 1.
WITHOUT_VAT: Final = 1
VAT_CODES: Final = MappingProxyType(
    {
        (Decimal(0), False): 2,
        (Decimal(0), True): 2,
        (Decimal(10), False): 3,
        (Decimal(10), True): 5,
        (Decimal(20), False): 4,
        (Decimal(20), True): 6,
        (Decimal(22), False): 11,
        (Decimal(22), True): 12,
    }
)


class Outcome(Enum):
    """How one try ended."""

    #: The register took it and works on it.
    ACCEPTED = "accepted"
    DONE = "done"
    #: No use trying the same again: the register refused it.
    REFUSED = "refused"
    #: It was surely not taken: try again.
    LATER = "later"
    #: Nobody answered, and surely nothing was taken.
    UNREACHABLE = "unreachable"
    #: It may have been taken: ask before sending again.
    UNKNOWN = "unknown"
    #: Asked: the register knows nothing of it.
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Document:
    """What the register wrote on its paper."""

    fn_number: str = ""
    number: str = ""
    sign: str = ""
    shift_number: str = ""
    receipt_number: str = ""
    registered_at: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of one try; `error` is for people."""

    outcome: Outcome
    uuid: str = ""
    error: str = ""
    document: Document = field(default_factory=Document)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt as a register sees it; `correction` is the reason and day of what it mends."""

    external_id: str
    kind: str
    amount: Decimal
    vat_code: int
    is_cash: bool
    email: str
    phone: str
    at: datetime
    terms: Mapping[str, str]
    uuid: str = ""
    reason: str = ""
    base_date: date | None = None


def vat_code(percent: Decimal | None, *, is_calculated: bool) -> int | None:
    """
    Return the code of a rate, of an advance the calculated one; None if it has no code.

    >>> vat_code(Decimal("22.00"), is_calculated=True)
    12
    >>> vat_code(None, is_calculated=True)
    1
    """
    if percent is None:
        return WITHOUT_VAT
    return VAT_CODES.get((percent, is_calculated))


def pause_after(attempts: int, *, jitter: int = 500) -> timedelta:
    """
    Return the pause after so many failures (1 or more), doubling to a quarter of an hour.

    There is no last try: a day without the register only makes a queue. `jitter` (0 to 999) spreads
    tries over the second half of the pause.

    >>> pause_after(1, jitter=0).total_seconds()
    2.5
    >>> pause_after(10_000, jitter=999) <= LONGEST_PAUSE
    True
    """
    pause: timedelta = min(FIRST_PAUSE * 2 ** min(max(attempts, 1) - 1, 12), LONGEST_PAUSE)
    return pause / 2 + pause * jitter / 2000


def receipt_qr(kind: str, amount: Decimal, document: Document) -> str:
    """Return the text of the QR code that a tax inspector's app reads; "" before it is known."""
    if not document.sign:
        return ""
    day, _, hour = document.registered_at.partition(" ")
    moment = "".join(reversed(day.split("."))) + "T" + hour.replace(":", "")[:4]
    sign = "2" if kind == "sell_refund" else "1"
    return (
        f"t={moment}&s={amount:.2f}&fn={document.fn_number}&i={document.number}"
        f"&fp={document.sign}&n={sign}"
    )
