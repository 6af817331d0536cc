"""
What another version would have changed: the same month's usage priced twice by the same core.

Money is minor units (kopecks) until `summarise`, which gives plain values for JSON, money as text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

import numpy as np

from rating.domain.usage import Bools, Ints, PricedColumns, Reason
from tariffs.domain.deck import Deck, PlanPricing

#: Bounds of the monthly change of one account, in minor units; no change has a bin of its own.
BOUNDS: Final = (-50_000, -20_000, -10_000, -5_000, -1_000, 0, 1_000, 5_000, 10_000, 20_000, 50_000)
TOP_ACCOUNTS: Final = 10
TOP_ZONES: Final = 30
DAY_SECONDS: Final = 86_400
#: Added to the id of a deck version that stands in for another one.
STAND_IN: Final = 2**40


def exchange_plan(
    plans: Iterable[PlanPricing], *, old_id: int, new: PlanPricing, first: date, end: date
) -> list[PlanPricing]:
    """
    Return the plans with the old version priced as the new one, in [first, end).

    Decks of the new version that begin later are taken as if they had begun on the first day.
    """
    known = list(plans)
    stretched = {
        kind: tuple(_stand_in(deck) for deck in stretch(found, first=first, end=end))
        for kind, found in new.decks.items()
    }
    alone = next((plan for plan in known if plan.key == old_id), PlanPricing(old_id, {}))
    instead = replace(new, decks=stretched)
    return [
        _instead(plan, alone, instead) if plan.plan_version_id == old_id else plan for plan in known
    ]


def _instead(plan: PlanPricing, alone: PlanPricing, new: PlanPricing) -> PlanPricing:
    """Put a new version in the place of the plan in an offer; packages and own decks stay."""
    own = {kind: decks for kind, decks in plan.decks.items() if decks is not alone.decks.get(kind)}
    of_plan = {allowance.allowance_id for allowance in alone.allowances}
    kept = tuple(one for one in plan.allowances if one.allowance_id not in of_plan)
    decks = new.decks if plan is alone else {**new.decks, **own}
    return replace(plan, decks=decks, allowances=(*new.allowances, *kept))


def _stand_in(deck: Deck) -> Deck:
    """Return the deck under a number of its own: other plans may use it on its own days."""
    return replace(deck, version_id=deck.version_id + STAND_IN)


def stretch(decks: Sequence[Deck], *, first: date, end: date) -> tuple[Deck, ...]:
    """
    Return versions in order of time, the first one from `first` on, the last one at least to `end`.

    A gap between versions stays: usage of those days has no price in reality either.
    """
    found = sorted(decks, key=lambda deck: deck.valid_from)
    in_month = [
        deck
        for deck in found
        if deck.valid_from < end and (deck.valid_to is None or deck.valid_to > first)
    ]
    chosen = in_month or found[:1]
    if not chosen:
        return ()
    if chosen[0].valid_from > first:
        chosen[0] = replace(chosen[0], valid_from=first)
    last = chosen[-1]
    if last.valid_to is not None and last.valid_to < end and last is found[-1]:
        chosen[-1] = replace(last, valid_to=None)
    return tuple(chosen)


def exchange_deck(plans: Iterable[PlanPricing], *, old_id: int, new: Deck) -> list[PlanPricing]:
    """Return the plans with one deck version priced as another, on the old one's days."""

    def exchanged(deck: Deck) -> Deck:
        if deck.version_id != old_id:
            return deck
        return _stand_in(replace(new, valid_from=deck.valid_from, valid_to=deck.valid_to))

    return [
        replace(
            plan,
            decks={kind: tuple(map(exchanged, decks)) for kind, decks in plan.decks.items()},
        )
        for plan in plans
    ]


