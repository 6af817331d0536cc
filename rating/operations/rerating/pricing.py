"""
Records priced again: those in force with those that join or replace them, in order of time.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from rating import queries
from rating.domain.counters import AllowanceCounters, Meter, counters_of
from rating.domain.covers import covers_of
from rating.domain.engine import price_columns
from rating.domain.revisions import (
    PricedRows,
    by_subscription,
    is_changed,
    part_of,
    usage_of,
)
from rating.domain.usage import Bools, Ints, PricedColumns, Reason
from rating.queries import metered, rerating
from rating.queries.rerating import Windows
from tariffs.domain.deck import DAY

#: How far back a period that holds the start of a window may begin.
LONGEST_PERIOD: Final = 32
#: Of what is granted once, all is looked at.
LONG_AGO: Final = 40 * 366


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """
    Records to be priced in order of time, with the prices they have now.

    `present` are the rows in force that `records` had until now, of one length: where a record
    `has_price`. They differ where a corrected record takes the place of an earlier one (`is_new`).
    """

    records: PricedRows
    present: PricedRows
    is_new: Bools

    def __len__(self) -> int:
        return len(self.records)

    @property
    def has_price(self) -> Bools:
        """Which records have a price now."""
        return self.present.is_priced

    def some(self, rows: Ints | Bools) -> "Work":
        """Return the work on some of the records."""
        return Work(self.records.some(rows), self.present.some(rows), self.is_new[rows])

    def in_order(self) -> "Work":
        """Return it in the order in which every run prices."""
        records = self.records
        return self.some(np.lexsort((records.source_id, records.record_key, records.started_at)))


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """
    What came out: prices by record, which of them are to be written, and the counters of before
    and after. `worked` are the subscriptions that it holds for; the others are left as they are.
    """

    work: Work
    priced: PricedColumns
    is_changed: Bools
    before: AllowanceCounters
    after: AllowanceCounters
    worked: Ints

    def some(self, rows: Bools) -> "Outcome":
        """Return the outcome of some of the records; the counters stay."""
        return replace(
            self,
            work=self.work.some(rows),
            priced=part_of(self.priced, np.flatnonzero(rows)),
            is_changed=self.is_changed[rows],
        )


def in_force(windows: Windows) -> Work:
    """Return the rows in force of the windows, to be priced as they are."""
    rows = rerating.rows_in_force(windows)
    return Work(rows, rows, np.zeros(len(rows), np.bool_))


def price_again(work: Work, windows: Windows, *, catalogue: queries.Catalogue) -> Outcome:
    """
    Price the work, which holds everything in force of the windows, without writing anything.

    Subscriptions of which a record can't be priced any more keep all that they have.
    """
    work = work.in_order()
    counters, _left = rerating.counters_in(windows)
    priced, after = _price(work, windows, counters=counters, catalogue=catalogue)
    bad = work.records.subscription_id[(priced.reason != Reason.PRICED) & work.has_price]
    if len(bad):
        return _without(work, windows, bad=np.unique(bad), catalogue=catalogue)
    changed = is_changed(work.present, priced, same_parts=_same_parts(work, priced, windows))
    changed |= _counts_elsewhere(work, priced, counters)
    return Outcome(
        work, priced, changed | work.is_new, counters, after, np.unique(windows.subscription_id)
    )


def _without(work: Work, windows: Windows, *, bad: Ints, catalogue: queries.Catalogue) -> Outcome:
    """Price what shares nothing with the subscriptions that can't be priced."""
    pairs = np.stack([work.records.subscription_id, work.present.subscription_id])
    moved = work.has_price & (pairs[0] != pairs[1])
    every, group = rerating.with_groups(windows, pairs=pairs.T[moved].tolist())
    stuck = group[np.isin(every.subscription_id, bad)]
    good = every.some(np.flatnonzero(~np.isin(group, stuck)))
    is_good = np.isin(work.records.subscription_id, good.subscription_id)
    return price_again(work.some(is_good), good, catalogue=catalogue)


def _price(
    work: Work, windows: Windows, *, counters: AllowanceCounters, catalogue: queries.Catalogue
) -> tuple[PricedColumns, AllowanceCounters]:
    own = by_subscription(catalogue.compiled, work.records)
    return price_columns(
        usage_of(work.records, own), catalogue=own, counters=_at_start(windows, counters)
    )


