"""
The one intake of money from outside: a notice is stored first, its effect comes after.
"""

from accounts.operations.intake.desk import (
    APPROVAL_KIND,
    UnableToAssign,
    UnableToGiveBack,
    approve_return,
    assign,
    give_back,
    refuse_return,
    see_conflict,
)
from accounts.operations.intake.mass import (
    ReceivedMany,
    receive_many,
    refresh_after,
    settle_waiting,
)
from accounts.operations.intake.receiving import (
    UnableToReceive,
    conclude,
    receive,
    settle,
    store,
)

__all__ = [
    "APPROVAL_KIND",
    "ReceivedMany",
    "UnableToAssign",
    "UnableToGiveBack",
    "UnableToReceive",
    "approve_return",
    "assign",
    "conclude",
    "give_back",
    "receive",
    "receive_many",
    "refresh_after",
    "refuse_return",
    "see_conflict",
    "settle",
    "settle_waiting",
    "store",
]
