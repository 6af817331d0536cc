"""
From catalogue values to the arrays of `compiled`, once per set of price versions.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

import numpy as np

from rating.domain.clock import DAY_TYPES, FIRST_DAY, LAST_DAY, day_types, local_midnight
from rating.domain.compiled import (
    KINDS,
    MINOR,
    Allowances,
    BandTables,
    Cells,
    CompiledTariffs,
    Decks,
    UnableToCompile,
)
from rating.domain.prices import DeckPrices, ZonePrices
from rating.domain.subscribers import History, build_history, padded
from rating.domain.usage import Ints
from rating.domain.zones import ZoneIndex, build_zone_index, prefix_table
from tariffs.domain.deck import (
    DAY,
    INT64_SAFE,
    MICRO,
    NOWHERE,
    Band,
    Deck,
    PlanPricing,
    UsageKind,
    Zone,
    common_unit,
)


def compile_tariffs(
    plans: Iterable[PlanPricing], *, zones: Iterable[Zone], time_zone: str
) -> CompiledTariffs:
    """
    Compile plan versions with their decks and allowances.

    `time_zone` is the operator's: allowances are granted per calendar month in it. Raises
    UnableToCompile if an allowance, a deck version or a prefix contradicts another one.
    """
    known = tuple(zones)
    ordered = sorted(plans, key=lambda plan: plan.plan_version_id)
    versions = _distinct_decks(ordered)
    prices = tuple(DeckPrices(deck, zones=known) for deck in versions)
    all_zones = (NOWHERE, *known)
    place = {zone.zone_id: number for number, zone in enumerate(all_zones)}
    prefixes = _checked_prefixes(known)
    index = build_zone_index(prefixes)
    codes = tuple(sorted({band.code for deck in versions for band in deck.bands}))
    patterns = _Patterns()
    cells = _compile_cells(prices, place, patterns)
    sets = list(dict.fromkeys(frozenset(priced.zones) for priced in prices))
    zone_at, prefix_length = _narrowed(index, sets, place)
    decks = _compile_decks(prices, sets, codes)
    plan_decks, plan_deck = _plan_decks(ordered, decks)
    return CompiledTariffs(
        time_zone=time_zone,
        zones=all_zones,
        prefixes=prefixes,
        zone_id=np.array([zone.zone_id for zone in all_zones], np.int64),
        zone_index=index,
        zone_at=zone_at,
        prefix_length=prefix_length,
        plan_version_id=np.array([plan.plan_version_id for plan in ordered], np.int64),
        plan_decks=plan_decks,
        plan_deck=plan_deck,
        decks=decks,
        cells=cells,
        bands=patterns.tables(),
        band_codes=codes,
        allowances=_compile_allowances(ordered, all_zones),
    )


def _distinct_decks(plans: Iterable[PlanPricing]) -> list[Deck]:
    found: dict[int, Deck] = {}
    for plan in plans:
        for kind, versions in plan.decks.items():
            for deck in versions:
                if found.setdefault(deck.version_id, deck) != deck or deck.kind != kind:
                    message = f"deck version {deck.version_id} has two meanings"
                    raise UnableToCompile(message)
    return [found[version_id] for version_id in sorted(found)]


def _checked_prefixes(zones: Sequence[Zone]) -> dict[str, int]:
    table = prefix_table(zones)
    if len(table) != sum(len(zone.prefixes) for zone in zones):
        message = "a prefix belongs to two zones"
        raise UnableToCompile(message)
    return table


def _narrowed(
    index: ZoneIndex, sets: Sequence[frozenset[int]], place: Mapping[int, int]
) -> tuple[Ints, Ints]:
    """Return dense zone and prefix length over (zone set, interval)."""
    ids = np.array(sorted(place), np.int64)
    dense = np.array([place[zone_id] for zone_id in sorted(place)], np.int64)
    answers = [index.narrow(priced) for priced in sets] or [index.narrow(frozenset())]
    zone_at = np.stack([dense[np.searchsorted(ids, zone)] for zone, _ in answers])
    return zone_at, np.stack([length for _, length in answers])


def _plan_decks(plans: Sequence[PlanPricing], decks: Decks) -> tuple[History, Ints]:
    """Return the deck versions of each plan and kind as a history, and the decks of its rows."""
    place = {int(version_id): number for number, version_id in enumerate(decks.version_id)}
    slots: list[int] = []
    rows: list[int] = []
    for number, plan in enumerate(plans):
        for kind, versions in plan.decks.items():
            slots.extend([number * KINDS + kind] * len(versions))
            rows.extend(place[deck.version_id] for deck in versions)
    deck = np.array(rows, np.int64)
    history, order = build_history(
        keys=np.arange(len(plans) * KINDS, dtype=np.int64),
        row_keys=np.array(slots, np.int64),
        start=decks.start[deck],
        end=decks.end[deck],
    )
    return history, padded(deck[order])


def _compile_decks(
    prices: Sequence[DeckPrices], sets: Sequence[frozenset[int]], codes: Sequence[str]
) -> Decks:
    decks = [priced.deck for priced in prices]
    zones = list(dict.fromkeys(deck.timezone for deck in decks))
    calendars = list(dict.fromkeys(deck.holidays for deck in decks)) or [frozenset()]
    widest = max((len(deck.bands) for deck in decks), default=1)
    numbers = np.full((len(decks), widest), -1, np.int64)
    for row, deck in enumerate(decks):
        numbers[row, : len(deck.bands)] = [codes.index(band.code) for band in deck.bands]
    return Decks(
        prices=tuple(prices),
        version_id=np.array([deck.version_id for deck in decks], np.int64),
        start=np.array([_midnight(deck, deck.valid_from) for deck in decks], np.int64),
        end=np.array([_midnight(deck, deck.valid_to or LAST_DAY) for deck in decks], np.int64),
        time_zones=tuple(zones),
        time_zone=np.array([zones.index(deck.timezone) for deck in decks], np.int64),
        day_type=np.stack([day_types(holidays) for holidays in calendars]),
        calendar=np.array([calendars.index(deck.holidays) for deck in decks], np.int64),
        zone_set=np.array([sets.index(frozenset(priced.zones)) for priced in prices], np.int64),
        band_number=numbers,
    )


def _midnight(deck: Deck, day: date) -> int:
    """Return when the day begins for the deck, inside the years that the clock tables know."""
    return local_midnight(min(max(day, FIRST_DAY), LAST_DAY), deck.timezone)


class _Patterns:
    """Numbers the sets of bands that zones price, and lays out their days."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[tuple[Band, ...], frozenset[str]], int] = {}
        self._decks: list[tuple[Deck, frozenset[str]]] = []

    def number(self, deck: Deck, zone: ZonePrices) -> int:
        """Return the number of the pattern of a zone's rates."""
        codes = frozenset(zone.rates)
        key = (deck.bands, codes)
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers)
            self._decks.append((deck, codes))
        return self._numbers[key]

    def tables(self) -> BandTables:
        """Lay out every pattern over types of day and parts of day."""
        cuts = sorted({0}.union(*(deck.cuts for deck, _ in self._decks)))
        rows = [
            self._day(deck, codes, day_type=day_type, cuts=cuts)
            for deck, codes in self._decks
            for day_type in range(DAY_TYPES)
        ]
        bands = np.array(rows, np.int64).reshape(-1, len(cuts))
        ends = np.empty_like(bands)
        ends[:, -1] = DAY
        for part in range(len(cuts) - 2, -1, -1):
            same = bands[:, part] == bands[:, part + 1]
            ends[:, part] = np.where(same, ends[:, part + 1], cuts[part + 1])
        by_pattern = bands.reshape(len(self._decks), DAY_TYPES * len(cuts))
        return BandTables(
            part_of_second=np.searchsorted(cuts, np.arange(DAY), side="right") - 1,
            band=bands.ravel(),
            end=ends.ravel(),
            has_gap=np.append(np.any(by_pattern < 0, axis=1), True),
            parts=len(cuts),
        )

    @staticmethod
    def _day(deck: Deck, codes: frozenset[str], *, day_type: int, cuts: Sequence[int]) -> list[int]:
        found = [
            deck.band_at(codes, weekday=day_type % 7 + 1, is_holiday=day_type >= 7, second=second)
            for second in cuts
        ]
        return [deck.bands.index(band) if band else -1 for band in found]


