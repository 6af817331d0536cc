"""The fee for a part of a cycle."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_project.kernel.periods import Period, cycle_of
from invoicing.domain.proration import (
    FeeTerms,
    fee_of,
    next_period,
    prorated_fee,
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
