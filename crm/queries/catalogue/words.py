"""
How what is in the catalogue is written for people: volumes, units, prices, weekdays, classes.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from crm.domain import writing
from tariffs.models import Allowance, Zone

MEBIBYTE: Final = 1_048_576
GIBIBYTE: Final = 1024 * MEBIBYTE
#: kind of usage -> (what one is on screens, how many units that is).
UNITS: Final = {
    "voice": (gettext_lazy("min"), 60),
    "sms": (gettext_lazy("messages"), 1),
    "data": (gettext_lazy("MB"), MEBIBYTE),
    "session": (gettext_lazy("MB"), MEBIBYTE),
}
KINDS: Final = {
    "voice": gettext_lazy("calls"),
    "sms": gettext_lazy("messages"),
    "data": gettext_lazy("mobile data"),
    "session": gettext_lazy("internet sessions"),
}
WEEKDAYS: Final = (
    gettext_lazy("Mon"),
    gettext_lazy("Tue"),
    gettext_lazy("Wed"),
    gettext_lazy("Thu"),
    gettext_lazy("Fri"),
    gettext_lazy("Sat"),
    gettext_lazy("Sun"),
)


def is_russian() -> bool:
    """Return whether the page is in Russian."""
    return (get_language() or "ru").startswith("ru")


def name_of(row: object) -> str:
    """Return `name_ru` or `name_en` of a row."""
    return str(getattr(row, "name_ru" if is_russian() else "name_en"))


def figure(value: Decimal) -> str:
    """
    Return a number as people write it, without zeros at its end.

    >>> figure(Decimal("1200.50")).replace(chr(160), " ")
    '1 200,5'
    """
    whole = value == value.to_integral_value()
    text = f"{value:,.0f}" if whole else f"{value:,f}".rstrip("0")
    return writing.grouped(text, is_russian=is_russian())


def price(amount: Decimal, currency: str = "RUB") -> str:
    """Return a price with as many decimals as it has, two at least."""
    shown = max(2, -int(amount.normalize().as_tuple().exponent))
    return writing.money(amount, currency=currency, is_russian=is_russian(), decimals=shown)


def quantity(kind: str, units: int) -> str:
    """Return «3 мин 20 с», «5 сообщений», «1,5 ГБ»."""
    if kind == "voice":
        return duration(units)
    if kind == "sms":
        return ngettext("%(n)s message", "%(n)s messages", units) % {"n": units}
    return data_volume(units)


def duration(seconds: int) -> str:
    """Return minutes and seconds; whole minutes without seconds."""
    minutes, rest = divmod(seconds, 60)
    parts = []
    if minutes:
        parts.append(_("%(n)s min") % {"n": figure(Decimal(minutes))})
    if rest or not minutes:
        parts.append(_("%(n)s s") % {"n": rest})
    return " ".join(parts).replace(" ", writing.NBSP)


def data_volume(size: int) -> str:
    """Return bytes in the largest unit of which there is one at least."""
    for unit, name in ((GIBIBYTE, _("GB")), (MEBIBYTE, _("MB")), (1024, _("KB"))):
        if size >= unit:
            shown = (Decimal(size) / unit).quantize(Decimal("0.01"))
            return f"{figure(shown)}{writing.NBSP}{name}"
    return f"{size}{writing.NBSP}{_('bytes')}"


def unit_price(kind: str, amount: Decimal, unit: int) -> str:
    """Return «2,50 ₽ за минуту»."""
    values = {"price": price(amount), "unit": quantity(kind, unit)}
    if kind == "voice" and unit == 60:
        return _("%(price)s a minute") % values
    if kind == "sms" and unit == 1:
        return _("%(price)s a message") % values
    if unit == MEBIBYTE:
        return _("%(price)s a megabyte") % values
    return _("%(price)s for %(unit)s") % values


def volume(allowance: Allowance) -> str:
    """Return how much an allowance holds: «300 мин», «50 ₽»."""
    if allowance.is_money:
        return price(Decimal(allowance.amount) / 100)
    return quantity(allowance.usage_kind, allowance.amount)


def where(allowance: Allowance, zones: dict[int, str]) -> str:
    """Return to where an allowance is used: classes, zones, or all but international ones."""
    classes = dict(Zone.ZoneClass.choices)
    named = [str(classes.get(code, code)) for code in allowance.zone_classes]
    named += [zones.get(zone_id, str(zone_id)) for zone_id in allowance.zone_ids]
    return ", ".join(named) or _("all but international")


def clock(second: int) -> str:
    """
    Return the local hour of a second of the day.

    >>> clock(28_800), clock(86_400)
    ('08:00', '24:00')
    """
    return f"{second // 3600:02}:{second % 3600 // 60:02}"


def weekdays(days: Iterable[int]) -> str:
    """Return «Пн–Пт», «Сб, Вс», or every day."""
    chosen = sorted(set(days))
    if not chosen or len(chosen) == 7:
        return _("every day")
    if len(chosen) > 2 and chosen[-1] - chosen[0] == len(chosen) - 1:
        return f"{WEEKDAYS[chosen[0] - 1]}–{WEEKDAYS[chosen[-1] - 1]}"
    return ", ".join(str(WEEKDAYS[day - 1]) for day in chosen)
