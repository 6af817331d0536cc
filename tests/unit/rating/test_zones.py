"""The longest prefix wins, in columns as in a plain search."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rating.domain.zones import build_zone_index, longest_prefix, prefix_table
from tariffs.domain.deck import Zone

DIGITS = st.text("0179", min_size=1, max_size=5)


def test_an_inner_prefix_interrupts_the_outer_one() -> None:
    table = prefix_table([Zone(1, "", ("7",)), Zone(2, "", ("7812",))])
    index = build_zone_index(table)
    zones, _ = index.narrow({1, 2})
    places = index.place(
        np.array([78125550101, 78135550101, 78115550101, 380441234567]), np.array([11, 11, 11, 12])
    )
    assert zones[places].tolist() == [2, 1, 1, 0]


def test_a_zone_that_is_not_priced_gives_way_to_the_outer_one() -> None:
    table = prefix_table([Zone(1, "", ("7",)), Zone(2, "", ("7812",))])
    index = build_zone_index(table)
    zones, lengths = index.narrow({1})
    place = index.place(np.array([78125550101]), np.array([11]))
    assert (zones[place].tolist(), lengths[place].tolist()) == ([1], [1])


def test_leading_zeros_count() -> None:
    index = build_zone_index({"01": 1, "1": 2})
    zones, _ = index.narrow({1, 2})
    places = index.place(np.array([123456, 123456]), np.array([7, 6]))
    assert zones[places].tolist() == [1, 2]


@settings(deadline=None)
@given(
    st.dictionaries(DIGITS, st.integers(1, 4), max_size=12),
    st.sets(st.integers(1, 4)),
    st.lists(st.text("0179", min_size=5, max_size=18), min_size=1),
)
def test_columns_find_what_a_plain_search_finds(
    table: dict[str, int], priced: set[int], numbers: list[str]
) -> None:
    index = build_zone_index(table)
    zones, _ = index.narrow(priced)
    values = np.array([int(number) for number in numbers], np.int64)
    places = index.place(values, np.array([len(number) for number in numbers], np.int64))
    assert zones[places].tolist() == [
        longest_prefix(table, number, among=priced) or 0 for number in numbers
    ]
