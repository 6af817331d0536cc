"""
How the history speaks: titles and texts of what happened, in the reader's language.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.models import FiscalReceipt
from crm.domain import writing
from dunning.models import ServiceAccess

EVENT_TITLES: Final = {
    "customer.created": gettext_lazy("Customer created"),
    "unit.added": gettext_lazy("Unit added"),
    "unit.changed": gettext_lazy("Unit changed"),
    "unit.removed": gettext_lazy("Unit taken out of the company"),
    "household.joined": gettext_lazy("Joined the household"),
    "household.left": gettext_lazy("Left the household"),
    "document.added": gettext_lazy("Identity document added"),
    "document.seen": gettext_lazy("Identity document looked at"),
    "document.removed": gettext_lazy("Identity document removed"),
    "bill.consolidated": gettext_lazy("Consolidated bill issued"),
    "contract.signed": gettext_lazy("Contract signed"),
    "account.opened": gettext_lazy("Account opened"),
    "account.closed": gettext_lazy("Account closed"),
    "number.changed": gettext_lazy("Number changed"),
    "cycle.changed": gettext_lazy("Billing cycle changed"),
    "deposit.taken": gettext_lazy("Deposit taken"),
    "deposit.returned": gettext_lazy("Deposit returned"),
    "service.ordered": gettext_lazy("Service ordered"),
    "service.activated": gettext_lazy("Service activated"),
    "service.suspended": gettext_lazy("Service paused"),
    "service.resumed": gettext_lazy("Service resumed"),
    "service.terminated": gettext_lazy("Service terminated"),
    "plan.change_scheduled": gettext_lazy("Plan change scheduled"),
    "plan.changed": gettext_lazy("Plan changed"),
    "plan.change_cancelled": gettext_lazy("Plan change cancelled"),
    "package.added": gettext_lazy("Package added"),
    "package.removed": gettext_lazy("Package taken off"),
    "bundle.bought": gettext_lazy("Bundle bought"),
    "bundle.dissolved": gettext_lazy("Bundle ended"),
    "pause.agreed": gettext_lazy("Pause agreed"),
    "pause.cancelled": gettext_lazy("Pause called off"),
    "price.agreed": gettext_lazy("Own price agreed"),
    "price.ended": gettext_lazy("Own price ended"),
    "adjustment.posted": gettext_lazy("Adjustment"),
    "payment.reversed": gettext_lazy("Payment reversed"),
    "payment.refunded": gettext_lazy("Refund"),
    "payment.refund_failed": gettext_lazy("Refund not made"),
    "payment.link": gettext_lazy("Link to pay"),
    "chargeback.opened": gettext_lazy("Dispute at the bank opened"),
    "chargeback.won": gettext_lazy("Dispute at the bank won"),
    "chargeback.lost": gettext_lazy("Dispute at the bank lost"),
    "autopay.set": gettext_lazy("Autopay set"),
    "autopay.stopped": gettext_lazy("Autopay switched off"),
    "autopay.declined": gettext_lazy("Autopay: card refused"),
    "autopay.capped": gettext_lazy("Autopay: limit of the month"),
    "autopay.failed": gettext_lazy("Autopay failed and is off"),
    "hold.authorised": gettext_lazy("Money held"),
    "hold.captured": gettext_lazy("Held money charged"),
    "hold.voided": gettext_lazy("Held money let go"),
    "debt.written_off": gettext_lazy("Debt written off"),
    "entry.reversed": gettext_lazy("Correction taken back"),
    "balance.opened": gettext_lazy("Opening balance posted"),
    "money.transferred": gettext_lazy("Money moved between accounts"),
    "bonus.granted": gettext_lazy("Bonus granted"),
    "instalments.agreed": gettext_lazy("Instalment plan agreed on"),
    "instalments.kept": gettext_lazy("Instalment plan paid"),
    "instalments.broken": gettext_lazy("Instalment plan broken"),
    "instalments.cancelled": gettext_lazy("Instalment plan ended"),
    "late_fee.began": gettext_lazy("Late fee begun"),
    "payment.split": gettext_lazy("Payment split among units"),
    "payment.shares_returned": gettext_lazy("Shares of a payment taken back"),
    "promise.given": gettext_lazy("Promised payment"),
    "credit_note.issued": gettext_lazy("Credit note"),
    "debit_note.issued": gettext_lazy("Debit note"),
    "bill.voided": gettext_lazy("Bill void"),
    "bill.released": gettext_lazy("Parked bill released"),
    "bill.reissued": gettext_lazy("Bill issued in place of a void one"),
    "dispute.raised": gettext_lazy("Charge disputed"),
    "dispute.answered": gettext_lazy("Answer in a dispute"),
    "dispute.accepted": gettext_lazy("Dispute accepted"),
    "dispute.rejected": gettext_lazy("Dispute rejected"),
    "dispute.withdrawn": gettext_lazy("Dispute withdrawn"),
    "compensation.given": gettext_lazy("Compensation for an outage"),
    "ticket.opened": gettext_lazy("Ticket opened"),
    "ticket.answered": gettext_lazy("Answer to a ticket"),
    "ticket.closed": gettext_lazy("Ticket closed"),
    "limit.changed": gettext_lazy("Credit limit changed"),
    "credit_class.changed": gettext_lazy("Credit class changed"),
    "promise.kept": gettext_lazy("Promise kept"),
    "promise.broken": gettext_lazy("Promise broken"),
    "guard.set": gettext_lazy("Spending guard set"),
    "guard.lifted": gettext_lazy("Spending guard lifted"),
    "guard.extended": gettext_lazy("More spending allowed"),
    "guard.reached": gettext_lazy("Spending guard reached"),
    "allowance.low": gettext_lazy("80% of an allowance used"),
    "allowance.used_up": gettext_lazy("Allowance used up"),
    "group.opened": gettext_lazy("Group that shares allowances opened"),
    "group.joined": gettext_lazy("Joined a group that shares allowances"),
    "group.left": gettext_lazy("Left a group that shares allowances"),
    "suspense.recycled": gettext_lazy("Suspended record priced"),
    "password.changed": gettext_lazy("Password changed"),
    "customer.changed": gettext_lazy("Contacts changed"),
}

#: Plain values of an event that say something to a person, in the order they are written.
_TELLING: Final = ("reason", "number", "name", "comment")
_DAYS: Final = ("effective_on", "due_at")

GATEWAYS: Final = {
    "cash_desk": gettext_lazy("cash desk"),
    "card_terminal": gettext_lazy("card, at the desk"),
    "voucher": gettext_lazy("voucher"),
    "cash": gettext_lazy("cash desk"),
    "terminal": gettext_lazy("terminal"),
    "card": gettext_lazy("card"),
    "bank": gettext_lazy("bank"),
}


def event_title(kind: str) -> str:
    """Return what a kind of event is called; the code itself for a kind nobody named."""
    return str(EVENT_TITLES.get(kind, kind))


def event_text(data: Mapping[str, Any], *, about: str = "") -> str:
    """
    Return the telling values of an event, apart by a middle dot; `about` is the plan, package or
    deck.
    """
    told = [about, *(data[name] for name in _TELLING if name in data)]
    told += data.get("identifiers") or []
    values = dict.fromkeys(str(value) for value in told if value and not isinstance(value, dict))
    days = [_day(data[name]) for name in _DAYS if data.get(name)]
    return " · ".join([*values, *days])


def price_text(data: Mapping[str, Any], *, about: str) -> str:
    """Return a company's own price and its days: what for, how much, from when to when, why."""
    told = [about or str(data.get("deck", ""))]
    if data.get("fee"):
        told.append(money(Decimal(data["fee"]), "RUB"))
    told.append(_("from %(day)s") % {"day": _day(data["active_from"])})
    if data.get("active_to"):
        last = date.fromisoformat(data["active_to"]) - timedelta(days=1)
        told.append(_("to %(day)s") % {"day": written_day(last)})
    return " · ".join(filter(None, [*told, data.get("reason", "")]))


