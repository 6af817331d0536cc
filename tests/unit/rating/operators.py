"""Small operators for the rating tests: catalogues, subscribers and usage drawn at random."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

from rating.domain.compilation import compile_tariffs
from rating.domain.compiled import CompiledCatalogue, join
from rating.domain.counters import AllowanceCounters, counters_of
from rating.domain.periods import period_of
from rating.domain.subscribers import (
    GroupColumns,
    IdentifierColumns,
    PlanColumns,
    compile_subscribers,
)
from rating.domain.usage import FOREVER, UsageColumns
from tariffs.domain.deck import (
    Allowance,
    Band,
    Deck,
    PlanPricing,
    Rate,
    Recurrence,
    Rounding,
    Step,
    Surcharge,
    UsageKind,
    Zone,
    ZoneTerms,
)
from tariffs.domain.price_models import read_charge

MOSCOW = "Europe/Moscow"
TIME_ZONES = (MOSCOW, "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")
ZONES = (
    Zone(1, "local", ("7812", "7921")),
    Zone(2, "long_distance", ("7", "7495")),
    Zone(3, "international", ("49", "4", "380")),
    Zone(4, "free", ("112", "1", "78005550")),
)
NUMBERS = (
    "78125550101",
    "79215550102",
    "74955550103",
    "380441234567",
    "4930123456",
    "491",
    "4",
    "7",
    "78",
    "780",
    "112",
    "1",
    "11",
    "5551234",
    "78005550199",
    "7800555",
    "00",
    "0112",
    "",
    "123456789012345",
    "7812123456789012",
)


@dataclass(frozen=True)
class Record:
    """A record before it becomes columns."""

    key: int
    subscriber: int
    at: int
    kind: UsageKind
    number: str
    quantity: int


@dataclass(frozen=True)
class Operator:
    """A catalogue with its subscribers, as plain values."""

    plans: tuple[PlanPricing, ...]
    zones: tuple[Zone, ...]
    identifiers: tuple[tuple[int, int, int, int, int], ...]
    history: tuple[tuple[int, int, int, int], ...]
    time_zone: str = MOSCOW
    # member, owner, the owner's account, kind, most (-1 no limit), from, to
    groups: tuple[tuple[int, int, int, int, int, int, int], ...] = ()

    def compiled(self) -> CompiledCatalogue:
        """Return the catalogue as columns."""
        tariffs = compile_tariffs(self.plans, zones=self.zones, time_zone=self.time_zone)
        identifiers = IdentifierColumns(*table(self.identifiers, width=5))
        plans = PlanColumns(*table(self.history, width=4))
        groups = GroupColumns(*table(self.groups, width=7))
        return join(
            tariffs, compile_subscribers(identifiers=identifiers, plans=plans, groups=groups)
        )


def table(rows: Any, *, width: int) -> list[np.ndarray]:
    """Return rows as int64 columns."""
    return list(np.array(list(rows), np.int64).reshape(-1, width).T.copy())


def moment(text: str) -> int:
    """Return the seconds of an ISO moment, UTC unless it says otherwise."""
    read = datetime.fromisoformat(text)
    return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp())


def columns(records: list[Record]) -> UsageColumns:
    """Return records, in order, as columns."""
    rows = [
        (r.key, 1, r.subscriber, r.at, r.kind, int(r.number or 0), len(r.number), r.quantity)
        for r in sorted(records, key=lambda r: (r.at, r.key))
    ]
    return UsageColumns(*table(rows, width=8))


def one_plan(deck: Deck, *, allowances: tuple[Allowance, ...] = ()) -> Operator:
    """Return an operator with one subscriber (7001, subscription 21, account 31) on one plan."""
    plan = PlanPricing(51, {deck.kind: (deck,)}, allowances)
    return Operator(
        plans=(plan,),
        zones=ZONES,
        identifiers=((7001, 21, 31, 0, FOREVER),),
        history=((21, 51, 0, FOREVER),),
    )


MOMENTS = tuple(
    moment(text)
    for text in (
        "2026-03-29T00:59:30",  # Berlin goes to summer time
        "2026-10-25T00:30:00",  # and back
        "2026-03-08T06:59:50",  # New York goes to summer time
        "2026-11-01T05:10:00",  # and back
        "2026-04-04T14:40:00",  # Lord Howe goes back by half an hour
        "2026-10-03T15:20:00",  # and forward
        "2025-12-31T20:58:00",  # the new year in Moscow
        "2026-02-27T23:59:00",
        "2026-05-08T20:30:00",  # a holiday begins
        "2026-06-12T07:59:59",
    )
)
HOLIDAYS = frozenset({date(2026, 5, 9), date(2026, 6, 12), date(2026, 1, 1), date(2026, 3, 8)})

SURCHARGES = (Surcharge(0, Decimal("0.1")), Surcharge(60, Decimal("1.2345")))
DATES = frozenset({"12-31", "2026-03-29", "05-09", "2026-10-25"})
WINDOWS = (
    (datetime(2026, 3, 29, 1, 30), datetime(2026, 3, 29, 3, 15, 7)),
    (datetime(2026, 10, 24, 12), datetime(2026, 10, 26)),
)
MOST_SECONDS = 86_400
seconds_of_day = st.sampled_from([0, 1, 3600, 7200, 9000, 28800, 64800, 72000, 79200, 86399])
prices = st.integers(0, 30_000_000).map(lambda n: Decimal(n) / 1_000_000) | st.sampled_from(
    [Decimal(0), Decimal("1.5"), Decimal("0.3"), Decimal(12)]
)


@st.composite
def band_sets(draw: st.DrawFn) -> tuple[Band, ...]:
    """A band that always holds and up to three above it."""
    above = [
        Band(
            code=f"b{number}",
            weekdays=frozenset(draw(st.sets(st.integers(1, 7), max_size=5))),
            from_second=draw(seconds_of_day),
            to_second=draw(seconds_of_day | st.just(86400)),
            on_holidays=draw(st.sampled_from([None, True, False])),
            priority=number,
            dates=draw(st.sampled_from([frozenset()] * 3 + [DATES])),
            windows=draw(st.sampled_from([()] * 3 + [WINDOWS])),
        )
        for number in range(1, draw(st.integers(0, 3)) + 1)
    ]
    return (*above, Band("any"))


@st.composite
def step_sets(draw: st.DrawFn, unit: int) -> tuple[Step, ...]:
    """No steps mostly, or up to three."""
    starts = draw(st.sampled_from([(), (), (0, 60), (0, 30, 301), (0, 61)]))
    size = 1000 if unit > MOST_SECONDS else 1
    increments = st.sampled_from([60, 60, 60, 1, 7, 30])
    return tuple(
        Step(start * size, draw(prices), unit, draw(increments) * size) for start in starts
    )


@st.composite
def zone_terms(draw: st.DrawFn, zone_id: int | None, kind: UsageKind) -> ZoneTerms:
    """Increments and thresholds, often plain."""
    size = {UsageKind.VOICE: 1, UsageKind.SMS: 1}.get(kind, 1000)
    increments = st.sampled_from([1, 1, 6, 30, 60, 60, 7])
    first = draw(increments) * size
    return ZoneTerms(
        zone_id,
        first_increment=first,
        next_increment=draw(st.just(first) | increments.map(lambda n: n * size)),
        free_units=draw(st.sampled_from([0, 0, 0, 3, 20])) * size,
        min_units=draw(st.sampled_from([0, 0, 0, 30, 100])) * size,
        grace_units=draw(st.sampled_from([0, 0, 0, 2, 5])) * size,
        max_cost=draw(st.sampled_from([None, None, None, Decimal("7.255"), Decimal(40)])),
        surcharges=draw(st.sampled_from([(), (), SURCHARGES])),
    )


@st.composite
def decks(draw: st.DrawFn, version_id: int, kind: UsageKind) -> Deck:
    """A deck that prices some zones, with bands of its own."""
    bands = draw(band_sets())
    units = [60, 1, 60] if kind is UsageKind.VOICE else [1] if kind is UsageKind.SMS else [1 << 20]
    levels = [(1, ""), (2, ""), (4, ""), (None, "local"), (None, "international"), (None, "")]
    chosen = draw(st.sets(st.sampled_from(levels), min_size=1, max_size=4))
    rates = [
        Rate(
            band.code,
            draw(prices),
            zone_id,
            zone_class,
            draw(st.sampled_from(units)),
            draw(st.sampled_from([Decimal(0), Decimal("0.5"), Decimal("1.0001")])),
            draw(step_sets(units[0])),
            draw(st.sampled_from([None] * 9 + [900, 901])),
        )
        for zone_id, zone_class in sorted(chosen, key=str)
        for band in bands
        if band.code == "any" or draw(st.booleans())
    ]
    own_terms = draw(st.sets(st.sampled_from([1, 2, 3]), max_size=2))
    return Deck(
        version_id=version_id,
        kind=kind,
        valid_from=date(2026, 1, 1) if version_id % 2 else date(2026, 6, 1),
        valid_to=date(2026, 6, 1) if version_id % 2 else None,
        timezone=draw(st.sampled_from(TIME_ZONES)),
        bands=bands,
        rates=tuple(rates),
        terms=tuple(draw(zone_terms(zone_id, kind)) for zone_id in (None, *sorted(own_terms))),
        rounding=draw(st.sampled_from(list(Rounding))),
        holidays=draw(st.sampled_from([HOLIDAYS, frozenset()])),
        decimals=draw(st.sampled_from([2, 2, 2, 1, 0, -1])),
        follows_clock=draw(st.sampled_from([True, True, False])),
        models=MODELS,
    )


RANGES = [{"up_to": 100, "unit_price": "0.5", "flat_fee": 1}, {"up_to": None, "unit_price": "0.1"}]
MODELS = {
    900: read_charge("graduated", {"ranges": RANGES}),
    901: read_charge(
        "volume", {"ranges": RANGES, "unit_conversion": {"divide_by": 60}}, is_monthly=True
    ),
}


@st.composite
def allowance_sets(draw: st.DrawFn, first_id: int) -> tuple[Allowance, ...]:
    """Up to three allowances of a plan."""
    found = []
    for number in range(draw(st.integers(0, 3))):
        kind = draw(
            st.sampled_from([UsageKind.VOICE, UsageKind.VOICE, UsageKind.DATA, UsageKind.SMS])
        )
        size = 1000 if kind is UsageKind.DATA else 1
        classes = [frozenset(), frozenset({"local"}), frozenset({"local", "international", ""})]
        found.append(
            Allowance(
                allowance_id=first_id + number,
                kind=kind,
                amount=draw(st.sampled_from([1, 45, 60, 100, 301, 900, 5000])) * size,
                zone_classes=draw(st.sampled_from(classes)),
                priority=draw(st.integers(0, 2)),
                step=draw(st.sampled_from([0, 0, 1, 10, 60])) * size,
                factor=draw(st.sampled_from([Fraction(1), Fraction(1), Fraction(2)])),
                recurrence=draw(st.sampled_from([Recurrence.MONTH, *Recurrence])),
            )
        )
    found.extend(
        Allowance(
            allowance_id=first_id + 5 + number,
            kind=UsageKind.VOICE,
            amount=draw(st.sampled_from([5, 1000, 100_000])),
            is_money=True,
            recurrence=draw(st.sampled_from([Recurrence.MONTH, Recurrence.DAY])),
        )
        for number in range(draw(st.sampled_from([0, 0, 1, 2])))
    )
    return tuple(found)


@st.composite
def operators(draw: st.DrawFn) -> Operator:
    """Two plans over shared decks, subscribers with histories and a number given out twice."""
    kinds = (UsageKind.VOICE, UsageKind.SMS, UsageKind.DATA)
    versions = {
        kind: tuple(draw(decks(2 * kind + part, kind)) for part in (0, 1)) for kind in kinds
    }
    other = draw(decks(21, UsageKind.VOICE))
    plans = (
        PlanPricing(51, versions, draw(allowance_sets(1))),
        PlanPricing(52, {**versions, UsageKind.VOICE: (other,)}, draw(allowance_sets(11))),
    )
    spring, autumn = MOMENTS[0] + 3000, MOMENTS[1] + 900
    return Operator(
        plans=plans,
        zones=ZONES,
        identifiers=(
            (7001, 21, 31, 0, FOREVER),
            (7002, 22, 32, 0, spring),
            (7002, 23, 33, spring, FOREVER),
            (7003, 24, 31, autumn, FOREVER),
            (-5, 25, 34, 0, FOREVER),
        ),
        history=(
            (21, 51, 0, FOREVER),
            (22, 52, 0, FOREVER),
            (23, 51, 0, autumn),
            (23, 52, autumn, FOREVER),
            (24, 52, 0, FOREVER),
            (25, 99, 0, FOREVER),
        ),
        time_zone=draw(st.sampled_from([MOSCOW, "Europe/Berlin"])),
    )


@st.composite
def shared_operators(draw: st.DrawFn) -> Operator:
    """Operators with groups: subscription 21 shares with 22 and 24, later 23 with 24."""
    operator = draw(operators())
    shares = st.sampled_from([True, True, False])
    plans = tuple(
        replace(
            plan,
            allowances=tuple(replace(one, is_shared=draw(shares)) for one in plan.allowances),
        )
        for plan in operator.plans
    )
    most = st.sampled_from([-1, 0, 50, 61, 1000])
    autumn = MOMENTS[1]
    voice, data = int(UsageKind.VOICE), int(UsageKind.DATA)
    groups = (
        (22, 21, 31, voice, draw(most), 0, FOREVER),
        (24, 21, 31, voice, draw(most), 0, autumn + 1800),
        (24, 23, 33, voice, draw(most), autumn + 1800, FOREVER),
        (24, 21, 31, data, draw(most), 0, FOREVER),
    )
    return replace(operator, plans=plans, groups=groups)


@st.composite
def counters_before(draw: st.DrawFn, operator: Operator) -> AllowanceCounters:
    """What was carried over into some periods of allowances, and used of that before."""
    rows = [
        (account, subscription, allowance.allowance_id, period, used, carried)
        for allowance in sorted(
            {a.allowance_id: a for plan in operator.plans for a in plan.allowances}.values(),
            key=lambda a: a.allowance_id,
        )
        for account, subscription in ((31, 21), (33, 23))
        for period in sorted({period_of(allowance.recurrence, day) for day in CARRIED_INTO})
        for used in [draw(st.sampled_from([0, 7, allowance.amount]))]
        for carried in [draw(st.sampled_from([0, 30, 500]))]
    ]
    account, subscription, allowance_id, period, used, carried = table(rows, width=6)
    return counters_of(
        account_id=account,
        subscription_id=subscription,
        allowance_id=allowance_id,
        period=period,
        used=used,
        carried=carried,
    )


CARRIED_INTO = (date(2026, 3, 29), date(2026, 10, 25), date(2026, 2, 28))


@st.composite
def record_lists(draw: st.DrawFn, *, most: int = 25) -> list[Record]:
    """Records near the moments that matter, often several of one subscriber close together."""
    near = draw(st.lists(st.sampled_from(MOMENTS), min_size=1, max_size=3))
    voice = st.sampled_from([0, 1, 2, 5, 29, 60, 61, 100, 599, 3600, 7201, 40_000, 200_000])
    lengths = {
        UsageKind.VOICE: voice | st.integers(0, 900),
        UsageKind.SMS: st.sampled_from([1, 1, 1, 0, 7]),
        UsageKind.DATA: st.integers(0, 300_000) | st.sampled_from([10**9, 10**12, -1, 2**51]),
        UsageKind.SESSION: st.just(1),
    }
    records = []
    for key in range(draw(st.integers(0, most))):
        kind = draw(st.sampled_from([UsageKind.VOICE] * 5 + list(UsageKind)))
        shift = draw(st.integers(-7200, 7200) | st.sampled_from([-1, 0, 1]))
        records.append(
            Record(
                key=key,
                subscriber=draw(st.sampled_from([7001, 7001, 7001, 7002, 7003, 7004, -5])),
                at=draw(st.sampled_from(near)) + shift,
                kind=kind,
                number=draw(st.sampled_from(NUMBERS)) if kind <= UsageKind.SMS else "",
                quantity=draw(lengths[kind]),
            )
        )
    return records


def shifted(at: int, *, days: int) -> int:
    """Return a moment some days later."""
    return at + int(timedelta(days=days).total_seconds())


CLOCK_CHANGES = {
    "Europe/Berlin": ("2026-03-29T01:00:00", "2026-10-25T01:00:00"),
    "America/New_York": ("2026-03-08T07:00:00", "2026-11-01T06:00:00"),
    "Australia/Lord_Howe": ("2026-04-04T15:00:00", "2026-10-03T15:30:00"),
}


@st.composite
def clock_change_calls(draw: st.DrawFn) -> tuple[Operator, list[Record]]:
    """Calls around a clock change, on a deck whose price changes in that night's hours."""
    zone = draw(st.sampled_from(sorted(CLOCK_CHANGES)))
    change = moment(draw(st.sampled_from(CLOCK_CHANGES[zone])))
    hours = st.sampled_from([0, 3600, 5400, 7200, 9000, 10800, 14400])
    night = Band("night", from_second=draw(hours), to_second=draw(hours), priority=1)
    first = draw(st.sampled_from([1, 7, 60, 600]))
    later = draw(st.sampled_from([1, 7, 60, 600]))
    deck = Deck(
        version_id=1,
        kind=UsageKind.VOICE,
        valid_from=date(2026, 1, 1),
        valid_to=None,
        timezone=zone,
        bands=(Band("any"), night),
        rates=(Rate("any", Decimal(1)), Rate("night", Decimal(61))),
        terms=(ZoneTerms(None, first, later),),
    )
    starts = st.integers(-3 * 3600, 600) | st.sampled_from([-1, 0, -3600])
    calls = [
        Record(
            key,
            7001,
            change + draw(starts),
            UsageKind.VOICE,
            "79215550102",
            draw(st.integers(1, 4 * 3600)),
        )
        for key in range(3)
    ]
    return one_plan(deck), calls