def _compile_cells(
    prices: Sequence[DeckPrices], place: Mapping[int, int], patterns: _Patterns
) -> Cells:
    count = len(prices) * len(place)
    widest = max((len(priced.deck.bands) for priced in prices), default=1)
    plain = {
        name: np.zeros(count, np.int64)
        for name in (
            *("free_units", "min_units", "grace_units"),
            *("highest_price", "highest_fee", "unit", "divisor", "round_up_by"),
        )
    }
    ones = {name: np.ones(count, np.int64) for name in ("first_increment", "next_increment")}
    cells = Cells(
        pattern=np.full(count, -1, np.int64),
        price=np.zeros((count, widest), np.int64),
        fee=np.zeros((count, widest), np.int64),
        **plain,
        **ones,
    )
    for row, priced in enumerate(prices):
        for zone in priced.zones.values():
            cell = row * len(place) + place[zone.zone.zone_id]
            _fill_cell(cells, cell, deck=priced.deck, zone=zone)
            if zone.terms is not None:
                cells.pattern[cell] = patterns.number(priced.deck, zone)
    return cells


def _fill_cell(cells: Cells, cell: int, *, deck: Deck, zone: ZonePrices) -> None:
    if zone.terms is not None:
        cells.first_increment[cell] = zone.terms.first_increment
        cells.next_increment[cell] = zone.terms.next_increment
        cells.free_units[cell] = zone.terms.free_units
        cells.min_units[cell] = zone.terms.min_units
        cells.grace_units[cell] = zone.terms.grace_units
    unit = common_unit(zone.rates.values())
    divisor = unit * (MICRO // MINOR)
    cells.unit[cell], cells.divisor[cell] = unit, divisor
    cells.round_up_by[cell] = {"half_up": divisor // 2, "up": divisor - 1, "down": 0}[deck.rounding]
    for number, band in enumerate(deck.bands):
        rate = zone.rates.get(band.code)
        if rate is not None:
            cells.price[cell, number] = _millionths(rate.price * (unit // rate.unit))
            cells.fee[cell, number] = _millionths(rate.connection_fee * unit)
    cells.highest_price[cell] = cells.price[cell].max()
    cells.highest_fee[cell] = cells.fee[cell].max()


def _millionths(amount: Decimal) -> int:
    exact = amount * MICRO
    if exact % 1 or not 0 <= exact < INT64_SAFE:
        message = f"price {amount} is not exact in millionths, negative or too large"
        raise UnableToCompile(message)
    return int(exact)


def _compile_allowances(plans: Sequence[PlanPricing], zones: Sequence[Zone]) -> Allowances:
    values = [allowance for plan in plans for allowance in plan.allowances]
    place = {allowance.allowance_id: number for number, allowance in enumerate(values)}
    if len(place) != len(values):
        message = "an allowance belongs to two plan versions"
        raise UnableToCompile(message)
    chosen = [
        [place[a.allowance_id] for a in plan.allowances_for(UsageKind(kind))] if kind else []
        for plan in plans
        for kind in range(KINDS)
    ]
    ranks = max((len(row) for row in chosen), default=0)
    covers = [[allowance.covers(zone) for zone in zones] for allowance in values]
    return Allowances(
        values=tuple(values),
        allowance_id=np.array([allowance.allowance_id for allowance in values], np.int64),
        amount=np.array([allowance.amount for allowance in values], np.int64),
        step=np.array([allowance.step for allowance in values], np.int64),
        covers=np.array(covers, np.bool_).reshape(len(values), len(zones)),
        slots=np.array([row + [-1] * (ranks - len(row)) for row in chosen], np.int64).reshape(
            len(chosen), ranks
        ),
    )
