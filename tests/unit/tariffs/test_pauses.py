"""Rules of pauses: which one counts, what stands in the way, until when."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariffs.domain.pauses import (
    DEFAULT,
    PauseRefusal,
    Request,
    Rule,
    days_by_year,
    decide,
    find_rule,
)

ON, TOMORROW = date(2026, 3, 10), date(2026, 3, 11)


def ask(rule: Rule = DEFAULT, **wish: object):
    return decide(rule, Request(**{"on": ON, "starts_on": TOMORROW, **wish}))


def why(rule: Rule = DEFAULT, **wish: object) -> list[tuple[str, object, date | None]]:
    return [(one.why.value, one.limit, one.possible_on) for one in ask(rule, **wish).refused]


def test_the_most_specific_rule_counts() -> None:
    general, mobile, plan = Rule(free_days=1), Rule(service="mobile"), Rule(plan_id=7)
    rules = [general, mobile, plan]
    assert find_rule(rules, plan_id=7, service="mobile") is plan
    assert find_rule(rules, plan_id=8, service="mobile") is mobile
    assert find_rule(rules, plan_id=8, service="fixed") is general
    assert find_rule([], plan_id=8, service="fixed") is DEFAULT


@pytest.mark.parametrize(
    ("rule", "wish", "expected"),
    [
        ({}, {}, []),
        ({"is_allowed": False}, {}, [("forbidden", None, None)]),
        ({}, {"is_active": False}, [("not_active", None, None)]),
        ({}, {"is_agreed": True, "is_active": False}, [("already", None, None)]),
        ({}, {"starts_on": ON}, [("past", None, TOMORROW)]),
        (
            {"ahead_days": 5},
            {"starts_on": date(2026, 3, 20)},
            [("too_far", 5, date(2026, 3, 15))],
        ),
        ({"min_days": 7}, {"until": date(2026, 3, 17)}, [("too_short", 7, None)]),
        ({"min_days": 7}, {"until": date(2026, 3, 18)}, []),
        ({"max_days": 7}, {"until": date(2026, 3, 19)}, [("too_long", 7, None)]),
        ({"max_days": 7}, {"until": date(2026, 3, 18)}, []),
        ({"gap_days": 30}, {"last_ended_on": ON}, [("too_soon", 30, date(2026, 4, 9))]),
        ({"gap_days": 1}, {"last_ended_on": ON}, []),
        (
            {"days_a_year": 20},
            {"rested": {2026: 15}, "until": date(2026, 3, 17)},
            [("year_used_up", 5, date(2027, 1, 1))],
        ),
        ({"days_a_year": 20}, {"rested": {2025: 20}, "until": date(2026, 3, 17)}, []),
        ({"days_a_year": 20}, {"rested": {2026: 20}}, [("year_used_up", 0, date(2027, 1, 1))]),
        ({"needs_no_debt": True}, {"debt": Decimal(5)}, [("in_debt", Decimal(5), None)]),
        ({}, {"debt": Decimal(5)}, []),
    ],
)
def test_each_rule_says_when_it_will_hold(rule, wish, expected) -> None:
    assert why(Rule(**rule), **wish) == expected


def test_all_that_stands_in_the_way_is_told() -> None:
    rule = Rule(min_days=10, gap_days=10, needs_no_debt=True)
    told = why(rule, until=date(2026, 3, 12), last_ended_on=ON, debt=Decimal(1))
    assert [one[0] for one in told] == ["too_soon", "too_short", "in_debt"]


@pytest.mark.parametrize(
    ("rule", "wish", "ends_on"),
    [
        ({}, {}, None),
        ({"max_days": 90}, {}, TOMORROW + timedelta(days=90)),
        ({"days_a_year": 60}, {"rested": {2026: 10}}, TOMORROW + timedelta(days=50)),
        ({"days_a_year": 400}, {}, date(2027, 1, 1)),
        ({"max_days": 90}, {"until": date(2026, 3, 20)}, date(2026, 3, 20)),
    ],
)
def test_an_open_pause_ends_where_the_rule_does(rule, wish, ends_on) -> None:
    assert ask(Rule(**rule), **wish).ends_on == ends_on


@pytest.mark.parametrize(("rested", "free"), [({}, 30), ({2026: 12}, 18), ({2026: 40}, 0)])
def test_free_days_are_those_left_of_the_year(rested, free) -> None:
    assert ask(Rule(free_days=30), rested=rested).free_days == free


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 1500))
def test_days_of_years_add_up(first: date, length: int) -> None:
    until = first + timedelta(days=length)
    assert sum(days_by_year(first, until).values()) == length


@given(
    st.integers(1, 60),
    st.none() | st.integers(60, 120),
    st.none() | st.integers(0, 120),
    st.integers(0, 150),
    st.none() | st.integers(1, 200),
)
def test_what_is_granted_keeps_every_rule(least, most, a_year, rested, length) -> None:
    rule = Rule(min_days=least, max_days=most, days_a_year=a_year)
    until = TOMORROW + timedelta(days=length) if length else None
    granted = ask(rule, rested={2026: rested}, until=until)
    if granted.refused or granted.ends_on is None:
        return
    days = (granted.ends_on - granted.starts_on).days
    assert most is None or days <= most
    assert a_year is None or rested + days_by_year(TOMORROW, granted.ends_on)[2026] <= a_year
    assert length is None or days == length >= least


def test_every_reason_is_reached() -> None:
    assert len(PauseRefusal) == 10
