"""The fee for a part of a cycle."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.domain.calendars import Calendar, Rule, monthly
from billing_project.kernel.periods import Period, cycle_of
from invoicing.domain.proration import (
    Convention,
    FeeTerms,
    fee_of,
    next_period,
    part_price,
    price_of,
    share_of,
    unused_fee,
)

PRORATIONS = ["actual", "fixed_30", "month_30", "seconds"]
FEES = st.decimals(min_value=0, max_value=100_000, places=2)
TERMS = st.builds(FeeTerms, FEES, st.just("month"), st.sampled_from(PRORATIONS))
DAYS = st.dates(min_value=date(2024, 1, 1), max_value=date(2030, 12, 31))
CYCLE_DAYS = st.integers(1, 31)

CASES = [
    pytest.param("300", "month", "actual", 10, "96.77", id="ten days of January"),
    pytest.param("300", "month", "actual", 31, "300.00", id="a whole cycle"),
    pytest.param("300", "month", "fixed_30", 10, "100.00", id="ten thirtieths"),
    pytest.param("300", "month", "fixed_30", 30, "300.00", id="thirty of thirty-one"),
    pytest.param("300", "month", "month_30", 10, "100.00", id="ten days of a month of thirty"),
    pytest.param("300", "month", "seconds", 10, "96.77", id="the seconds of ten days"),
    pytest.param("9.99", "day", "actual", 3, "29.97", id="three days of a daily fee"),
    pytest.param("100", "month", "actual", 1, "3.23", id="half a kopeck goes up"),
]
JANUARY = monthly(1).cycle_on(date(2026, 1, 1))
#: Cycles of one or two months on any day, one of them cut short by a change.
CALENDARS = st.builds(
    lambda day, months, phase: Calendar((Rule(day, months, phase % months),)),
    CYCLE_DAYS,
    st.sampled_from([1, 2]),
    st.integers(0, 1),
)


@pytest.mark.parametrize(("fee", "period", "proration", "days", "expected"), CASES)
def test_fee_of_some_days(fee, period, proration, days, expected) -> None:
    terms = FeeTerms(Decimal(fee), period, proration)
    part = Period(date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=days))
    assert part_price(terms, part, JANUARY) == Decimal(expected)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param(date(2026, 1, 15), date(2026, 2, 1), "160.00", id="a month of 31 days as 30"),
        pytest.param(date(2026, 1, 31), date(2026, 2, 1), "0.00", id="its 31st as none"),
        pytest.param(date(2026, 1, 1), date(2026, 2, 1), "300.00", id="all of it"),
        pytest.param(date(2026, 1, 1), date(2026, 1, 31), "300.00", id="never more than the fee"),
    ],
)
def test_months_of_thirty_days(start, end, expected) -> None:
    terms = FeeTerms(Decimal(300), proration="month_30")
    assert part_price(terms, Period(start, end), JANUARY) == Decimal(expected)


def test_months_of_thirty_days_across_their_end() -> None:
    cycle = monthly(15).cycle_on(date(2026, 2, 20))
    terms = FeeTerms(Decimal(300), proration="month_30")
    part = Period(date(2026, 2, 20), date(2026, 3, 15))
    assert part_price(terms, part, cycle) == Decimal("250.00")


def test_a_part_between_moments() -> None:
    terms = FeeTerms(Decimal(310), proration="seconds")
    part = Period(datetime(2026, 1, 31, 6), datetime(2026, 2, 1))
    assert part_price(terms, part, JANUARY) == Decimal("7.50")


def test_two_months_cost_two_fees_and_a_part_its_share() -> None:
    cycle = Calendar((Rule(1, 2),)).cycle_on(date(2026, 1, 1))
    terms = FeeTerms(Decimal(295))
    assert part_price(terms, cycle.days, cycle) == Decimal("590.00")
    part = Period(date(2026, 2, 1), date(2026, 3, 1))
    assert part_price(terms, part, cycle) == Decimal("280.00")


@settings(deadline=None)
@given(terms=TERMS, day=DAYS, calendar=CALENDARS, part=st.integers(1, 62))
def test_a_part_costs_between_nothing_and_the_fee(terms, day, calendar, part) -> None:
    cycle = calendar.cycle_on(day)
    ends = [min(cycle.days.start + timedelta(days=n), cycle.days.end) for n in (part, part + 1)]
    prices = [part_price(terms, Period(cycle.days.start, end), cycle) for end in ends]
    assert 0 <= prices[0] <= prices[1] <= terms.fee * cycle.months


@settings(deadline=None)
@given(terms=TERMS, day=DAYS, calendar=CALENDARS, used=st.integers(-3, 70))
def test_charge_less_credit_is_worth_the_days_used(terms, day, calendar, used) -> None:
    period = next_period(starts_on=day, calendar=calendar, terms=terms)
    charged = fee_of(period, calendar=calendar, terms=terms)
    unused_from = min(period.start + timedelta(days=used), period.end)
    credit = unused_fee(
        charged, period=period, unused_from=unused_from, calendar=calendar, terms=terms
    )
    worth = Decimal(0)
    if unused_from > period.start:
        worth = fee_of(Period(period.start, unused_from), calendar=calendar, terms=terms)
    # Thirty days a month: the thirty-first of a part may be worth more than what was charged.
    assert charged - credit == min(worth, charged)
    assert 0 <= credit <= charged


def test_a_charge_covers_the_rest_of_the_cycle() -> None:
    terms = FeeTerms(Decimal(300))
    assert next_period(starts_on=date(2026, 2, 10), calendar=monthly(31), terms=terms) == Period(
        date(2026, 2, 10), date(2026, 2, 28)
    )


def test_a_charge_ends_where_the_plan_changes() -> None:
    period = next_period(
        starts_on=date(2026, 1, 1),
        calendar=monthly(1),
        terms=FeeTerms(Decimal(310)),
        ends_before=date(2026, 1, 11),
    )
    assert period == Period(date(2026, 1, 1), date(2026, 1, 11))
    assert fee_of(period, calendar=monthly(1), terms=FeeTerms(Decimal(310))) == Decimal("100.00")


def test_a_daily_fee_covers_a_day() -> None:
    terms = FeeTerms(Decimal(10), "day")
    assert next_period(starts_on=date(2026, 1, 31), calendar=monthly(1), terms=terms).days == 1


class TestShares:
    """Shares of a cycle's price under declared conventions."""

    @settings(deadline=None)
    @given(
        day=DAYS,
        cycle_day=CYCLE_DAYS,
        count=st.sampled_from(["actual", "fixed_30", "actual_seconds"]),
        cut=st.integers(1, 40),
    )
    def test_the_parts_of_a_cycle_add_up_to_it(self, day, cycle_day, count, cut) -> None:
        cycle = cycle_of(day, cycle_day=cycle_day)
        at = cycle.start + timedelta(days=1 + cut % (cycle.days - 1))
        parts = [Period(cycle.start, at), Period(at, cycle.end)]
        convention = Convention(count)
        shares = [share_of(part, cycle, convention) for part in parts]
        assert all(0 <= share <= 1 for share in shares)
        assert share_of(cycle, cycle, convention) == 1
        # A month of thirty is a fiction: its parts may miss its end by the days it hasn't got.
        off = 0 if count != "fixed_30" else Fraction(3, 30)
        assert abs(sum(shares) - 1) <= off

    @settings(deadline=None)
    @given(day=DAYS, cycle_day=CYCLE_DAYS, price=FEES, cut=st.integers(1, 40))
    def test_parts_cost_the_whole_to_a_kopeck(self, day, cycle_day, price, cut) -> None:
        cycle = cycle_of(day, cycle_day=cycle_day)
        at = cycle.start + timedelta(days=1 + cut % (cycle.days - 1))
        parts = [Period(cycle.start, at), Period(at, cycle.end)]
        costs = [price_of(price, one, cycle=cycle, convention=Convention()) for one in parts]
        assert abs(sum(costs) - price) <= Decimal("0.01")

    @settings(deadline=None)
    @given(terms=TERMS, day=DAYS, part=st.integers(1, 31))
    def test_a_plans_fee_in_a_calendar_month_is_the_same_share(self, terms, day, part) -> None:
        cycle = cycle_of(day, cycle_day=1)
        some = Period(cycle.start, cycle.start + timedelta(days=min(part, cycle.days)))
        counts = {"month_30": "fixed_30", "seconds": "actual_seconds"}
        convention = Convention(counts.get(terms.proration, terms.proration))
        assert price_of(terms.fee, some, cycle=cycle, convention=convention) == fee_of(
            some, calendar=monthly(1), terms=terms
        )

    @pytest.mark.parametrize(
        ("start", "end", "cycle", "share"),
        [
            ((2026, 2, 10), (2026, 3, 1), (2026, 2, 1), Fraction(21, 30)),
            ((2026, 1, 30), (2026, 2, 20), (2026, 1, 20), Fraction(20, 30)),
            ((2026, 2, 28), (2026, 3, 30), (2026, 2, 28), Fraction(1)),
        ],
        ids=["February has thirty", "January too", "never above the whole"],
    )
    def test_a_month_of_thirty(self, start, end, cycle, share) -> None:
        whole = cycle_of(date(*cycle), cycle_day=date(*cycle).day if start[2] != 28 else 31)
        part = Period(date(*start), date(*end))
        assert share_of(part, whole, Convention("fixed_30")) == share

    def test_a_whole_cycle_costs_its_price_however_its_days_count(self) -> None:
        cycle = cycle_of(date(2026, 2, 1), cycle_day=31)
        assert cycle == Period(date(2026, 1, 31), date(2026, 2, 28))
        assert share_of(cycle, cycle, Convention("fixed_30")) == 1

    def test_a_week_is_no_month_of_thirty(self) -> None:
        week = Period(date(2026, 6, 29), date(2026, 7, 6))
        part = Period(date(2026, 6, 29), date(2026, 7, 1))
        assert share_of(part, week, Convention("fixed_30")) == Fraction(2, 7)

    def test_seconds_count_part_days(self) -> None:
        start, end = (datetime(2026, month, 1, tzinfo=UTC) for month in (4, 5))
        part = Period(start + timedelta(hours=12), end)
        share = share_of(part, Period(start, end), Convention("actual_seconds"))
        assert share == Fraction(59, 60)

    def test_the_share_itself_may_be_rounded(self) -> None:
        part = Period(date(2026, 1, 21), date(2026, 2, 1))
        cycle = cycle_of(date(2026, 1, 1), cycle_day=1)
        assert share_of(part, cycle, Convention(factor_scale=3)) == Fraction("0.355")
