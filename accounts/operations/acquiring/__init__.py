"""
Money by card: asked of an acquirer, seen through, standing orders, what acquirers tell us.

What speaks with an acquirer stands in no transaction of the caller's: the row is committed first.
"""

from accounts.operations.acquiring.autopay import (
    UnableToSetAutopay,
    remove_card,
    run_autopay,
    set_autopay,
    stop_autopay,
)
from accounts.operations.acquiring.cards import (
    UnableToAskForPayment,
    begin,
    give_up,
    look,
    send,
)
from accounts.operations.acquiring.chargebacks import UnableToWriteChargeback, write_chargeback
from accounts.operations.acquiring.notices import receive_notice, settle_notice
from accounts.operations.acquiring.settling import Settled, settle

__all__ = [
    "Settled",
    "UnableToAskForPayment",
    "UnableToSetAutopay",
    "UnableToWriteChargeback",
    "begin",
    "give_up",
    "look",
    "receive_notice",
    "remove_card",
    "run_autopay",
    "send",
    "set_autopay",
    "settle",
    "settle_notice",
    "stop_autopay",
    "write_chargeback",
]
