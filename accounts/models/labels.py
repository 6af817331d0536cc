"""Names of the ledger's codes, for people."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from accounts.domain.kinds import Contra, Kind

KIND_LABELS: Final[dict[int, Any]] = {
    Kind.PAYMENT: _("Payment"),
    Kind.PAYMENT_REVERSAL: _("Payment taken back"),
    Kind.REFUND: _("Refund"),
    Kind.CHARGEBACK: _("Payment disputed at the bank"),
    Kind.USAGE_VOICE: _("Calls"),
    Kind.USAGE_SMS: _("Messages"),
    Kind.USAGE_DATA: _("Mobile data"),
    Kind.USAGE_SESSION: _("Internet sessions"),
    Kind.USAGE_CORRECTION: _("Correction of usage"),
    Kind.FEE: _("Recurring fee"),
    Kind.FEE_CREDIT: _("Recurring fee given back"),
    Kind.ONE_OFF: _("One-off charge"),
    Kind.TAX: _("Tax"),
    Kind.CREDIT_NOTE: _("Credit note"),
    Kind.DEBIT_NOTE: _("Debit note"),
    Kind.COMPENSATION: _("Compensation"),
    Kind.LATE_FEE: _("Late fee"),
    Kind.ADJUSTMENT: _("Adjustment"),
    Kind.PROMISE_PRICE: _("Promised payment"),
    Kind.WRITE_OFF: _("Write-off"),
    Kind.BONUS_GRANT: _("Bonus granted"),
    Kind.BONUS_USE: _("Paid with bonus"),
    Kind.BONUS_EXPIRY: _("Bonus expired"),
    Kind.OPENING: _("Opening balance"),
    Kind.TRANSFER_OUT: _("Transfer to another account"),
    Kind.TRANSFER_IN: _("Transfer from another account"),
    Kind.DEPOSIT: _("Deposit taken"),
    Kind.DEPOSIT_RETURN: _("Deposit returned"),
}

CONTRA_LABELS: Final[dict[int, Any]] = {
    Contra.CASH: _("Cash and banks"),
    Contra.REVENUE_USAGE: _("Revenue: usage"),
    Contra.REVENUE_FEES: _("Revenue: recurring fees"),
    Contra.REVENUE_OTHER: _("Revenue: other"),
    Contra.TAX: _("Tax payable"),
    Contra.ADJUSTMENTS: _("Adjustments by hand"),
    Contra.WRITE_OFFS: _("Written off"),
    Contra.BONUSES: _("Bonuses"),
    Contra.OPENING: _("Opening balances"),
    Contra.TRANSFERS: _("Transfers"),
    Contra.DEPOSITS: _("Deposits of customers"),
}
