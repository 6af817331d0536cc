"""
From catalogue values to the arrays of `compiled`, once per set of price versions.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np

from rating.domain.cells import CellBuilder
from rating.domain.clock import FIRST_DAY, LAST_DAY, local_midnight
from rating.domain.compiled import KINDS, Allowances, CompiledTariffs, Decks
from rating.domain.periods import RECURRENCES
from rating.domain.prices import MINOR, DeckPrices, UnableToCompile
from rating.domain.subscribers import History, build_history, padded
from rating.domain.usage import Ints
from rating.domain.zones import ZoneIndex, build_zone_index, prefix_table, read_prefixes
from tariffs.domain.deck import NO_ZONE, NOWHERE, Allowance, Deck, PlanPricing, UsageKind, Zone


def compile_tariffs(
    plans: Iterable[PlanPricing], *, zones: Iterable[Zone], time_zone: str, minor: int = MINOR
) -> CompiledTariffs:
    """
    Compile plan versions, or offers of them, with their decks and allowances.

    `time_zone` is the operator's: allowances are granted per period of its calendar. Amounts are
    counted in 1/`minor` of the currency. Raises UnableToCompile if an allowance, a deck version, a
    zone or a prefix contradicts another one, or a price model can't be read.
    """
    all_zones = (NOWHERE, *zones)
    place = {zone.zone_id: number for number, zone in enumerate(all_zones)}
    if len(place) < len(all_zones):
        message = "a zone is there twice"
        raise UnableToCompile(message)
    ordered = sorted(plans, key=lambda plan: plan.key)
    prices = tuple(
        DeckPrices(deck, zones=all_zones[1:], minor=minor) for deck in _distinct_decks(ordered)
    )
    prefixes = _prefixes(all_zones)
    sets = _ZoneSets(prefixes)
    cells = CellBuilder(place)
    first_cells = []
    for priced in prices:
        first_cells.append(len(cells))
        cells.add_deck(priced, sets.zones_of(priced))
    codes = tuple(sorted({band.code for priced in prices for band in priced.deck.bands}))
    decks = _compile_decks(prices, codes, sets=sets, first_cells=first_cells)
    plan_decks, plan_deck = _plan_decks(ordered, decks)
    return CompiledTariffs(
        time_zone=time_zone,
        minor=minor,
        zones=all_zones,
        prefixes=prefixes,
        zone_id=np.array([zone.zone_id for zone in all_zones], np.int64),
        zone_indexes=tuple(sets.indexes),
        zone_sets=tuple(sets.zone_ids),
        set_schemes=tuple(sets.schemes),
        offer_id=np.array([plan.key for plan in ordered], np.int64),
        plan_version_id=np.array([plan.plan_version_id for plan in ordered], np.int64),
        plan_decks=plan_decks,
        plan_deck=plan_deck,
        decks=decks,
        cells=cells.cells(),
        schedules=cells.schedules(),
        surcharges=cells.surcharges(),
        bands=cells.patterns.tables(),
        band_codes=codes,
        allowances=_compile_allowances(ordered, all_zones),
    )


def _distinct_decks(plans: Iterable[PlanPricing]) -> list[Deck]:
    found: dict[int, Deck] = {}
    for plan in plans:
        for kind, versions in plan.decks.items():
            for deck in versions:
                known = found.setdefault(deck.version_id, deck)
                if (known is not deck and known != deck) or deck.kind != kind:
                    message = f"deck version {deck.version_id} has two meanings"
                    raise UnableToCompile(message)
    return [found[version_id] for version_id in sorted(found)]


def _prefixes(zones: Sequence[Zone]) -> dict[int, Mapping[str, int]]:
    """Return the table of prefixes of each scheme."""
    by_scheme: dict[int, list[Zone]] = {}
    for zone in zones:
        by_scheme.setdefault(zone.scheme_id, []).append(zone)
    return {scheme: _checked_prefixes(members) for scheme, members in by_scheme.items()}


def _checked_prefixes(zones: Sequence[Zone]) -> dict[str, int]:
    table = prefix_table(zones)
    if len(table) != sum(len(zone.prefixes) for zone in zones):
        message = "a prefix belongs to two zones"
        raise UnableToCompile(message)
    return table


class _ZoneSets:
    """The different sets of zones that decks price, each with its index of the number space."""

    def __init__(self, prefixes: Mapping[int, Mapping[str, int]]) -> None:
        self._prefixes = {scheme: read_prefixes(table) for scheme, table in prefixes.items()}
        self._numbers: dict[tuple[int, frozenset[int]], int] = {}
        self.indexes: list[ZoneIndex] = []
        self.zone_ids: list[Ints] = []
        self.schemes: list[int] = []

    def number(self, priced: DeckPrices) -> int:
        """Return the number of the set of zones that a deck prices."""
        key = (priced.deck.scheme_id, frozenset(priced.zones))
        if key not in self._numbers:
            self._numbers[key] = len(self.indexes)
            ids = np.array(sorted(priced.zones), np.int64)
            found = np.flatnonzero(ids == NO_ZONE)
            scheme = self._prefixes.get(priced.deck.scheme_id) or read_prefixes({})
            nowhere = int(found[0]) if len(found) else -1
            self.indexes.append(build_zone_index(scheme, priced=ids, nowhere=nowhere))
            self.zone_ids.append(ids)
            self.schemes.append(priced.deck.scheme_id)
        return self._numbers[key]

    def zones_of(self, priced: DeckPrices) -> list[int]:
        """Return the zones that a deck prices in the order of their ranks."""
        zones: list[int] = self.zone_ids[self.number(priced)].tolist()
        return zones


def _plan_decks(plans: Sequence[PlanPricing], decks: Decks) -> tuple[History, Ints]:
    """Return the deck versions of each offer and kind as a history, and the decks of its rows."""
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
    prices: Sequence[DeckPrices],
    codes: Sequence[str],
    *,
    sets: _ZoneSets,
    first_cells: Sequence[int],
) -> Decks:
    decks = [priced.deck for priced in prices]
    zones = list(dict.fromkeys(deck.timezone for deck in decks))
    widest = max((len(deck.bands) for deck in decks), default=1)
    number = {code: place for place, code in enumerate(codes)}
    numbers = np.full((len(decks), widest), -1, np.int64)
    for row, deck in enumerate(decks):
        numbers[row, : len(deck.bands)] = [number[band.code] for band in deck.bands]
    return Decks(
        prices=tuple(prices),
        version_id=np.array([deck.version_id for deck in decks], np.int64),
        start=np.array([_midnight(deck, deck.valid_from) for deck in decks], np.int64),
        end=np.array([_midnight(deck, deck.valid_to or LAST_DAY) for deck in decks], np.int64),
        time_zones=tuple(zones),
        time_zone=np.array([zones.index(deck.timezone) for deck in decks], np.int64),
        is_timed=np.array([priced.is_timed for priced in prices], np.bool_),
        zone_set=np.array([sets.number(priced) for priced in prices], np.int64),
        first_cell=np.array(first_cells, np.int64),
        band_number=numbers,
    )


def _midnight(deck: Deck, day: date) -> int:
    """Return when the day begins for the deck, inside the years that the clock tables know."""
    return local_midnight(min(max(day, FIRST_DAY), LAST_DAY), deck.timezone)


def _compile_allowances(plans: Sequence[PlanPricing], zones: Sequence[Zone]) -> Allowances:
    values = _distinct_allowances(plans)
    place = {allowance.allowance_id: number for number, allowance in enumerate(values)}
    slots, money_slots = (
        _slots(
            [
                [
                    place[a.allowance_id]
                    for a in (plan.allowances_for(UsageKind(kind)) if kind else ())
                    if a.is_money is is_money
                ]
                for plan in plans
                for kind in range(KINDS)
            ]
        )
        for is_money in (False, True)
    )
    step = np.array([allowance.step for allowance in values], np.int64)
    plain = np.append(step == 0, False)
    return Allowances(
        values=tuple(values),
        allowance_id=np.array([allowance.allowance_id for allowance in values], np.int64),
        amount=np.array([allowance.amount for allowance in values], np.int64),
        step=step,
        numerator=np.array([allowance.factor.numerator for allowance in values], np.int64),
        denominator=np.array([allowance.factor.denominator for allowance in values], np.int64),
        recurrence=np.array([RECURRENCES.index(a.recurrence) for a in values], np.int64),
        is_money=np.array([allowance.is_money for allowance in values], np.bool_),
        covers=_covers(values, zones),
        slots=slots,
        money_slots=money_slots,
        has_plain_step=np.any(plain[slots], axis=1),
        has_any=np.any(slots >= 0, axis=1) | np.any(money_slots >= 0, axis=1),
        shared_kinds=frozenset(int(a.kind) for a in values if a.is_shared),
    )


def _distinct_allowances(plans: Iterable[PlanPricing]) -> list[Allowance]:
    """Return all allowances: a package brings the same one to several offers."""
    found: dict[int, Allowance] = {}
    for plan in plans:
        for allowance in plan.allowances:
            if found.setdefault(allowance.allowance_id, allowance) != allowance:
                message = f"an allowance, {allowance.allowance_id}, has two meanings"
                raise UnableToCompile(message)
            if allowance.factor <= 0 or not allowance.takes_whole_units:
                message = f"allowance {allowance.allowance_id} takes parts of its units"
                raise UnableToCompile(message)
    return [found[allowance_id] for allowance_id in sorted(found)]


def _slots(chosen: Sequence[Sequence[int]]) -> Ints:
    ranks = max((len(row) for row in chosen), default=0)
    filled = [[*row, *[-1] * (ranks - len(row))] for row in chosen]
    return np.array(filled, np.int64).reshape(len(chosen), ranks)


def _covers(values: Sequence[Allowance], zones: Sequence[Zone]) -> np.ndarray:
    """Return which allowances cover which zones: of zones not named, those of a class are alike."""
    answer = np.zeros((len(values), len(zones)), np.bool_)
    classes = list(dict.fromkeys(zone.zone_class for zone in zones))
    number = {name: place for place, name in enumerate(classes)}
    of_zone = np.array([number[zone.zone_class] for zone in zones], np.int64)
    place = {zone.zone_id: row for row, zone in enumerate(zones)}
    for row, allowance in enumerate(values):
        # A zone with an id that no allowance can name stands for its class.
        of_class = [allowance.covers(Zone(-1, name)) for name in classes]
        answer[row] = np.array(of_class, np.bool_)[of_zone]
        named = [place[zone_id] for zone_id in allowance.zone_ids if zone_id in place]
        answer[row, named] = True
    return answer
