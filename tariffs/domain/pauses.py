"""
The voluntary suspension (добровольная блокировка): may a service rest, from when, how long.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

DAY: Final = timedelta(days=1)


class PauseRefusal(StrEnum):
    """Why a pause isn't possible; translated where it is shown."""

    FORBIDDEN = "forbidden"
    NOT_ACTIVE = "not_active"
    ALREADY = "already"
    PAST = "past"
    TOO_FAR = "too_far"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_SOON = "too_soon"
    YEAR_USED_UP = "year_used_up"
    IN_DEBT = "in_debt"


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the rules; no plan and no service = every one."""

    plan_id: int | None = None
    service: str = ""
    is_allowed: bool = True
    min_days: int = 1
    max_days: int | None = None
    days_a_year: int | None = None
    gap_days: int = 0
    ahead_days: int = 90
    needs_no_debt: bool = False
    free_days: int = 0
    fee: Decimal = Decimal(0)
    fee_period: str = "day"
    keeps_packages: bool = False


#: What holds where there is no row: free, without limits.
DEFAULT: Final = Rule()


@dataclass(frozen=True, slots=True)
class Request:
    """
    A pause that is asked for `on` a day: days in [starts_on, until), open without `until`.

    `rested` are the days rested so far, by year; `last_ended_on` is the first day after the last
    pause; `debt` what is owed.
    """

    on: date
    starts_on: date
    until: date | None = None
    is_active: bool = True
    is_agreed: bool = False
    rested: Mapping[int, int] = field(default_factory=dict)
    last_ended_on: date | None = None
    debt: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Refused:
    """One rule that stands in the way, its figure, and from when it won't, if a day is known."""

    why: PauseRefusal
    limit: int | Decimal | None = None
    possible_on: date | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: days in [starts_on, ends_on), open without an end, of which some are free."""

    rule: Rule
    starts_on: date
    ends_on: date | None
    free_days: int
    refused: tuple[Refused, ...] = ()


def find_rule(rules: Iterable[Rule], *, plan_id: int, service: str) -> Rule:
    """Return the rule of the plan, else of the kind of service, else the general one."""
    by_key = {(rule.plan_id, rule.service): rule for rule in rules}
    places = ((plan_id, ""), (None, service), (None, ""))
    return next((by_key[place] for place in places if place in by_key), DEFAULT)


def days_by_year(first: date, until: date) -> dict[int, int]:
    """
    Return how many days of [first, until) fall into each year.

    >>> days_by_year(date(2026, 12, 30), date(2027, 1, 3))
    {2026: 2, 2027: 2}
    """
    found: dict[int, int] = {}
    while first < until:
        ends = min(until, date(first.year + 1, 1, 1))
        found[first.year] = (ends - first).days
        first = ends
    return found


def decide(rule: Rule, request: Request) -> Decision:
    """
    Decide a pause by its rule; every rule that stands in the way is told, not just the first.

    An open pause ends by itself where the rule allows no more days, of a pause or of a year.
    """
    ends_on = request.until or _latest_end(rule, request)
    checks = (
        _check_state(rule, request),
        _check_start(rule, request),
        _check_length(rule, request, ends_on),
        _check_year(rule, request, ends_on),
        _check_debt(rule, request),
    )
    left = rule.free_days - request.rested.get(request.starts_on.year, 0)
    return Decision(
        rule=rule,
        starts_on=request.starts_on,
        ends_on=ends_on,
        free_days=max(0, left),
        refused=tuple(refused for check in checks for refused in check),
    )


def _latest_end(rule: Rule, request: Request) -> date | None:
    ends = []
    if rule.max_days is not None:
        ends.append(request.starts_on + rule.max_days * DAY)
    if rule.days_a_year is not None:
        left = max(0, rule.days_a_year - request.rested.get(request.starts_on.year, 0))
        of_year = request.starts_on + left * DAY
        # What reaches into the next year has that year's days as well; it ends with this one.
        ends.append(min(of_year, date(request.starts_on.year + 1, 1, 1)))
    return min(ends, default=None)


def _check_state(rule: Rule, request: Request) -> list[Refused]:
    if not rule.is_allowed:
        return [Refused(PauseRefusal.FORBIDDEN)]
    if request.is_agreed:
        return [Refused(PauseRefusal.ALREADY)]
    return [] if request.is_active else [Refused(PauseRefusal.NOT_ACTIVE)]


def _check_start(rule: Rule, request: Request) -> list[Refused]:
    found = []
    if request.starts_on <= request.on:
        found.append(Refused(PauseRefusal.PAST, possible_on=request.on + DAY))
    latest = request.on + max(1, rule.ahead_days) * DAY
    if request.starts_on > latest:
        possible_on = request.starts_on - rule.ahead_days * DAY
        found.append(Refused(PauseRefusal.TOO_FAR, rule.ahead_days, possible_on))
    if request.last_ended_on is not None and rule.gap_days:
        possible_on = request.last_ended_on + rule.gap_days * DAY
        if request.starts_on < possible_on:
            found.append(Refused(PauseRefusal.TOO_SOON, rule.gap_days, possible_on))
    return found


def _check_length(rule: Rule, request: Request, ends_on: date | None) -> list[Refused]:
    if ends_on is None:
        return []
    days = (ends_on - request.starts_on).days
    if request.until is not None and days < rule.min_days:
        return [Refused(PauseRefusal.TOO_SHORT, rule.min_days)]
    if rule.max_days is not None and days > rule.max_days:
        return [Refused(PauseRefusal.TOO_LONG, rule.max_days)]
    return []


def _check_year(rule: Rule, request: Request, ends_on: date | None) -> list[Refused]:
    if rule.days_a_year is None or ends_on is None:
        return []
    least = max(ends_on, request.starts_on + rule.min_days * DAY)
    for year, days in days_by_year(request.starts_on, least).items():
        if request.rested.get(year, 0) + days > rule.days_a_year:
            limit = max(0, rule.days_a_year - request.rested.get(year, 0))
            return [Refused(PauseRefusal.YEAR_USED_UP, limit, date(year + 1, 1, 1))]
    return []


def _check_debt(rule: Rule, request: Request) -> list[Refused]:
    if rule.needs_no_debt and request.debt > 0:
        return [Refused(PauseRefusal.IN_DEBT, request.debt)]
    return []
