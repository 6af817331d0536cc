"""
Bank statements: received, matched and shown first; credited once somebody confirms.
"""

from accounts.operations.statements.loading import (
    ACTOR,
    GATEWAY,
    UnableToLoadStatement,
    confirm_statement,
    discard_statement,
    finish_statement,
    finish_statements,
)
from accounts.operations.statements.receiving import (
    ReceivedStatement,
    UnableToReceiveStatement,
    receive_statement,
)

__all__ = [
    "ACTOR",
    "GATEWAY",
    "ReceivedStatement",
    "UnableToLoadStatement",
    "UnableToReceiveStatement",
    "confirm_statement",
    "discard_statement",
    "finish_statement",
    "finish_statements",
    "receive_statement",
]