def _at_start(windows: Windows, counters: AllowanceCounters) -> AllowanceCounters:
    """Return the counters as they were when the windows began, made of the rows before."""
    first = dict(zip(windows.subscription_id.tolist(), windows.first.tolist(), strict=True))
    starts = np.array([first.get(one, 0) for one in counters.subscription_id.tolist()], np.int64)
    at_start = rerating.periods_of(counters.allowance_id, rerating.days_of(starts))
    days = LONG_AGO if (counters.period == 0).any() else LONGEST_PERIOD
    earlier = rerating.used_before(windows, days=days)
    # Periods that were over by then are not touched; those that began later start anew.
    is_over = counters.period < at_start
    if windows.end.min(initial=rerating.NO_END) < rerating.NO_END:
        end = dict(zip(windows.subscription_id.tolist(), windows.end.tolist(), strict=True))
        until = [end.get(one, rerating.NO_END) for one in counters.subscription_id.tolist()]
        # Nor those that begin after a window has ended.
        is_over |= _starts(counters.period) >= np.array(until, np.int64)
    kept = np.where(is_over, counters.used, earlier.used_at(counters.key))
    totals = counters.totals
    began = np.array([first.get(one, 0) for one in totals.subscription_id.tolist()], np.int64)
    has_been = (totals.period < rerating.days_of(began)) & (totals.period > 0)
    ends = dict(zip(windows.subscription_id.tolist(), windows.end.tolist(), strict=True))
    ended = [ends.get(one, rerating.NO_END) for one in totals.subscription_id.tolist()]
    has_been |= _starts(totals.period) >= np.array(ended, np.int64)
    anew = replace(totals, quantity=np.where(has_been, totals.quantity, 0))
    return _joined(replace(counters, used=kept, totals=anew), earlier)


def _starts(periods: Ints) -> Ints:
    """Return the moments at which periods begin."""
    unique, place = np.unique(periods, return_inverse=True)
    starts = [rerating.start_of(period) if period else 0 for period in unique.tolist()]
    return np.array(starts, np.int64)[place]


def _joined(counters: AllowanceCounters, earlier: AllowanceCounters) -> AllowanceCounters:
    """Add counters that the rows tell of and that have no row of their own."""
    missing = ~np.isin(earlier.key, counters.key)
    if not missing.any():
        return counters
    names = ("account_id", "subscription_id", "allowance_id", "period", "used", "carried")
    columns = {
        name: np.append(getattr(counters, name), getattr(earlier, name)[missing]) for name in names
    }
    return counters_of(**columns, totals=counters.totals)


def from_totals_on(windows: Windows) -> Windows:
    """
    Return the windows, each from the beginning of what is totted up over a period.

    Running totals can't be made of the rows before a moment within their period.
    """
    totals = rerating.totals_in(windows)
    if not len(totals):
        return windows
    periods: dict[int, set[int]] = {}
    for one, period in zip(totals.subscription_id.tolist(), totals.period.tolist(), strict=True):
        periods.setdefault(one, set()).add(period)
    first = [
        _begun(start, periods.get(one, set()))
        for one, start in zip(windows.subscription_id.tolist(), windows.first.tolist(), strict=True)
    ]
    return replace(windows, first=np.array(first, np.int64))


def together(windows: Windows, group: Ints) -> Windows:
    """Return the windows of each group from the beginning of its first."""
    first = np.full(int(group.max(initial=-1)) + 1, rerating.NO_END, np.int64)
    np.minimum.at(first, group, windows.first)
    return replace(windows, first=first[group])


def _begun(first: int, periods: set[int]) -> int:
    """Return the start of the earliest period that may hold a moment; periods may overlap."""
    if 0 in periods:
        return 0
    starts = [rerating.start_of(period) for period in periods]
    while running := [one for one in starts if first - LONGEST_PERIOD * DAY < one < first]:
        first = min(running)
    return first


def _same_parts(work: Work, priced: PricedColumns, windows: Windows) -> Bools:
    """Whether the parts that are written beside the rows are what they were."""
    covers = covers_of(priced)
    new = np.zeros(len(priced), np.int64)
    np.add.at(new, covers.row, mixed(covers.owner_id, covers.allowance_id, covers.used))
    source, key, revision, owner, allowance, used = rerating.covers_in(windows)
    row = _place(work.present, source=source, key=key, revision=revision)
    old = np.zeros(len(priced), np.int64)
    np.add.at(old, row[row >= 0], mixed(owner, allowance, used)[row >= 0])
    answer: Bools = new == old
    return answer


def _counts_elsewhere(work: Work, priced: PricedColumns, counters: AllowanceCounters) -> Bools:
    """
    Whether a row is counted by another monthly model than until now, or by none any more.

    It may cost the same; yet the running totals are those of the rows in force.
    """
    new = metered.models_in(priced)
    if not new.any() and not len(counters.totals.of_meter(Meter.MODEL)):
        return np.zeros(len(priced), np.bool_)
    is_priced = work.has_price & (priced.reason == Reason.PRICED)
    answer: Bools = is_priced & (new != metered.models_of(work.present))
    return answer


def mixed(*columns: Ints) -> Ints:
    """Return one number for the values of a row; sums of them tell sets of rows apart."""
    mixed = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        mixed = (mixed ^ column.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed.astype(np.int64)


def _place(rows: PricedRows, *, source: Ints, key: Ints, revision: Ints) -> Ints:
    """Return the positions of rows by their key, -1 for those that are not there."""
    if not len(rows):
        return np.full(len(key), -1, np.int64)
    known = mixed(rows.source_id, rows.record_key, rows.revision)
    order = np.argsort(known)
    wanted = mixed(source, key, revision)
    place = np.searchsorted(known, wanted, sorter=order)
    found = order[np.minimum(place, len(order) - 1)]
    return np.where(known[found] == wanted, found, -1)
