"""
Who is told what, and by which channel.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

EMAIL: Final = "email"
INBOX: Final = "inbox"

SERVICE: Final = "service"
MONEY: Final = "money"
SECURITY: Final = "security"

#: What an event is about. A kind that is not here is told to nobody.
CATEGORY_OF: Final[dict[str, str]] = {
    "account.closed": SERVICE,
    "service.activated": SERVICE,
    "service.suspended": SERVICE,
    "service.resumed": SERVICE,
    "service.terminated": SERVICE,
    "number.changed": SERVICE,
    "plan.change_scheduled": SERVICE,
    "plan.changed": SERVICE,
    "plan.change_cancelled": SERVICE,
    "bundle.dissolved": MONEY,
    "pause.agreed": SERVICE,
    "pause.cancelled": SERVICE,
    "payment.received": MONEY,
    "payment.reversed": MONEY,
    "payment.refunded": MONEY,
    "payment.link": MONEY,
    "chargeback.lost": MONEY,
    "autopay.set": MONEY,
    "autopay.stopped": MONEY,
    "autopay.capped": MONEY,
    "autopay.failed": MONEY,
    "adjustment.posted": MONEY,
    "bonus.granted": MONEY,
    "balance.low": MONEY,
    "access.restricted": SERVICE,
    "access.restored": SERVICE,
    "promise.given": MONEY,
    "promise.kept": MONEY,
    "promise.broken": MONEY,
    "limit.changed": MONEY,
    "bill.issued": MONEY,
    "bill.consolidated": MONEY,
    "credit_note.issued": MONEY,
    "debit_note.issued": MONEY,
    "bill.reissued": MONEY,
    "dispute.raised": MONEY,
    "dispute.answered": MONEY,
    "dispute.accepted": MONEY,
    "dispute.rejected": MONEY,
    "compensation.given": MONEY,
    "ticket.answered": SERVICE,
    "guard.reached": MONEY,
    "allowance.low": SERVICE,
    "allowance.used_up": SERVICE,
    "password.changed": SECURITY,
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where one message goes: the channel, and the recipient as that channel knows them."""

    channel: str
    recipient: str


def is_told(kind: str, data: Mapping[str, Any]) -> bool:
    """Return whether anybody is told; a pause that begins at once is told as the service's."""
    return kind in CATEGORY_OF and not (kind == "pause.agreed" and data.get("is_now"))


def choose_addresses(
    category: str,
    *,
    customer_id: int,
    email: str,
    wanted: Mapping[tuple[str, str], bool],
    channels: Collection[str],
) -> list[Address]:
    """
    Choose where a message of the category goes.

    `wanted` is (category, channel) -> the customer's choice; never chosen means yes. What concerns
    security goes everywhere, whatever was chosen. `channels` are those the installation has.
    """
    addresses = {INBOX: f"customer:{customer_id}", EMAIL: email}
    return [
        Address(channel, recipient)
        for channel, recipient in addresses.items()
        if recipient
        and channel in channels
        and (category == SECURITY or wanted.get((category, channel), True))
    ]
