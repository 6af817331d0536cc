"""
The rating core: a batch of usage as columns in, its prices as columns out. Pure; no database.

Splitting a batch anywhere and carrying the counters over changes nothing, so the nightly load,
re-rating, the what-if of a tariff change and a single record are all this function.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from rating.domain.allowances import AllowanceCounters, Coverage, Demand, add_uses, cover
from rating.domain.clock import month_numbers, table_day, zone_clock
from rating.domain.compiled import MINOR, Cells, CompiledCatalogue, CompiledTariffs
from rating.domain.resolving import Resolved, resolve
from rating.domain.subscribers import padded
from rating.domain.twin import MOST_UNITS, AllowanceLeft, Priced, Use, price_one
from rating.domain.usage import AllowanceUses, Bools, Ints, PricedColumns, Reason, UsageColumns
from rating.domain.walking import Walks, step_from, sum_prices
from tariffs.domain.deck import NO_ZONE, UsageKind

#: Sums above this go to the twin: below it neither int64 nor an amount column overflows.
SAFE_SUM: Final = 5 * 10**17
_MOST_UNITS: Final = np.array([0, *(MOST_UNITS[kind] for kind in UsageKind)], np.int64)
_IS_TIMED: Final = np.array([False, *(kind.is_timed for kind in UsageKind)])


class UnableToPrice(ValueError):
    """The columns are not in order."""


def price_columns(
    usage: UsageColumns, *, catalogue: CompiledCatalogue, counters: AllowanceCounters
) -> tuple[PricedColumns, AllowanceCounters]:
    """
    Price usage ordered by (started_at, record_key); return prices and the counters after it.

    `counters` must hold what the subscriptions used before in the months of this usage. Records
    that can't be priced get a reason and take nothing. Raises UnableToPrice if not in order.
    """
    if np.any(usage.started_at[1:] < usage.started_at[:-1]):
        message = "usage must be ordered by its start"
        raise UnableToPrice(message)
    resolved = resolve(usage, catalogue)
    work = _work(usage, catalogue, resolved)
    coverage = cover(
        _demand(work),
        allowances=catalogue.tariffs.allowances,
        counters=counters,
        by_twin=work.by_twin,
    )
    answer = _Answer(usage, catalogue, resolved)
    _price_fast(work, coverage, answer)
    if coverage.by_twin.any():
        _price_by_twin(work, answer, rows=np.flatnonzero(coverage.by_twin), counters=counters)
    priced = answer.columns()
    return priced, add_uses(counters, priced.uses)


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """The records that were resolved, by their `rows` in the usage; `length` is to be walked."""

    tariffs: CompiledTariffs
    rows: Ints
    start: Ints
    kind: Ints
    quantity: Ints
    account_id: Ints
    subscription_id: Ints
    period: Ints
    slot: Ints
    deck: Ints
    zone: Ints
    cell: Ints
    first_increment: Ints
    next_increment: Ints
    length: Ints
    by_twin: Bools


def _work(usage: UsageColumns, catalogue: CompiledCatalogue, resolved: Resolved) -> _Work:
    tariffs, subscribers = catalogue.tariffs, catalogue.subscribers
    rows = np.flatnonzero(resolved.reason == Reason.PRICED)
    start, kind, quantity = usage.started_at[rows], usage.kind[rows], usage.quantity[rows]
    identifier, cell = resolved.identifier[rows], resolved.cell[rows]
    first, later = tariffs.cells.first_increment[cell], tariffs.cells.next_increment[cell]
    length = _lengths(quantity, cell, tariffs.cells)
    pattern = tariffs.cells.pattern[cell]
    by_twin = (quantity < 0) | (quantity > _MOST_UNITS[kind]) | tariffs.bands.has_gap[pattern]
    by_twin |= _may_overflow(length + first + later, cell, tariffs.cells)
    return _Work(
        tariffs=tariffs,
        rows=rows,
        start=start,
        kind=kind,
        quantity=quantity,
        account_id=subscribers.account_id[identifier],
        subscription_id=subscribers.subscription_id[identifier],
        period=_periods(start, tariffs),
        slot=resolved.slot[rows],
        deck=resolved.deck[rows],
        zone=resolved.zone[rows],
        cell=cell,
        first_increment=first,
        next_increment=later,
        length=length,
        by_twin=by_twin,
    )


def _lengths(quantity: Ints, cell: Ints, cells: Cells) -> Ints:
    """Return the units to be walked, as `twin.chargeable_units` does."""
    free = cells.free_units[cell]
    is_free = (quantity <= cells.grace_units[cell]) | (quantity <= free)
    return np.where(is_free, 0, np.maximum(quantity - free, cells.min_units[cell]))


def _may_overflow(longest: Ints, cell: Ints, cells: Cells) -> Bools:
    worst = int(cells.highest_price.max(initial=0)) * int(longest.max(initial=0))
    if worst + int(cells.highest_fee.max(initial=0)) <= SAFE_SUM:
        return np.zeros(len(longest), np.bool_)
    price = np.maximum(cells.highest_price[cell], 1)
    return longest > (SAFE_SUM - cells.highest_fee[cell]) // price


def _periods(start: Ints, tariffs: CompiledTariffs) -> Ints:
    local, _ = zone_clock(tariffs.time_zone).read(start)
    return month_numbers()[table_day(local)]


def _demand(work: _Work) -> Demand:
    return Demand(
        subscription_id=work.subscription_id,
        period=work.period,
        kind=work.kind,
        slot=work.slot,
        zone=work.zone,
        length=work.length,
        first_increment=work.first_increment,
        next_increment=work.next_increment,
    )


class _Answer:
    """The columns to be returned, filled in by the fast way and the twin."""

    def __init__(
        self, usage: UsageColumns, catalogue: CompiledCatalogue, resolved: Resolved
    ) -> None:
        self._usage = usage
        self._catalogue = catalogue
        self._resolved = resolved
        self.reason = resolved.reason.copy()
        self.band = np.full(len(usage), -1, np.int64)
        self.billed_units = np.zeros(len(usage), np.int64)
        self.allowance_id = np.zeros(len(usage), np.int64)
        self.allowance_used = np.zeros(len(usage), np.int64)
        self.amount = np.zeros(len(usage), np.int64)
        self._uses: list[tuple[Ints, Ints, Ints, Ints]] = []

    def take(self, work: _Work, *, rows: Ints, allowance_id: Ints, units: Ints) -> None:
        """Note what records took out of an allowance each; the first one names them."""
        of_usage = work.rows[rows]
        fresh = self.allowance_id[of_usage] == 0
        self.allowance_id[of_usage[fresh]] = allowance_id[fresh]
        self.allowance_used[of_usage] += units
        self._uses.append((of_usage, allowance_id, work.period[rows], units))

    def columns(self) -> PricedColumns:
        """Return the columns; ids that were not found are 0."""
        resolved, tariffs = self._resolved, self._catalogue.tariffs
        account_id, subscription_id = self._owners()
        is_placed = resolved.reason == Reason.PRICED
        return PricedColumns(
            reason=self.reason,
            account_id=account_id,
            subscription_id=subscription_id,
            plan_version_id=_found(tariffs.plan_version_id, resolved.plan),
            deck_version_id=_found(tariffs.decks.version_id, resolved.deck),
            zone_id=np.where(is_placed, tariffs.zone_id[resolved.zone], NO_ZONE),
            band=self.band,
            billed_units=self.billed_units,
            allowance_id=self.allowance_id,
            allowance_used=self.allowance_used,
            amount=self.amount,
            kind=self._usage.kind,
            uses=self._all_uses(account_id, subscription_id),
        )

    def _owners(self) -> tuple[Ints, Ints]:
        subscribers, identifier = self._catalogue.subscribers, self._resolved.identifier
        return (
            _found(subscribers.account_id, identifier),
            _found(subscribers.subscription_id, identifier),
        )

    def _all_uses(self, account_id: Ints, subscription_id: Ints) -> AllowanceUses:
        empty = np.zeros(0, np.int64)
        row, allowance_id, period, used = (
            np.concatenate([empty, *(use[column] for use in self._uses)]) for column in range(4)
        )
        order = np.argsort(row, kind="stable")
        row = row[order]
        return AllowanceUses(
            row=row,
            account_id=account_id[row],
            subscription_id=subscription_id[row],
            allowance_id=allowance_id[order],
            period=period[order],
            used=used[order],
        )


def _found(ids: Ints, places: Ints) -> Ints:
    """Return the ids at the places, 0 for the place -1."""
    return padded(ids)[places]


def _price_fast(work: _Work, coverage: Coverage, answer: _Answer) -> None:
    """Price all records but those of the twin, as columns."""
    rows = np.flatnonzero(~coverage.by_twin)
    walks = _walks(work, coverage.covered).some(rows)
    length, cells = work.length[rows], work.tariffs.cells
    band, total = sum_prices(walks, work.tariffs)
    total += np.where(length > 0, cells.fee[walks.cell, band], 0)
    of_usage = work.rows[rows]
    answer.band[of_usage] = work.tariffs.decks.band_number[walks.deck, band]
    answer.billed_units[of_usage] = walks.end
    answer.amount[of_usage] = (total + cells.round_up_by[walks.cell]) // cells.divisor[walks.cell]
    for takers, allowance_id, units in coverage.uses:
        answer.take(work, rows=takers, allowance_id=allowance_id, units=units)


def _walks(work: _Work, covered: Ints) -> Walks:
    walks = Walks(
        start=work.start,
        is_timed=_IS_TIMED[work.kind],
        deck=work.deck,
        cell=work.cell,
        first_increment=work.first_increment,
        next_increment=work.next_increment,
        covered=covered,
        end=covered,
    )
    end = np.where(covered < work.length, step_from(walks, covered, work.length), covered)
    return replace(walks, end=end)


def _price_by_twin(
    work: _Work, answer: _Answer, *, rows: Ints, counters: AllowanceCounters
) -> None:
    """Price single records in chronological order, each after what those before it took."""
    taken: dict[tuple[int, int, int], int] = {}
    for row in rows.tolist():
        priced = _twin_price(work, row, taken=taken, counters=counters)
        of_usage = work.rows[row]
        answer.reason[of_usage] = priced.reason
        answer.billed_units[of_usage] = priced.billed_units
        answer.amount[of_usage] = int(priced.amount * MINOR)
        if priced.band_code:
            answer.band[of_usage] = work.tariffs.band_codes.index(priced.band_code)
        for allowance_id, units in priced.uses:
            taken[_use_key(work, row, allowance_id)] += units
            one = (np.array([row]), np.array([allowance_id]), np.array([units]))
            answer.take(work, rows=one[0], allowance_id=one[1], units=one[2])


def _twin_price(
    work: _Work, row: int, *, taken: dict[tuple[int, int, int], int], counters: AllowanceCounters
) -> Priced:
    tariffs, lefts = work.tariffs, []
    for place in tariffs.allowances.slots[work.slot[row]]:
        if place >= 0 and tariffs.allowances.covers[place, work.zone[row]]:
            allowance = tariffs.allowances.values[place]
            key = _use_key(work, row, allowance.allowance_id)
            if key not in taken:
                taken[key] = counters.used_by(*key)
            lefts.append(AllowanceLeft(allowance, allowance.amount - taken[key]))
    use = Use(int(work.start[row]), UsageKind(int(work.kind[row])), int(work.quantity[row]))
    prices = tariffs.decks.prices[work.deck[row]]
    zone_id = int(tariffs.zone_id[work.zone[row]])
    return price_one(use, prices=prices, zone_id=zone_id, allowances=lefts)


def _use_key(work: _Work, row: int, allowance_id: int) -> tuple[int, int, int]:
    return int(work.subscription_id[row]), allowance_id, int(work.period[row])
