"""
Fiscal receipts: written with the money, sent after it, registered once.

Whoever takes money out calls `write_given_back`; payments and their reversals write their own.
"""

from accounts.operations.receipts.sending import SentReceipts, send_receipts
from accounts.operations.receipts.work import (
    UnableToCorrectReceipt,
    correct_receipt,
    retry_receipts,
)
from accounts.operations.receipts.writing import (
    write_given_back,
    write_returned,
    write_sold,
)

__all__ = [
    "SentReceipts",
    "UnableToCorrectReceipt",
    "correct_receipt",
    "retry_receipts",
    "send_receipts",
    "write_given_back",
    "write_returned",
    "write_sold",
]
