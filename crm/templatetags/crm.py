"""
How money, days, phones and states are written on the agents' screens.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

register = template.Library()

NBSP: Final = "\u00a0"
MINUS: Final = "\u2212"
_SIGNS: Final = {"RUB": "₽", "USD": "$", "EUR": "€"}

#: tone of a state -> glyph; a word always stands beside it.
_GLYPHS: Final = {"good": "✓", "soon": "▲", "now": "✕", "quiet": "○"}

#: state of anything -> tone.
_TONES: Final = {
    **dict.fromkeys(
        ["active", "open", "done", "confirmed", "sent", "posted", "priced", "kept", "recycled"],
        "good",
    ),
    **dict.fromkeys(["approved", "executed"], "good"),
    **dict.fromkeys(
        ["ordered", "running", "sending", "queued", "scheduled", "slow", "bar_long_distance"],
        "soon",
    ),
    **dict.fromkeys(["waiting", "received", "paused", "suspended_by_wish"], "soon"),
    **dict.fromkeys(
        ["suspended", "failed", "broken", "refused", "unknown", "reversed", "written_off"], "now"
    ),
}

_ACTIONS: Final = {
    "customer.created": _("Customer created"),
    "contract.signed": _("Contract signed"),
    "account.opened": _("Account opened"),
    "service.ordered": _("Service ordered"),
    "service.activated": _("Service activated"),
    "service.suspended": _("Service paused"),
    "service.resumed": _("Service resumed"),
    "service.terminated": _("Service terminated"),
    "plan.change_scheduled": _("Plan change scheduled"),
    "plan.changed": _("Plan changed"),
    "plan.change_cancelled": _("Plan change cancelled"),
    "payment.received": _("Payment received"),
    "payment.reversed": _("Payment reversed"),
    "adjustment.posted": _("Adjustment posted"),
    "fee.charged": _("Fee charged"),
    "balance.low": _("Balance is low"),
    "access.restricted": _("Access restricted"),
    "access.restored": _("Access restored"),
    "promise.given": _("Promised payment given"),
    "promise.kept": _("Promise kept"),
    "promise.broken": _("Promise broken"),
    "bill.issued": _("Bill issued"),
    "suspense.recycled": _("Suspended record priced"),
    "password.changed": _("Password changed"),
    "contact.changed": _("Contacts changed"),
    "note.written": _("Note"),
}


@register.filter
def money(amount: Decimal | None, currency: str = "RUB") -> str:
    """Return `1 234,50 ₽` in Russian, `₽1,234.50` in English; a dash for nothing."""
    return "—" if amount is None else _written(Decimal(amount), currency, decimals=2)


@register.filter
def short_money(amount: Decimal | None, currency: str = "RUB") -> str:
    """Return the amount as `money`, without kopecks where there are none."""
    if amount is None:
        return "—"
    whole = Decimal(amount) == Decimal(amount).to_integral_value()
    return _written(Decimal(amount), currency, decimals=0 if whole else 2)


@register.filter
def signed_money(amount: Decimal | None, currency: str = "RUB") -> str:
    """Return the amount as `money`, with a plus where it is above zero."""
    return f"+{money(amount, currency)}" if amount and amount > 0 else money(amount, currency)


@register.filter
def number(value: int | None) -> str:
    """Return a count with its thousands apart."""
    return "—" if value is None else _grouped(f"{value:,}")


@register.filter
def day(value: date | datetime | None) -> str:
    """Return `22 ноября 2026`."""
    if value is None:
        return "—"
    value = timezone.localtime(value) if isinstance(value, datetime) else value
    return date_format(value, "j E Y" if _is_russian() else "j F Y").replace(" ", NBSP)


@register.filter
def moment(value: datetime | None) -> str:
    """Return `22 ноября 2026, 14:05` in the operator's zone."""
    return "—" if value is None else f"{day(value)}, {clock(value)}"


@register.filter
def clock(value: datetime | None) -> str:
    """Return `14:05` in the operator's zone."""
    return "" if value is None else timezone.localtime(value).strftime("%H:%M")


@register.filter
def phone(value: str) -> str:
    """Return `+7 912 345-67-89` for a Russian number; anything else as it is."""
    digits = str(value).removeprefix("+")
    if not (digits.isdigit() and len(digits) == 11 and digits.startswith("7")):
        return str(value)
    parts = f"+7 {digits[1:4]} {digits[4:7]}-{digits[7:9]}-{digits[9:]}"
    return parts.replace(" ", NBSP)


@register.filter
def localized(thing: object, field: str = "name") -> str:
    """Return `name_ru` or `name_en` of a row of the catalogue."""
    return str(getattr(thing, f"{field}_{'ru' if _is_russian() else 'en'}", ""))


@register.filter
def tone(state: str) -> str:
    """Return good, soon, now or quiet."""
    return _TONES.get(state, "quiet")


@register.filter
def event_title(kind: str) -> str:
    """Return what a kind of event is called on screens."""
    return str(_ACTIONS.get(kind, kind))


@register.simple_tag
def state(code: str, word: object = "") -> SafeString:
    """Return a state as a word with a glyph, never as a colour alone."""
    name = tone(code)
    return format_html(
        '<span class="state state-{}"><span aria-hidden="true">{}</span> {}</span>',
        name,
        _GLYPHS[name],
        word or gettext(code),
    )


def _written(amount: Decimal, currency: str, *, decimals: int) -> str:
    minus = MINUS if amount < 0 else ""
    figures = _grouped(f"{abs(amount):,.{decimals}f}")
    sign = _SIGNS.get(currency, currency)
    return f"{minus}{figures}{NBSP}{sign}" if _is_russian() else f"{minus}{sign}{figures}"


def _grouped(figures: str) -> str:
    if not _is_russian():
        return figures
    return figures.replace(",", NBSP).replace(".", ",")


def _is_russian() -> bool:
    return (get_language() or "ru").startswith("ru")
