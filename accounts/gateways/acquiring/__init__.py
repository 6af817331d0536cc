"""
Acquirers behind one face. Each adapter drives the acquirer's own client library.

Raises `accounts.domain.acquiring.NoAnswer` where the outcome isn't known, `Refused` where it is no.
The libraries are loaded when first needed: they are large, and most processes never ask.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from typing import Final, Protocol

from accounts.domain.acquiring import Access, Asked, Notice, Seen, SeenDispute, SeenRefund

#: Seconds to connect, and to wait for an answer.
TIMEOUTS: Final = (3.05, 15.0)

_ADAPTERS: Final = {
    "yookassa": "accounts.gateways.acquiring.yookassa_api",
    "stripe": "accounts.gateways.acquiring.stripe_api",
}


class Gateway(Protocol):
    """What an acquirer can be asked."""

    def ask(self, asked: Asked) -> Seen:
        """Ask for a payment; the same key again asks for the same one."""

    def look(self, external_id: str) -> Seen:
        """Return a payment as it is now."""

    def refund(self, *, charge: str, amount: Decimal, currency: str, key: str) -> SeenRefund:
        """Give back; the same key again gives back once."""

    def look_at_refund(self, external_id: str) -> SeenRefund:
        """Return a refund as it is now."""

    def find_refund(self, *, charge: str, key: str) -> SeenRefund | None:
        """Find the refund of a payment that was asked for with our key."""

    def look_at_dispute(self, external_id: str) -> SeenDispute:
        """Return a dispute as it is now."""

    def read_notice(
        self, body: bytes, *, headers: Mapping[str, str], source: str, now: datetime
    ) -> Notice:
        """Return what a notice is about; ForgedNotice unless it is surely theirs, and fresh."""


def open_gateway(kind: str, access: Access) -> Gateway:
    """Return the adapter of a kind of acquirer."""
    gateway: Gateway = import_module(_ADAPTERS[kind]).open_gateway(access)
    return gateway
