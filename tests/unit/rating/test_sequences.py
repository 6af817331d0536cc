"""Running numbers of files and records."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.domain.sequences import number_in_name, runs_of, unwrapped


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("msc-1/cdr_20261120_000123.dat", r"_(?P<seq>\d+)\.dat$", 123),
        ("cdr.dat", r"_(?P<seq>\d+)\.dat$", None),
        ("cdr_1", "", None),
        ("cdr_1", "(?P<number>1)", None),
        ("cdr_1", "(?P<seq>", None),
        ("cdr_x", "_(?P<seq>.)", None),
        ("cdr_", "_(?P<seq>[0-9]*)", None),
    ],
)
def test_a_number_is_found_in_a_name(name: str, pattern: str, expected: int | None) -> None:
    assert number_in_name(name, pattern) == expected


@given(st.lists(st.integers(0, 40)))
def test_runs_hold_each_number_and_nothing_else(numbers: list[int]) -> None:
    runs = runs_of(np.array(numbers, np.int64))
    assert [n for first, last in runs for n in range(first, last + 1)] == sorted(set(numbers))
    assert all(later[0] > earlier[1] + 1 for earlier, later in pairwise(runs))


@given(st.integers(0, 999), st.lists(st.integers(-20, 20), max_size=60))
def test_numbers_that_begin_anew_go_on(start: int, steps: list[int]) -> None:
    last = unwrapped(start, last=None, modulus=1000)
    for step in steps:
        following = unwrapped((last + step) % 1000, last=last, modulus=1000)
        assert following == last + step
        last = max(following, 1000)


def test_numbers_that_never_begin_anew_stay() -> None:
    assert unwrapped(7, last=9999, modulus=0) == 7
