"""What holds of pricing whatever is drawn: cuts, allowances, order, longer calls, both clock changes."""

from dataclasses import fields, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rating.domain.allowances import AllowanceCounters, no_counters
from rating.domain.counters import Meter
from rating.domain.engine import price_columns
from rating.domain.intake import time_order
from rating.domain.prices import DeckPrices
from rating.domain.twin import AllowanceLeft, Use, price_one
from rating.domain.usage import PricedColumns, Reason, UsageColumns
from tariffs.domain.deck import Band, Deck, Rate, UsageKind
from tests.unit.rating.operators import (
    MOMENTS,
    ZONES,
    Operator,
    Record,
    allowance_sets,
    clock_change_calls,
    columns,
    counters_before,
    decks,
    moment,
    one_plan,
    record_lists,
    shared_operators,
)

OFTEN = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
#: Its price falls for all that came before, so that more may cost less.
VOLUME = 901


def rows_of(priced: PricedColumns) -> dict[str, list[int]]:
    """Return the columns of single records as lists."""
    parts = {"uses", "totals"}
    return {
        field.name: getattr(priced, field.name).tolist()
        for field in fields(PricedColumns)
        if field.name not in parts
    }


def books(
    counters: AllowanceCounters,
) -> tuple[list[list[int]], dict[tuple[int, int, int, int], int]]:
    """Return all that counters say, as plain values."""
    names = ("key", "account_id", "used", "carried")
    return [getattr(counters, name).tolist() for name in names], counters.totals.as_dict()


@OFTEN
@given(st.data())
def test_cutting_a_batch_anywhere_changes_nothing(data: st.DataObject) -> None:
    operator = data.draw(shared_operators())
    before = data.draw(counters_before(operator))
    usage = columns(data.draw(record_lists(most=15)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(usage)), max_size=4)))
    catalogue = operator.compiled()
    whole, after = price_columns(usage, catalogue=catalogue, counters=before)
    parts: dict[str, list[int]] = {name: [] for name in rows_of(whole)}
    between, taken = before, 0
    for start, stop in pairwise([0, *cuts, len(usage)]):
        priced, between = price_columns(
            usage.part(start, stop), catalogue=catalogue, counters=between
        )
        taken += int(priced.uses.used.sum())
        for name, column in rows_of(priced).items():
            parts[name] += column
    assert parts == rows_of(whole)
    assert taken == int(whole.uses.used.sum())
    assert books(between) == books(after)


@OFTEN
@given(st.data())
def test_never_more_is_used_than_granted_and_carried(data: st.DataObject) -> None:
    operator = data.draw(shared_operators())
    before = data.draw(counters_before(operator))
    records = data.draw(record_lists())
    _, after = price_columns(columns(records), catalogue=operator.compiled(), counters=before)
    granted = {a.allowance_id: a.amount for plan in operator.plans for a in plan.allowances}
    amounts = np.array([granted[number] for number in after.allowance_id.tolist()], np.int64)
    was = before.used_at(after.key)
    room = np.maximum(amounts + after.carried - was, 0)
    assert np.all(after.used >= was)
    assert np.all(after.used - was <= room)
    limits = {(row[0], row[3]): row[4] for row in operator.groups}
    kinds = {a.allowance_id: a.kind for plan in operator.plans for a in plan.allowances}
    # Subscription 24 changes groups, with a limit of its own in each.
    for (meter, member, number, _), quantity in after.totals.as_dict().items():
        if meter == Meter.MEMBER and member == 22:
            most = limits[member, int(kinds[number])]
            assert most < 0 or quantity <= most


@OFTEN
@given(st.data())
def test_the_order_in_which_records_come_changes_nothing(data: st.DataObject) -> None:
    operator = data.draw(shared_operators())
    drawn = data.draw(record_lists(most=15))
    moments = st.sampled_from(MOMENTS[:2])
    # Several records of one moment, which only their keys put in order.
    records = [replace(one, at=data.draw(moments)) for one in drawn]
    catalogue = operator.compiled()
    first, second = (
        price_columns(usage, catalogue=catalogue, counters=no_counters())
        for usage in (in_order(records), in_order(data.draw(st.permutations(records))))
    )
    assert rows_of(first[0]) == rows_of(second[0])
    assert books(first[1]) == books(second[1])


