"""
How money, days, phones and states are written on the agents' screens.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Subscription
from crm.domain import writing
from dunning.models import ServiceAccess
from invoicing.domain.quotes import Difference

register = template.Library()

#: tone of a state -> glyph; a word always stands beside it.
_GLYPHS: Final = {"good": "✓", "soon": "▲", "now": "✕", "quiet": "○"}

#: state of anything -> tone.
_TONES: Final = {
    **dict.fromkeys(
        ["active", "open", "done", "confirmed", "sent", "posted", "priced", "kept", "recycled"],
        "good",
    ),
    **dict.fromkeys(["approved", "executed", "applied", "loaded"], "good"),
    **dict.fromkeys(["credited", "succeeded", "won"], "good"),
    "pending": "soon",
    "lost": "now",
    **dict.fromkeys(["made", "unassigned"], "soon"),
    **dict.fromkeys(["blocked"], "now"),
    **dict.fromkeys(
        [
            "draft",
            "stale",
            "ordered",
            "running",
            "loading",
            "sending",
            "queued",
            "scheduled",
            "slow",
            "bar_long_distance",
        ],
        "soon",
    ),
    **dict.fromkeys(
        ["waiting", "received", "paused", "suspended_by_wish", "asked", "duplicate"], "soon"
    ),
    **dict.fromkeys(
        [
            "suspended",
            "failed",
            "broken",
            "refused",
            "unknown",
            "reversed",
            "written_off",
            "still_bad",
        ],
        "now",
    ),
}


FIGURES: Final = {
    "partitions made": _("months made"),
    "new files": _("new files"),
    "seen before": _("seen before"),
    "refused": pgettext_lazy("counted", "refused"),
    "files": pgettext_lazy("counted", "files"),
    "records": _("records"),
    "priced": _("priced"),
    "duplicates": _("duplicates"),
    "not chargeable": _("not charged"),
    "in suspense": _("in suspense"),
    "suspense by reason": _("reason"),
    "charged": _("charged"),
    "entries": _("ledger entries"),
    "sessions booked": _("sessions booked"),
    "charged by record": _("charged by the switch's record"),
    "alarms of the suspense": _("alarms of the suspense"),
    "plan changes": pgettext_lazy("counted", "plan changes"),
    "periods charged": _("periods charged"),
    "allowances carried over": _("allowances carried over"),
    "bonuses used": _("bonuses used"),
    "bonuses expired": _("bonuses expired"),
    "holds expired": _("holds expired"),
    "notices of allowances": _("notices of allowances"),
    "spending limits reached": _("spending limits reached"),
    "series of vouchers ended": _("series of vouchers ended"),
    "promises kept": _("promises kept"),
    "late fees": _("late fees"),
    "payments split": _("payments split among units"),
    "splits taken back": _("shares taken back"),
    "plans kept": _("instalment plans kept"),
    "plans broken": _("instalment plans broken"),
    "promises broken": pgettext_lazy("counted", "broken"),
    "accounts decided": _("accounts decided"),
    "restricted": _("restricted"),
    "restored": _("restored"),
    "bills": pgettext_lazy("counted", "bills"),
    "bills drafted": _("bills drafted"),
    "runs approved": _("runs approved"),
    "consolidated bills": _("consolidated bills"),
    "confirmed": _("confirmed"),
    "put off": _("put off"),
    "failed": pgettext_lazy("counted", "failed"),
    "events": pgettext_lazy("counted", "events"),
    "inbox": _("inbox"),
    "e-mail": pgettext_lazy("counted", "e-mail"),
    "voice": _("calls"),
    "sms": _("messages"),
    "data": _("mobile data"),
    "session": _("internet sessions"),
}

JOB_STATES: Final = {
    "waiting": _("waiting"),
    "pending": _("waiting"),
    "running": _("running"),
    "done": _("done"),
    "failed": _("failed"),
}

STEPS: Final = {
    "months": _("Months made ahead"),
    "load": _("Receiving files"),
    "online": _("Online sessions"),
    "price": _("Pricing usage"),
    "post": _("Posting charges"),
    "limits": _("Allowances and limits"),
    "bonuses": _("Bonuses and holds"),
    "fees": _("Recurring fees"),
    "plans": _("Plan changes"),
    "vouchers": _("Vouchers"),
    "promises": _("Promised payments"),
    "late_fees": _("Late fees"),
    "debts": _("Instalments and split payments"),
    "access": _("Access"),
    "network": _("Network orders"),
    "bills": _("Bills"),
    "drafts": _("Drafts of bills"),
    "approve": _("Drafts that go out"),
    "consolidated": _("Consolidated bills"),
    "messages": _("Messages"),
    "books": _("Books checked"),
}


HISTORY_KINDS: Final = {
    "note": _("Conversations"),
    "money": _("Money"),
    "service": _("Services and contract"),
    "access": _("Access"),
    "message": _("Messages"),
    "bill": _("Bills"),
    "network": _("Network"),
}

#: what is included -> its name and how much of it is one on screens.
VOLUMES: Final = {
    "voice": (_("minutes"), 60),
    "sms": (_("messages"), 1),
    "data": (_("megabytes"), 1024 * 1024),
    "session": (_("megabytes"), 1024 * 1024),
    "speed": (_("speed, kbit/s"), 1),
}

LEVELS: Final = {
    **dict(Subscription.State.choices),
    **dict(ServiceAccess.Level.choices),
    "paused": _("paused"),
}

REASONS: Final = {
    "malformed_line": _("broken line"),
    "wrong_encoding": _("wrong encoding"),
    "bad_time": _("bad time"),
    "bad_duration": _("bad duration"),
    "bad_number": _("bad number"),
    "bad_subscriber": _("bad subscriber"),
    "unknown_kind": _("unknown kind of usage"),
    "unknown_subscriber": _("unknown subscriber"),
    "no_plan": _("no plan that day"),
    "no_price_version": _("no price version that day"),
    "unknown_zone": _("unknown zone"),
    "no_rate": _("no rate"),
    "too_large": _("too large"),
}


@register.filter
def money(amount: Decimal | None, currency: str = "RUB") -> str:
    """Return `1 234,50 ₽` in Russian, `₽1,234.50` in English; a dash for nothing."""
    return "—" if amount is None else _money(Decimal(amount), currency, decimals=2)


@register.filter
def short_money(amount: Decimal | None, currency: str = "RUB") -> str:
    """Return the amount as `money`, without kopecks where there are none."""
    if amount is None:
        return "—"
    whole = Decimal(amount) == Decimal(amount).to_integral_value()
    return _money(Decimal(amount), currency, decimals=0 if whole else 2)


@register.filter
def signed_money(amount: Decimal | None, currency: str = "RUB") -> str:
    """Return the amount as `money`, with a plus where it is above zero."""
    return f"+{money(amount, currency)}" if amount and amount > 0 else money(amount, currency)


@register.filter
def negated(amount: Decimal) -> Decimal:
    """Return the other side of an entry."""
    return -amount


@register.filter
def number(value: int | None) -> str:
    """Return a count with its thousands apart."""
    return "—" if value is None else writing.grouped(f"{value:,}", is_russian=_is_russian())


@register.filter
def day(value: date | datetime | None) -> str:
    """Return `22 ноября 2026`."""
    if value is None:
        return "—"
    value = timezone.localtime(value) if isinstance(value, datetime) else value
    return date_format(value, "j E Y" if _is_russian() else "j F Y").replace(" ", writing.NBSP)


@register.filter
def short_day(value: datetime) -> str:
    """Return `22 ноября` in the operator's zone."""
    found = timezone.localtime(value)
    return date_format(found, "j E" if _is_russian() else "j F").replace(" ", writing.NBSP)


