"""
How a try to deliver ended, and when the next is due.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=1)
#: After so many tries (about a day) a message has failed.
MAX_ATTEMPTS: Final = 28
#: A message claimed for longer than this was abandoned: nobody knows whether it went out.
ABANDONED_AFTER: Final = timedelta(minutes=15)
#: A worker keeps messages to itself for so long before it has come to them.
LEASE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as a channel sees it; `key` is its own for ever, so a copy can be recognised."""

    key: str
    recipient: str
    subject: str
    body: str
    language: str


class Fault(Enum):
    """What went wrong."""

    #: Certainly not delivered, and a later try may succeed.
    PASSING = "passing"
    #: Certainly not delivered, and no try will succeed.
    PERMANENT = "permanent"
    #: The channel as a whole is down; this message was not even offered.
    CHANNEL_DOWN = "channel_down"
    #: Handed over, and no answer came: it may have been delivered.
    UNKNOWN = "unknown"


class TransportError(Exception):
    """A channel could not deliver; `fault` says what is known."""

    def __init__(self, message: str, *, fault: Fault) -> None:
        super().__init__(message)
        self.fault = fault


def judge_reply(code: int) -> Fault:
    """
    Judge a mail server's reply to a message.

    >>> judge_reply(451), judge_reply(550)
    (<Fault.PASSING: 'passing'>, <Fault.PERMANENT: 'permanent'>)
    """
    return Fault.PERMANENT if 500 <= code < 600 else Fault.PASSING


def next_try(*, attempts: int, now: datetime, jitter: int) -> datetime | None:
    """
    Return when to try after `attempts` failures (1 or more), or None to give up.

    `jitter` (0 to 999 thousandths) spreads the tries over the second half of the pause.
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    pause: timedelta = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
    return now + pause / 2 + pause * jitter / 2000
