"""
Dialled digits to zones: the longest matching prefix among the zones that a deck prices.

Prefixes are cut into disjoint intervals of the 15-digit number space, so that a column of numbers
is placed by one binary search whatever the lengths of the prefixes.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from rating.domain.usage import MAX_DIGITS, Ints
from tariffs.domain.deck import NO_ZONE, Zone

SPACE_DIGITS: Final = 15
_POWERS: Final = 10 ** np.arange(MAX_DIGITS + 1, dtype=np.int64)


def prefix_table(zones: Iterable[Zone]) -> dict[str, int]:
    """Return the zone id of each prefix."""
    return {prefix: zone.zone_id for zone in zones for prefix in zone.prefixes}


def longest_prefix(table: Mapping[str, int], number: str, *, among: Container[int]) -> int | None:
    """Return the zone of the longest prefix of the number that leads to one of the zones named."""
    for length in range(min(len(number), SPACE_DIGITS), 0, -1):
        zone_id = table.get(number[:length])
        if zone_id is not None and zone_id in among:
            return zone_id
    return None


@dataclass(frozen=True, slots=True, eq=False)
class ZoneIndex:
    """
    The number space cut at every prefix.

    Interval i starts at `starts[i]`; `node[i]` is the longest prefix that holds it, `parent` leads
    to the next shorter one. Node 0 stands for "no prefix".
    """

    starts: Ints
    node: Ints
    node_zone: Ints
    node_length: Ints
    parent: Ints

    def place(self, numbers: Ints, lengths: Ints) -> Ints:
        """Return the interval of each number; the lengths count leading zeros."""
        size = np.clip(lengths, 0, MAX_DIGITS)
        padded = numbers * _POWERS[np.clip(SPACE_DIGITS - size, 0, None)]
        if len(size) and size.max() > SPACE_DIGITS:
            padded //= _POWERS[np.clip(size - SPACE_DIGITS, 0, None)]
        return np.searchsorted(self.starts, padded, side="right") - 1

    def narrow(self, priced: Container[int]) -> tuple[Ints, Ints]:
        """
        Return zone id and prefix length of each interval, among the priced zones only.

        NO_ZONE and 0 where none of them has a prefix there.
        """
        zone = np.zeros(len(self.node_zone), np.int64)
        length = np.zeros(len(self.node_zone), np.int64)
        # Parents come before their children, so each finds its parent's answer ready.
        for node in range(1, len(self.node_zone)):
            if int(self.node_zone[node]) in priced:
                zone[node], length[node] = self.node_zone[node], self.node_length[node]
            else:
                zone[node], length[node] = zone[self.parent[node]], length[self.parent[node]]
        return zone[self.node], length[self.node]


def build_zone_index(table: Mapping[str, int]) -> ZoneIndex:
    """Cut the number space at the prefixes of the table."""
    prefixes = sorted(table, key=lambda prefix: (int(prefix.ljust(SPACE_DIGITS, "0")), len(prefix)))
    cutter = _Cutter()
    for node, prefix in enumerate(prefixes, start=1):
        cutter.open(node, prefix)
    cutter.close_before(10**SPACE_DIGITS)
    return ZoneIndex(
        starts=np.array(cutter.starts, np.int64),
        node=np.array(cutter.nodes, np.int64),
        node_zone=np.array([NO_ZONE, *(table[prefix] for prefix in prefixes)], np.int64),
        node_length=np.array([0, *(len(prefix) for prefix in prefixes)], np.int64),
        parent=np.array(cutter.parents, np.int64),
    )


class _Cutter:
    """Walks sorted prefixes with a stack of those still open."""

    def __init__(self) -> None:
        self.starts = [0]
        self.nodes = [0]
        self.parents = [0]
        self._open: list[tuple[int, int]] = []

    def open(self, node: int, prefix: str) -> None:
        """A prefix begins."""
        start = int(prefix.ljust(SPACE_DIGITS, "0"))
        self.close_before(start)
        self.parents.append(self._top)
        self._open.append((int(prefix.ljust(SPACE_DIGITS, "9")) + 1, node))
        self._emit(start)

    def close_before(self, position: int) -> None:
        """Close what ends at or before the position."""
        while self._open and self._open[-1][0] <= position:
            end, _ = self._open.pop()
            self._emit(end)

    @property
    def _top(self) -> int:
        return self._open[-1][1] if self._open else 0

    def _emit(self, start: int) -> None:
        if self.starts[-1] == start:
            self.nodes[-1] = self._top
        else:
            self.starts.append(start)
            self.nodes.append(self._top)
