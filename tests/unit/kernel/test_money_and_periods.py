"""Money rounds one way and spreads exactly; periods are half-open and chain without gaps."""

import doctest
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from billing_project.kernel import money, periods
from billing_project.kernel.money import Money, UnableToCompute, round_money, spread
from billing_project.kernel.periods import EmptyPeriod, Period, add_months, cycle_of, month_of

AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=6)
DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 12, 31))
KOPECK = Decimal("0.01")


@pytest.mark.parametrize("module", [money, periods])
def test_the_examples_in_the_docs_are_true(module) -> None:
    assert doctest.testmod(module).failed == 0


class TestRounding:
    @pytest.mark.parametrize(
        ("amount", "mode", "rounded"),
        [
            ("0.005", "half_up", "0.01"),
            ("-0.005", "half_up", "-0.01"),
            ("0.0049", "half_up", "0.00"),
            ("-0.001", "half_up", "0.00"),
            ("0.001", "up", "0.01"),
            ("-0.001", "up", "-0.01"),
            ("0.019", "down", "0.01"),
            ("-0.019", "down", "-0.01"),
            ("0.025", "half_even", "0.02"),
            ("0.035", "half_even", "0.04"),
            ("-0.0251", "half_even", "-0.03"),
        ],
    )
    def test_modes(self, amount: str, mode: str, rounded: str) -> None:
        assert str(round_money(Decimal(amount), mode=mode)) == rounded

    @given(AMOUNTS, st.sampled_from(money.MODES))
    def test_a_refund_mirrors_its_charge(self, amount: Decimal, mode: str) -> None:
        assert round_money(-amount, mode=mode) == -round_money(amount, mode=mode)
        assert abs(round_money(amount, mode=mode) - amount) < KOPECK

    @given(AMOUNTS, st.sampled_from(money.MODES), st.integers(0, 9))
    def test_a_fraction_rounds_like_the_decimal_it_is(self, amount, mode, digits) -> None:
        fraction = round_money(Fraction(amount), mode=mode, digits=digits)
        assert str(fraction) == str(round_money(amount, mode=mode, digits=digits))

    def test_currencies_do_not_mix(self) -> None:
        with pytest.raises(UnableToCompute):
            Money(Decimal(1)) + Money(Decimal(1), "USD")


class TestSpread:
    @given(
        st.decimals(min_value=-(10**6), max_value=10**6, places=2),
        st.lists(st.decimals(min_value=-1000, max_value=1000, places=3), min_size=1, max_size=9),
    )
    @example(Decimal("0.05"), [Decimal(3), Decimal(3), Decimal(-1)])
    @example(Decimal("0.01"), [Decimal("-0.3"), Decimal("-0.3"), Decimal("1.6")])
    def test_the_parts_add_up_and_none_is_off_by_a_kopeck(
        self, total: Decimal, weights: list[Decimal]
    ) -> None:
        parts = spread(total, weights=weights)
        assert sum(parts) == total
        whole = sum(weights)
        if whole:
            exact = [total * weight / whole for weight in weights]
            assert all(abs(p - e) < KOPECK for p, e in zip(parts, exact, strict=True))


class TestPeriods:
    def test_an_empty_period_is_refused(self) -> None:
        with pytest.raises(EmptyPeriod):
            Period(date(2026, 1, 1), date(2026, 1, 1))

    @given(DAYS, st.integers(1, 31), st.sampled_from([1, 2, 3, 6, 12]))
    def test_cycles_hold_their_day_and_chain(self, day: date, cycle_day: int, months: int) -> None:
        cycle = cycle_of(day, cycle_day=cycle_day, months=months)
        assert day in cycle
        assert cycle.end not in cycle
        following = cycle_of(cycle.end, cycle_day=cycle_day, months=months)
        assert following.start == cycle.end

    @given(DAYS, st.integers(-40, 40))
    def test_months_there_and_back_keep_the_month(self, day: date, months: int) -> None:
        there = add_months(day, months, anchor_day=day.day)
        assert add_months(there, -months, anchor_day=day.day) == day

    @given(DAYS, st.integers(1, 60), DAYS, st.integers(1, 60))
    def test_the_overlap_is_the_days_in_both(
        self, start: date, days: int, other_start: date, other_days: int
    ) -> None:
        one = Period(start, start + timedelta(days=days))
        other = Period(other_start, other_start + timedelta(days=other_days))
        common = one.overlap(other)
        assert set(common or ()) == set(one) & set(other)

    def test_a_month(self) -> None:
        assert month_of(date(2024, 2, 29)) == Period(date(2024, 2, 1), date(2024, 3, 1))
        assert month_of(date(2024, 2, 29)).last_day == date(2024, 2, 29)
