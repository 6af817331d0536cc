"""
What is unusual about a bill before it goes out, and what looks as if it were billed twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

#: More or less than last month by more than the run's percent and money.
CHANGE: Final = "change"
#: Nothing is charged, and last month something was.
ZERO_NOW: Final = "zero"
#: More is given back than charged.
NEGATIVE: Final = "negative"
FLAGS: Final = (CHANGE, ZERO_NOW, NEGATIVE)

#: What tells one fee of a service from another: its plan, package or whatever it is charged for.
_FEE_OF: Final = ("what", "source", "plan", "plan_version", "package_version")


@dataclass(frozen=True, slots=True)
class Limits:
    """A change is unusual if it is of more than both."""

    percent: Decimal
    money: Decimal


@dataclass(frozen=True, slots=True)
class TwiceBilled:
    """Days of a service that a fee of the same kind was charged for more than once on one bill."""

    subscription_id: int
    title_ru: str
    title_en: str
    first: date
    end: date

    def as_json(self) -> dict[str, Any]:
        """Plain values of it."""
        return {
            "subscription": self.subscription_id,
            "title_ru": self.title_ru,
            "title_en": self.title_en,
            "first": self.first.isoformat(),
            "end": self.end.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class FeeLine:
    """A recurring fee on a bill; `amount` negative gives days back."""

    subscription_id: int
    amount: Decimal
    title_ru: str
    title_en: str
    explanation: Mapping[str, Any]


def find_flags(gross: Decimal, *, former: Decimal | None, limits: Limits) -> tuple[str, ...]:
    """
    Return what is unusual about the sum of a bill; `former` is last month's, None for the first.

    >>> find_flags(Decimal(900), former=Decimal(300), limits=Limits(Decimal(50), Decimal(300)))
    ('change',)
    >>> find_flags(Decimal(0), former=Decimal(300), limits=Limits(Decimal(50), Decimal(300)))
    ('zero',)
    """
    flags = []
    if former is not None and former > 0:
        change = abs(gross - former)
        if change > limits.money and change * 100 > former * limits.percent:
            flags.append(CHANGE)
        if gross == 0:
            flags.append(ZERO_NOW)
    if gross < 0:
        flags.append(NEGATIVE)
    return tuple(flags)


def find_twice_billed(fees: Iterable[FeeLine]) -> list[TwiceBilled]:
    """
    Return the first stretch of days of each fee that is charged more than once.

    Days given back on the same bill count against what was charged for them; so do days charged
    anew after that. A fee without days is left out.
    """
    groups: dict[tuple[Any, ...], list[FeeLine]] = defaultdict(list)
    for fee in fees:
        if "period_start" in fee.explanation:
            key = tuple(str(fee.explanation.get(name)) for name in _FEE_OF)
            groups[fee.subscription_id, *key].append(fee)
    found = (_first_overlap(group) for group in groups.values())
    return [each for each in found if each is not None]


def _first_overlap(fees: list[FeeLine]) -> TwiceBilled | None:
    steps: dict[date, int] = defaultdict(int)
    for fee in fees:
        weight = -1 if fee.amount < 0 else 1
        steps[date.fromisoformat(fee.explanation["period_start"])] += weight
        steps[date.fromisoformat(fee.explanation["period_end"])] -= weight
    depth, first = 0, None
    for day in sorted(steps):
        depth += steps[day]
        if depth > 1 and first is None:
            first = day
        elif depth <= 1 and first is not None:
            fee = fees[0]
            return TwiceBilled(fee.subscription_id, fee.title_ru, fee.title_en, first, day)
    return None


#: Bands of a change against last month, in percent: their upper ends; the last is open.
BANDS: Final = (-50, -20, -5, 5, 20, 50)


def band_of(gross: Decimal, former: Decimal | None) -> int:
    """
    Return the place of a change among the bands; the last but one more is «no bill last month».

    >>> [band_of(Decimal(n), Decimal(100)) for n in (0, 90, 100, 104, 130, 500)], band_of(Decimal(0), None)
    ([0, 2, 3, 3, 5, 6], 7)
    """
    if former is None or former <= 0:
        return len(BANDS) + 1
    change = (gross - former) * 100 / former
    return sum(change > band if band > 0 else change >= band for band in BANDS)
