"""
The catalogue as arrays, made once per set of price versions and looked up by columns.

Zones, deck versions and offers become dense numbers. A deck version and a zone that it prices make
a `cell`. Prices and amounts of a cell are whole numbers over its scale, so that a sum is exact in
int64; what doesn't fit that is left to the scalar twin.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from rating.domain.prices import MINOR, DeckPrices, UnableToCompile
from rating.domain.subscribers import CompiledSubscribers, History
from rating.domain.usage import Bools, Ints
from rating.domain.zones import ZoneIndex
from tariffs.domain.deck import Allowance, UsageKind, Zone

__all__ = [
    "KINDS",
    "MINOR",
    "Allowances",
    "BandTables",
    "Cells",
    "CompiledCatalogue",
    "CompiledTariffs",
    "Decks",
    "Schedules",
    "Surcharges",
    "UnableToCompile",
    "join",
]

#: Kinds are 1 to 4; an offer has a slot for each number up to that.
KINDS: Final = max(UsageKind) + 1


@dataclass(frozen=True, slots=True, eq=False)
class BandTables:
    """
    Bands by pattern, class of day and part of day.

    A pattern is a set of bands of a deck that some zones price. Its days fall into classes of days
    alike: `day_class[calendar[pattern], day] + first_class[pattern]`. `band` holds the band's place
    in its deck, -1 for none, `end` the second of the day at which the band may change. `has_gap`
    ends with the answer for the pattern -1, where nothing can be counted.
    """

    part_of_second: Ints
    calendar: Ints
    first_class: Ints
    day_class: Ints
    band: Ints
    end: Ints
    has_gap: Bools
    parts: int

    def read(self, pattern: Ints, day: Ints, second: Ints) -> tuple[Ints, Ints]:
        """Return the band in force, and the second of the day until which it is."""
        if len(self.day_class) == 1:
            of_day = self.day_class[0][day]
        else:
            of_day = self.day_class[self.calendar[pattern], day]
        place = (self.first_class[pattern] + of_day) * self.parts + self.part_of_second[second]
        return self.band[place], self.end[place]


@dataclass(frozen=True, slots=True, eq=False)
class Schedules:
    """
    The steps of rates: arrays over (schedule · steps + step).

    `one_price` is over schedules: the price of a unit if it is the same in all steps, else -1.
    """

    start: Ints
    end: Ints
    increment: Ints
    price: Ints
    one_price: Ints
    steps: int

    def step_at(self, schedule: Ints, at: Ints) -> Ints:
        """Return the place of the step of an elapsed unit."""
        place = schedule * self.steps
        for _ in range(self.steps - 1):
            place = np.where(self.end[place] <= at, place + 1, place)
        return place


@dataclass(frozen=True, slots=True, eq=False)
class Surcharges:
    """Sets of surcharges: arrays over (set, place); set 0 has none."""

    at_unit: Ints
    amount: Ints

    def due(self, of_set: Ints, quantity: Ints) -> Ints:
        """Return what is due for records of some lengths."""
        is_due = quantity[:, None] > self.at_unit[of_set]
        total: Ints = np.sum(np.where(is_due, self.amount[of_set], 0), axis=1)
        return total


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """
    What is known of each deck and zone; arrays over cells, `schedule` and `fee` over (cell, band).

    `zone` is the dense zone, `spared` the longest record that costs nothing. `first_increment` and
    `next_increment` hold in all bands if `is_regular`. A sum becomes minor units as
    (sum + round_up_by) // divisor · quantum. `cap` is -1 where there is none. `by_twin` marks what
    columns can't express, `most` the highest price of a unit, `room` what a sum of prices may be.
    """

    zone: Ints
    pattern: Ints
    spared: Ints
    free_units: Ints
    min_units: Ints
    first_increment: Ints
    next_increment: Ints
    longest_increment: Ints
    is_regular: Bools
    divisor: Ints
    round_up_by: Ints
    quantum: Ints
    cap: Ints
    surcharges: Ints
    by_twin: Bools
    most: Ints
    room: Ints
    schedule: Ints
    fee: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Decks:
    """
    Deck versions: arrays over decks; `band_number` over (deck, band) leads to `band_codes`.

    The cell of a deck's zone is `first_cell` + the zone's rank in the deck's set of zones.
    """

    prices: tuple[DeckPrices, ...]
    version_id: Ints
    start: Ints
    end: Ints
    time_zones: tuple[str, ...]
    time_zone: Ints
    is_timed: Bools
    zone_set: Ints
    first_cell: Ints
    band_number: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Allowances:
    """
    Allowances, and in which order an offer and kind uses them.

    `slots[offer · KINDS + kind, rank]` is the place of an allowance of units or -1, `money_slots`
    of one of money; `covers` is over (allowance, zone). A unit of usage takes `numerator` /
    `denominator` of the allowance's units. `has_plain_step` is over slots: some allowance counts in
    the rate's increments. `has_any` is over slots too.
    """

    values: tuple[Allowance, ...]
    allowance_id: Ints
    amount: Ints
    step: Ints
    numerator: Ints
    denominator: Ints
    recurrence: Ints
    is_money: Bools
    covers: Bools
    slots: Ints
    money_slots: Ints
    has_plain_step: Bools
    has_any: Bools
    shared_kinds: frozenset[int]


@dataclass(frozen=True, slots=True, eq=False)
class CompiledTariffs:
    """
    Everything that prices usage; amounts are in 1/`minor` of the currency.

    `plan_decks` has the place offer · KINDS + kind; `plan_deck` is the deck of each of its rows.
    `zone_indexes`, `zone_sets` (ids in the order of ranks) and `set_schemes` are over the different
    sets of zones that decks price, `prefixes` over schemes.
    """

    time_zone: str
    minor: int
    zones: tuple[Zone, ...]
    prefixes: Mapping[int, Mapping[str, int]]
    zone_id: Ints
    zone_indexes: tuple[ZoneIndex, ...]
    zone_sets: tuple[Ints, ...]
    set_schemes: tuple[int, ...]
    offer_id: Ints
    plan_version_id: Ints
    plan_decks: History
    plan_deck: Ints
    decks: Decks
    cells: Cells
    schedules: Schedules
    surcharges: Surcharges
    bands: BandTables
    band_codes: tuple[str, ...]
    allowances: Allowances


@dataclass(frozen=True, slots=True, eq=False)
class CompiledCatalogue:
    """Tariffs and subscribers; `plan` is the offer's place in the tariffs, -1 unknown."""

    tariffs: CompiledTariffs
    subscribers: CompiledSubscribers
    plan: Ints


def join(tariffs: CompiledTariffs, subscribers: CompiledSubscribers) -> CompiledCatalogue:
    """Put subscribers and tariffs together: their history names offers, which plan versions are."""
    known, wanted = tariffs.offer_id, subscribers.plan_version_id
    place = np.searchsorted(known, wanted)
    place[place == len(known)] = 0
    plan = np.where(known[place] == wanted, place, -1) if len(known) else place - 1
    return CompiledCatalogue(tariffs, subscribers, plan)
