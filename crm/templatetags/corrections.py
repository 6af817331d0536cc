"""
How bills, disputes and tickets are written on the agents' screens.
"""

from datetime import date, timedelta
from typing import Final

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.queries import Entry
from crm.templatetags.crm import day, state
from invoicing.domain.disputes import DISPUTABLE
from invoicing.models import Outage, OutageRule

register = template.Library()

#: state of a dispute or ticket -> a state that has the tone it should have.
_TONE_OF: Final = {
    "open": "waiting",
    "accepted": "done",
    "rejected": "cancelled",
    "withdrawn": "cancelled",
    "parked": "failed",
    "left": "waiting",
    "issued": "done",
    "answered": "done",
    "closed": "cancelled",
    "drafting": "running",
    "approved": "running",
    "applied": "done",
    "active": "running",
    "kept": "done",
    "broken": "failed",
}


FLAG_NAMES: Final = {
    "change": _("much more or less"),
    "zero": _("nothing now"),
    "negative": _("more given back than charged"),
}


@register.simple_tag
def flag_name(code: str) -> str:
    """Return what is unusual about a draft."""
    return str(FLAG_NAMES.get(code, code))


@register.simple_tag
def reason_title(reason: dict[str, str]) -> str:
    """Return the fee that stands on a parked bill twice."""
    is_english = (get_language() or "ru").startswith("en")
    return reason["title_en" if is_english else "title_ru"]


@register.simple_tag
def reason_days(reason: dict[str, str]) -> str:
    """Return the days it stands there for twice."""
    return f"{day(date.fromisoformat(reason['first']))} – {day_before(date.fromisoformat(reason['end']))}"


@register.simple_tag
def either(russian: str, english: str) -> str:
    """Return the one in the reader's language."""
    return english if (get_language() or "ru").startswith("en") else russian


@register.simple_tag
def titled(thing: Outage) -> str:
    """Return what an outage is called."""
    return either(thing.title_ru, thing.title_en)


@register.simple_tag
def named(thing: OutageRule) -> str:
    """Return what a rule is called."""
    return either(thing.name_ru, thing.name_en)


@register.filter
def may_dispute(entry: Entry) -> bool:
    """Return whether an entry is a charge that may be disputed."""
    return entry.kind in DISPUTABLE and entry.amount < 0


@register.filter
def day_before(value: date) -> str:
    """Return the last day of a period that ends before `value`."""
    return day(value - timedelta(days=1))


@register.simple_tag
def dispute_state(code: str, word: object) -> SafeString:
    """Return the state of a dispute with its word and glyph."""
    return state(_TONE_OF.get(code, code), word)
