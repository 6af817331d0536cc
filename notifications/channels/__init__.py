"""
Ways to a person, one folder each: `transport.Transport` with `is_noop`, `send`, `close`.

Plain values in; a Letter is delivered, or TransportError says what is known. A new channel is a
folder here, its name in `models.Channel`, and its addresses in `domain.policy`.
"""

from typing import Final, Protocol

from notifications.channels.email.transport import EmailTransport
from notifications.channels.inbox.transport import InboxTransport
from notifications.domain.delivery import Letter


class Transport(Protocol):
    """Carries letters over one channel, one after the other."""

    #: Delivered by being written: nothing has to be sent.
    is_noop: bool

    def send(self, letter: Letter) -> None:
        """Deliver one letter, or raise TransportError."""

    def close(self) -> None:
        """Give back connections."""


TRANSPORTS: Final[dict[str, type[Transport]]] = {
    "email": EmailTransport,
    "inbox": InboxTransport,
}


def list_ready() -> frozenset[str]:
    """Return the channels this installation is set up for."""
    return frozenset(name for name, kind in TRANSPORTS.items() if kind.is_noop or _is_set_up(kind))


def _is_set_up(kind: type[Transport]) -> bool:
    return bool(getattr(kind, "is_set_up", lambda: True)())