@register.filter
def year(value: datetime) -> int:
    """Return the year in the operator's zone."""
    return timezone.localtime(value).year


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
    return writing.phone(str(value))


@register.filter
def localized(thing: object, field: str = "name") -> str:
    """Return `name_ru` or `name_en` of a row of the catalogue."""
    return str(getattr(thing, f"{field}_{'ru' if _is_russian() else 'en'}", ""))


@register.filter
def tone(state: str) -> str:
    """Return good, soon, now or quiet."""
    return _TONES.get(state, "quiet")


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


@register.simple_tag
def reason_name(code: str) -> str:
    """Return why a record waits, in words."""
    return str(REASONS.get(code, code))


@register.simple_tag
def service_state(level: str) -> SafeString:
    """Return the level of access, or the state of a service without one, with its word."""
    return state(level, LEVELS.get(level, level))


@register.simple_tag
def account_kind(code: str) -> str:
    """Return prepaid or postpaid in words."""
    return str(dict(Account.Kind.choices).get(code, code))


@register.simple_tag
def history_kind(code: str) -> str:
    """Return what a kind of the history's items is called."""
    return str(HISTORY_KINDS.get(code, code))


@register.simple_tag
def difference(one: Difference) -> str:
    """Return «минуты: 200 → 500»: what is other on the new plan."""
    kind = one.what.partition(":")[0]
    name, unit = VOLUMES.get(kind, (kind, 1))
    return f"{name}: {one.before // unit} → {one.after // unit}"


@register.inclusion_tag("crm/dialog_button.html")
def dialog_button(code: str, letter: str, name: str, to: str, *pks: int) -> dict[str, str]:  # noqa: PLR0917
    """Return a button that opens a form in the dialog; `code` is the key that presses it."""
    address = reverse(to, args=pks)
    return {"code": code, "letter": letter, "name": name, "address": address}


@register.simple_tag
def figure_name(path: tuple[str, ...]) -> str:
    """Return the name of a figure of the night: «причины: неверное время»."""
    return ": ".join(str(FIGURES.get(part, REASONS.get(part, part))) for part in path)


@register.simple_tag
def job_state(code: str) -> SafeString:
    """Return the state of a piece, step or night with its word."""
    return state(code, JOB_STATES.get(code, code))


@register.simple_tag
def job_step(name: str) -> str:
    """Return what a step of the night is called."""
    return str(STEPS.get(name, name))


def _money(amount: Decimal, currency: str, *, decimals: int) -> str:
    return writing.money(amount, currency=currency, is_russian=_is_russian(), decimals=decimals)


def _is_russian() -> bool:
    return (get_language() or "ru").startswith("ru")
