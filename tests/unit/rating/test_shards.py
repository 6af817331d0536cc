"""A batch cut by account."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.domain.shards import Shards, cut, leaders_of, make_shards
from rating.domain.subscribers import IdentifierColumns, PlanColumns, compile_subscribers
from rating.domain.usage import FOREVER

counts = st.lists(st.integers(0, 20), min_size=1, max_size=40)
pairs = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), max_size=12)


def shards_of(accounts: list[int], *, count: int, together: list[tuple[int, int]]) -> Shards:
    """Shards of accounts, each with a number of its own: the account's."""
    ids = np.array(accounts, np.int64)
    none = np.zeros(len(ids), np.int64)
    identifiers = IdentifierColumns(ids, ids, ids, none + 100, none + FOREVER)
    plans = PlanColumns(ids, none, none, none + FOREVER)
    subscribers = compile_subscribers(identifiers=identifiers, plans=plans)
    return make_shards(subscribers, count=count, together=together)


@given(counts, st.integers(1, 60))
def test_pieces_hold_every_row_once_in_order(held: list[int], rows: int) -> None:
    pieces = list(cut(np.array(held), rows=rows))
    shards = [shard for first, stop in pieces for shard in range(first, stop)]
    assert shards == sorted(set(shards))
    assert sum(held[shard] for shard in shards) == sum(held)
    sizes = [sum(held[first:stop]) for first, stop in pieces]
    assert all(size >= rows for size in sizes[:-1])
    assert all(sizes)


@given(counts, st.integers(1, 60))
def test_no_piece_is_larger_than_it_must_be(held: list[int], rows: int) -> None:
    for first, stop in cut(np.array(held), rows=rows):
        assert sum(held[first : stop - 1]) < rows


@given(pairs)
def test_who_is_tied_has_one_leader(tied: list[tuple[int, int]]) -> None:
    leader = leaders_of(tied)
    assert all(leader[one] == leader[other] for one, other in tied)
    assert all(led_by <= account for account, led_by in leader.items())
    assert {leader[led_by] for led_by in leader.values()} == set(leader.values())


@given(pairs, st.integers(1, 15))
def test_accounts_that_share_are_in_one_shard(tied: list[tuple[int, int]], count: int) -> None:
    shards = shards_of(list(range(1, 13)), count=count, together=tied)
    place = dict(enumerate(shards.of_accounts(np.arange(1, 13)).tolist(), start=1))
    assert all(place[one] == place[other] for one, other in tied)
    assert set(place.values()) <= set(range(shards.count))


def test_shards_follow_the_order_of_accounts() -> None:
    shards = shards_of(list(range(10, 50)), count=4, together=[])
    assert np.bincount(shards.of_accounts(np.arange(10, 50))).tolist() == [10, 10, 10, 10]
    assert (np.diff(shards.of_accounts(np.arange(10, 50))) >= 0).all()


@pytest.mark.parametrize(("moment", "is_known"), [(99, False), (100, True)])
def test_records_of_nobody_are_spread(moment: int, is_known: bool) -> None:
    shards = shards_of(list(range(1, 9)), count=8, together=[])
    keys = np.arange(1, 9)
    found = shards.of_usage(keys, np.full(8, moment))
    expected = shards.of_accounts(keys) if is_known else keys % shards.count
    assert found.tolist() == expected.tolist()
    assert set(shards.of_usage(np.arange(1000, 1400), np.full(400, 100)).tolist()) == set(range(8))


def test_an_operator_without_accounts_has_one_shard() -> None:
    shards = shards_of([], count=8, together=[])
    assert shards.of_usage(np.array([5, -7]), np.array([1, 1])).tolist() == [0, 0]
