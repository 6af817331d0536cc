"""
How bills, disputes and tickets are written on the agents' screens.
"""

from datetime import date, timedelta
from typing import Final

from django import template
from django.utils.safestring import SafeString

from crm.templatetags.crm import day, state

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
}


@register.filter
def day_before(value: date) -> str:
    """Return the last day of a period that ends before `value`."""
    return day(value - timedelta(days=1))


@register.simple_tag
def dispute_state(code: str, word: object) -> SafeString:
    """Return the state of a dispute with its word and glyph."""
    return state(_TONE_OF.get(code, code), word)
