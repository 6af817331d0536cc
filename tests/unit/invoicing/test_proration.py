"""The fee for a part of a cycle."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_project.kernel.periods import Period, cycle_of
from invoicing.domain.proration import (
    Convention,
    FeeTerms,
    fee_of,
    next_period,
    price_of,
    prorated_fee,
    share_of,
    unused_fee,
)

FEES = st.decimals(min_value=0, max_value=100_000, places=2)
TERMS = st.builds(FeeTerms, FEES, st.just("month"), st.sampled_from(["actual", "fixed_30"]))
DAYS = st.dates(min_value=date(2024, 1, 1), max_value=date(2030, 12, 31))
CYCLE_DAYS = st.integers(1, 31)

CASES = [
    pytest.param("300", "month", "actual", 10, 31, "96.77", id="ten days of January"),
    pytest.param("300", "month", "actual", 31, 31, "300.00", id="a whole cycle"),
    pytest.param("300", "month", "actual", 0, 31, "0.00", id="no day"),
    pytest.param("300", "month", "fixed_30", 10, 31, "100.00", id="ten thirtieths"),
    pytest.param("300", "month", "fixed_30", 30, 31, "300.00", id="thirty of thirty-one"),
    pytest.param("300", "month", "fixed_30", 28, 28, "300.00", id="a whole February"),
    pytest.param("9.99", "day", "actual", 3, 31, "29.97", id="three days of a daily fee"),
    pytest.param("100", "month", "actual", 1, 31, "3.23", id="half a kopeck goes up"),
]


@pytest.mark.parametrize(("fee", "period", "proration", "days", "cycle", "expected"), CASES)
def test_fee_of_some_days(fee, period, proration, days, cycle, expected) -> None:
    terms = FeeTerms(Decimal(fee), period, proration)
    assert prorated_fee(terms, days=days, cycle_days=cycle) == Decimal(expected)


@settings(deadline=None)
@given(terms=TERMS, day=DAYS, cycle_day=CYCLE_DAYS, part=st.integers(1, 31))
def test_a_part_costs_between_nothing_and_the_fee(terms, day, cycle_day, part) -> None:
    cycle = cycle_of(day, cycle_day=cycle_day)
    shorter = prorated_fee(terms, days=part - 1, cycle_days=cycle.days)
    longer = prorated_fee(terms, days=part, cycle_days=cycle.days)
    assert 0 <= shorter <= longer <= terms.fee


@settings(deadline=None)
@given(terms=TERMS, day=DAYS, cycle_day=CYCLE_DAYS, used=st.integers(-3, 40))
def test_charge_less_credit_is_worth_the_days_used(terms, day, cycle_day, used) -> None:
    period = next_period(starts_on=day, cycle_day=cycle_day, terms=terms)
    charged = fee_of(period, cycle_day=cycle_day, terms=terms)
    unused_from = period.start + timedelta(days=used)
    credit = unused_fee(
        charged, period=period, unused_from=unused_from, cycle_day=cycle_day, terms=terms
    )
    days = max(0, min(used, period.days))
    cycle = cycle_of(day, cycle_day=cycle_day)
    worth = (
        charged if days == period.days else prorated_fee(terms, days=days, cycle_days=cycle.days)
    )
    assert charged - credit == worth
    assert 0 <= credit <= charged


def test_a_charge_covers_the_rest_of_the_cycle() -> None:
    terms = FeeTerms(Decimal(300))
    assert next_period(starts_on=date(2026, 2, 10), cycle_day=31, terms=terms) == Period(
        date(2026, 2, 10), date(2026, 2, 28)
    )


def test_a_charge_ends_where_the_plan_changes() -> None:
    period = next_period(
        starts_on=date(2026, 1, 1),
        cycle_day=1,
        terms=FeeTerms(Decimal(310)),
        ends_before=date(2026, 1, 11),
    )
    assert period == Period(date(2026, 1, 1), date(2026, 1, 11))
    assert fee_of(period, cycle_day=1, terms=FeeTerms(Decimal(310))) == Decimal("100.00")


def test_a_daily_fee_covers_a_day() -> None:
    terms = FeeTerms(Decimal(10), "day")
    assert next_period(starts_on=date(2026, 1, 31), cycle_day=1, terms=terms).days == 1


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
        convention = Convention(terms.proration)
        assert price_of(terms.fee, some, cycle=cycle, convention=convention) == prorated_fee(
            terms, days=some.days, cycle_days=cycle.days
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