@st.composite
def allowance_calls(draw: st.DrawFn) -> tuple[Operator, list[Record]]:
    """Many calls of one subscriber who runs out of several allowances, in uneven increments."""
    increments = st.sampled_from([1, 6, 10, 30, 60])
    deck = Deck(
        version_id=1,
        kind=UsageKind.VOICE,
        valid_from=date(2026, 1, 1),
        valid_to=None,
        timezone=MOSCOW,
        bands=(Band("any"), Band("day", from_second=43_200, to_second=64_800, priority=1)),
        rates=(Rate("any", Decimal("0.6")), Rate("day", Decimal("1.7"))),
        terms=tuple(
            ZoneTerms(zone_id, draw(increments), draw(increments)) for zone_id in (None, 1, 2)
        ),
    )
    classes = [frozenset({"local"}), frozenset({"local", "long_distance"})]
    allowances = tuple(
        Allowance(
            allowance_id=number,
            kind=UsageKind.VOICE,
            amount=draw(st.integers(1, 500)),
            zone_classes=draw(st.sampled_from(classes)),
            priority=draw(st.integers(0, 3)),
            step=draw(st.sampled_from([0, 0, 1, 10, 60])),
        )
        for number in range(1, draw(st.integers(1, 4)) + 1)
    )
    start = moment("2026-02-27T08:50:00")
    calls = [
        Record(
            key,
            7001,
            start + 60 * key,
            UsageKind.VOICE,
            draw(st.sampled_from(["79215550102", "74955550103"])),
            draw(st.integers(1, 200)),
        )
        for key in range(draw(st.integers(1, 12)))
    ]
    return one_plan(deck, allowances=allowances), calls
