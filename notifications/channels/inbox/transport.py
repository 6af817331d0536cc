"""
The inbox: a message is delivered by being there.
"""

from notifications.domain.delivery import Letter


class InboxTransport:
    """Has nothing to carry."""

    is_noop = True

    def send(self, letter: Letter) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing is open."""
