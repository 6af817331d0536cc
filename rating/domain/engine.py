"""
The rating core: a batch of usage as columns in, its prices as columns out. Pure; no database.

Splitting a batch anywhere and carrying the counters over changes nothing, so the nightly load,
re-rating, the what-if of a tariff change and a single record are all this function.
"""

from typing import Final

import numpy as np

from rating.domain.allowances import AllowanceCounters, Coverage, Demand, add_uses, cover, pay
from rating.domain.answer import Answer
from rating.domain.cells import SAFE_SUM
from rating.domain.clock import table_day, zone_clock
from rating.domain.compiled import Cells, CompiledCatalogue, CompiledTariffs
from rating.domain.one_by_one import price_by_twin
from rating.domain.prices import MOST_UNITS
from rating.domain.resolving import Resolved, resolve
from rating.domain.usage import Bools, Ints, PricedColumns, Reason, UsageColumns
from rating.domain.walking import Walks, end_of_steps, walk
from rating.domain.work import Work
from tariffs.domain.deck import UsageKind

_MOST_UNITS: Final = np.array([0, *(MOST_UNITS[kind] for kind in UsageKind)], np.int64)


class UnableToPrice(ValueError):
    """The columns are not in order."""


def price_columns(
    usage: UsageColumns, *, catalogue: CompiledCatalogue, counters: AllowanceCounters
) -> tuple[PricedColumns, AllowanceCounters]:
    """
    Price usage ordered by (started_at, record_key); return prices and the counters after it.

    `counters` must hold what the subscriptions (and owners of their groups) used before in the
    periods of this usage, and the running totals of monthly models. Records that can't be priced
    get a reason and take nothing. Raises UnableToPrice if not in order.
    """
    if np.any(usage.started_at[1:] < usage.started_at[:-1]):
        message = "usage must be ordered by its start"
        raise UnableToPrice(message)
    resolved = resolve(usage, catalogue)
    work = _work(usage, catalogue, resolved)
    demand = _demand(work)
    coverage = cover(
        demand,
        allowances=catalogue.tariffs.allowances,
        counters=counters,
        by_twin=work.by_twin,
    )
    answer = Answer(usage, catalogue, resolved)
    _price_fast(work, demand, coverage, answer=answer, counters=counters)
    if coverage.by_twin.any():
        price_by_twin(
            work, catalogue, answer, rows=np.flatnonzero(coverage.by_twin), counters=counters
        )
    priced = answer.columns()
    return priced, add_uses(counters, priced.uses, priced.totals)


def _work(usage: UsageColumns, catalogue: CompiledCatalogue, resolved: Resolved) -> Work:
    tariffs, subscribers = catalogue.tariffs, catalogue.subscribers
    rows = np.flatnonzero(resolved.reason == Reason.PRICED)
    start, kind, quantity = usage.started_at[rows], usage.kind[rows], usage.quantity[rows]
    identifier, cell = resolved.identifier[rows], resolved.cell[rows]
    subscription_id = subscribers.subscription_id[identifier]
    cells = tariffs.cells
    length = _lengths(quantity, cell, cells)
    local, _ = zone_clock(tariffs.time_zone).read(start)
    slot = resolved.slot[rows]
    group_id, is_shared = _groups(catalogue, subscription_id, kind=kind, start=start)
    by_twin = (quantity < 0) | (quantity > _MOST_UNITS[kind]) | is_shared
    by_twin |= cells.by_twin[cell] | tariffs.bands.has_gap[cells.pattern[cell]]
    by_twin |= ~cells.is_regular[cell] & tariffs.allowances.has_plain_step[slot]
    by_twin |= _may_overflow(length, cell, cells)
    return Work(
        tariffs=tariffs,
        rows=rows,
        start=start,
        kind=kind,
        quantity=quantity,
        account_id=subscribers.account_id[identifier],
        subscription_id=subscription_id,
        group_id=group_id,
        day=table_day(local),
        slot=slot,
        deck=resolved.deck[rows],
        zone=resolved.zone[rows],
        cell=cell,
        length=length,
        by_twin=by_twin,
    )


def _lengths(quantity: Ints, cell: Ints, cells: Cells) -> Ints:
    """Return the units to be walked: nothing if spared, free units off, at least the minimum."""
    length = np.maximum(quantity - cells.free_units[cell], cells.min_units[cell])
    return np.where(quantity <= cells.spared[cell], 0, length)


