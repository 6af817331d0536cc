"""Vouchers: series ordered, approved, generated once, put in use; cards redeemed once."""

from accounts.operations.vouchers.redeeming import UnableToRedeem, redeem_voucher
from accounts.operations.vouchers.series import (
    UnableToIssueVouchers,
    activate_series,
    approve_series,
    ask_series,
    block_card,
    block_series,
    expire_series,
    generate_cards,
    issue_series,
    refuse_series,
    unblock_card,
)

__all__ = [
    "UnableToIssueVouchers",
    "UnableToRedeem",
    "activate_series",
    "approve_series",
    "ask_series",
    "block_card",
    "block_series",
    "expire_series",
    "generate_cards",
    "issue_series",
    "redeem_voucher",
    "refuse_series",
    "unblock_card",
]
