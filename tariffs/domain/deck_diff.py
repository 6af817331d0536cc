"""
What changes between two versions of a rate deck, prefix by prefix.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tariffs.domain.deck_lines import LONGEST_PREFIX, REST, LinePrices

#: What a version says of a prefix: destination, class, prices.
Entry = tuple[str, str, LinePrices]


class Change(StrEnum):
    """What became of a prefix; a prefix may be moved and dearer at once."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    DEARER = "dearer"
    CHEAPER = "cheaper"
    MIXED = "mixed"
    COUNTED = "counted"


@dataclass(frozen=True, slots=True)
class BandChange:
    """
    One price, per `unit` of the new version (of the old one if there is no new), and its change in
    percent; `band` is empty where the deck has one price for all hours.
    """

    band: str
    old: Decimal | None
    new: Decimal | None
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class DiffRow:
    """
    One prefix. What was added is compared with what the number was priced by before, under a
    shorter prefix, what was removed with what it is priced by now.
    """

    prefix: str
    changes: frozenset[Change]
    old_destination: str
    new_destination: str
    unit: int
    bands: tuple[BandChange, ...]


@dataclass(frozen=True, slots=True)
class DiffSummary:
    """How many prefixes: of each change, the same as before, and in either version."""

    counts: Mapping[Change, int]
    unchanged: int
    old_prefixes: int
    new_prefixes: int
    largest_rise: Decimal | None
    largest_fall: Decimal | None


def compare(
    old: Mapping[str, Entry],
    new: Mapping[str, Entry],
    *,
    old_bands: Sequence[str],
    new_bands: Sequence[str],
) -> list[DiffRow]:
    """Return every prefix that isn't as it was, in the order of prefixes, the rest (`*`) first."""
    bands = tuple(dict.fromkeys([*new_bands, *old_bands])) or ("",)
    places = _Places(bands, tuple(old_bands), tuple(new_bands))
    known: dict[tuple[int, int], tuple[frozenset[Change], tuple[BandChange, ...]]] = {}
    rows = []
    for prefix in sorted(old.keys() | new.keys()):
        before = old.get(prefix) or _outer(old, prefix)
        after = new.get(prefix) or _outer(new, prefix)
        key = (id(before[2]) if before else 0, id(after[2]) if after else 0)
        if key not in known:
            known[key] = places.compare(before, after)
        changes, prices = known[key]
        own = _own_changes(prefix, old, new, before=before, after=after)
        if own | changes:
            rows.append(
                DiffRow(
                    prefix=prefix,
                    changes=own | changes,
                    old_destination=before[0] if before else "",
                    new_destination=after[0] if after else "",
                    unit=(after or before)[2].unit if after or before else 0,  # type: ignore[index]
                    bands=prices,
                )
            )
    return rows


def _outer(entries: Mapping[str, Entry], prefix: str) -> Entry | None:
    """Return what prices a number that begins with a prefix that isn't there."""
    for length in range(min(len(prefix), LONGEST_PREFIX) - 1, 0, -1):
        found = entries.get(prefix[:length])
        if found:
            return found
    return entries.get(REST)


def _own_changes(
    prefix: str,
    old: Mapping[str, Entry],
    new: Mapping[str, Entry],
    *,
    before: Entry | None,
    after: Entry | None,
) -> frozenset[Change]:
    if prefix not in old:
        return frozenset({Change.ADDED})
    if prefix not in new:
        return frozenset({Change.REMOVED})
    if before and after and before[:2] != after[:2]:
        return frozenset({Change.MOVED})
    return frozenset()


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the bands of either version stand among those of both."""

    bands: tuple[str, ...]
    old: tuple[str, ...]
    new: tuple[str, ...]

    def compare(
        self, before: Entry | None, after: Entry | None
    ) -> tuple[frozenset[Change], tuple[BandChange, ...]]:
        old = self._prices(before, self.old)
        new = self._prices(after, self.new)
        prices = tuple(
            _band_change(band, old[band], new[band], unit=after[2].unit if after else 0)
            for band in self.bands
        )
        changes: set[Change] = set()
        directions = {_direction(change) for change in prices} - {0}
        if before and after and directions:
            changes.add(
                Change.MIXED
                if len(directions) > 1
                else Change.DEARER
                if directions == {1}
                else Change.CHEAPER
            )
        if before and after and _counting(before) != _counting(after):
            changes.add(Change.COUNTED)
        return frozenset(changes), prices

    def _prices(
        self, entry: Entry | None, codes: tuple[str, ...]
    ) -> dict[str, tuple[Decimal, int] | None]:
        """Return (price, unit) by band; a version with one price for all hours has it in each."""
        found: dict[str, tuple[Decimal, int] | None] = dict.fromkeys(self.bands)
        if entry is None:
            return found
        prices = entry[2].prices
        named = dict(
            zip(codes or self.bands, prices * (len(self.bands) if not codes else 1), strict=False)
        )
        for band, price in named.items():
            found[band] = None if price is None else (price, entry[2].unit)
        return found


def _band_change(
    band: str, old: tuple[Decimal, int] | None, new: tuple[Decimal, int] | None, *, unit: int
) -> BandChange:
    # Prices of other units are told per unit of the new version, or they could not be compared.
    before = old and (old[0] * unit / old[1] if unit and old[1] != unit else old[0])
    after = new[0] if new else None
    percent = None
    if before and after is not None:
        percent = ((after - before) / before * 100).quantize(Decimal("0.1"))
    return BandChange(band, before if old else None, after, percent)


def _direction(change: BandChange) -> int:
    if change.old is None or change.new is None:
        return 0
    return (change.new > change.old) - (change.new < change.old)


def _counting(entry: Entry) -> tuple[object, ...]:
    """Return what decides a price apart from the price of a unit."""
    return (*entry[2].counting, *entry[2].fees[:1], len(set(entry[2].fees)))


def summarise(
    rows: Iterable[DiffRow], *, old: Mapping[str, Entry], new: Mapping[str, Entry]
) -> DiffSummary:
    """Return the numbers that a page of changes begins with."""
    counts = dict.fromkeys(Change, 0)
    percents: list[Decimal] = []
    changed = 0
    for row in rows:
        changed += 1
        for change in row.changes:
            counts[change] += 1
        percents.extend(band.percent for band in row.bands if band.percent is not None)
    return DiffSummary(
        counts=counts,
        unchanged=len(old.keys() | new.keys()) - changed,
        old_prefixes=len(old),
        new_prefixes=len(new),
        largest_rise=max((one for one in percents if one > 0), default=None),
        largest_fall=min((one for one in percents if one < 0), default=None),
    )
