"""
RADIUS accounting: how a request becomes usage, whatever kind of file it came in.
"""

from collections.abc import Mapping
from typing import Any, Final

from rating.formats import schema
from rating.formats.documents import KINDS
from rating.formats.recipe import (
    Condition,
    KindRule,
    Partial,
    PartyRule,
    Recipe,
    Term,
    TimeRule,
)
from tariffs.domain.deck import UsageKind

MOMENT: Final = "Moment"
STATUS: Final = "Acct-Status-Type"
#: Numbers stand for the names where the dictionary was not loaded.
STOPS: Final = ("Stop", "2")
REPORTS: Final = ("Start", "Interim-Update", "Alive", "1", "3")
OPTIONS: Final = schema.record(
    {
        "kind": schema.one_of([UsageKind.SESSION.code, UsageKind.DATA.code]),
        "subscriber": schema.one_or_many(schema.text),
        "strip_realm": schema.flag,
    }
)


def recipe_of(mapping: Mapping[str, Any]) -> Recipe:
    """Return the recipe of requests; `mapping` says whose login or number it is."""
    kind = KINDS[mapping.get("kind", UsageKind.SESSION.code)]
    named = mapping.get("subscriber", "User-Name")
    return Recipe(
        kind=KindRule(kind),
        subscriber=PartyRule(
            (named,) if isinstance(named, str) else tuple(named),
            "login" if kind == UsageKind.SESSION else "number",
            mapping.get("strip_realm", False),
        ),
        started_at=TimeRule((MOMENT,), "seconds", minus="Acct-Session-Time"),
        quantity={kind: _bytes()},
        record_id=(
            ("Acct-Unique-Session-Id",),
            ("Acct-Session-Id", "NAS-IP-Address", "NAS-Identifier", "User-Name"),
        ),
        # Accounting-On, Accounting-Off, and what vendors add, are no usage.
        not_charged=(Condition(STATUS, (*STOPS, *REPORTS), negated=True),),
        partial=Partial(Condition(STATUS, REPORTS), is_running=True),
    )


def _bytes() -> tuple[Term, ...]:
    return tuple(
        Term((f"Acct-{way}-{what}",), unit, may_be_empty=True)
        for way in ("Input", "Output")
        for what, unit in (("Octets", "bytes"), ("Gigawords", "gigawords"))
    )
