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

    `identifier` and `plan` are rows and offers of the compiled catalogue, `slot` is
    plan · KINDS + kind. `place` is that of the subscription in the plan history.
    """

    reason: Ints
    identifier: Ints
    place: Ints
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
    found = np.where(is_known, identifier, -1)
    return Resolved(reason, found, place, plan, slot, deck, zone, cell)


def _zones(usage: UsageColumns, tariffs: CompiledTariffs, deck: Ints) -> tuple[Ints, Ints, Bools]:
    """Return dense zone, cell, and whether the deck prices it."""
    if not len(tariffs.decks.version_id):
        return np.zeros_like(deck), np.zeros_like(deck), np.zeros(len(deck), np.bool_)
    known = np.maximum(deck, 0)
    zone_set = tariffs.decks.zone_set[known]
    rank = np.full(len(deck), -1, np.int64)
    used = np.unique(zone_set) if len(tariffs.zone_sets) > 1 else range(len(zone_set[:1]))
    for number in used:
        if len(tariffs.zone_sets) == 1:
            rank = _ranks(usage, tariffs, number=0, rows=None)
        else:
            rows = np.flatnonzero(zone_set == number)
            rank[rows] = _ranks(usage, tariffs, number=int(number), rows=rows)
    cell = np.maximum(tariffs.decks.first_cell[known] + rank, 0)
    is_priced = (rank >= 0) & (deck >= 0)
    if not len(tariffs.cells.zone):
        return np.zeros_like(deck), np.zeros_like(deck), is_priced
    return np.where(rank >= 0, tariffs.cells.zone[cell], 0), cell, is_priced


def _ranks(
    usage: UsageColumns, tariffs: CompiledTariffs, *, number: int, rows: Ints | None
) -> Ints:
    """Return the ranks of zones in a set for some records, -1 for numbers it doesn't price."""
    digits, length = usage.number_b, usage.number_b_length
    if rows is not None:
        digits, length = digits[rows], length[rows]
    rank, is_short = tariffs.zone_indexes[number].find(digits, length)
    for row in np.flatnonzero(is_short).tolist():
        rank[row] = _rank_of_short(int(digits[row]), int(length[row]), tariffs, number=number)
    return rank


def _rank_of_short(digits: int, length: int, tariffs: CompiledTariffs, *, number: int) -> int:
    """Look up a number shorter than the prefix in whose interval it falls."""
    text = str(digits).zfill(length) if length else ""
    priced = tariffs.zone_sets[number].tolist()
    table = tariffs.prefixes.get(tariffs.set_schemes[number], {})
    zone_id = longest_prefix(table, text, among=priced) or NO_ZONE
    return priced.index(zone_id) if zone_id in priced else -1
