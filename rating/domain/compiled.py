"""
The catalogue as arrays, made once per set of price versions and looked up by columns.

Zones, decks and plan versions become dense numbers. A deck version and a zone together (`cell` =
deck · zones + zone) lead to increments, prices per band and the pattern of bands. Prices are
millionths per `unit`, where one unit fits all bands of the cell, so that a sum is exact in int64.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from rating.domain.clock import DAY_TYPES
from rating.domain.prices import DeckPrices
from rating.domain.subscribers import CompiledSubscribers, History
from rating.domain.usage import Bools, Ints
from rating.domain.zones import ZoneIndex
from tariffs.domain.deck import Allowance, UsageKind, Zone

#: Kinds are 1 to 4; a plan has a slot for each number up to that.
KINDS: Final = max(UsageKind) + 1
#: Minor units (kopecks) per unit of the currency.
MINOR: Final = 100


class UnableToCompile(ValueError):
    """The catalogue contradicts itself."""


@dataclass(frozen=True, slots=True, eq=False)
class BandTables:
    """
    Bands by pattern, type of day and part of day.

    A pattern is a set of bands of a deck that some zones price. `band` holds the band's place in
    its deck, -1 for none, `end` the second of the day at which the band may change. `has_gap` ends
    with the answer for the pattern -1, where nothing can be counted.
    """

    part_of_second: Ints
    band: Ints
    end: Ints
    has_gap: Bools
    parts: int

    def read(self, pattern: Ints, day_type: Ints, second: Ints) -> tuple[Ints, Ints]:
        """Return the band in force, and the second of the day until which it is."""
        place = (pattern * DAY_TYPES + day_type) * self.parts + self.part_of_second[second]
        return self.band[place], self.end[place]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """
    What is known of each deck and zone; arrays over cells, prices and fees over (cell, band).

    `unit` is 0 where the deck doesn't price the zone, `pattern` -1 where it can't count. A sum of
    prices becomes minor units as (sum + round_up_by) // divisor.
    """

    pattern: Ints
    first_increment: Ints
    next_increment: Ints
    free_units: Ints
    min_units: Ints
    grace_units: Ints
    unit: Ints
    divisor: Ints
    round_up_by: Ints
    price: Ints
    fee: Ints
    highest_price: Ints
    highest_fee: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Decks:
    """Deck versions: arrays over decks; `band_number` over (deck, band) leads to `band_codes`."""

    prices: tuple[DeckPrices, ...]
    version_id: Ints
    start: Ints
    end: Ints
    time_zones: tuple[str, ...]
    time_zone: Ints
    day_type: Ints
    calendar: Ints
    zone_set: Ints
    band_number: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Allowances:
    """
    Allowances, and in which order a plan version and kind uses them.

    `slots[plan · KINDS + kind, rank]` is the place of an allowance or -1; `covers` is over
    (allowance, zone).
    """

    values: tuple[Allowance, ...]
    allowance_id: Ints
    amount: Ints
    step: Ints
    covers: Bools
    slots: Ints


@dataclass(frozen=True, slots=True, eq=False)
class CompiledTariffs:
    """
    Everything that prices usage.

    `plan_decks` has the place plan · KINDS + kind; `plan_deck` is the deck of each of its rows.
    `zone_at` and `prefix_length` are over (zone set, interval of the zone index).
    """

    time_zone: str
    zones: tuple[Zone, ...]
    prefixes: Mapping[str, int]
    zone_id: Ints
    zone_index: ZoneIndex
    zone_at: Ints
    prefix_length: Ints
    plan_version_id: Ints
    plan_decks: History
    plan_deck: Ints
    decks: Decks
    cells: Cells
    bands: BandTables
    band_codes: tuple[str, ...]
    allowances: Allowances


@dataclass(frozen=True, slots=True, eq=False)
class CompiledCatalogue:
    """Tariffs and subscribers; `plan` is the plan version's place in the tariffs, -1 unknown."""

    tariffs: CompiledTariffs
    subscribers: CompiledSubscribers
    plan: Ints


def join(tariffs: CompiledTariffs, subscribers: CompiledSubscribers) -> CompiledCatalogue:
    """Put subscribers and tariffs together."""
    known, wanted = tariffs.plan_version_id, subscribers.plan_version_id
    place = np.searchsorted(known, wanted)
    place[place == len(known)] = 0
    plan = np.where(known[place] == wanted, place, -1) if len(known) else place - 1
    return CompiledCatalogue(tariffs, subscribers, plan)