def cycle_text(data: Mapping[str, Any]) -> str:
    """Return how an account's cycles run, and from when."""
    length = _("two months") if data["months"] == 2 else _("one month")
    told = [
        _("cycle from the %(day)s") % {"day": data["cycle_day"]},
        length,
        _("from %(day)s") % {"day": _day(data["starts_on"])},
    ]
    return " · ".join(told)


def credit_text(data: Mapping[str, Any], *, classes: Mapping[str, str], currency: str) -> str:
    """Return what limit or class became what, and why; `classes` are names by code."""
    if "limit" in data:
        both = [money(Decimal(data[name]), currency) for name in ("before", "limit")]
    else:
        both = [classes.get(data[name], data[name]) for name in ("before", "credit_class")]
    return " · ".join(filter(None, [" → ".join(both), data.get("reason", "")]))


def event_amount(data: Mapping[str, Any]) -> Decimal | None:
    """Return the event's amount, if it tells one."""
    try:
        return Decimal(str(data["amount"]))
    except (KeyError, InvalidOperation):
        return None


def gateway_name(code: str) -> str:
    """Return what the way of paying is called."""
    if code.startswith("terminal:"):
        return _("terminal %(code)s") % {"code": code.removeprefix("terminal:")}
    return str(GATEWAYS.get(code, code))


