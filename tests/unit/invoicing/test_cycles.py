"""Cycles are gapless, hold the moments they are asked for, and never drift from their anchor."""

import calendar
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billing_project.kernel.periods import Period, cycle_of
from invoicing.domain.cycles import (
    ANNIVERSARY,
    CALENDAR,
    MONTHS,
    CycleRule,
    DayRounding,
    Unit,
    billed_day,
    billing_periods,
    calendar_buckets,
    cycle_at,
)

quick = settings(deadline=None)
DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 12, 31))
CYCLE_DAYS = st.integers(1, 31)
ANCHORS = st.one_of(CYCLE_DAYS, st.sampled_from([CALENDAR, ANNIVERSARY]))
RULES = st.builds(
    CycleRule,
    st.sampled_from(list(Unit)),
    st.integers(1, 5),
    ANCHORS,
    st.one_of(st.none(), DAYS),
    st.booleans(),
)


def last_of(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


@quick
@given(rule=RULES, since=DAYS, later=st.integers(0, 4000))
def test_a_cycle_holds_its_moment_and_the_next_begins_at_its_end(rule, since, later) -> None:
    moment = since + timedelta(days=later)
    cycle = cycle_at(rule, moment, since=since)
    assert moment in cycle
    assert cycle_at(rule, cycle.end, since=since).start == cycle.end
    assert cycle_at(rule, cycle.start, since=since) == cycle or cycle.start < since


@quick
@given(rule=RULES, since=DAYS)
def test_periods_have_no_gap_and_begin_with_the_service(rule, since) -> None:
    periods = list(islice(billing_periods(rule, since=since), 30))
    assert periods[0].start == since
    assert all(one.end == after.start for one, after in pairwise(periods))


@quick
@given(day=CYCLE_DAYS, since=DAYS, unit=st.sampled_from(list(MONTHS)), number=st.integers(1, 4))
@example(31, date(2027, 12, 31), Unit.MONTH, 1)
def test_a_cycle_day_comes_back_after_short_months(day, since, unit, number) -> None:
    rule = CycleRule(unit, number, day)
    for period in islice(billing_periods(rule, since=since), 40):
        assert period.end.day == min(day, last_of(period.end))


@quick
@given(day=CYCLE_DAYS, since=DAYS, later=st.integers(0, 900))
def test_monthly_cycles_are_the_kernels(day, since, later) -> None:
    moment = since + timedelta(days=later)
    assert cycle_at(CycleRule(anchor=day), moment, since=since) == cycle_of(moment, cycle_day=day)


@quick
@given(since=DAYS, later=st.integers(0, 900), unit=st.sampled_from(list(MONTHS)))
def test_calendar_cycles_begin_on_the_first(since, later, unit) -> None:
    moment = since + timedelta(days=later)
    cycle = cycle_at(CycleRule(unit, 1, CALENDAR), moment, since=since)
    assert cycle.start.day == 1
    assert (cycle.start.month - 1) % MONTHS[unit] == 0


@pytest.mark.parametrize(
    ("rule", "on", "start", "end"),
    [
        (CycleRule(Unit.WEEK, 1, CALENDAR), "2026-11-22", "2026-11-16", "2026-11-23"),
        (CycleRule(Unit.DAY, 10, ANNIVERSARY), "2026-11-22", "2026-11-20", "2026-11-30"),
        (CycleRule(Unit.YEAR, 1, ANNIVERSARY), "2026-11-22", "2026-11-10", "2027-11-10"),
        (CycleRule(Unit.QUARTER, 1, CALENDAR), "2026-11-22", "2026-10-01", "2027-01-01"),
        (CycleRule(Unit.MONTH, 2, 15), "2026-11-12", "2026-09-15", "2026-11-15"),
    ],
)
def test_cycles_by_their_anchor(rule, on, start, end) -> None:
    cycle = cycle_at(rule, date.fromisoformat(on), since=date(2026, 11, 10))
    assert cycle == Period(date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize(("steps_back", "start"), [(True, 28), (False, 31)])
def test_the_boundary_before_the_first_may_be_stepped_back_to(steps_back, start) -> None:
    rule = CycleRule(anchor=31, steps_back=steps_back)
    cycle = cycle_at(rule, date(2026, 2, 10), since=date(2026, 2, 10))
    assert cycle == Period(date(2026, 1, start), date(2026, 2, 28))


def test_an_instant_keeps_its_time_of_day() -> None:
    since = datetime(2026, 1, 31, 18, 30, tzinfo=UTC)
    periods = list(islice(billing_periods(CycleRule(anchor=ANNIVERSARY), since=since), 2))
    assert [one.end for one in periods] == [
        datetime(2026, 2, 28, 18, 30, tzinfo=UTC),
        datetime(2026, 3, 31, 18, 30, tzinfo=UTC),
    ]


def test_calendar_cycles_of_an_instant_begin_at_midnight() -> None:
    since = datetime(2026, 1, 7, 18, 30, tzinfo=UTC)
    for unit, day in ((Unit.MONTH, 1), (Unit.WEEK, 5)):
        cycle = cycle_at(CycleRule(unit, 1, CALENDAR), since, since=since)
        assert cycle.start == datetime(2026, 1, day, tzinfo=UTC)


@quick
@given(
    unit=st.sampled_from([Unit.WEEK, Unit.MONTH, Unit.QUARTER, Unit.YEAR]),
    number=st.integers(1, 3),
    since=DAYS,
    length=st.integers(1, 1500),
    cut=st.integers(0, 200),
)
def test_a_cut_parts_one_bucket_and_moves_none(unit, number, since, length, cut) -> None:
    until, cut_on = since + timedelta(days=length), since + timedelta(days=cut)
    uncut = calendar_buckets(unit, number, since=since, until=until)
    parted = calendar_buckets(unit, number, since=since, until=until, cut=cut_on)
    assert all(one.end == after.start for one, after in pairwise(parted))
    bounds = {day for one in uncut for day in (one.start, one.end)}
    more = {day for one in parted for day in (one.start, one.end)} - bounds
    # Only buckets that are over by then are there.
    assert more <= {cut_on, since}
    assert all(one.end.day == 1 or unit is Unit.WEEK for one in uncut)


@given(st.datetimes(), st.sampled_from(list(DayRounding)))
def test_a_billed_day_is_next_to_its_instant(moment, rounding) -> None:
    day = datetime.combine(billed_day(moment, rounding), datetime.min.time())
    distance = {
        DayRounding.NEAREST: timedelta(hours=12),
        DayRounding.BILLED_TIME_UP: timedelta(days=1),
        DayRounding.BILLED_TIME_DOWN: timedelta(days=1),
    }[rounding]
    assert abs(day - moment) <= distance
    assert day <= moment or rounding is not DayRounding.BILLED_TIME_UP
    assert day >= moment or rounding is not DayRounding.BILLED_TIME_DOWN
