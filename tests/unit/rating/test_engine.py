"""Single answers of the core: reasons, allowances across batches, sizes, empty batches."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from rating.domain.allowances import (
    UnableToCount,
    add_uses,
    counters_of,
    no_counters,
    pack,
)
from rating.domain.compilation import compile_tariffs
from rating.domain.compiled import UnableToCompile
from rating.domain.engine import UnableToPrice, price_columns
from rating.domain.prices import DeckPrices
from rating.domain.usage import PricedColumns, Reason
from tariffs.domain.deck import (
    Allowance,
    Band,
    Deck,
    PlanPricing,
    Rate,
    Rounding,
    UsageKind,
    Zone,
    ZoneTerms,
)
from tests.unit.rating.operators import MOSCOW, ZONES, Operator, Record, columns, moment, one_plan

NOON = moment("2026-05-05T12:00:00+03:00")
DECK = Deck(
    version_id=61,
    kind=UsageKind.VOICE,
    valid_from=date(2026, 5, 1),
    valid_to=date(2026, 6, 1),
    timezone=MOSCOW,
    bands=(Band("any"),),
    rates=(
        Rate("any", Decimal("1.50"), zone_class="local"),
        Rate("any", Decimal(0), zone_class="free"),
        Rate("any", Decimal(12), zone_id=3, connection_fee=Decimal("0.75")),
    ),
    terms=(ZoneTerms(),),
    rounding=Rounding.HALF_UP,
)
MINUTES = Allowance(71, UsageKind.VOICE, 180)


def call(key: int = 1, *, seconds: int = 60, at: int = NOON, number: str = "79215550102") -> Record:
    """Return a call of the one subscriber."""
    return Record(key, 7001, at, UsageKind.VOICE, number, seconds)


def price(records: list[Record], *, operator: Operator | None = None) -> PricedColumns:
    """Price records of an operator, by default one with the deck and no allowances."""
    catalogue = (operator or one_plan(DECK)).compiled()
    return price_columns(columns(records), catalogue=catalogue, counters=no_counters())[0]


def test_a_priced_call_knows_what_it_belongs_to() -> None:
    priced = price([call(seconds=61)])
    names = (
        "reason",
        "account_id",
        "subscription_id",
        "plan_version_id",
        "deck_version_id",
        "zone_id",
        "band",
        "billed_units",
        "allowance_id",
        "allowance_used",
        "amount",
        "kind",
    )
    assert [int(getattr(priced, name)[0]) for name in names] == [
        *(0, 31, 21, 51, 61, 1, 0, 120, 0, 0, 300, 1)
    ]


def test_free_calls_cost_nothing_and_leave_the_allowance_alone() -> None:
    operator = one_plan(DECK, allowances=(MINUTES,))
    priced = price([call(number="112", seconds=600)], operator=operator)
    assert (priced.reason[0], priced.amount[0], priced.allowance_used[0]) == (0, 0, 0)
    assert priced.billed_units[0] == 600


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (Record(1, 7999, NOON, UsageKind.VOICE, "79215550102", 60), Reason.NO_SUBSCRIBER),
        (call(at=moment("2026-04-30T20:59:59")), Reason.NO_PRICE_VERSION),
        (call(at=moment("2026-05-31T21:00:00")), Reason.NO_PRICE_VERSION),
        (Record(1, 7001, NOON, UsageKind.SMS, "79215550102", 1), Reason.NO_PRICE_VERSION),
        (call(number="74955550102"), Reason.NO_ZONE),
        (call(number=""), Reason.NO_ZONE),
        (call(seconds=-1), Reason.BAD_QUANTITY),
        (call(seconds=32 * 86400), Reason.BAD_QUANTITY),
    ],
)
def test_what_cannot_be_priced_says_why_and_costs_nothing(record: Record, reason: Reason) -> None:
    priced = price([record], operator=one_plan(DECK, allowances=(MINUTES,)))
    assert (priced.reason[0], priced.amount[0], len(priced.uses)) == (reason, 0, 0)


def test_a_subscription_without_plan() -> None:
    operator = replace(one_plan(DECK), history=((21, 51, 0, NOON),))
    assert price([call()], operator=operator).reason[0] == Reason.NO_PLAN


def test_hours_without_a_band_wait_and_take_nothing() -> None:
    morning = replace(DECK, bands=(Band("any", from_second=0, to_second=12 * 3600),))
    operator = one_plan(morning, allowances=(MINUTES,))
    late, across = call(1), call(2, at=NOON - 60, seconds=90)
    priced = price([late, across], operator=operator)
    assert priced.reason.tolist() == [Reason.NO_RATE, Reason.NO_RATE]
    assert len(priced.uses) == 0


def test_calls_use_up_an_allowance_in_the_order_of_their_starts() -> None:
    operator = one_plan(DECK, allowances=(MINUTES,))
    records = [
        call(1, at=NOON + 10, seconds=120),
        call(2, at=NOON, seconds=120),
        call(3, at=NOON + 20),
    ]
    priced = price(records, operator=operator)
    assert priced.allowance_used.tolist() == [120, 60, 0]
    assert priced.amount.tolist() == [0, 150, 150]


def test_a_new_month_brings_a_new_allowance() -> None:
    deck = replace(DECK, valid_to=None)
    operator = one_plan(deck, allowances=(MINUTES,))
    records = [
        call(1, at=moment("2026-05-31T23:59:00+03:00"), seconds=600),
        call(2, at=moment("2026-06-01T00:00:00+03:00"), seconds=600),
    ]
    catalogue = operator.compiled()
    priced, counters = price_columns(columns(records), catalogue=catalogue, counters=no_counters())
    assert priced.allowance_used.tolist() == [180, 180]
    assert counters.period.tolist() == [20260501, 20260601]


def test_what_was_used_before_counts() -> None:
    before = counters_of(
        account_id=np.array([31]),
        subscription_id=np.array([21]),
        allowance_id=np.array([71]),
        period=np.array([20260501]),
        used=np.array([150]),
    )
    catalogue = one_plan(DECK, allowances=(MINUTES,)).compiled()
    priced, after = price_columns(columns([call()]), catalogue=catalogue, counters=before)
    assert (priced.amount[0], after.used.tolist()) == (150, [150])


def test_sums_too_large_for_fast_integers_are_exact_all_the_same() -> None:
    rate = Rate("any", Decimal(4000), unit=1 << 20)
    deck = replace(DECK, kind=UsageKind.DATA, rates=(rate,), terms=(ZoneTerms(None, 1, 1),))
    record = Record(1, 7001, NOON, UsageKind.DATA, "", 3 << 30)
    assert price([record], operator=one_plan(deck)).amount[0] == 4000 * 3 * 1024 * 100


def test_an_amount_that_fits_no_column_is_refused() -> None:
    deck = replace(DECK, rates=(Rate("any", Decimal(999999), unit=1),))
    priced = price([call(seconds=2_000_000)], operator=one_plan(deck))
    assert (priced.reason[0], priced.amount[0]) == (Reason.TOO_LARGE, 0)


def test_an_empty_batch() -> None:
    assert len(price([])) == 0


def test_without_any_deck_everything_waits() -> None:
    operator = replace(one_plan(DECK), plans=(PlanPricing(51, {}),))
    assert price([call()], operator=operator).reason[0] == Reason.NO_PRICE_VERSION


def test_a_deck_that_forgot_how_to_count() -> None:
    priced = price([call()], operator=one_plan(replace(DECK, terms=())))
    assert (priced.reason[0], priced.zone_id[0], priced.amount[0]) == (Reason.NO_RATE, 1, 0)


def test_usage_out_of_order_is_refused() -> None:
    usage = columns([call(1), call(2, at=NOON + 1)])
    backwards = replace(usage, started_at=usage.started_at[::-1])
    with pytest.raises(UnableToPrice):
        price_columns(backwards, catalogue=one_plan(DECK).compiled(), counters=no_counters())


def test_contradictions_are_refused() -> None:
    plan = PlanPricing(51, {UsageKind.VOICE: (DECK,)}, (MINUTES,))
    cases = {
        "an allowance": (
            [plan, replace(plan, plan_version_id=52, allowances=(replace(MINUTES, amount=9),))],
            ZONES,
        ),
        "deck version 61": (
            [plan, PlanPricing(52, {UsageKind.VOICE: (replace(DECK, rates=()),)})],
            ZONES,
        ),
        "a prefix": ([plan], (*ZONES, Zone(9, "local", ("7812",)))),
    }
    for message, (plans, zones) in cases.items():
        with pytest.raises(UnableToCompile, match=message):
            compile_tariffs(plans, zones=zones, time_zone=MOSCOW)


def test_ids_too_large_for_a_counter_are_refused() -> None:
    with pytest.raises(UnableToCount):
        pack(
            subscription_id=np.array([2**31]),
            allowance_id=np.array([1]),
            period=np.array([20260501]),
        )


def test_counters_stay_when_nothing_is_used() -> None:
    counters = no_counters()
    assert add_uses(counters, price([call()]).uses) is counters


def test_zones_priced_alike_share_their_rules_and_others_do_not() -> None:
    prices = [Decimal("1.5"), Decimal("1.50"), Decimal("1.51"), Decimal("1.5")]
    rates = tuple(Rate("any", price, zone_id=n) for n, price in enumerate(prices, start=1))
    terms = (ZoneTerms(), ZoneTerms(4, 1, 1))
    deck = Deck(
        version_id=1,
        kind=UsageKind.VOICE,
        valid_from=date(2026, 1, 1),
        valid_to=None,
        timezone=MOSCOW,
        bands=(Band("any"),),
        rates=rates,
        terms=terms,
    )
    compiled = DeckPrices(deck, zones=ZONES)
    first, same, dearer, finer = (compiled.rules(n) for n in (1, 2, 3, 4))
    assert first is same
    assert len({id(rules) for rules in (first, dearer, finer)}) == 3