def in_order(records: list[Record]) -> UsageColumns:
    """Return records, as they came, put in order as a batch does it."""
    came = [columns([one]) for one in records] or [columns([])]
    usage = UsageColumns(
        *(np.concatenate([getattr(one, f.name) for one in came]) for f in fields(UsageColumns))
    )
    order = time_order(usage.started_at, usage.record_key)
    return UsageColumns(*(getattr(usage, field.name)[order] for field in fields(UsageColumns)))


@OFTEN
@given(st.data())
def test_a_longer_record_never_costs_less(data: st.DataObject) -> None:
    """
    Holds for every plan but those with a volume model.

    What is walked only gets longer: the increments there were stay as they are, in their bands,
    steps and allowances, whatever prices come after them; surcharges, maximum and rounding keep
    the order. A length is refused only where a shorter one already ended in hours without a price.
    """
    kind = data.draw(st.sampled_from([UsageKind.VOICE, UsageKind.DATA]))
    drawn = data.draw(decks(1, kind))
    rates = tuple(replace(r, model_id=None) if r.model_id == VOLUME else r for r in drawn.rates)
    prices = DeckPrices(replace(drawn, rates=rates), zones=ZONES)
    zone_id = data.draw(st.sampled_from(sorted(prices.zones)))
    allowances = [
        AllowanceLeft(one, one.amount) for one in data.draw(allowance_sets(1)) if one.kind is kind
    ]
    at = data.draw(st.sampled_from(MOMENTS)) + data.draw(st.integers(-7200, 7200))
    lengths = sorted(data.draw(st.lists(st.integers(0, 9000), min_size=2, max_size=8)))
    found = [
        price_one(Use(at, kind, length), prices=prices, zone_id=zone_id, allowances=allowances)
        for length in lengths
    ]
    reasons = [priced.reason for priced in found]
    refused = reasons.index(Reason.NO_RATE) if Reason.NO_RATE in reasons else len(reasons)
    assert set(reasons[refused:]) <= {Reason.NO_RATE}
    for shorter, longer in pairwise(found[:refused]):
        assert shorter.cost <= longer.cost
        assert shorter.minor <= longer.minor
        assert shorter.billed_units <= longer.billed_units


@OFTEN
@given(clock_change_calls())
def test_clock_changes_price_as_a_clock_read_at_every_increment(
    drawn: tuple[Operator, list[Record]],
) -> None:
    operator, calls = drawn
    priced, _ = price_columns(columns(calls), catalogue=operator.compiled(), counters=no_counters())
    ordered = sorted(calls, key=lambda call: (call.at, call.key))
    assert priced.amount.tolist() == [kopecks_by_the_clock(operator, call) for call in ordered]


def kopecks_by_the_clock(operator: Operator, call: Record) -> int:
    """Return what a call costs, 1 a minute and 61 in the night's hours, read off the local clock."""
    deck = operator.plans[0].decks[UsageKind.VOICE][0]
    night, terms, zone = deck.bands[1], deck.terms[0], ZoneInfo(deck.timezone)
    elapsed, total = 0, Fraction(0)
    while elapsed < call.quantity:
        clock = datetime.fromtimestamp(call.at + elapsed, zone)
        second = clock.hour * 3600 + clock.minute * 60 + clock.second
        start, end = night.from_second, night.to_second
        is_night = start <= second < end if start < end else second >= start or second < end
        increment = terms.next_increment if elapsed else terms.first_increment
        total += Fraction((61 if is_night else 1) * increment, 60)
        elapsed += increment
    return int(total * 100 + Fraction(1, 2))


def test_an_hour_that_is_there_twice_is_charged_twice_and_a_missing_one_never() -> None:
    deck = Deck(
        version_id=1,
        kind=UsageKind.VOICE,
        valid_from=date(2026, 1, 1),
        valid_to=None,
        timezone="Europe/Berlin",
        bands=(Band("any"), Band("two", from_second=7200, to_second=10_800, priority=1)),
        rates=(Rate("any", Decimal(1)), Rate("two", Decimal(61))),
    )
    starts = [moment(text) for text in ("2026-03-29T00:00:00", "2026-10-25T00:00:00")]
    calls = [
        Record(key, 7001, at, UsageKind.VOICE, "79215550102", 3 * 3600)
        for key, at in enumerate(starts)
    ]
    priced, _ = price_columns(
        columns(calls), catalogue=one_plan(deck).compiled(), counters=no_counters()
    )
    # In spring 180 minutes at 1; in autumn 120 at 61, and 60 at 1.
    assert priced.amount.tolist() == [180_00, 7_380_00]
