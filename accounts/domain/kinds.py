"""
Codes of the ledger: kinds of entries, contra accounts, funds. Stored; numbers never change meaning.
"""

from enum import IntEnum
from typing import Final


class Kind(IntEnum):
    """What an entry is. Charges are negative amounts, credits positive."""

    PAYMENT = 1
    PAYMENT_REVERSAL = 2
    REFUND = 3
    CHARGEBACK = 4
    USAGE_VOICE = 10
    USAGE_SMS = 11
    USAGE_DATA = 12
    USAGE_SESSION = 13
    USAGE_CORRECTION = 14
    FEE = 20
    FEE_CREDIT = 21
    ONE_OFF = 22
    TAX = 23
    CREDIT_NOTE = 24
    DEBIT_NOTE = 25
    COMPENSATION = 26
    LATE_FEE = 27
    ADJUSTMENT = 30
    PROMISE_PRICE = 31
    WRITE_OFF = 32
    BONUS_GRANT = 33
    BONUS_USE = 34
    BONUS_EXPIRY = 35
    OPENING = 40
    TRANSFER_OUT = 50
    TRANSFER_IN = 51
    DEPOSIT = 60
    DEPOSIT_RETURN = 61


class Contra(IntEnum):
    """The other side of an entry: where the money came from or went to."""

    CASH = 1
    REVENUE_USAGE = 10
    REVENUE_FEES = 11
    REVENUE_OTHER = 12
    TAX = 13
    ADJUSTMENTS = 20
    WRITE_OFFS = 21
    BONUSES = 22
    OPENING = 30
    TRANSFERS = 40
    DEPOSITS = 50


class Fund(IntEnum):
    """Which figure of the balance row an entry moves."""

    MONEY = 1
    BONUS = 2
    HELD = 3


USAGE_KINDS: Final = frozenset(
    {Kind.USAGE_VOICE, Kind.USAGE_SMS, Kind.USAGE_DATA, Kind.USAGE_SESSION}
)

CONTRA_OF: Final[dict[Kind, Contra]] = {
    Kind.PAYMENT: Contra.CASH,
    Kind.PAYMENT_REVERSAL: Contra.CASH,
    Kind.REFUND: Contra.CASH,
    Kind.CHARGEBACK: Contra.CASH,
    Kind.USAGE_VOICE: Contra.REVENUE_USAGE,
    Kind.USAGE_SMS: Contra.REVENUE_USAGE,
    Kind.USAGE_DATA: Contra.REVENUE_USAGE,
    Kind.USAGE_SESSION: Contra.REVENUE_USAGE,
    Kind.USAGE_CORRECTION: Contra.REVENUE_USAGE,
    Kind.FEE: Contra.REVENUE_FEES,
    Kind.FEE_CREDIT: Contra.REVENUE_FEES,
    Kind.ONE_OFF: Contra.REVENUE_OTHER,
    Kind.TAX: Contra.TAX,
    Kind.CREDIT_NOTE: Contra.REVENUE_OTHER,
    Kind.DEBIT_NOTE: Contra.REVENUE_OTHER,
    Kind.COMPENSATION: Contra.REVENUE_OTHER,
    Kind.LATE_FEE: Contra.REVENUE_OTHER,
    Kind.ADJUSTMENT: Contra.ADJUSTMENTS,
    Kind.PROMISE_PRICE: Contra.REVENUE_OTHER,
    Kind.WRITE_OFF: Contra.WRITE_OFFS,
    Kind.BONUS_GRANT: Contra.BONUSES,
    Kind.BONUS_USE: Contra.BONUSES,
    Kind.BONUS_EXPIRY: Contra.BONUSES,
    Kind.OPENING: Contra.OPENING,
    Kind.TRANSFER_OUT: Contra.TRANSFERS,
    Kind.TRANSFER_IN: Contra.TRANSFERS,
    Kind.DEPOSIT: Contra.DEPOSITS,
    Kind.DEPOSIT_RETURN: Contra.DEPOSITS,
}

#: Kinds with one sign only: −1 takes from the account, +1 gives to it.
SIGN: Final[dict[Kind, int]] = {
    Kind.PAYMENT: 1,
    Kind.PAYMENT_REVERSAL: -1,
    Kind.REFUND: -1,
    Kind.CHARGEBACK: -1,
    Kind.FEE: -1,
    Kind.FEE_CREDIT: 1,
    Kind.CREDIT_NOTE: 1,
    Kind.DEBIT_NOTE: -1,
    Kind.COMPENSATION: 1,
    Kind.LATE_FEE: -1,
    Kind.PROMISE_PRICE: -1,
    Kind.WRITE_OFF: 1,
    Kind.TRANSFER_OUT: -1,
    Kind.TRANSFER_IN: 1,
    Kind.DEPOSIT: -1,
    Kind.DEPOSIT_RETURN: 1,
}
