"""
What an order says and what the network answers, as plain values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Outcome(Enum):
    """How one try ended."""

    CONFIRMED = "confirmed"
    #: No use trying the same again: the network refused the order.
    REFUSED = "refused"
    #: The gateway answered, but not now: try again.
    LATER = "later"
    #: The gateway could not be reached, or its answer is unknown: try again.
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Order:
    """One order as a gateway sees it; `desired` is the whole state wished, so a repeat does no harm."""

    id: int
    account_id: int
    subscription_id: int
    action: str
    desired: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of one try; `error` is for people."""

    outcome: Outcome
    error: str = ""


CONFIRMED = Answer(Outcome.CONFIRMED)


def read_answer(status: int, *, body: Any) -> Answer:
    """
    Read a webhook's answer: 2xx with {"status": "confirmed"} confirms.

    2xx with {"status": "rejected", "reason": …} and any 4xx but 408, 425, 429 refuse for good;
    everything else is worth another try.
    """
    said = body if isinstance(body, Mapping) else {}
    reason = str(said.get("reason", ""))[:200]
    if 200 <= status < 300:
        return _read_accepted(str(said.get("status", "")), reason)
    text = f"HTTP {status} {reason}".strip()
    if 400 <= status < 500 and status not in (408, 425, 429):
        return Answer(Outcome.REFUSED, text)
    return Answer(Outcome.LATER, text)


def _read_accepted(status: str, reason: str) -> Answer:
    if status == "confirmed":
        return CONFIRMED
    if status == "rejected":
        return Answer(Outcome.REFUSED, reason or "rejected")
    return Answer(Outcome.LATER, "the answer does not say that it is confirmed")
