"""The columns and the scalar twin give the same answer, whatever is asked and however it is cut."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rating.domain.allowances import AllowanceCounters, no_counters
from rating.domain.counters import Meter
from rating.domain.engine import price_columns
from rating.domain.periods import period_of
from rating.domain.prices import DeckPrices
from rating.domain.twin import AllowanceLeft, Priced, Use, price_one
from rating.domain.usage import PricedColumns, Reason
from rating.domain.zones import longest_prefix, prefix_table
from tariffs.domain.deck import NO_ZONE, Allowance, Deck, PlanPricing, Recurrence, Zone
from tests.unit.rating.operators import (
    MODELS,
    Operator,
    Record,
    allowance_calls,
    clock_change_calls,
    columns,
    counters_before,
    moment,
    operators,
    record_lists,
    shared_operators,
)

THOROUGH = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class PlainRating:
    """Looks everything up by walking through lists, and prices with the twin."""

    def __init__(self, operator: Operator, before: AllowanceCounters) -> None:
        self.operator = operator
        self.used = counters_as_dict(before)
        self.carried = counters_as_dict(replace(before, used=before.carried))
        self.counted: dict[tuple[int, int, int, int], int] = {}
        self.zones = {zone.zone_id: zone for zone in (Zone(NO_ZONE), *operator.zones)}
        self.prefixes = prefix_table(operator.zones)

    def price(self, record: Record) -> tuple[Priced, tuple[int, int, int, int]]:
        """Return the price, and the ids of account, subscription, plan and deck version."""
        owner = next(
            (
                row
                for row in self.operator.identifiers
                if row[0] == record.subscriber and row[3] <= record.at < row[4]
            ),
            None,
        )
        if owner is None:
            return Priced(Reason.NO_SUBSCRIBER), (0, 0, 0, 0)
        ids = (owner[2], owner[1])
        plan = self.plan_of(owner[1], record.at)
        if plan is None:
            return Priced(Reason.NO_PLAN), (*ids, 0, 0)
        deck = self.deck_of(plan, record)
        if deck is None:
            return Priced(Reason.NO_PRICE_VERSION), (*ids, plan.plan_version_id, 0)
        priced = self.price_with(plan, deck, record, owner[1])
        return priced, (*ids, plan.plan_version_id, deck.version_id)

    def plan_of(self, subscription: int, at: int) -> PlanPricing | None:
        wanted = [
            row[1]
            for row in self.operator.history
            if row[0] == subscription and row[2] <= at < row[3]
        ]
        return next((p for p in self.operator.plans if p.plan_version_id in wanted), None)

    def deck_of(self, plan: PlanPricing, record: Record) -> Deck | None:
        for deck in plan.decks.get(record.kind, ()):
            start = moment_of(deck, deck.valid_from.isoformat())
            end = moment_of(deck, deck.valid_to.isoformat()) if deck.valid_to else 2**60
            if start <= record.at < end:
                return deck
        return None

    def price_with(
        self, plan: PlanPricing, deck: Deck, record: Record, subscription: int
    ) -> Priced:
        prices = DeckPrices(deck, zones=self.operator.zones)
        zone_id = longest_prefix(self.prefixes, record.number, among=prices.zones) or NO_ZONE
        day = datetime.fromtimestamp(record.at, ZoneInfo(self.operator.time_zone)).date()
        sources = self.sources_of(plan, record, subscription, self.zones[zone_id])
        periods = {a.allowance_id: period_of(a.recurrence, day) for a, _, _ in sources}
        lefts = [self.left_of(*source, subscription, periods) for source in sources]
        use = Use(record.at, record.kind, record.quantity)
        month = period_of(Recurrence.MONTH, day)
        counted = {
            model: self.counted.get((Meter.MODEL, subscription, model, month), 0)
            for model in MODELS
        }
        priced = price_one(use, prices=prices, zone_id=zone_id, allowances=lefts, counted=counted)
        for model, quantity in priced.counted:
            self.counted[Meter.MODEL, subscription, model, month] = counted[model] + quantity
        for place, units in priced.taken:
            allowance, owner, _ = sources[place]
            number = allowance.allowance_id
            count(self.used, (owner, number, periods[number]), units)
            if owner != subscription:
                count(self.counted, (Meter.MEMBER, subscription, number, periods[number]), units)
        return priced

    def sources_of(
        self, plan: PlanPricing, record: Record, subscription: int, zone: Zone
    ) -> list[tuple[Allowance, int, int]]:
        """Return what may cover the record, in order: allowance, whose it is, a member's most."""
        found = [(a, subscription, -1) for a in plan.allowances_for(record.kind)]
        for member, owner, _, kind, most, start, end in self.operator.groups:
            if (member, kind) == (subscription, record.kind) and start <= record.at < end:
                theirs = self.plan_of(owner, record.at)
                shared = theirs.allowances_for(record.kind) if theirs else []
                found += [(a, owner, most) for a in shared if a.is_shared]
        covering = [source for source in found if source[0].covers(zone)]
        return sorted(covering, key=lambda source: (-source[0].priority, source[0].allowance_id))

    def left_of(
        self,
        allowance: Allowance,
        owner: int,
        most: int,
        subscription: int,
        periods: dict[int, int],
    ) -> AllowanceLeft:
        number = allowance.allowance_id
        key = (owner, number, periods[number])
        left = allowance.amount + self.carried.get(key, 0) - self.used.get(key, 0)
        if most >= 0:
            mine = (Meter.MEMBER, subscription, number, periods[number])
            left = min(left, most - self.counted.get(mine, 0))
        return AllowanceLeft(allowance, max(left, 0))


