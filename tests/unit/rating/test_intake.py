"""Which records of a batch are new, and in what order they are priced."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.domain.intake import Intake, chronological, find_keys, time_order


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_the_order_of_pricing_does_not_depend_on_that_of_files(order: list[int]) -> None:
    started_at, record_key = np.array([5, 5, 1, 9])[order], np.array([7, 3, 8, 1])[order]
    zeros = np.zeros(4, np.int64)
    intake = Intake(
        *(zeros, zeros, zeros, record_key, zeros, started_at, zeros, zeros, zeros, zeros)
    )
    found = chronological(intake)
    assert list(zip(found.started_at.tolist(), found.record_key.tolist(), strict=True)) == [
        *((1, 8), (5, 3), (5, 7), (9, 1))
    ]


numbers = st.integers(-(2**63), 2**63 - 1)
moments = st.one_of(st.integers(0, 5), st.integers(0, 2**40))


@given(st.lists(st.tuples(moments, st.one_of(st.integers(-3, 3), numbers))))
def test_records_are_ordered_by_start_then_key(records: list[tuple[int, int]]) -> None:
    started_at = np.array([start for start, _ in records], np.int64)
    record_key = np.array([key for _, key in records], np.int64)
    order = time_order(started_at, record_key).tolist()
    assert [records[place] for place in order] == sorted(records)
    assert sorted(order) == list(range(len(records)))


@given(st.lists(st.integers(-9, 9)), st.lists(st.integers(-9, 9)))
def test_keys_are_found_where_they_are(wanted: list[int], known: list[int]) -> None:
    places = find_keys(np.array(wanted, np.int64), np.array(known, np.int64)).tolist()
    for key, place in zip(wanted, places, strict=True):
        assert (known[place] == key) if place >= 0 else (key not in known)
