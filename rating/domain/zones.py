"""
Dialled digits to zones: the longest matching prefix among the zones that a deck prices.

Prefixes are cut into disjoint intervals of the space of 18-digit numbers, so that a column of
numbers is placed by one binary search whatever the lengths of the prefixes.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from rating.domain.usage import MAX_DIGITS, Bools, Ints
from tariffs.domain.deck import Zone

SPACE_DIGITS: Final = MAX_DIGITS
_POWERS: Final = 10 ** np.arange(MAX_DIGITS + 1, dtype=np.int64)


def prefix_table(zones: Iterable[Zone]) -> dict[str, int]:
    """Return the zone id of each prefix; the zones are of one scheme."""
    return {prefix: zone.zone_id for zone in zones for prefix in zone.prefixes}


def longest_prefix(table: Mapping[str, int], number: str, *, among: Container[int]) -> int | None:
    """Return the zone of the longest prefix of the number that leads to one of the zones named."""
    for length in range(min(len(number), SPACE_DIGITS), 0, -1):
        zone_id = table.get(number[:length])
        if zone_id is not None and zone_id in among:
            return zone_id
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Prefixes:
    """The prefixes of a scheme: each holds the numbers [start, start + size), padded with zeros."""

    start: Ints
    length: Ints
    zone_id: Ints

    def of_zones(self, priced: Ints) -> Bools:
        """Return which prefixes lead to one of the zones."""
        return np.isin(self.zone_id, priced)


def read_prefixes(table: Mapping[str, int]) -> Prefixes:
    """Return the prefixes of a table as columns."""
    digits = np.array([int(prefix) for prefix in table], np.int64)
    length = np.array([len(prefix) for prefix in table], np.int64)
    zone_id = np.fromiter(table.values(), np.int64, len(table))
    return Prefixes(digits * _POWERS[SPACE_DIGITS - length], length, zone_id)


@dataclass(frozen=True, slots=True, eq=False)
class ZoneIndex:
    """
    The number space cut where the zone changes.

    Interval i starts at `starts[i]`; `prefix_length[i]` is the length of the longest prefix that
    holds it, 0 for none, and `rank[i]` the zone's place among those that are priced, or `nowhere`.
    """

    starts: Ints
    rank: Ints
    prefix_length: Ints

    def find(self, numbers: Ints, lengths: Ints) -> tuple[Ints, Bools]:
        """
        Return the rank of each number's zone, and whether it is shorter than the prefix found.

        The lengths count leading zeros. A short number must be looked up digit by digit.
        """
        place = np.searchsorted(self.starts, aligned(numbers, lengths), side="right") - 1
        return self.rank[place], self.prefix_length[place] > lengths


def aligned(numbers: Ints, lengths: Ints) -> Ints:
    """Return the numbers padded with zeros to the length of the space."""
    size = np.clip(lengths, 0, MAX_DIGITS)
    padded: Ints = numbers * _POWERS[SPACE_DIGITS - size]
    return padded


def build_zone_index(prefixes: Prefixes, *, priced: Ints, nowhere: int) -> ZoneIndex:
    """
    Cut the number space at the prefixes of the priced zones, given in ascending order of their ids.

    `nowhere` is the rank of numbers without a prefix.
    """
    mine = np.flatnonzero(prefixes.of_zones(priced))
    start, length = prefixes.start[mine], prefixes.length[mine]
    end = start + _POWERS[SPACE_DIGITS - length]
    cuts = np.unique(np.concatenate([np.zeros(1, np.int64), start, end]))
    cuts = cuts[cuts < 10**SPACE_DIGITS]
    rank = np.full(len(cuts), nowhere, np.int64)
    longest = np.zeros(len(cuts), np.int64)
    own = np.searchsorted(priced, prefixes.zone_id[mine])
    # Longer prefixes are painted over the shorter ones that hold them; equal ones are disjoint.
    for size in np.unique(length):
        rows = np.flatnonzero(length == size)
        first, last = np.searchsorted(cuts, start[rows]), np.searchsorted(cuts, end[rows])
        painted = _ranges(first, last - first)
        rank[painted] = np.repeat(own[rows], last - first)
        longest[painted] = size
    changes = np.append(True, (rank[1:] != rank[:-1]) | (longest[1:] != longest[:-1]))
    return ZoneIndex(cuts[changes], rank[changes], longest[changes])


def _ranges(first: Ints, counts: Ints) -> Ints:
    """Return first, first + 1, … of each range, one after the other."""
    skipped = np.cumsum(counts) - counts
    ranges: Ints = np.arange(int(counts.sum())) + np.repeat(first - skipped, counts)
    return ranges