@dataclass(frozen=True, slots=True)
class Fee:
    """A version's recurring fee in minor units, per month or per day."""

    amount: int
    is_daily: bool = False

    def of(self, seconds: Ints, *, month_seconds: int) -> Ints:
        """
        Return the fee of so many seconds on the version, rounded half up.

        >>> Fee(30_000).of(np.array([15 * 86_400]), month_seconds=30 * 86_400).tolist()
        [15000]
        """
        whole = DAY_SECONDS if self.is_daily else month_seconds
        return (self.amount * seconds * 2 + whole) // (2 * whole)


def seconds_within(start: Ints, stop: Ints, *, first: int, end: int) -> Ints:
    """Return how much of each half-open period lies in [first, end)."""
    seconds: Ints = np.maximum(np.minimum(stop, end) - np.maximum(start, first), 0)
    return seconds


@dataclass(frozen=True, slots=True, eq=False)
class FeeColumns:
    """What each account pays in fees on the old and on the new version."""

    account_id: Ints
    subscription_id: Ints
    old: Ints
    new: Ints


class Tally:
    """
    What both pricings of a month add up to, range of accounts after range of accounts.

    A record that has no price in one of them counts as nothing there, and is counted by its reason.
    """

    def __init__(self) -> None:
        self.records = 0
        self.subscriptions = 0
        self.stored = 0
        self.unpriced: dict[str, int] = {}
        self._zones: dict[tuple[int, int], list[int]] = {}
        self._accounts: list[tuple[Ints, Ints, Ints]] = []
        self._usage = [0, 0]
        self._fees = [0, 0]

    def add_usage(
        self, old: PricedColumns, new: PricedColumns, *, quantity: Ints, stored: Ints
    ) -> None:
        """Add the same records priced both ways; `stored` is what was charged in reality."""
        self.records += len(old)
        self.stored += int(stored.sum())
        self._usage[0] += int(old.amount.sum())
        self._usage[1] += int(new.amount.sum())
        was_priced = old.reason == Reason.PRICED
        self._count_unpriced(new.reason[was_priced & (new.reason != Reason.PRICED)])
        self._add_zones(old, new, quantity=quantity)
        account_id = np.where(was_priced, old.account_id, new.account_id)
        self._accounts.append((account_id, old.amount, new.amount))

    def add_fees(self, fees: FeeColumns) -> None:
        """Add the fees of services that were on the old version."""
        self._fees[0] += int(fees.old.sum())
        self._fees[1] += int(fees.new.sum())
        self._accounts.append((fees.account_id, fees.old, fees.new))

    def close_range(self, subscription_ids: Ints) -> None:
        """Fold what was added since into one row per account, so that memory stays flat."""
        self.subscriptions += len(np.unique(subscription_ids))
        empty = np.zeros(0, np.int64)
        rows = self._accounts or [(empty, empty, empty)]
        account_id, old, new = (np.concatenate([row[place] for row in rows]) for place in range(3))
        unique, inverse = np.unique(account_id, return_inverse=True)
        self._accounts = [(unique, _sums(inverse, old, unique), _sums(inverse, new, unique))]

    def summarise(self) -> dict[str, Any]:
        """Return the figures: totals, accounts by change, zones, the largest changes."""
        self.close_range(np.zeros(0, np.int64))
        account_id, old, new = self._accounts[0]
        change = new - old
        return {
            "records": self.records,
            "subscriptions": self.subscriptions,
            "accounts": len(account_id),
            "usage": {"stored": money(self.stored), **_pair(*self._usage)},
            "fees": _pair(*self._fees),
            "total": _pair(self._usage[0] + self._fees[0], self._usage[1] + self._fees[1]),
            "pay_more": int((change > 0).sum()),
            "pay_less": int((change < 0).sum()),
            "same": int((change == 0).sum()),
            "histogram": histogram(change),
            "most": _tops(account_id, old, new, order=-change, wanted=change > 0),
            "least": _tops(account_id, old, new, order=change, wanted=change < 0),
            "zones": self._zone_rows(),
            "unpriced": dict(sorted(self.unpriced.items())),
        }

    def _count_unpriced(self, reasons: Ints) -> None:
        for reason, count in zip(*np.unique(reasons, return_counts=True), strict=True):
            code = Reason(int(reason)).code
            self.unpriced[code] = self.unpriced.get(code, 0) + int(count)

    def _add_zones(self, old: PricedColumns, new: PricedColumns, *, quantity: Ints) -> None:
        """Zones are those of the old pricing; where it has none, those of the new one."""
        zone_id = np.where(old.reason == Reason.PRICED, old.zone_id, new.zone_id)
        key = (old.kind << 32) | zone_id
        unique, inverse = np.unique(key, return_inverse=True)
        columns = (np.ones_like(key), quantity, old.amount, new.amount)
        sums = [_sums(inverse, column, unique) for column in columns]
        for place, packed in enumerate(unique.tolist()):
            row = self._zones.setdefault((packed >> 32, packed & 0xFFFFFFFF), [0, 0, 0, 0])
            for number, column in enumerate(sums):
                row[number] += int(column[place])

    def _zone_rows(self) -> list[dict[str, Any]]:
        """Return the zones with the largest changes, and what all others add up to."""
        ordered = sorted(
            self._zones.items(), key=lambda item: (-abs(item[1][3] - item[1][2]), item[0])
        )
        rows = [_zone_row(kind, zone_id, sums) for (kind, zone_id), sums in ordered[:TOP_ZONES]]
        rest = [sums for _, sums in ordered[TOP_ZONES:]]
        if rest:
            rows.append(_zone_row(0, -1, [sum(column) for column in zip(*rest, strict=True)]))
        return rows


