"""
What is to be priced anew: a period and a selection, as plain values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


class WrongSelection(ValueError):
    """A period without days, or a value that isn't what it should be."""


@dataclass(frozen=True, slots=True)
class Selection:
    """
    Usage that started on the days [first, end), narrowed by what is named; nothing named = all.

    `plan_ids` and `deck_ids` mean all versions of them, `deck_version_ids` are single ones: what a
    corrected version replaced, for instance.
    """

    first: date
    end: date
    account_ids: tuple[int, ...] = ()
    plan_ids: tuple[int, ...] = ()
    zone_ids: tuple[int, ...] = ()
    deck_ids: tuple[int, ...] = ()
    deck_version_ids: tuple[int, ...] = ()
    kinds: tuple[int, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.end <= self.first:
            message = "a period ends after it begins"
            raise WrongSelection(message)

    def as_json(self) -> dict[str, Any]:
        """
        Return it as it is stored.

        >>> Selection(date(2026, 11, 1), date(2026, 12, 1), zone_ids=(3,)).as_json()
        {'first': '2026-11-01', 'end': '2026-12-01', 'zone_ids': [3]}
        """
        numbers = {name: list(getattr(self, name)) for name in _NUMBERS if getattr(self, name)}
        return {"first": self.first.isoformat(), "end": self.end.isoformat(), **numbers}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Selection":
        """
        Return what was stored.

        >>> Selection.from_json({"first": "2026-11-01", "end": "2026-11-02"}).kinds
        ()
        """
        numbers = {name: tuple(plain[name]) for name in _NUMBERS if name in plain}
        return cls(date.fromisoformat(plain["first"]), date.fromisoformat(plain["end"]), **numbers)


_NUMBERS = ("account_ids", "plan_ids", "zone_ids", "deck_ids", "deck_version_ids", "kinds")


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many accounts get a difference of [low, high) in the currency; None is open."""

    low: int | None
    high: int | None
    accounts: int


#: Ends of the steps in which differences are counted.
STEPS = (-300, -100, -30, -10, 0, 10, 30, 100, 300)
