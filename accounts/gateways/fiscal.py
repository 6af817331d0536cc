"""
Cash registers in the net. A new kind is a module with a register here and in `FiscalGateway.Kind`.
"""

from collections.abc import Callable
from typing import Final, Protocol

from accounts.domain.fiscal import Answer, Receipt
from accounts.gateways import atol


class Register(Protocol):
    """Carries receipts to one service; safe to use from several threads."""

    def send(self, receipt: Receipt) -> Answer:
        """Send one receipt and return the outcome; raises nothing."""

    def ask(self, receipt: Receipt) -> Answer:
        """Ask what became of a receipt; raises nothing."""

    def close(self) -> None:
        """Give back connections."""


REGISTERS: Final[dict[str, Callable[..., Register]]] = {"atol": atol.AtolRegister}


def open_register(kind: str, *, url: str, login: str, password: str, group_code: str) -> Register:
    """Return the register of a gateway's kind."""
    return REGISTERS[kind](url=url, login=login, password=password, group_code=group_code)
