"""
What may be disputed, how long, and until when it is answered.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Final

from accounts.domain.kinds import USAGE_KINDS, Kind

#: A claim is answered within so many days.
ANSWER_DAYS: Final = 30
#: Subscribers may claim so many days after the charge or the bill; agents may at any time.
CLAIM_DAYS: Final = 183
#: Charges of the ledger that may be disputed before they are on a bill.
DISPUTABLE: Final = USAGE_KINDS | {
    Kind.USAGE_CORRECTION,
    Kind.FEE,
    Kind.ONE_OFF,
    Kind.PROMISE_PRICE,
    Kind.DEBIT_NOTE,
}


class Obstacle(Enum):
    """Why a charge can't be disputed."""

    NOTHING_LEFT = "nothing left"
    TOO_MUCH = "too much"
    TOO_LATE = "too late"
    OPEN_ALREADY = "open already"


@dataclass(frozen=True, slots=True)
class Charged:
    """What is disputed: `left` of it still counts, on `day` it was charged or billed."""

    left: Decimal
    day: date
    is_open_already: bool = False


def find_obstacle(
    charged: Charged, *, amount: Decimal, on: date, claim_days: int | None
) -> Obstacle | None:
    """
    Return why the amount can't be disputed on a day; None: it can.

    >>> find_obstacle(Charged(Decimal(10), date(2026, 1, 1)), amount=Decimal(11),
    ...               on=date(2026, 2, 1), claim_days=CLAIM_DAYS)
    <Obstacle.TOO_MUCH: 'too much'>
    """
    if charged.is_open_already:
        return Obstacle.OPEN_ALREADY
    if charged.left <= 0:
        return Obstacle.NOTHING_LEFT
    if not 0 < amount <= charged.left:
        return Obstacle.TOO_MUCH
    if claim_days is not None and on > charged.day + timedelta(days=claim_days):
        return Obstacle.TOO_LATE
    return None


def answer_by(raised_on: date) -> date:
    """Return the day until which a dispute is to be decided."""
    return raised_on + timedelta(days=ANSWER_DAYS)
