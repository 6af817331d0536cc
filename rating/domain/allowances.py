"""
Allowances used up by columns of usage, in the order in which it happened.

Whole steps are covered. While all steps of a month's usage have one size, what each record takes
is a clipped running sum; so it is when everything fits, or nothing does. What is left (increments
of several sizes at the very end of an allowance) is marked for the scalar twin.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from rating.domain.clock import FIRST_DAY
from rating.domain.compiled import Allowances
from rating.domain.usage import AllowanceUses, Bools, Ints

_MONTH_BITS: Final = 12
_ALLOWANCE_BITS: Final = 20
_SUBSCRIPTION_BITS: Final = 31


class UnableToCount(ValueError):
    """An id is too large for the counters' keys."""


def pack(*, subscription_id: Ints, allowance_id: Ints, period: Ints) -> Ints:
    """Return one sortable key per counter; `period` is yyyymm. Raises UnableToCount."""
    month = (period // 100 - FIRST_DAY.year) * 12 + period % 100 - 1
    limits = (
        (subscription_id, _SUBSCRIPTION_BITS),
        (allowance_id, _ALLOWANCE_BITS),
        (month, _MONTH_BITS),
    )
    for column, bits in limits:
        if column.min(initial=0) < 0 or column.max(initial=0) >= 1 << bits:
            message = f"an id or month doesn't fit {bits} bits"
            raise UnableToCount(message)
    high = subscription_id << (_ALLOWANCE_BITS + _MONTH_BITS)
    return high | (allowance_id << _MONTH_BITS) | month


@dataclass(frozen=True, slots=True, eq=False)
class AllowanceCounters:
    """What each subscription has used of each allowance in each month (yyyymm), ordered by key."""

    key: Ints
    account_id: Ints
    subscription_id: Ints
    allowance_id: Ints
    period: Ints
    used: Ints

    def __len__(self) -> int:
        return len(self.key)

    def used_at(self, keys: Ints) -> Ints:
        """Return what is used at each key, 0 where there is no counter yet."""
        if not len(self.key):
            return np.zeros(len(keys), np.int64)
        place = np.searchsorted(self.key, keys)
        place[place == len(self.key)] = 0
        return np.where(self.key[place] == keys, self.used[place], 0)

    def used_by(self, subscription_id: int, allowance_id: int, period: int) -> int:
        """Return what one subscription has used of an allowance in a month."""
        columns = (np.array([value], np.int64) for value in (subscription_id, allowance_id, period))
        subscription, allowance, month = columns
        key = pack(subscription_id=subscription, allowance_id=allowance, period=month)
        return int(self.used_at(key)[0])


def counters_of(
    *, account_id: Ints, subscription_id: Ints, allowance_id: Ints, period: Ints, used: Ints
) -> AllowanceCounters:
    """Return counters made of rows in any order; rows of one key add up."""
    key = pack(subscription_id=subscription_id, allowance_id=allowance_id, period=period)
    unique, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    total = np.zeros(len(unique), np.int64)
    np.add.at(total, inverse, used)
    return AllowanceCounters(
        key=unique,
        account_id=account_id[first],
        subscription_id=subscription_id[first],
        allowance_id=allowance_id[first],
        period=period[first],
        used=total,
    )


def no_counters() -> AllowanceCounters:
    """Return the counters of a month in which nothing was used."""
    return AllowanceCounters(*(np.zeros(0, np.int64) for _ in range(6)))


def add_uses(counters: AllowanceCounters, uses: AllowanceUses) -> AllowanceCounters:
    """Return the counters after the uses; what `counters_of` makes of the uses alone is the change."""
    if not len(uses):
        return counters
    joined = {
        name: np.append(getattr(counters, name), getattr(uses, name))
        for name in ("account_id", "subscription_id", "allowance_id", "period", "used")
    }
    return counters_of(**joined)


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """
    Records that may use allowances, in chronological order; arrays of one length.

    `slot` is plan · KINDS + kind, `zone` the dense zone, `length` the units to be walked.
    """

    subscription_id: Ints
    period: Ints
    kind: Ints
    slot: Ints
    zone: Ints
    length: Ints
    first_increment: Ints
    next_increment: Ints


@dataclass(slots=True, eq=False)
class Coverage:
    """
    Units covered per record, and whether it must be priced by the twin instead (`by_twin`).

    `uses` lists (records, allowance ids, units) of each rank of allowances.
    """

    covered: Ints
    by_twin: Bools
    uses: list[tuple[Ints, Ints, Ints]] = field(default_factory=list)


def cover(
    demand: Demand, *, allowances: Allowances, counters: AllowanceCounters, by_twin: Bools
) -> Coverage:
    """
    Take allowances for the records, one rank of priority after the other.

    `by_twin` marks records that the columns can't price; others of the same subscription, kind and
    month join them if they can share an allowance.
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


def _take_rank(
    demand: Demand,
    coverage: Coverage,
    *,
    rows: Ints,
    chosen: Ints,
    source: tuple[Allowances, AllowanceCounters],
) -> None:
    allowances, counters = source
    key = pack(
        subscription_id=demand.subscription_id[rows],
        allowance_id=allowances.allowance_id[chosen],
        period=demand.period[rows],
    )
    order = np.argsort(key, kind="stable")
    ordered, sorted_key = rows[order], key[order]
    starts = np.flatnonzero(np.append(True, sorted_key[1:] != sorted_key[:-1]))
    steps = _steps(demand, coverage, rows=ordered, own=allowances.step[chosen[order]])
    left = allowances.amount[chosen[order[starts]]] - counters.used_at(sorted_key[starts])
    taken, stuck = _taken(steps, np.maximum(left, 0), starts)
    if stuck.any():
        found = np.zeros(len(coverage.by_twin), np.bool_)
        found[ordered[stuck]] = True
        _mark_groups(demand, coverage, found=found, allowances=allowances)
    units = np.empty_like(taken)
    units[order] = np.where(stuck, 0, taken)
    some = np.flatnonzero(units)
    coverage.covered[rows[some]] += units[some]
    coverage.uses.append((rows[some], allowances.allowance_id[chosen[some]], units[some]))


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

    Records come by allowance and month; those of the i-th begin at `starts[i]` and find `left[i]`.
    """
    counts = np.diff(np.append(starts, len(steps.wanted)))
    running = np.cumsum(steps.wanted) - steps.wanted
    running -= np.repeat(running[starts], counts)
    smallest = np.minimum.reduceat(steps.smallest, starts)
    largest = np.maximum.reduceat(steps.smallest, starts)
    fits = np.add.reduceat(steps.wanted, starts) <= left
    is_even = np.logical_and.reduceat(steps.is_even, starts) & (smallest == largest)
    is_told = fits | (left < smallest) | is_even
    # Whole steps only; where steps differ but all fits, every unit of it may be used.
    usable = np.where(fits, left, left // smallest * smallest)
    taken = np.clip(np.repeat(usable, counts) - running, 0, steps.wanted)
    return taken, np.repeat(~is_told, counts)


def _mark_groups(
    demand: Demand, coverage: Coverage, *, found: Bools, allowances: Allowances
) -> None:
    """Hand over to the twin all that shares subscription, kind and month with the records found."""
    if not found.any() or not allowances.slots.shape[1]:
        return
    shares = np.flatnonzero(allowances.slots[demand.slot, 0] >= 0)
    group = pack(
        subscription_id=demand.subscription_id, allowance_id=demand.kind, period=demand.period
    )
    marked = shares[np.isin(group[shares], group[found])]
    coverage.by_twin[marked] = True
    coverage.covered[coverage.by_twin] = 0
    coverage.uses[:] = [
        (rows[keep], ids[keep], units[keep])
        for rows, ids, units in coverage.uses
        for keep in (~coverage.by_twin[rows],)
    ]
