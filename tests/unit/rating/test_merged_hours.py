"""Periods in which records of earlier nights are looked for."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rating.domain.intake import HOUR, merged_hours


@given(st.sets(st.integers(0, 500), max_size=60), st.integers(1, 10))
def test_every_hour_is_covered_by_few_periods(hours: set[int], most: int) -> None:
    periods = merged_hours(hours, most=most)
    assert len(periods) <= most
    covered = {hour for first, stop in periods for hour in range(first // HOUR, stop // HOUR)}
    assert hours <= covered
    assert all(first < stop for first, stop in periods)
    assert all(one[1] < other[0] for one, other in pairwise(periods))


@given(st.sets(st.integers(0, 500), min_size=1, max_size=8))
def test_few_hours_are_covered_exactly(hours: set[int]) -> None:
    periods = merged_hours(hours, most=8)
    assert sum(stop - first for first, stop in periods) == len(hours) * HOUR


def test_no_hours_make_no_periods() -> None:
    assert merged_hours([]) == []
