"""
What is counted from batch to batch: allowances used, quantities of monthly models, members' parts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Final, Self

import numpy as np

from rating.domain.periods import period_code
from rating.domain.usage import AllowanceUses, Bools, Ints, PricedColumns, RunningTotals

_PERIOD_BITS: Final = 15
_NUMBER_BITS: Final = 20
_SUBSCRIPTION_BITS: Final = 28


class UnableToCount(ValueError):
    """An id is too large for the counters' keys."""


class Meter(IntEnum):
    """What a running total adds up; stored, numbers never change."""

    MODEL = 1
    MEMBER = 2


def pack(*, subscription_id: Ints, allowance_id: Ints, period: Ints) -> Ints:
    """Return one sortable key per counter; `period` is yyyymmdd or 0. Raises UnableToCount."""
    code = period_code(period)
    limits = (
        (subscription_id, _SUBSCRIPTION_BITS),
        (allowance_id, _NUMBER_BITS),
        (code, _PERIOD_BITS),
    )
    for column, bits in limits:
        if column.min(initial=0) < 0 or column.max(initial=0) >= 1 << bits:
            message = f"an id or period doesn't fit {bits} bits"
            raise UnableToCount(message)
    high = subscription_id << (_NUMBER_BITS + _PERIOD_BITS)
    return high | (allowance_id << _PERIOD_BITS) | code


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """
    Running totals of a meter by subscription, what is metered and period, ordered by key.

    A model's number is that of its price model, a member's that of the allowance.
    """

    key: Ints
    account_id: Ints
    subscription_id: Ints
    meter: Ints
    number: Ints
    period: Ints
    quantity: Ints

    def __len__(self) -> int:
        return len(self.key)

    def of_meter(self, meter: Meter) -> Self:
        """Return the totals of one meter."""
        rows = np.flatnonzero(self.meter == meter)
        return replace(self, **{name: getattr(self, name)[rows] for name in self.__slots__})

    def total(self, meter: Meter, subscription_id: int, number: int, *, period: int) -> int:
        """Return one running total."""
        key = _key_of(subscription_id, _numbered(meter, number), period)
        place = int(np.searchsorted(self.key, key[0]))
        is_there = place < len(self.key) and self.key[place] == key[0]
        return int(self.quantity[place]) if is_there else 0

    def as_dict(self) -> dict[tuple[int, int, int, int], int]:
        """Return the totals by (meter, subscription, number, period)."""
        columns = (self.meter, self.subscription_id, self.number, self.period)
        keys = zip(*(column.tolist() for column in columns), strict=True)
        return dict(zip(keys, self.quantity.tolist(), strict=True))


def totals_of(
    *,
    account_id: Ints,
    subscription_id: Ints,
    meter: Ints,
    number: Ints,
    period: Ints,
    quantity: Ints,
) -> Totals:
    """Return totals made of rows in any order; rows of one key add up."""
    if number.max(initial=0) >= 1 << (_NUMBER_BITS - 1):
        message = f"a number doesn't fit {_NUMBER_BITS - 1} bits"
        raise UnableToCount(message)
    numbered = np.where(
        meter == Meter.MEMBER, _numbered(Meter.MEMBER, number), _numbered(Meter.MODEL, number)
    )
    key = pack(subscription_id=subscription_id, allowance_id=numbered, period=period)
    unique, first, total = _added_up(key, quantity)
    return Totals(
        unique,
        account_id[first],
        subscription_id[first],
        meter[first],
        number[first],
        period[first],
        total,
    )


def _numbered(meter: Meter, number: Any) -> Any:
    """Return the number with one bit more, which tells the meters apart."""
    return number * 2 + (meter - 1)


def no_totals() -> Totals:
    """Return no totals."""
    return Totals(*(np.zeros(0, np.int64) for _ in range(7)))


