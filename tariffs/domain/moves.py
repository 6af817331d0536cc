"""
The move matrix: may a subscriber move from one plan to another, for how much, and from when.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

#: A move is agreed at most so many days ahead.
AHEAD: Final = 92
#: Days of a month when fees per day and per month are compared.
MONTH: Final = 30


class Timing(StrEnum):
    """When a move takes effect."""

    NOW = "now"
    NEXT_PERIOD = "next_period"
    ON_DATE = "on_date"


class MoveRefusal(StrEnum):
    """Why a move isn't possible; translated where it is shown."""

    FORBIDDEN = "forbidden"
    TOO_EARLY = "too_early"
    BEFORE = "before"
    TOO_FAR = "too_far"


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the matrix; plans by id, None = any."""

    from_plan: int | None = None
    to_plan: int | None = None
    is_allowed: bool = True
    fee_up: Decimal = Decimal(0)
    fee_down: Decimal = Decimal(0)
    timing: Timing = Timing.NEXT_PERIOD
    on_date: date | None = None
    min_days: int = 0


#: What holds where the matrix has no row: free, from the next period.
DEFAULT: Final = Rule()


@dataclass(frozen=True, slots=True)
class Side:
    """A plan at one end of a move, with its recurring fee per month or day."""

    plan_id: int
    fee: Decimal
    fee_period: str = "month"

    @property
    def monthly(self) -> Decimal:
        """The fee of thirty days."""
        return self.fee * MONTH if self.fee_period == "day" else self.fee


@dataclass(frozen=True, slots=True)
class MoveDecision:
    """The answer: its fee and first day; or refusals, and from when it would be possible."""

    rule: Rule
    fee: Decimal
    effective_on: date
    is_up: bool
    refusals: tuple[MoveRefusal, ...] = ()
    possible_on: date | None = None


def find_rule(rules: Iterable[Rule], *, from_plan: int, to_plan: int) -> Rule:
    """Return the most specific rule for a pair of plans, else the default."""
    by_pair = {(rule.from_plan, rule.to_plan): rule for rule in rules}
    places = ((from_plan, to_plan), (from_plan, None), (None, to_plan), (None, None))
    return next((by_pair[place] for place in places if place in by_pair), DEFAULT)


def decide(
    rules: Iterable[Rule],
    *,
    before: Side,
    after: Side,
    held_since: date,
    on: date,
    next_period_on: date,
    wanted: date | None = None,
) -> MoveDecision:
    """
    Decide a move asked for on a day, by a subscriber who has the plan since `held_since`.

    The rule says the earliest day; a later one may be `wanted`, three months ahead at most.

    Between versions of one plan nothing is asked but the default. A date of the rule that has
    passed means the next period. The days on the plan are counted on the day of asking.
    """
    is_same = before.plan_id == after.plan_id
    rule = DEFAULT if is_same else find_rule(rules, from_plan=before.plan_id, to_plan=after.plan_id)
    is_up = after.monthly >= before.monthly
    possible_on = held_since + timedelta(days=rule.min_days)
    earliest = _first_day(rule, on=on, next_period_on=next_period_on)
    refusal: MoveRefusal | None = None
    if not rule.is_allowed:
        refusal = MoveRefusal.FORBIDDEN
    elif on < possible_on:
        refusal = MoveRefusal.TOO_EARLY
    elif wanted is not None and wanted < earliest:
        refusal, possible_on = MoveRefusal.BEFORE, earliest
    elif wanted is not None and wanted > on + timedelta(days=AHEAD):
        refusal, possible_on = MoveRefusal.TOO_FAR, wanted - timedelta(days=AHEAD)
    return MoveDecision(
        rule=rule,
        fee=rule.fee_up if is_up else rule.fee_down,
        effective_on=wanted or earliest,
        is_up=is_up,
        refusals=(refusal,) if refusal else (),
        possible_on=possible_on if refusal and refusal != MoveRefusal.FORBIDDEN else None,
    )


def _first_day(rule: Rule, *, on: date, next_period_on: date) -> date:
    if rule.timing == Timing.NOW:
        return on
    if rule.timing == Timing.ON_DATE and rule.on_date and rule.on_date > on:
        return rule.on_date
    return next_period_on
