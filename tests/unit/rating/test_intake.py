"""Which records of a batch are new, and in what order they are priced."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.domain.intake import Intake, chronological, find_keys, first_deliveries

pairs = st.lists(st.tuples(st.integers(1, 3), st.integers(-5, 5)), max_size=30)


@given(pairs)
def test_the_first_of_each_source_and_key_is_first(records: list[tuple[int, int]]) -> None:
    source = np.array([source for source, _ in records], np.int16)
    key = np.array([key for _, key in records], np.int64)
    expected = [record not in records[:place] for place, record in enumerate(records)]
    assert first_deliveries(source, key).tolist() == expected


@given(st.lists(st.integers(-9, 9)), st.lists(st.integers(-9, 9)))
def test_keys_are_found_where_they_are(wanted: list[int], known: list[int]) -> None:
    places = find_keys(np.array(wanted, np.int64), np.array(known, np.int64)).tolist()
    for key, place in zip(wanted, places, strict=True):
        assert (known[place] == key) if place >= 0 else (key not in known)


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
