"""The move matrix: the most specific rule, its fee by direction, its day, its refusals."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tariffs.domain.moves import (
    DEFAULT,
    MoveRefusal,
    Rule,
    Side,
    Timing,
    decide,
    find_rule,
)

ON, NEXT = date(2026, 1, 15), date(2026, 2, 1)
SHORE, WAVE, STORM = 1, 2, 3
PAIR, LEAVE, ENTER, ANY = (Rule(*pair) for pair in ((1, 2), (1, None), (None, 2), (None, None)))


def move(rules, *, old="300", new="450", held_days=100, to=WAVE, period="month"):
    return decide(
        rules,
        before=Side(SHORE, Decimal(old)),
        after=Side(to, Decimal(new), period),
        held_since=ON - timedelta(days=held_days),
        on=ON,
        next_period_on=NEXT,
    )


@pytest.mark.parametrize(
    ("rules", "to", "found"),
    [
        ([], WAVE, DEFAULT),
        ([ANY], WAVE, ANY),
        ([ANY, ENTER], WAVE, ENTER),
        ([ANY, ENTER, LEAVE], WAVE, LEAVE),
        ([ANY, ENTER, LEAVE, PAIR], WAVE, PAIR),
        ([ENTER, PAIR], STORM, DEFAULT),
        ([ANY, LEAVE, PAIR], STORM, LEAVE),
    ],
)
def test_the_rule_that_says_most_is_taken(rules, to, found) -> None:
    assert find_rule(rules, from_plan=SHORE, to_plan=to) is found


def test_without_a_rule_a_move_is_free_from_the_next_period() -> None:
    decision = move([])
    assert (decision.fee, decision.effective_on, decision.refusals) == (0, NEXT, ())


@pytest.mark.parametrize(
    ("old", "new", "period", "fee"),
    [
        ("300", "450", "month", 10),
        ("300", "300", "month", 10),
        ("300", "299.99", "month", 150),
        ("300", "9.99", "day", 150),
        ("300", "10", "day", 10),
    ],
)
def test_the_fee_depends_on_the_direction(old, new, period, fee) -> None:
    rule = Rule(fee_up=Decimal(10), fee_down=Decimal(150))
    assert move([rule], old=old, new=new, period=period).fee == fee


@pytest.mark.parametrize(
    ("timing", "day", "effective_on"),
    [
        (Timing.NOW, None, ON),
        (Timing.NEXT_PERIOD, None, NEXT),
        (Timing.ON_DATE, date(2026, 3, 8), date(2026, 3, 8)),
        (Timing.ON_DATE, date(2026, 1, 16), date(2026, 1, 16)),
        (Timing.ON_DATE, ON, NEXT),
        (Timing.ON_DATE, date(2025, 1, 1), NEXT),
    ],
)
def test_the_first_day(timing, day, effective_on) -> None:
    assert move([Rule(timing=timing, on_date=day)]).effective_on == effective_on


def test_a_forbidden_move_is_refused() -> None:
    decision = move([Rule(SHORE, WAVE, is_allowed=False)])
    assert (decision.refusals, decision.possible_on) == ((MoveRefusal.FORBIDDEN,), None)
    assert move([Rule(SHORE, WAVE, is_allowed=False)], to=STORM).refusals == ()


@pytest.mark.parametrize(("held", "refusals"), [(29, (MoveRefusal.TOO_EARLY,)), (30, ())])
def test_who_has_the_plan_too_short_is_told_from_when(held, refusals) -> None:
    decision = move([Rule(min_days=30)], held_days=held)
    assert decision.refusals == refusals
    assert decision.possible_on == (date(2026, 1, 16) if refusals else None)


def test_versions_of_one_plan_are_no_move() -> None:
    decision = move([Rule(is_allowed=False, fee_up=Decimal(5))], to=SHORE)
    assert (decision.refusals, decision.fee, decision.rule) == ((), 0, DEFAULT)
