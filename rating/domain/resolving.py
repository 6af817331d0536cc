"""
Whose usage a record is, on which plan, deck version and zone: the columns' as-of look-ups.
"""

from dataclasses import dataclass

import numpy as np

from rating.domain.compiled import KINDS, CompiledCatalogue, CompiledTariffs
from rating.domain.usage import Bools, Ints, Reason, UsageColumns
from rating.domain.zones import longest_prefix
from tariffs.domain.deck import NO_ZONE


@dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """
    Places in the catalogue per record, -1 for what was not found, and the first thing missing.

    `identifier` and `plan` are rows and plans of the compiled catalogue, `slot` is
    plan · KINDS + kind, `cell` deck · zones + zone.
    """

    reason: Ints
    identifier: Ints
    plan: Ints
    slot: Ints
    deck: Ints
    zone: Ints
    cell: Ints


def resolve(usage: UsageColumns, catalogue: CompiledCatalogue) -> Resolved:
    """Look up every record as of its start."""
    tariffs, subscribers, at = catalogue.tariffs, catalogue.subscribers, usage.started_at
    place = subscribers.identifiers.places_of(usage.subscriber_key)
    identifier, is_known = subscribers.identifiers.rows_at(place, at)
    place = np.where(is_known, subscribers.identifier_place[identifier], -1)
    plan_row, has_plan = subscribers.plans.rows_at(place, at)
    plan = np.where(has_plan, catalogue.plan[plan_row], -1)
    kind_is_known = (usage.kind > 0) & (usage.kind < KINDS)
    slot = np.where((plan >= 0) & kind_is_known, plan * KINDS + usage.kind, -1)
    deck_row, has_deck = tariffs.plan_decks.rows_at(slot, at)
    deck = np.where(has_deck, tariffs.plan_deck[deck_row], -1)
    zone, cell, is_priced = _zones(usage, tariffs, deck)
    reason = np.full(len(usage), Reason.PRICED, np.int64)
    reason[~is_priced] = Reason.NO_ZONE
    reason[deck < 0] = Reason.NO_PRICE_VERSION
    reason[plan < 0] = Reason.NO_PLAN
    reason[~is_known] = Reason.NO_SUBSCRIBER
    return Resolved(reason, np.where(is_known, identifier, -1), plan, slot, deck, zone, cell)


def _zones(usage: UsageColumns, tariffs: CompiledTariffs, deck: Ints) -> tuple[Ints, Ints, Bools]:
    """Return dense zone, cell, and whether the deck prices it."""
    if not len(tariffs.decks.version_id):
        return np.zeros_like(deck), np.zeros_like(deck), np.zeros(len(deck), np.bool_)
    known = np.maximum(deck, 0)
    interval = tariffs.zone_index.place(usage.number_b, usage.number_b_length)
    zone_set = tariffs.decks.zone_set[known]
    zone = tariffs.zone_at[zone_set, interval]
    is_short = tariffs.prefix_length[zone_set, interval] > usage.number_b_length
    for row in np.flatnonzero(is_short):
        zone[row] = _zone_of_short(usage, tariffs, row=int(row), deck=int(known[row]))
    cell = known * len(tariffs.zones) + zone
    return zone, cell, tariffs.cells.unit[cell] > 0


def _zone_of_short(usage: UsageColumns, tariffs: CompiledTariffs, *, row: int, deck: int) -> int:
    """Look up a number shorter than the prefix in whose interval it falls."""
    length = int(usage.number_b_length[row])
    number = str(int(usage.number_b[row])).zfill(length) if length else ""
    priced = tariffs.decks.prices[deck].zones
    zone_id = longest_prefix(tariffs.prefixes, number, among=priced)
    return int(np.flatnonzero(tariffs.zone_id == (zone_id or NO_ZONE))[0])
