"""
How usage, shares and charts are written on the agents' screens.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from crm.domain import writing
from crm.domain.charts import HEIGHT, WIDTH, Chart
from crm.domain.line_changes import mark_change
from crm.templatetags.crm import REASONS, money, number
from rating.domain.corrections import Action
from rating.models import SuspenseRecord

register = template.Library()

KINDS: Final = {
    "voice": _("Calls"),
    "sms": _("Messages"),
    "mms": _("Multimedia messages"),
    "data": _("Mobile data"),
    "session": _("Internet sessions"),
}

OUTCOMES: Final = {
    "corrected": _("corrected"),
    "unchanged": _("nothing to change"),
    "gone": _("not waiting any more"),
    "priced": _("priced"),
    "closed": _("closed without charge"),
    "waiting": _("waiting still"),
    "written_off": _("given up"),
    "restored": _("restored"),
    "kept": _("left as they are"),
}

VERDICTS: Final = {
    "priced": _("would be priced"),
    "still_bad": _("still bad"),
    "duplicate": _("a duplicate: charged already"),
    "not_charged": _("nothing to charge"),
    "replaces": _("takes the place of an earlier record"),
}

SERIES: Final = {
    **REASONS,
    "other": _("other reasons"),
    "amount": _("Charged"),
    "records": _("Records"),
    "files": _("Files"),
}

LENGTHS: Final = {"day": _("Day"), "week": _("Week"), "month": _("Month")}

ACTIONS: Final = {
    Action.REPLACE.value: _("replace “%(pattern)s” by “%(value)s”"),
    Action.SET.value: _("set “%(value)s”"),
    Action.PREFIX.value: _("put “%(value)s” before"),
}

GIGABYTE: Final = 1024**3


@register.filter
def percent(share: Decimal | None) -> str:
    """Return `1,25 %`; a dash for nothing."""
    if share is None:
        return "—"
    text = f"{Decimal(share) * 100:.2f}".rstrip("0").rstrip(".")
    return f"{text.replace('.', ',') if _is_russian() else text}{writing.NBSP}%"


@register.filter
def unlocalized(value: Decimal | int) -> str:
    """Return a number as SVG reads it, in any language."""
    return str(value)


@register.filter
def age(moment: datetime) -> str:
    """Return how long ago: `3 дня`."""
    return timesince(moment, depth=1)


@register.filter
def short_day_of(value: date) -> str:
    """Return `22 ноября` of a date."""
    return _label(value)


@register.simple_tag
def state_name(code: str) -> str:
    """Return the state of a suspended record in words."""
    return str(dict(SuspenseRecord.State.choices).get(code, code))


@register.filter
def kind_name(code: str) -> str:
    """Return what a kind of usage is called."""
    return str(KINDS.get(code, code))


@register.filter
def outcome_name(code: str) -> str:
    """Return what became of a record."""
    return str(OUTCOMES.get(code, code))


@register.filter
def verdict_name(code: str) -> str:
    """Return what would become of a record."""
    return str(VERDICTS.get(code, code))


@register.filter
def length_name(code: str) -> str:
    """Return day, week or month."""
    return str(LENGTHS.get(code, code))


@register.filter
def series_name(code: str) -> str:
    """Return what a part of a column is called."""
    return str(SERIES.get(code, code))


@register.filter
def rule_text(rule: dict[str, Any]) -> str:
    """Return a rule in words: «src: заменить “^8” на “7”»."""
    if not rule:
        return ""
    column = rule["column"] or _("the whole record")
    return f"{column}: {ACTIONS[rule['action']] % rule}"


@register.simple_tag
def changed(before: str, after: str) -> SafeString:
    """Return a line before and after with what changed marked, and enough around it."""
    found = mark_change(before, after)
    return format_html(
        '<del class="mono">{}<mark>{}</mark>{}</del><br><ins class="mono">{}<mark>{}</mark>{}</ins>',
        *(found.head, found.old, found.tail),
        *(found.head, found.new, found.tail),
    )


@register.simple_tag
def used(quantity: int | None, kind: str) -> str:
    """Return a quantity in people's units: minutes, pieces, gigabytes; nothing over many kinds."""
    if quantity is None:
        return ""
    if kind == "voice":
        return _written(Decimal(quantity) / 60, _("min"))
    if kind in {"data", "session"}:
        return _written(Decimal(quantity) / GIGABYTE, _("GB"))
    return number(quantity)


@register.inclusion_tag("crm/chart.html")
def draw(chart: Chart, title: str, unit: str = "") -> dict[str, Any]:
    """
    Draw a chart with its table. `unit` is `money` or nothing (a count).
    """
    return {
        "chart": chart,
        "title": title,
        "is_money": unit == "money",
        "is_stacked": len(chart.series) > 1,
        "names": [str(SERIES.get(str(code), code)) for code in chart.series],
        "ticks": [_tick(value, is_money=unit == "money") for value in chart.ticks],
        "labels": _labels(chart),
        "rows": [(_label(column.key), column) for column in chart.columns if column.total],
        "width": WIDTH,
        "height": HEIGHT,
    }


@register.filter
def figure(value: Decimal | int, is_money: bool) -> str:
    """Return money or a count."""
    return money(Decimal(value)) if is_money else number(int(value))


def _written(value: Decimal, unit: object) -> str:
    figures = f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
    text = writing.grouped(figures, is_russian=_is_russian())
    return f"{text}{writing.NBSP}{unit}"


def _tick(value: Decimal | int, *, is_money: bool) -> str:
    if not is_money:
        return number(int(value))
    return writing.money(Decimal(value), currency="RUB", is_russian=_is_russian(), decimals=0)


def _labels(chart: Chart) -> list[str]:
    """Return a few words along the axis, evenly spaced: of the first, some between, the last."""
    keys = [column.key for column in chart.columns]
    if len(keys) <= 8:
        # Under each column there is room for a number.
        return [str(key.day) if isinstance(key, date) else _label(key) for key in keys]
    step = (len(keys) - 1) / 4
    return [_label(keys[round(step * place)], is_short=True) for place in range(5)]


def _label(key: object, *, is_short: bool = False) -> str:
    if isinstance(key, date):
        if is_short:
            return date_format(key, "j.m" if _is_russian() else "j M")
        return date_format(key, "j E" if _is_russian() else "j F").replace(" ", writing.NBSP)
    return f"{key:02}:00" if isinstance(key, int) else str(key)


def _is_russian() -> bool:
    return (get_language() or "ru").startswith("ru")
