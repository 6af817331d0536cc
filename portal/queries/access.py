"""
What a service may do now, why, and what lifts it, in the subscriber's words.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext as _

from portal.domain import wording


@dataclass(frozen=True, slots=True)
class AccessView:
    """`tone` is ok, soon, now or off; `lift` says what makes it work again ("" = nothing needed)."""

    level: str
    tone: str
    icon: str
    word: str
    why: str = ""
    lift: str = ""
    word_of_home: str = ""


#: level: tone, icon, word.
LEVELS: Final[dict[str, tuple[str, str, Promise]]] = {
    "open": ("ok", "check", pgettext_lazy("portal", "works")),
    "bar_long_distance": ("soon", "warning", pgettext_lazy("portal", "local calls only")),
    "slow": ("soon", "warning", pgettext_lazy("portal", "slower")),
    "suspended": ("now", "stop", pgettext_lazy("portal", "switched off")),
    "paused": ("off", "pause", pgettext_lazy("portal", "paused")),
    "ended": ("off", "stop", pgettext_lazy("portal", "terminated")),
    "ordered": ("soon", "clock", pgettext_lazy("portal", "being connected")),
}


def describe_access(
    level: str, *, speed_kbps: int | None, to_pay: Decimal, currency: str
) -> AccessView:
    """Return the words for a level; `to_pay` is the sum that lifts it, 0 if money doesn't."""
    tone, icon, word = LEVELS[level]
    return AccessView(
        level=level,
        tone=tone,
        icon=icon,
        word=str(word),
        why=_why(level, speed_kbps=speed_kbps),
        lift=_lift(level, to_pay=to_pay, currency=currency),
        word_of_home=_sum_up(level, speed_kbps=speed_kbps),
    )


def _why(level: str, *, speed_kbps: int | None) -> str:
    if level == "slow":
        speed = wording.speed(speed_kbps or 0, language=_language())
        why = _("The money on the account is used up, so the internet is slower: up to %(speed)s.")
        return why % {"speed": speed} if speed_kbps else _("The money on the account is used up.")
    texts = {
        "bar_long_distance": _(
            "There is no money left for long-distance and international calls. "
            "Local and incoming calls work."
        ),
        "suspended": _("The debt has become too large. Emergency numbers can be called."),
        "paused": _("Paused at your own wish."),
        "ordered": _("We are connecting it and write to you when it works."),
    }
    return texts.get(level, "")


def _sum_up(level: str, *, speed_kbps: int | None) -> str:
    """The short form, for the sentence under the balance."""
    speed = wording.speed(speed_kbps or 0, language=_language())
    texts = {
        "slow": _("The internet is slower, up to %(speed)s."),
        "bar_long_distance": _("Long-distance and international calls are off."),
        "suspended": _("Services are switched off."),
    }
    return texts.get(level, "") % {"speed": speed}


def _lift(level: str, *, to_pay: Decimal, currency: str) -> str:
    if to_pay <= 0:
        return ""
    amount = wording.format_money(to_pay, currency=currency, language=_language())
    texts = {
        "slow": _("Top up by %(amount)s, and the speed comes back at once."),
        "bar_long_distance": _("Top up by %(amount)s, and all calls work at once."),
        "suspended": _("Top up by %(amount)s, and it works again at once."),
    }
    return texts.get(level, "") % {"amount": amount}


def _language() -> str:
    return (get_language() or "ru")[:2]
