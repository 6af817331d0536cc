"""
Records that columns can't price: one after the other, by the twin, in the order of their starts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from rating.domain.answer import Answer
from rating.domain.compiled import KINDS, Allowances, CompiledCatalogue
from rating.domain.counters import AllowanceCounters, Meter
from rating.domain.periods import MONTH, period_tables
from rating.domain.subscribers import CompiledGroups
from rating.domain.twin import AllowanceLeft, Priced, Use, price_one
from rating.domain.usage import Ints
from rating.domain.work import Work
from tariffs.domain.deck import UsageKind

#: Subscription, allowance or model, period.
Key = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Source:
    """An allowance that a record may use: whose it is, and how much of it is for the member."""

    place: int
    account_id: int
    subscription_id: int
    member_id: int
    most: int


@dataclass(slots=True)
class _Books:
    """What was used and counted so far, of the counters before and of the records priced here."""

    counters: AllowanceCounters
    taken: dict[Key, int] = field(default_factory=dict)
    totals: dict[tuple[int, int, int, int], int] = field(default_factory=dict)

    def taken_of(self, key: Key) -> int:
        """Return what is used of an allowance less what was carried over."""
        if key not in self.taken:
            self.taken[key] = self.counters.taken_by(*key)
        return self.taken[key]

    def total(self, meter: Meter, key: Key) -> int:
        """Return a running total."""
        known = self.totals.get((int(meter), *key))
        if known is None:
            known = self.counters.totals.total(meter, key[0], key[1], period=key[2])
            self.totals[int(meter), *key] = known
        return known

    def count(self, meter: Meter, key: Key, quantity: int) -> None:
        """Add to a running total."""
        self.totals[int(meter), *key] = self.total(meter, key) + quantity


@dataclass(frozen=True, slots=True)
class _Row:
    """One record, as plain numbers."""

    of_usage: int
    start: int
    kind: int
    quantity: int
    account_id: int
    subscription_id: int
    day: int
    slot: int
    deck: int
    zone: int


def price_by_twin(
    work: Work,
    catalogue: CompiledCatalogue,
    answer: Answer,
    *,
    rows: Ints,
    counters: AllowanceCounters,
) -> None:
    """Price single records in chronological order, each after what those before it took."""
    pricer = _Pricer(catalogue, _Books(counters))
    columns = (
        *(work.rows, work.start, work.kind, work.quantity, work.account_id),
        *(work.subscription_id, work.day, work.slot, work.deck, work.zone),
    )
    for row in zip(*(column[rows].tolist() for column in columns), strict=True):
        pricer.price(_Row(*row), answer)
    pricer.hand_in(answer)


class _Pricer:
    """Prices rows, keeps the books between them and gathers what was taken."""

    def __init__(self, catalogue: CompiledCatalogue, books: _Books) -> None:
        self.tariffs = catalogue.tariffs
        self.catalogue = catalogue
        self.books = books
        self.uses: list[tuple[int, ...]] = []
        self.totals: list[tuple[int, ...]] = []
        self.codes = {code: place for place, code in enumerate(self.tariffs.band_codes)}
        self.periods = period_tables()

    def price(self, row: _Row, answer: Answer) -> None:
        """Price one row and write it into the answer."""
        sources = list(self._sources(row))
        priced = self._priced(row, sources)
        answer.reason[row.of_usage] = priced.reason
        answer.billed_units[row.of_usage] = priced.billed_units
        answer.amount[row.of_usage] = priced.minor
        if priced.band_code:
            answer.band[row.of_usage] = self.codes[priced.band_code]
        for number, used in priced.taken:
            self._take(row, sources[number], used)
        for model_id, quantity in priced.counted:
            self._count(row, Meter.MODEL, (row.subscription_id, model_id), quantity=quantity)

    def hand_in(self, answer: Answer) -> None:
        """Write what all rows took and added."""
        if self.uses:
            of_usage, account, subscription, place, period, used = np.array(self.uses, np.int64).T
            answer.take_in_order(
                (account, subscription), of_usage=of_usage, place=place, period=period, used=used
            )
        answer.count(self.totals)

    def _priced(self, row: _Row, sources: list[_Source]) -> Priced:
        prices = self.tariffs.decks.prices[row.deck]
        counted = {
            model_id: self.books.total(
                Meter.MODEL, (row.subscription_id, model_id, self._period(row, MONTH))
            )
            for model_id in prices.deck.models
        }
        return price_one(
            Use(row.start, UsageKind(row.kind), row.quantity),
            prices=prices,
            zone_id=int(self.tariffs.zone_id[row.zone]),
            allowances=[self._left(row, source) for source in sources],
            counted=counted,
        )

    def _period(self, row: _Row, recurrence: int) -> int:
        return int(self.periods[recurrence, row.day])

    def _period_of(self, row: _Row, place: int) -> int:
        return self._period(row, int(self.tariffs.allowances.recurrence[place]))

    def _left(self, row: _Row, source: _Source) -> AllowanceLeft:
        allowance = self.tariffs.allowances.values[source.place]
        period = self._period_of(row, source.place)
        key = (source.subscription_id, allowance.allowance_id, period)
        left = allowance.amount - self.books.taken_of(key)
        if source.most >= 0:
            mine = (source.member_id, allowance.allowance_id, period)
            left = min(left, source.most - self.books.total(Meter.MEMBER, mine))
        return AllowanceLeft(allowance, max(left, 0))

    def _take(self, row: _Row, source: _Source, used: int) -> None:
        allowance_id = self.tariffs.allowances.values[source.place].allowance_id
        period = self._period_of(row, source.place)
        key = (source.subscription_id, allowance_id, period)
        self.books.taken[key] = self.books.taken_of(key) + used
        owner = (source.account_id, source.subscription_id)
        self.uses.append((row.of_usage, *owner, source.place, period, used))
        if source.member_id:
            mine = (source.member_id, allowance_id)
            self._count(row, Meter.MEMBER, mine, quantity=used, period=period)

    def _count(
        self,
        row: _Row,
        meter: Meter,
        what: tuple[int, int],
        *,
        quantity: int,
        period: int | None = None,
    ) -> None:
        when = self._period(row, MONTH) if period is None else period
        self.books.count(meter, (*what, when), quantity)
        self.totals.append(
            (row.of_usage, row.account_id, row.subscription_id, int(meter), what[1], when, quantity)
        )

    def _sources(self, row: _Row) -> Iterator[_Source]:
        """Yield the allowances that the record may use, its own and those shared with it."""
        allowances = self.tariffs.allowances
        own = [
            _Source(place, row.account_id, row.subscription_id, 0, -1)
            for place in _places(allowances, row.slot)
        ]
        found = [
            source
            for source in (*own, *self._shared(row))
            if allowances.covers[source.place, row.zone]
        ]
        values = allowances.values
        yield from sorted(
            found,
            key=lambda source: (
                -values[source.place].priority,
                values[source.place].allowance_id,
            ),
        )

    def _shared(self, row: _Row) -> Iterator[_Source]:
        groups: CompiledGroups = self.catalogue.subscribers.groups
        if not len(groups.concerned):
            return
        columns = (np.array([value]) for value in (row.subscription_id, row.kind, row.start))
        place, is_member = groups.rows_at(*columns)
        if not is_member[0]:
            return
        member = int(place[0])
        plan_row, has_plan = self.catalogue.subscribers.plans.rows_at(
            groups.owner_place[place], np.array([row.start])
        )
        plan = int(self.catalogue.plan[plan_row[0]]) if has_plan[0] else -1
        if plan < 0:
            return
        owner = int(groups.owner_account_id[member]), int(groups.owner_id[member])
        for shared in _places(self.tariffs.allowances, plan * KINDS + row.kind):
            if self.tariffs.allowances.values[shared].is_shared:
                yield _Source(shared, *owner, row.subscription_id, int(groups.most[member]))


def _places(allowances: Allowances, slot: int) -> list[int]:
    """Return the allowances of an offer and kind, of units and of money."""
    both = (*allowances.slots[slot].tolist(), *allowances.money_slots[slot].tolist())
    return [place for place in both if place >= 0]
