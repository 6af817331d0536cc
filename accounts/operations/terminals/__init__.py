"""
Terminals: what their machines ask, who they are, and their daily registries.
"""

from accounts.operations.terminals.asking import Answer, ask, cancel, check, pay, status
from accounts.operations.terminals.keeping import (
    UnableToKeepTerminal,
    add_terminal,
    edit_terminal,
    is_from,
    needs_password,
    proves,
    renew_password,
)

__all__ = [
    "Answer",
    "UnableToKeepTerminal",
    "add_terminal",
    "ask",
    "cancel",
    "check",
    "edit_terminal",
    "is_from",
    "needs_password",
    "pay",
    "proves",
    "renew_password",
    "status",
]
