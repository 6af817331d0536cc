"""
How the catalogue's versions are shown: their states.
"""

from decimal import Decimal
from typing import Final

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

register = template.Library()

#: An end of a range of money; None = it is open.
Bound = str | int | Decimal | None

#: state -> (tone, glyph, word).
STATES: Final = {
    "draft": ("soon", "✎", _("draft")),
    "scheduled": ("soon", "▲", _("scheduled")),
    "active": ("good", "✓", _("in force")),
    "closed": ("quiet", "○", _("closed")),
    "replaced": ("quiet", "○", _("replaced")),
    "archived": ("quiet", "○", _("archived")),
    "waiting": ("soon", "▲", _("waiting")),
    "pending": ("soon", "▲", _("waiting")),
    "running": ("soon", "▲", _("running")),
    "done": ("good", "✓", _("done")),
    "failed": ("now", "✕", _("failed")),
}


@register.simple_tag
def version_state(code: str) -> SafeString:
    """Return the state of a version or of a comparison, as a word with a glyph."""
    tone, glyph, word = STATES.get(code, ("quiet", "○", code))
    return format_html(
        '<span class="state state-{}"><span aria-hidden="true">{}</span> {}</span>',
        tone,
        glyph,
        word,
    )


@register.simple_tag
def bin_name(low: Bound, high: Bound, is_long: bool = False) -> str:
    """Return «−50…−10» or, in a table, with the sign of the currency; open ends say so."""
    unit = "\u00a0₽" if is_long else ""
    if low == high:
        return gettext("no change") if is_long else "0"
    if low is None:
        return f"< {_bound(high)}{unit}"
    if high is None:
        return f"> {_bound(low)}{unit}"
    if not is_long:
        # The farther end is enough under a column.
        return _bound(low) if Decimal(low) < 0 else f"+{_bound(high)}"
    return f"{_bound(low)}…{_bound(high)}{unit}"


def _bound(value: Bound) -> str:
    whole = int(Decimal(value or 0))
    return f"−{-whole}" if whole < 0 else str(whole)