def _may_overflow(length: Ints, cell: Ints, cells: Cells) -> Bools:
    """Return which records might cost more than columns have room for."""
    longest = int(length.max(initial=0)) + 2 * int(cells.longest_increment.max(initial=1))
    if int(cells.most.max(initial=0)) * longest <= int(cells.room.min(initial=SAFE_SUM)):
        return np.zeros(len(length), np.bool_)
    beyond = length + 2 * cells.longest_increment[cell]
    too_long: Bools = beyond > cells.room[cell] // np.maximum(cells.most[cell], 1)
    return too_long


def _groups(
    catalogue: CompiledCatalogue, subscription_id: Ints, *, kind: Ints, start: Ints
) -> tuple[Ints, Bools]:
    """Return whose records share allowances with each record's, and whether some are shared."""
    groups, tariffs = catalogue.subscribers.groups, catalogue.tariffs
    kinds = np.isin(kind, list(tariffs.allowances.shared_kinds))
    if not len(groups.concerned) or not kinds.any():
        return subscription_id, np.zeros(len(kind), np.bool_)
    is_shared = kinds & np.isin(subscription_id, groups.concerned)
    row, is_member = groups.rows_at(subscription_id, kind, start)
    return np.where(is_member, groups.owner_id[row], subscription_id), is_shared


def _demand(work: Work) -> Demand:
    cells = work.tariffs.cells
    return Demand(
        group_id=work.group_id,
        subscription_id=work.subscription_id,
        day=work.day,
        kind=work.kind,
        slot=work.slot,
        zone=work.zone,
        length=work.length,
        first_increment=cells.first_increment[work.cell],
        next_increment=cells.next_increment[work.cell],
    )


def _price_fast(
    work: Work, demand: Demand, coverage: Coverage, *, answer: Answer, counters: AllowanceCounters
) -> None:
    """Price all records but those of the twin, as columns."""
    rows = np.flatnonzero(~coverage.by_twin)
    walks = _walks(work, demand, coverage.covered).some(rows)
    walked = walk(walks, work.tariffs)
    total = _with_extras(walked.total, walked.band, work=work, rows=rows)
    cells, cell = work.tariffs.cells, walks.cell
    cost = np.zeros(len(work.rows), np.int64)
    whole = (total + cells.round_up_by[cell]) // cells.divisor[cell]
    cost[rows] = whole * cells.quantum[cell]
    allowances = work.tariffs.allowances
    paid = pay(demand, cost, rows=rows, allowances=allowances, counters=counters)
    of_usage = work.rows[rows]
    answer.band[of_usage] = work.tariffs.decks.band_number[walks.deck, walked.band]
    answer.billed_units[of_usage] = walked.end
    answer.amount[of_usage] = cost[rows]
    for takers, place, period, used in (*coverage.uses, *paid):
        answer.take(work, rows=takers, place=place, period=period, used=used)


def _with_extras(total: Ints, band: Ints, *, work: Work, rows: Ints) -> Ints:
    """Add fees and surcharges, and limit the sums to the maximum cost."""
    cells, cell = work.tariffs.cells, work.cell[rows]
    is_due = work.length[rows] > 0
    total = total + np.where(is_due, cells.fee[cell, band], 0)
    if len(work.tariffs.surcharges.at_unit) > 1:
        some = np.flatnonzero(is_due & (cells.surcharges[cell] > 0))
        of_set = cells.surcharges[cell[some]]
        total[some] += work.tariffs.surcharges.due(of_set, work.quantity[rows[some]])
    if cells.cap.max(initial=-1) >= 0:
        cap = cells.cap[cell]
        total = np.where(cap >= 0, np.minimum(total, cap), total)
    return total


def _walks(work: Work, demand: Demand, covered: Ints) -> Walks:
    is_regular = work.tariffs.cells.is_regular[work.cell]
    end = end_of_steps(
        covered, work.length, first=demand.first_increment, later=demand.next_increment
    )
    return Walks(
        start=work.start,
        is_timed=work.tariffs.decks.is_timed[work.deck],
        is_regular=is_regular,
        deck=work.deck,
        cell=work.cell,
        covered=covered,
        length=work.length,
        end=end,
    )


__all__ = ["CompiledTariffs", "UnableToPrice", "price_columns"]
