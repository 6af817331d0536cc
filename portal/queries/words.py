"""
Codes of the lower floors in the subscriber's words.
"""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.domain.kinds import USAGE_KINDS, Kind
from portal.domain import wording

KINDS: Final[dict[Kind, Promise]] = {
    Kind.PAYMENT: _("Payments"),
    Kind.PAYMENT_REVERSAL: _("Payments taken back"),
    Kind.REFUND: _("Refunds"),
    Kind.CHARGEBACK: _("Payments disputed at the bank"),
    Kind.USAGE_VOICE: _("Calls"),
    Kind.USAGE_SMS: _("Messages (SMS)"),
    Kind.USAGE_DATA: _("Mobile internet"),
    Kind.USAGE_SESSION: _("Internet sessions"),
    Kind.USAGE_CORRECTION: _("Correction of calls and sessions"),
    Kind.FEE: _("Plan fee"),
    Kind.FEE_CREDIT: _("Plan fee given back"),
    Kind.ONE_OFF: _("One-off services"),
    Kind.TAX: _("Tax"),
    Kind.CREDIT_NOTE: _("Credit notes"),
    Kind.DEBIT_NOTE: _("Debit notes"),
    Kind.COMPENSATION: _("Compensations"),
    Kind.LATE_FEE: _("Late fees"),
    Kind.ADJUSTMENT: _("Correction"),
    Kind.PROMISE_PRICE: _("Price of the promised payment"),
    Kind.WRITE_OFF: _("Debt written off"),
    Kind.BONUS_GRANT: _("Bonuses granted"),
    Kind.BONUS_USE: _("Paid with bonuses"),
    Kind.BONUS_EXPIRY: _("Bonuses expired"),
    Kind.OPENING: _("Brought from the former billing"),
    Kind.DEPOSIT: _("Deposit"),
    Kind.DEPOSIT_RETURN: _("Deposit that came back"),
    Kind.TRANSFER_OUT: _("Moved to another account"),
    Kind.TRANSFER_IN: _("Moved from another account"),
}

#: What one entry is called where sums are called otherwise.
ENTRIES: Final[dict[Kind, Promise]] = {
    Kind.PAYMENT: pgettext_lazy("portal", "Payment"),
    Kind.PAYMENT_REVERSAL: pgettext_lazy("portal", "Payment taken back"),
}

#: What counts as spent in the chart of a month.
SPENDING: Final = USAGE_KINDS | {
    Kind.USAGE_CORRECTION,
    Kind.FEE,
    Kind.FEE_CREDIT,
    Kind.ONE_OFF,
    Kind.TAX,
    Kind.PROMISE_PRICE,
    Kind.LATE_FEE,
}

SERVICES: Final[dict[str, Promise]] = {
    "mobile": _("Mobile"),
    "fixed": _("Home phone"),
    "internet": _("Internet"),
    "iptv": _("Television"),
    "equipment": _("Rented equipment"),
}
SERVICE_ICONS: Final = {
    "mobile": "phone",
    "fixed": "landline",
    "internet": "internet",
    "iptv": "television",
    "equipment": "equipment",
}

GATEWAYS: Final[dict[str, Promise]] = {
    "cash": _("Cash desk"),
    "cash_desk": _("Cash desk"),
    "cashdesk": _("Cash desk"),
    "card_terminal": _("Cash desk, by card"),
    "card": _("Bank card"),
    "bank": _("Bank transfer"),
    "terminal": _("Payment terminal"),
    "voucher": _("Voucher"),
}

FEE_PERIODS: Final[dict[str, Promise]] = {
    "month": _("a month"),
    "day": _("a day"),
    "once": _("once"),
}

USAGE: Final[dict[str, Promise]] = {
    "voice": _("Calls"),
    "sms": _("Messages (SMS)"),
    "data": _("Mobile internet"),
    "session": _("Internet session"),
}


CATEGORIES: Final[dict[str, Promise]] = {
    "service": pgettext_lazy("portal", "Services"),
    "money": pgettext_lazy("portal", "Money"),
    "security": pgettext_lazy("portal", "Security"),
}
CHANNELS: Final[dict[str, Promise]] = {
    "email": pgettext_lazy("portal", "By e-mail"),
    "inbox": pgettext_lazy("portal", "Here, under Messages"),
}


def name_kind(kind: int) -> str:
    """Name a kind of ledger entry."""
    return str(KINDS.get(Kind(kind), Kind(kind).name))


def name_entry(kind: int) -> str:
    """Name one entry of a kind."""
    return str(ENTRIES.get(Kind(kind)) or name_kind(kind))


def name_gateway(gateway: str) -> str:
    """Name the way a payment came."""
    return str(GATEWAYS.get(gateway, gateway))


def say_quantity(usage_kind: str, quantity: int) -> str:
    """Write how much of a kind of usage (voice, sms, data, session)."""
    language = (get_language() or "ru")[:2]
    if usage_kind == "voice":
        return wording.format_duration(quantity, language=language)
    if usage_kind == "sms":
        return f"{quantity}{wording.NO_BREAK}SMS"
    return wording.volume(quantity, language=language)