def _sums(inverse: Ints, values: Ints, unique: Ints) -> Ints:
    total = np.zeros(len(unique), np.int64)
    np.add.at(total, inverse, values)
    return total


def histogram(change: Ints) -> list[dict[str, Any]]:
    """
    Count accounts by their change: bins [low, high) below nothing, nothing itself, (low, high] above.

    >>> [(row["low"], row["high"], row["accounts"]) for row in histogram(np.array([0, -1, 700]))
    ...  if row["accounts"]]
    [('-10.00', '0.00', 1), ('0.00', '0.00', 1), ('0.00', '10.00', 1)]
    """
    found = [_bin(None, BOUNDS[0], change=change, inside=change < BOUNDS[0])]
    for low, high in pairwise(BOUNDS):
        inside = (
            (change >= low) & (change < high) if high <= 0 else (change > low) & (change <= high)
        )
        if low == 0:
            found.append(_bin(0, 0, change=change, inside=change == 0))
        found.append(_bin(low, high, change=change, inside=inside))
    found.append(_bin(BOUNDS[-1], None, change=change, inside=change > BOUNDS[-1]))
    return found


def _bin(low: int | None, high: int | None, *, change: Ints, inside: Bools) -> dict[str, Any]:
    return {
        "low": None if low is None else money(low),
        "high": None if high is None else money(high),
        "accounts": int(inside.sum()),
        "change": money(int(change[inside].sum())),
    }


def _tops(
    account_id: Ints, old: Ints, new: Ints, *, order: Ints, wanted: Bools
) -> list[dict[str, Any]]:
    rows = np.flatnonzero(wanted)
    first = rows[np.argsort(order[rows], kind="stable")[:TOP_ACCOUNTS]]
    return [
        {"account_id": int(account_id[row]), **_pair(int(old[row]), int(new[row]))}
        for row in first.tolist()
    ]


def _zone_row(kind: int, zone_id: int, sums: Sequence[int]) -> dict[str, Any]:
    records, quantity, old, new = sums
    return {
        "kind": kind,
        "zone_id": zone_id,
        "records": records,
        "quantity": quantity,
        **_pair(old, new),
    }


def _pair(old: int, new: int) -> dict[str, str]:
    return {"old": money(old), "new": money(new), "change": money(new - old)}


def money(minor: int) -> str:
    """
    Write minor units as text for JSON.

    >>> money(-5)
    '-0.05'
    """
    return str(Decimal(minor).scaleb(-2).quantize(Decimal("0.01")))
