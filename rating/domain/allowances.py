"""
Allowances used up by columns of usage, in the order in which it happened.

Whole steps are covered. While all steps of a period's usage have one size, what each record takes
is a clipped running sum; so it is when everything fits, or nothing does. What is left (increments
of several sizes at the very end of an allowance) is marked for the scalar twin.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from rating.domain.compiled import Allowances
from rating.domain.counters import (
    AllowanceCounters,
    UnableToCount,
    add_uses,
    counters_of,
    no_counters,
    pack,
    uses_of,
)
from rating.domain.periods import MONTH, period_tables
from rating.domain.usage import Bools, Ints

__all__ = [
    "AllowanceCounters",
    "Coverage",
    "Demand",
    "UnableToCount",
    "add_uses",
    "counters_of",
    "cover",
    "no_counters",
    "pack",
    "pay",
    "uses_of",
]

_KIND_BITS: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """
    Records that may use allowances, in chronological order; arrays of one length.

    `group_id` are subscriptions whose records share allowances, `day` is that of the day tables,
    `slot` is offer · KINDS + kind, `zone` the dense zone, `length` the units to be walked.
    """

    group_id: Ints
    subscription_id: Ints
    day: Ints
    kind: Ints
    slot: Ints
    zone: Ints
    length: Ints
    first_increment: Ints
    next_increment: Ints

    def periods(self, rows: Ints, recurrence: Ints) -> Ints:
        """Return the periods of some records for allowances of certain recurrences."""
        tables = period_tables()
        if not recurrence.any():
            months: Ints = tables[MONTH][self.day[rows]]
            return months
        periods: Ints = tables[recurrence, self.day[rows]]
        return periods


@dataclass(slots=True, eq=False)
class Coverage:
    """
    Units covered per record, and whether it must be priced by the twin instead (`by_twin`).

    `uses` lists (records, places of allowances, periods, units taken) of each rank of allowances.
    """

    covered: Ints
    by_twin: Bools
    uses: list[tuple[Ints, Ints, Ints, Ints]] = field(default_factory=list)


def cover(
    demand: Demand, *, allowances: Allowances, counters: AllowanceCounters, by_twin: Bools
) -> Coverage:
    """
    Take allowances of units for the records, one rank of priority after the other.

    `by_twin` marks records that the columns can't price; others of the same group and kind join
    them if they can share an allowance.
    """
    coverage = Coverage(np.zeros(len(demand.length), np.int64), by_twin.copy())
    _mark_groups(demand, coverage, found=by_twin, allowances=allowances)
    for rank in range(allowances.slots.shape[1]):
        chosen = allowances.slots[demand.slot, rank]
        wants = (chosen >= 0) & (coverage.covered < demand.length) & ~coverage.by_twin
        rows = np.flatnonzero(wants)
        rows = rows[allowances.covers[chosen[rows], demand.zone[rows]]]
        if len(rows):
            _take_rank(
                demand, coverage, rows=rows, chosen=chosen[rows], source=(allowances, counters)
            )
    return coverage


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """
    Records by the counter they take from: `order` puts them so, those of the i-th counter begin at
    `starts[i]` and find `left[i]` of it. `period` is in the records' order.
    """

    order: Ints
    starts: Ints
    left: Ints
    period: Ints


def _count(
    demand: Demand, *, rows: Ints, chosen: Ints, source: tuple[Allowances, AllowanceCounters]
) -> _Counted:
    allowances, counters = source
    period = demand.periods(rows, allowances.recurrence[chosen])
    key = pack(
        subscription_id=demand.subscription_id[rows],
        allowance_id=allowances.allowance_id[chosen],
        period=period,
    )
    order = np.argsort(key, kind="stable")
    sorted_key = key[order]
    starts = np.flatnonzero(np.append(True, sorted_key[1:] != sorted_key[:-1]))
    left = allowances.amount[chosen[order[starts]]] - counters.taken_at(sorted_key[starts])
    return _Counted(order, starts, np.maximum(left, 0), period)


def _take_rank(
    demand: Demand,
    coverage: Coverage,
    *,
    rows: Ints,
    chosen: Ints,
    source: tuple[Allowances, AllowanceCounters],
) -> None:
    allowances, _ = source
    counted = _count(demand, rows=rows, chosen=chosen, source=source)
    order, ordered = counted.order, rows[counted.order]
    steps = _steps(demand, coverage, rows=ordered, own=allowances.step[chosen[order]])
    # So many units of usage are left: whole steps of them are whole steps of the allowance.
    of_counter = chosen[order[counted.starts]]
    numerator = allowances.numerator[of_counter]
    left = counted.left * allowances.denominator[of_counter] // numerator
    taken, stuck = _taken(steps, left, counted.starts)
    if stuck.any():
        found = np.zeros(len(coverage.by_twin), np.bool_)
        found[ordered[stuck]] = True
        _mark_groups(demand, coverage, found=found, allowances=allowances)
    units = np.empty_like(taken)
    units[order] = np.where(stuck, 0, taken)
    some = np.flatnonzero(units)
    coverage.covered[rows[some]] += units[some]
    place = chosen[some]
    used = units[some] * allowances.numerator[place] // allowances.denominator[place]
    coverage.uses.append((rows[some], place, counted.period[some], used))


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """Units wanted in whole steps, the smallest step, and whether all steps are of that size."""

    wanted: Ints
    smallest: Ints
    is_even: Bools


def _steps(demand: Demand, coverage: Coverage, *, rows: Ints, own: Ints) -> _Steps:
    at, length = coverage.covered[rows], demand.length[rows]
    first, later = demand.first_increment[rows], demand.next_increment[rows]
    has_own = own > 0
    now = np.where(has_own, own, np.where(at < first, first, later))
    then = np.where(has_own, own, later)
    rest = length - at
    wanted = now + -(-np.maximum(rest - now, 0) // then) * then
    # A first increment that holds the whole record leaves no room for the next ones.
    is_even = (now == then) | (length <= first)
    smallest = np.where(is_even, now, np.minimum(now, then))
    return _Steps(wanted, smallest, is_even)


def _taken(steps: _Steps, left: Ints, starts: Ints) -> tuple[Ints, Bools]:
    """
    Return what each record takes, and the records for which running sums don't tell.

    Records come by counter; those of the i-th begin at `starts[i]` and find `left[i]`.
    """
    counts = np.diff(np.append(starts, len(steps.wanted)))
    smallest = np.minimum.reduceat(steps.smallest, starts)
    largest = np.maximum.reduceat(steps.smallest, starts)
    fits = np.add.reduceat(steps.wanted, starts) <= left
    is_even = np.logical_and.reduceat(steps.is_even, starts) & (smallest == largest)
    is_told = fits | (left < smallest) | is_even
    # Whole steps only; where steps differ but all fits, every unit of it may be used.
    usable = np.where(fits, left, left // smallest * smallest)
    return _clipped(steps.wanted, usable, starts), np.repeat(~is_told, counts)


def _clipped(wanted: Ints, usable: Ints, starts: Ints) -> Ints:
    """Return what each record gets of what is wanted, first come, first served."""
    counts = np.diff(np.append(starts, len(wanted)))
    running = np.cumsum(wanted) - wanted
    running -= np.repeat(running[starts], counts)
    got: Ints = np.clip(np.repeat(usable, counts) - running, 0, wanted)
    return got


def pay(
    demand: Demand,
    cost: Ints,
    *,
    rows: Ints,
    allowances: Allowances,
    counters: AllowanceCounters,
) -> list[tuple[Ints, Ints, Ints, Ints]]:
    """
    Let allowances of money pay for some of the records; `cost` loses what they pay.

    Returns (records, places of allowances, periods, minor units) of each rank of allowances.
    """
    uses: list[tuple[Ints, Ints, Ints, Ints]] = []
    for rank in range(allowances.money_slots.shape[1]):
        chosen = allowances.money_slots[demand.slot[rows], rank]
        some = (chosen >= 0) & (cost[rows] > 0)
        some &= allowances.covers[chosen, demand.zone[rows]]
        takers, places = rows[some], chosen[some]
        if not len(takers):
            continue
        counted = _count(demand, rows=takers, chosen=places, source=(allowances, counters))
        paid = np.empty(len(takers), np.int64)
        wanted = cost[takers[counted.order]]
        paid[counted.order] = _clipped(wanted, counted.left, counted.starts)
        cost[takers] -= paid
        has_paid = np.flatnonzero(paid)
        uses.append((takers[has_paid], places[has_paid], counted.period[has_paid], paid[has_paid]))
    return uses


def _mark_groups(
    demand: Demand, coverage: Coverage, *, found: Bools, allowances: Allowances
) -> None:
    """Hand over to the twin all that shares group and kind with the records found."""
    if not found.any() or not len(allowances.values):
        return
    shares = np.flatnonzero(allowances.has_any[demand.slot])
    group = (demand.group_id << _KIND_BITS) | demand.kind
    marked = shares[np.isin(group[shares], group[found])]
    coverage.by_twin[marked] = True
    coverage.covered[coverage.by_twin] = 0
    coverage.uses[:] = [
        (row[keep], place[keep], period[keep], used[keep])
        for row, place, period, used in coverage.uses
        for keep in (~coverage.by_twin[row],)
    ]
