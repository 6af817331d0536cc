"""An account's cycles over time: no gap, no day twice, no drift."""

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.domain.calendars import Anchor, Calendar, Rule, monthly, rule_from
from billing_project.kernel.periods import Period, add_months
from invoicing.domain.cycles import CycleRule, cycle_at

DAYS = st.dates(min_value=date(2024, 1, 1), max_value=date(2030, 12, 31))
CYCLE_DAYS = st.integers(1, 31)
MONTHS = st.sampled_from([1, 2])


def test_a_month_on_the_thirty_first_comes_back_after_february() -> None:
    calendar = monthly(31)
    ends, day = [], date(2026, 1, 31)
    for _ in range(4):
        day = calendar.cycle_on(day).days.end
        ends.append(day)
    assert ends == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31)]


@pytest.mark.parametrize(
    ("anchor", "day", "months", "first"),
    [
        (Anchor.DAY, 10, 2, Period(date(2026, 2, 1), date(2026, 2, 10))),
        (Anchor.DAY, 1, 2, Period(date(2026, 2, 1), date(2026, 4, 1))),
        (Anchor.CALENDAR, 17, 2, Period(date(2026, 2, 1), date(2026, 3, 1))),
        (Anchor.CALENDAR, 17, 1, Period(date(2026, 2, 1), date(2026, 3, 1))),
        (Anchor.ANNIVERSARY, 17, 2, Period(date(2026, 2, 1), date(2026, 3, 20))),
        (Anchor.ANNIVERSARY, 17, 1, Period(date(2026, 2, 1), date(2026, 2, 20))),
    ],
)
def test_the_first_cycle_after_a_change(anchor, day, months, first) -> None:
    rule = rule_from(
        date(2026, 2, 1), anchor=anchor, cycle_day=day, months=months, opened_on=date(2025, 5, 20)
    )
    assert Calendar((Rule(1, until=rule.starts_on), rule)).cycle_on(date(2026, 2, 1)).days == first


@settings(deadline=None)
@given(cycle_day=CYCLE_DAYS, since=DAYS, days=st.integers(0, 500))
def test_months_are_those_of_the_rules_of_invoicing(cycle_day, since, days) -> None:
    rule = rule_from(since, anchor=Anchor.DAY, cycle_day=cycle_day, months=1, opened_on=since)
    day = since + timedelta(days=days)
    expected = cycle_at(CycleRule(anchor=cycle_day), day, since=since)
    found = Calendar((rule,)).cycle_on(day)
    assert found.whole == expected
    assert found.days == Period(max(expected.start, since), expected.end)


def first_occurrence(cycle_day: int, since: date) -> date:
    """The first day from one on that is the cycle day, or the last of a month too short for it."""
    day = since
    while day.day != min(cycle_day, monthrange(day.year, day.month)[1]):
        day += timedelta(days=1)
    return day


@settings(deadline=None)
@given(cycle_day=CYCLE_DAYS, months=MONTHS, since=DAYS, days=st.integers(0, 500))
def test_whole_cycles_begin_on_the_first_such_day(cycle_day, months, since, days) -> None:
    rule = rule_from(since, anchor=Anchor.DAY, cycle_day=cycle_day, months=months, opened_on=since)
    first, day = first_occurrence(cycle_day, since), since + timedelta(days=days)
    bounds = [add_months(first, months * n, anchor_day=cycle_day) for n in range(-1, 20)]
    start = max(bound for bound in bounds if bound <= day)
    whole = Period(start, bounds[bounds.index(start) + 1])
    found = Calendar((rule,)).cycle_on(day)
    assert found.whole == whole
    assert found.days == Period(max(start, since), whole.end)


@settings(deadline=None)
@given(
    start=DAYS,
    rules=st.lists(st.tuples(CYCLE_DAYS, MONTHS, st.integers(1, 100)), min_size=1, max_size=4),
)
def test_cycles_of_any_calendar_follow_each_other(start, rules) -> None:
    made, since = [], start
    for number, (day, months, length) in enumerate(rules):
        rule = rule_from(since, anchor=Anchor.DAY, cycle_day=day, months=months, opened_on=start)
        until = since + timedelta(days=length) if number < len(rules) - 1 else None
        made.append(Rule(*rule.beat, starts_on=since, until=until))
        since = until or since
    calendar, day = Calendar(tuple(made)), start
    while day < since + timedelta(days=90):
        cycle = calendar.cycle_on(day)
        assert cycle.days.start == day
        assert cycle.whole.start <= cycle.days.start < cycle.days.end <= cycle.whole.end
        assert all(calendar.cycle_on(one).days == cycle.days for one in cycle.days)
        day = cycle.days.end
