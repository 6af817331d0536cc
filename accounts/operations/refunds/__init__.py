"""
Refunds: part or all of a payment given back, to its source through the acquirer or by hand.

The row is first, the effect after: money leaves the account when the acquirer says that it left,
or at once with a document by hand.
"""

from accounts.operations.refunds.asking import (
    UnableToRefund,
    Wish,
    approve_refund,
    refund,
    refuse_refund,
)
from accounts.operations.refunds.seeing import adopt_refund, look_at_refund

__all__ = [
    "UnableToRefund",
    "Wish",
    "adopt_refund",
    "approve_refund",
    "look_at_refund",
    "refund",
    "refuse_refund",
]
