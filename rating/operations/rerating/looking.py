"""
What a run of re-rating would do to some accounts: computed, not written.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings

from rating import queries
from rating.domain.rerating import Selection
from rating.domain.revisions import PricedRows, joined_rows
from rating.domain.usage import Bools, Ints
from rating.operations.rerating.pricing import (
    Outcome,
    Work,
    from_totals_on,
    in_force,
    mixed,
    price_again,
    together,
)
from rating.queries import rerate_runs, rerating
from rating.queries.rerating import NO_END, Windows

#: A month and a day have one beginning and end for all; a week lies in two months.
_DAYS_OF_A_MONTH: Final = 31


@dataclass(frozen=True, slots=True)
class AccountChange:
    """
    What becomes of an account: sums in minor units of what was looked at, before and after, how
    many records that is, how many change, how many can't be priced again; `seen` tells the rows.
    """

    account_id: int
    records: int
    changed: int
    failed: int
    old: int
    new: int
    seen: int


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What comes out for some accounts, and those who share allowances with them."""

    outcome: Outcome
    changes: dict[int, AccountChange]
    group_of: dict[int, int]

    def linked(self, account_ids: set[int]) -> set[int]:
        """Return these accounts and those whose usage hangs together with theirs."""
        groups = {self.group_of.get(one, -one) for one in account_ids}
        return {one for one, group in self.group_of.items() if group in groups} | account_ids


def look_at(selection: Selection, account_ids: list[int], *, catalogue: queries.Catalogue) -> Look:
    """
    Price the selected usage of some accounts anew.

    Of services that have counters (allowances, monthly models) everything is priced from the first
    selected record to the end of the month of the last: there the order matters. If a week, a
    once granted volume or what is carried over comes in, to the end of their usage.
    """
    selected = rerate_runs.selected_rows(selection, account_ids)
    windows, group = _windows(selected)
    alone = selected.some(~np.isin(selected.subscription_id, windows.subscription_id))
    rows = joined_rows(in_force(windows).records, alone) if len(windows) else alone
    work = Work(rows, rows, np.zeros(len(rows), np.bool_)).in_order()
    outcome = price_again(work, windows, catalogue=catalogue)
    changes = _changes(work.records, outcome)
    accounts: dict[int, int] = {}
    for account, number in zip(windows.account_id.tolist(), group.tolist(), strict=True):
        accounts[account] = min(number, accounts.get(account, number))
    return Look(outcome, changes, accounts)


def _windows(selected: PricedRows) -> tuple[Windows, Ints]:
    """Return the usage that hangs together with the selected by counters, and its groups."""
    unique, place, inverse = np.unique(
        selected.subscription_id, return_index=True, return_inverse=True
    )
    first = np.full(len(unique), NO_END, np.int64)
    np.minimum.at(first, inverse, selected.started_at)
    last = np.zeros(len(unique), np.int64)
    np.maximum.at(last, inverse, selected.started_at)
    windows = Windows(selected.account_id[place], unique, first, _month_ends(last))
    if not len(windows):
        return windows, unique
    every, group = rerating.with_groups(windows)
    counters, _left = rerating.counters_in(every)
    counted = np.concatenate([counters.subscription_id, counters.totals.subscription_id])
    concerned = np.isin(group, group[np.isin(every.subscription_id, counted)])
    every, group = every.some(np.flatnonzero(concerned)), group[concerned]
    every = together(from_totals_on(every), group)
    open_ended = counters.subscription_id[(counters.carried != 0) | _is_long(counters.period)]
    is_open = np.isin(group, group[np.isin(every.subscription_id, open_ended)])
    end = np.where(is_open, NO_END, every.end)
    return Windows(every.account_id, every.subscription_id, every.first, end), group


def _is_long(period: Ints) -> Bools:
    """Return which periods are neither a month's nor surely a day's: weeks and what is once."""
    answer: Bools = (period % 100 != 1) | (period == 0)
    return answer


def _month_ends(moments: Ints) -> Ints:
    """Return the ends of the months that hold moments."""
    zone = ZoneInfo(settings.TIME_ZONE)
    days = rerating.days_of(moments) // 100
    unique, place = np.unique(days, return_inverse=True)
    ends = []
    for month in unique.tolist():
        inside = datetime(month // 100, month % 100, 28, tzinfo=zone) + timedelta(days=4)
        ends.append(int(inside.replace(day=1).timestamp()))
    return np.array(ends, np.int64)[place]


def _changes(rows: PricedRows, outcome: Outcome) -> dict[int, AccountChange]:
    """Add up by account; records that were left out as they can't be priced count as failed."""
    accounts, place = np.unique(rows.account_id, return_inverse=True)
    sums = {name: np.zeros(len(accounts), np.int64) for name in ("records", "old", "seen")}
    np.add.at(sums["records"], place, 1)
    np.add.at(sums["seen"], place, mixed(rows.source_id, rows.record_key, rows.revision))
    np.add.at(sums["old"], place, rows.amount)
    present, changed = outcome.work.present, outcome.is_changed
    worked = np.searchsorted(accounts, present.account_id)
    more = np.zeros(len(accounts), np.int64)
    np.add.at(more, worked, np.where(changed, outcome.priced.amount - present.amount, 0))
    done = np.bincount(worked, minlength=len(accounts))
    moved = np.bincount(worked[changed], minlength=len(accounts))
    return {
        int(account): AccountChange(
            account_id=int(account),
            records=int(sums["records"][row]),
            changed=int(moved[row]),
            failed=int(sums["records"][row] - done[row]),
            old=int(sums["old"][row]),
            new=int(sums["old"][row] + more[row]),
            seen=int(sums["seen"][row]),
        )
        for row, account in enumerate(accounts.tolist())
    }
