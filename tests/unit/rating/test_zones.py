"""The longest prefix wins, in columns as in a plain search."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rating.domain.zones import build_zone_index, longest_prefix, prefix_table, read_prefixes
from tariffs.domain.deck import Zone

DIGITS = st.text("0179", min_size=1, max_size=5)
INNER = prefix_table([Zone(1, "", ("7",)), Zone(2, "", ("7812",))])


def find(table: dict[str, int], priced: set[int], numbers: list[str]) -> list[int | None]:
    """Return the zone of each number by columns, None where it must be looked up by digits."""
    ids = np.array(sorted(priced), np.int64)
    index = build_zone_index(read_prefixes(table), priced=ids, nowhere=-1)
    values = np.array([int(number or 0) for number in numbers], np.int64)
    rank, is_short = index.find(values, np.array([len(number) for number in numbers], np.int64))
    zones = np.append(ids, 0)[rank].tolist()
    return [None if short else zone for zone, short in zip(zones, is_short, strict=True)]


@pytest.mark.parametrize(
    ("priced", "numbers", "zones"),
    [
        pytest.param(
            {1, 2},
            ["78125550101", "78135550101", "78115550101", "380441234567"],
            [2, 1, 1, 0],
            id="an inner prefix interrupts the outer one",
        ),
        pytest.param({1}, ["78125550101"], [1], id="a zone not priced gives way to the outer one"),
        pytest.param({2}, ["7", "78125"], [0, 2], id="without the outer one"),
        pytest.param({1, 2}, ["781", "7812"], [1, 2], id="the number is the prefix"),
        pytest.param({1, 2}, ["78120000", "7812" + 14 * "9"], [2, 2], id="up to 18 digits"),
    ],
)
def test_zones_of_numbers(priced: set[int], numbers: list[str], zones: list[int]) -> None:
    assert find(INNER, priced, numbers) == zones


def test_leading_zeros_count() -> None:
    assert find({"01": 1, "1": 2}, {1, 2}, ["0123456", "123456"]) == [1, 2]


def test_a_number_shorter_than_the_prefix_is_no_number_of_it() -> None:
    assert find({"7800": 1}, {1}, ["78", "7800"]) == [None, 1]


def test_a_scheme_without_prefixes_has_nowhere_only() -> None:
    index = build_zone_index(read_prefixes({}), priced=np.array([0]), nowhere=0)
    assert index.find(np.array([7, 0]), np.array([1, 0]))[0].tolist() == [0, 0]


@settings(deadline=None)
@given(
    st.dictionaries(DIGITS, st.integers(1, 4), max_size=12),
    st.sets(st.integers(1, 4)),
    st.lists(st.text("0179", max_size=18), min_size=1),
)
def test_columns_find_what_a_plain_search_finds(
    table: dict[str, int], priced: set[int], numbers: list[str]
) -> None:
    for number, zone in zip(numbers, find(table, priced, numbers), strict=True):
        if zone is not None:
            assert zone == (longest_prefix(table, number, among=priced) or 0)
        else:
            assert any(prefix.startswith(number) for prefix in table)
