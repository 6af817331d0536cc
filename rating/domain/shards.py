"""
Cutting a batch by account: what shares an allowance stays together, and goes to the unique key in order.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from rating.domain.subscribers import CompiledSubscribers
from rating.domain.usage import Ints

#: Enough for even pieces of a large night, few enough to be read in long stretches.
SHARDS: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class Shards:
    """
    Ranges of account ids: shard i begins at `edges[i - 1]`, the first at the lowest id there is.

    The `followers`, in order of id, belong to the shards of their `leaders` instead.
    """

    subscribers: CompiledSubscribers
    edges: Ints
    followers: Ints
    leaders: Ints

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.edges) + 1

    def of_accounts(self, account_id: Ints) -> Ints:
        """Return the shard of each account."""
        if len(self.followers):
            place = np.searchsorted(self.followers, account_id)
            place[place == len(self.followers)] = 0
            is_led = self.followers[place] == account_id
            account_id = np.where(is_led, self.leaders[place], account_id)
        return np.searchsorted(self.edges, account_id, side="right")

    def of_usage(self, subscriber_key: Ints, started_at: Ints) -> Ints:
        """Return the shard of each record; records of nobody are spread evenly."""
        identifiers = self.subscribers.identifiers
        place = identifiers.places_of(subscriber_key)
        row, is_known = identifiers.rows_at(place, started_at)
        shard = self.of_accounts(self.subscribers.account_id[row])
        return np.where(is_known, shard, subscriber_key % self.count)


def make_shards(
    subscribers: CompiledSubscribers,
    *,
    count: int = SHARDS,
    together: Iterable[tuple[int, int]] = (),
) -> Shards:
    """Cut the accounts into ranges of as many each; pairs of accounts that share stay together."""
    # The last row of the column is nobody's.
    accounts = np.unique(subscribers.account_id[:-1])
    places = np.arange(1, count if len(accounts) else 1) * len(accounts) // count
    leader = leaders_of(together)
    followers = sorted(account for account, led_by in leader.items() if account != led_by)
    return Shards(
        subscribers=subscribers,
        edges=np.unique(accounts[places]),
        followers=np.array(followers, np.int64),
        leaders=np.array([leader[account] for account in followers], np.int64),
    )


def leaders_of(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """
    Return for each account named the lowest of those it is tied to, directly or through others.

    >>> leaders_of([(4, 7), (9, 7), (5, 6)])
    {4: 4, 7: 4, 9: 4, 5: 5, 6: 5}
    """
    parent: dict[int, int] = {}

    def root(account: int) -> int:
        while parent.setdefault(account, account) != account:
            account = parent[account]
        return account

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return {account: root(account) for account in parent}


def cut(counts: Ints, *, rows: int) -> Iterator[tuple[int, int]]:
    """
    Yield ranges of shards that hold about so many rows each, none of them empty.

    >>> list(cut(np.array([5, 0, 3, 9, 0]), rows=8))
    [(0, 3), (3, 4)]
    """
    first = held = 0
    for shard, count in enumerate(counts.tolist()):
        held += count
        if held >= rows:
            yield first, shard + 1
            first, held = shard + 1, 0
    if held:
        yield first, len(counts)