@dataclass(frozen=True, slots=True, eq=False)
class AllowanceCounters:
    """
    What each subscription has used of each allowance in each period, ordered by key.

    `carried` is what it has from periods before on top of the allowance's amount. `totals` are
    the running totals that pricing goes on from.
    """

    key: Ints
    account_id: Ints
    subscription_id: Ints
    allowance_id: Ints
    period: Ints
    used: Ints
    carried: Ints
    totals: Totals

    def __len__(self) -> int:
        return len(self.key)

    def some(self, rows: Ints | Bools) -> "AllowanceCounters":
        """Return some of the counters; all running totals stay."""
        names = [name for name in self.__slots__ if name != "totals"]
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    def used_at(self, keys: Ints) -> Ints:
        """Return what is used at each key, 0 where there is no counter yet."""
        return self._at(keys, self.used)

    def taken_at(self, keys: Ints) -> Ints:
        """Return what is used less what was carried over: what is missing of the amount."""
        return self._at(keys, self.used - self.carried)

    def _at(self, keys: Ints, values: Ints) -> Ints:
        if not len(self.key):
            return np.zeros(len(keys), np.int64)
        place = np.searchsorted(self.key, keys)
        place[place == len(self.key)] = 0
        return np.where(self.key[place] == keys, values[place], 0)

    def used_by(self, subscription_id: int, allowance_id: int, period: int) -> int:
        """Return what one subscription has used of an allowance in a period."""
        return int(self.used_at(_key_of(subscription_id, allowance_id, period))[0])

    def taken_by(self, subscription_id: int, allowance_id: int, period: int) -> int:
        """Return what one subscription has used of an allowance less what was carried over."""
        return int(self.taken_at(_key_of(subscription_id, allowance_id, period))[0])


def _key_of(*numbers: int) -> Ints:
    subscription, allowance, period = (np.array([number], np.int64) for number in numbers)
    return pack(subscription_id=subscription, allowance_id=allowance, period=period)


def _added_up(key: Ints, quantity: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the distinct keys in order, the first row of each, and the sums."""
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(key)])
    if not len(starts):
        empty = np.zeros(0, np.int64)
        return empty, empty, empty
    return ordered[starts], order[starts], np.add.reduceat(quantity[order], starts)


def counters_of(
    *,
    account_id: Ints,
    subscription_id: Ints,
    allowance_id: Ints,
    period: Ints,
    used: Ints,
    carried: Ints | None = None,
    totals: Totals | None = None,
) -> AllowanceCounters:
    """Return counters made of rows in any order; rows of one key add up."""
    key = pack(subscription_id=subscription_id, allowance_id=allowance_id, period=period)
    unique, first, total = _added_up(key, used)
    over = np.zeros(len(unique), np.int64) if carried is None else _added_up(key, carried)[2]
    return AllowanceCounters(
        key=unique,
        account_id=account_id[first],
        subscription_id=subscription_id[first],
        allowance_id=allowance_id[first],
        period=period[first],
        used=total,
        carried=over,
        totals=totals or no_totals(),
    )


def no_counters() -> AllowanceCounters:
    """Return the counters of a month in which nothing was used."""
    none = np.zeros(0, np.int64)
    return AllowanceCounters(none, none, none, none, none, none, none, no_totals())


def change_of(priced: PricedColumns) -> AllowanceCounters:
    """Return what priced records used and counted, as counters of their own: the change."""
    totals = add_totals(no_totals(), priced.totals) if len(priced.totals) else None
    return replace(uses_of(priced.uses), totals=totals or no_totals())


def uses_of(uses: AllowanceUses) -> AllowanceCounters:
    """Return what records used as counters of its own: the change that they make."""
    return counters_of(
        account_id=uses.account_id,
        subscription_id=uses.subscription_id,
        allowance_id=uses.allowance_id,
        period=uses.period,
        used=uses.used,
    )


def add_uses(
    counters: AllowanceCounters, uses: AllowanceUses, totals: RunningTotals | None = None
) -> AllowanceCounters:
    """Return the counters after the uses; `uses_of` alone is the change."""
    if totals is not None and len(totals):
        counters = replace(counters, totals=add_totals(counters.totals, totals))
    if not len(uses):
        return counters
    change = uses_of(uses)
    place = np.searchsorted(counters.key, change.key)
    known = np.zeros(len(change.key), np.bool_)
    inside = place < len(counters.key)
    known[inside] = counters.key[place[inside]] == change.key[inside]
    used = counters.used.copy()
    used[place[known]] += change.used[known]
    fresh = ~known
    names = ("key", "account_id", "subscription_id", "allowance_id", "period", "carried")
    columns: dict[str, Any] = {
        name: np.insert(getattr(counters, name), place[fresh], getattr(change, name)[fresh])
        for name in names
    }
    return replace(counters, used=np.insert(used, place[fresh], change.used[fresh]), **columns)


def add_totals(totals: Totals, more: RunningTotals) -> Totals:
    """Return running totals with those of more records in them."""
    names = ("account_id", "subscription_id", "meter", "number", "period", "quantity")
    joined: Mapping[str, Ints] = {
        name: np.append(getattr(totals, name), getattr(more, name)) for name in names
    }
    return totals_of(**joined)
