"""
Ways to the network, one module each: plain values in, an Answer out, nothing of the database.

A new kind is a module with a `Transport` here, its name in `Gateway.Kind` and in `TRANSPORTS`.
"""

from collections.abc import Callable
from typing import Final, Protocol

from provisioning.domain.answers import Answer, Order
from provisioning.gateways import log, webhook


class Transport(Protocol):
    """Carries orders to one gateway; safe to use from several threads."""

    def send(self, order: Order, *, timestamp: int) -> Answer:
        """Send one order and return its outcome; raises nothing."""

    def close(self) -> None:
        """Give back connections."""


TRANSPORTS: Final[dict[str, Callable[..., Transport]]] = {
    "log": log.LogTransport,
    "webhook": webhook.WebhookTransport,
}


def open_transport(kind: str, *, url: str, secret: str) -> Transport:
    """Return the transport of a gateway's kind."""
    return TRANSPORTS[kind](url=url, secret=secret)