def count(totals: dict[Any, int], key: tuple[int, ...], quantity: int) -> None:
    totals[key] = totals.get(key, 0) + quantity


def moment_of(deck: Deck, day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(deck.timezone)).timestamp())


def row_of(priced: Priced, ids: tuple[int, int, int, int]) -> tuple[object, ...]:
    taken = priced.uses[0][0] if priced.uses else 0
    # Units of all allowances; what those of money paid is in `cost`.
    used = sum(units for _, units in priced.uses) - priced.money_used
    return (
        int(priced.reason),
        *ids,
        priced.zone_id,
        priced.band_code,
        priced.billed_units,
        taken,
        used,
        priced.minor,
    )


def rows_of(priced: PricedColumns, codes: tuple[str, ...]) -> list[tuple[object, ...]]:
    names = [codes[band] if band >= 0 else "" for band in priced.band]
    return list(
        zip(
            *(
                column.tolist()
                for column in (
                    priced.reason,
                    priced.account_id,
                    priced.subscription_id,
                    priced.plan_version_id,
                    priced.deck_version_id,
                    priced.zone_id,
                )
            ),
            names,
            *(
                column.tolist()
                for column in (
                    priced.billed_units,
                    priced.allowance_id,
                    priced.allowance_used,
                    priced.amount,
                )
            ),
            strict=True,
        )
    )


def counters_as_dict(counters: AllowanceCounters) -> dict[tuple[int, int, int], int]:
    keys = zip(
        counters.subscription_id.tolist(),
        counters.allowance_id.tolist(),
        counters.period.tolist(),
        strict=True,
    )
    return dict(zip(keys, counters.used.tolist(), strict=True))


def assert_equal(
    operator: Operator, records: list[Record], before: AllowanceCounters | None = None
) -> None:
    before = before or no_counters()
    catalogue = operator.compiled()
    priced, counters = price_columns(columns(records), catalogue=catalogue, counters=before)
    plain = PlainRating(operator, before)
    ordered = sorted(records, key=lambda r: (r.at, r.key))
    assert rows_of(priced, catalogue.tariffs.band_codes) == [
        row_of(*plain.price(record)) for record in ordered
    ]
    assert counters_as_dict(counters) == plain.used
    assert counters.totals.as_dict() == plain.counted


@THOROUGH
@given(operators(), record_lists())
def test_columns_price_like_the_twin(operator: Operator, records: list[Record]) -> None:
    assert_equal(operator, records)


@THOROUGH
@given(st.data())
def test_groups_and_carried_units_price_like_the_twin(data: st.DataObject) -> None:
    operator = data.draw(shared_operators())
    before = data.draw(counters_before(operator))
    assert_equal(operator, data.draw(record_lists(most=15)), before)


@THOROUGH
@given(clock_change_calls())
def test_calls_across_clock_changes_price_like_the_twin(
    drawn: tuple[Operator, list[Record]],
) -> None:
    assert_equal(*drawn)


@THOROUGH
@given(allowance_calls())
def test_allowances_run_out_like_in_the_twin(drawn: tuple[Operator, list[Record]]) -> None:
    assert_equal(*drawn)


def test_moments_are_read_as_utc() -> None:
    assert moment("1970-01-02T00:00:00") == 86400