def level_name(level: str) -> str:
    """Return what the level of access is called."""
    known = dict(ServiceAccess.Level.choices)
    return str(known.get(level, level))


def access_before(old: str) -> str:
    """Return «works without limits →», to stand before the new level; nothing for the first one."""
    return f"{level_name(old)} →" if old else ""


def network_text(desired: Mapping[str, Any], error: str) -> str:
    """Return the level and speed that the network was told, and what it answered if it failed."""
    speed = desired.get("speed_kbps")
    told = [level_name(str(desired.get("level", "")))]
    told += [_("%(speed)s kbit/s") % {"speed": speed}] if speed else []
    return ", ".join(filter(None, told)) + (f"\n{error}" if error else "")


def bill_text(number: str, start: date, end: date) -> str:
    """Return «№ 2026-17 за 1 октября 2026 – 31 октября 2026» (the last day included)."""
    last = end - timedelta(days=1)
    return _("No. %(number)s for %(start)s – %(last)s") % {
        "number": number,
        "start": written_day(start),
        "last": written_day(last),
    }


def money(amount: Decimal, currency: str) -> str:
    """Return the amount as screens write it."""
    return writing.money(amount, currency=currency, is_russian=is_russian())


def written_day(day: date) -> str:
    """Return `22 ноября 2026`."""
    return date_format(day, "j E Y" if is_russian() else "j F Y")


def start_of(day: date) -> datetime:
    """Return the first moment of the business day."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())


def day_of(moment: datetime) -> date:
    """Return the business day of a moment."""
    return moment.astimezone(timezone.get_default_timezone()).date()


def is_russian() -> bool:
    """Return whether the reader's language is Russian."""
    return (get_language() or "ru").startswith("ru")


def _day(value: object) -> str:
    try:
        found = date.fromisoformat(str(value)[:10])
    except ValueError:
        return str(value)
    return written_day(found)


def receipt_texts(receipts: Iterable[FiscalReceipt]) -> tuple[str, ...]:
    """Return what became of a payment's fiscal receipts, one text each."""
    return tuple(
        _("fiscal receipt (%(kind)s): %(state)s")
        % {"kind": row.get_kind_display(), "state": row.get_state_display()}
        for row in receipts
    )
