"""
Prices as values: zones, bands, rates, counting rules and allowances.

Amounts are Decimals of the currency, lengths are seconds, messages or bytes. Nothing here knows a
customer, the database or the clock; `tariffs.queries` makes these values out of the tables.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction
from math import ceil
from typing import Final

from tariffs.domain.price_models import BrokenCharge, Charge

DAY: Final = 86_400
#: Prices are exact in millionths of the currency.
PRICE_DIGITS: Final = 6
MICRO: Final = 10**PRICE_DIGITS
#: Where no prefix leads, and where usage without a number (data, sessions) goes.
NO_ZONE: Final = 0
INTERNATIONAL: Final = "international"
FREE: Final = "free"
INT64_SAFE: Final = 2**62


class UsageKind(IntEnum):
    """What was used; the numbers are stored in usage columns and never change."""

    VOICE = 1
    SMS = 2
    DATA = 3
    SESSION = 4

    @classmethod
    def from_code(cls, code: str) -> "UsageKind":
        """
        Return the kind of a table's code.

        >>> UsageKind.from_code("sms")
        <UsageKind.SMS: 2>
        """
        return cls[code.upper()]

    @property
    def code(self) -> str:
        """The word that tables and files use."""
        return self.name.lower()

    @property
    def is_timed(self) -> bool:
        """Whether units are seconds that pass, so that a price can change on the way."""
        return self is UsageKind.VOICE


#: Longest record that a deck's prices are guaranteed to price in fast integers.
GUARANTEED_UNITS: Final = {
    UsageKind.VOICE: DAY,
    UsageKind.SMS: 1_000,
    UsageKind.DATA: 2**30,
    UsageKind.SESSION: 2**30,
}


class Rounding(StrEnum):
    """How an amount is rounded to the deck's decimals, once, at the end."""

    HALF_UP = "half_up"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Zone:
    """
    A set of number prefixes priced alike. `zone_class` is local, long_distance …

    A scheme divides all numbers into zones of its own; 0 is the operator's common one.
    """

    zone_id: int
    zone_class: str = ""
    prefixes: tuple[str, ...] = ()
    scheme_id: int = 0


NOWHERE: Final = Zone(NO_ZONE)


@dataclass(frozen=True, slots=True)
class Band:
    """
    Tariff time: weekdays 1 (Monday) to 7, none named = all; [from_second, to_second) of the local
    day, to ≤ from wraps midnight; `on_holidays` None = any day. `dates` are local days as MM-DD
    (each year) or YYYY-MM-DD, `windows` half-open pairs of naive local times; none named = any.
    All that is named must hold at a second. The higher priority wins, of equals the first listed.
    """

    code: str
    weekdays: frozenset[int] = frozenset()
    from_second: int = 0
    to_second: int = DAY
    on_holidays: bool | None = None
    priority: int = 0
    dates: frozenset[str] = frozenset()
    windows: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def is_dated(self) -> bool:
        """Whether the calendar day decides as well as weekday and holiday."""
        return bool(self.dates or self.windows)

    def holds(self, *, weekday: int, is_holiday: bool, second: int) -> bool:
        """Whether weekday, holiday and hour of a local second are in the band; dates apart."""
        if self.weekdays and weekday not in self.weekdays:
            return False
        if self.on_holidays is not None and self.on_holidays != is_holiday:
            return False
        if self.from_second < self.to_second:
            return self.from_second <= second < self.to_second
        return second >= self.from_second or second < self.to_second

    def is_on(self, day: date) -> bool:
        """Whether the band's dates allow the day; its windows apart."""
        if not self.dates:
            return True
        iso = day.isoformat()
        return iso in self.dates or iso[5:] in self.dates

    def is_within(self, local: datetime) -> bool:
        """Whether a naive local time is in one of the band's windows, if it has any."""
        return not self.windows or any(start <= local < end for start, end in self.windows)


@dataclass(frozen=True, slots=True)
class Step:
    """From this unit of a record on: `price` per `unit` units, counted in whole increments."""

    from_unit: int
    price: Decimal
    unit: int = 60
    increment: int = 60


@dataclass(frozen=True, slots=True)
class Rate:
    """
    `price` per `unit` units in a band, and the fee of a call that starts in it.

    With a zone: for it. With a class only: for its other zones. With neither: for everything else,
    unknown prefixes and usage without a number included.

    `steps`, if any, say it all in the place of price, unit and the terms' increments: the first
    begins at 0; an increment is that of the step in which it begins. `model`, if any, prices the
    whole quantity instead (tariffs.domain.price_models): no increments, bands or allowances in it.
    """

    band_code: str
    price: Decimal
    zone_id: int | None = None
    zone_class: str = ""
    unit: int = 60
    connection_fee: Decimal = Decimal(0)
    steps: tuple[Step, ...] = ()
    model_id: int | None = None

    def steps_under(self, terms: "ZoneTerms") -> tuple[Step, ...]:
        """Return the steps, made of price and the terms' increments if there are none."""
        if self.steps:
            return self.steps
        first = Step(0, self.price, self.unit, terms.first_increment)
        if terms.first_increment == terms.next_increment:
            return (first,)
        return (first, Step(terms.first_increment, self.price, self.unit, terms.next_increment))


@dataclass(frozen=True, slots=True)
class Surcharge:
    """Due once for a record longer than `at_unit` units."""

    at_unit: int
    amount: Decimal


class OnMaxCost(StrEnum):
    """What a maximum cost does: the rest is free, or the running session is cut off."""

    CAP = "cap"
    DISCONNECT = "disconnect"


@dataclass(frozen=True, slots=True)
class ZoneTerms:
    """
    How usage is counted; without a zone: for all zones that have no terms of their own.

    `max_cost` limits the sum of a record before it is rounded, surcharges included.
    """

    zone_id: int | None = None
    first_increment: int = 60
    next_increment: int = 60
    free_units: int = 0
    min_units: int = 0
    grace_units: int = 0
    max_cost: Decimal | None = None
    on_max_cost: OnMaxCost = OnMaxCost.CAP
    surcharges: tuple[Surcharge, ...] = ()


@dataclass(frozen=True, slots=True)
class Deck:
    """
    One version of a price list for one kind of usage.

    In force from `valid_from` up to, not including, `valid_to`: midnights of `timezone`, where
    bands, weekdays and `holidays` are looked up as well. A deck that does not follow the clock
    prices a whole call in the band of its start. `decimals` may be negative; None = not rounded,
    which no deck that bills has.
    """

    version_id: int
    kind: UsageKind
    valid_from: date
    valid_to: date | None
    timezone: str
    bands: tuple[Band, ...]
    rates: tuple[Rate, ...]
    terms: tuple[ZoneTerms, ...] = (ZoneTerms(),)
    rounding: Rounding = Rounding.HALF_UP
    holidays: frozenset[date] = frozenset()
    decimals: int | None = 2
    follows_clock: bool = True
    scheme_id: int = 0
    models: Mapping[int, Charge | BrokenCharge] = field(default_factory=dict)

    def priced_zones(self, zones: Iterable[Zone]) -> list[tuple[Zone, dict[str, Rate]]]:
        """
        Return the zones that the deck prices, each with its rates by band.

        Of a zone's own rates, those of its class and those for everything else the first level
        that has any is taken whole. `NOWHERE` comes first if the deck prices everything else.
        Zones of other schemes than the deck's are none of it.
        """
        own: dict[int, dict[str, Rate]] = {}
        of_class: dict[str, dict[str, Rate]] = {}
        rest: dict[str, Rate] = {}
        for rate in self.rates:
            if rate.zone_id is not None:
                level = own.setdefault(rate.zone_id, {})
            else:
                level = of_class.setdefault(rate.zone_class, {}) if rate.zone_class else rest
            level.setdefault(rate.band_code, rate)
        found = (
            (zone, own.get(zone.zone_id) or of_class.get(zone.zone_class) or rest)
            for zone in (NOWHERE, *(zone for zone in zones if zone.scheme_id == self.scheme_id))
        )
        return [(zone, rates) for zone, rates in found if rates]

    def terms_for(self, zone: Zone) -> ZoneTerms | None:
        """Return the counting rules of a zone, else the deck's, else None."""
        by_zone = {terms.zone_id: terms for terms in self.terms}
        return by_zone.get(zone.zone_id) or by_zone.get(None)

    def band_at(
        self, codes: Iterable[str], *, weekday: int, is_holiday: bool, second: int
    ) -> Band | None:
        """Return the band in force among those named; of equals the first listed."""
        named = frozenset(codes)
        holding = [
            band
            for band in self.bands
            if band.code in named
            and band.holds(weekday=weekday, is_holiday=is_holiday, second=second)
        ]
        return max(holding, key=lambda band: band.priority, default=None)

    def parts_of(self, codes: Iterable[str], day: date) -> list[tuple[int, Band | None]]:
        """
        Return the parts of a local day: the second at which each ends, and the band in force in it.

        Of the bands named only; None where none holds.
        """
        named = frozenset(codes)
        mine = [band for band in self.bands if band.code in named and band.is_on(day)]
        ends = {band.from_second for band in mine} | {band.to_second for band in mine} | {DAY}
        midnight = datetime.combine(day, time())
        for band in mine:
            for bound in (moment for window in band.windows for moment in window):
                ends.add(ceil((bound - midnight).total_seconds()))
        cuts = sorted(second for second in ends if 0 < second <= DAY)
        is_holiday = day in self.holidays
        parts: list[tuple[int, Band | None]] = []
        for start, end in zip([0, *cuts], cuts, strict=False):
            local = midnight + timedelta(seconds=start)
            holding = [
                band
                for band in mine
                if band.holds(weekday=day.isoweekday(), is_holiday=is_holiday, second=start)
                and band.is_within(local)
            ]
            first = max(holding, key=lambda band: band.priority, default=None)
            if parts and parts[-1][1] is first:
                parts.pop()
            parts.append((end, first))
        return parts

    @property
    def cuts(self) -> list[int]:
        """Seconds of the day at which some band starts or ends, 0 first."""
        ends = {band.from_second for band in self.bands} | {band.to_second for band in self.bands}
        return sorted({0} | {second for second in ends if second < DAY})


class Recurrence(StrEnum):
    """How often an allowance is granted anew, in the operator's calendar."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class Allowance:
    """
    Included volume, or money, per period. The higher priority is used first.

    `zone_ids` and `zone_classes` limit it; none named = all but international and free of charge.
    `step` is its own counting step; 0 = the rate's increments. `factor` is how many of its units
    one unit of usage takes; a step is covered if the rest holds step · factor. An allowance of
    money (`amount` in minor units) pays what the units left uncovered, after rounding. A shared
    one is used by all services of its group. `blocks`: used up, it ends a session rather than let
    it be charged.
    """

    allowance_id: int
    kind: UsageKind
    amount: int
    zone_classes: frozenset[str] = frozenset()
    priority: int = 0
    step: int = 0
    zone_ids: frozenset[int] = frozenset()
    factor: Fraction = Fraction(1)
    is_money: bool = False
    recurrence: Recurrence = Recurrence.MONTH
    is_shared: bool = False
    blocks: bool = False

    @property
    def takes_whole_units(self) -> bool:
        """
        Whether every step takes a whole number of the allowance's units.

        A factor that isn't whole needs a step of its own for that.
        """
        if self.factor.denominator == 1:
            return True
        return bool(self.step) and (self.step * self.factor).denominator == 1

    def covers(self, zone: Zone) -> bool:
        """Whether usage to the zone is taken out of this allowance."""
        if zone.zone_id in self.zone_ids:
            return True
        if self.zone_ids and not self.zone_classes:
            return False
        if self.zone_classes:
            return zone.zone_class in self.zone_classes
        return zone.zone_class not in {INTERNATIONAL, FREE}


@dataclass(frozen=True, slots=True)
class PlanPricing:
    """
    What prices the usage of a plan version: dated deck versions by kind, and allowances.

    A plan version with packages is an offer of its own: `offer_id` is what the subscribers'
    history names then, while priced rows name the plan version.
    """

    plan_version_id: int
    decks: Mapping[UsageKind, tuple[Deck, ...]]
    allowances: tuple[Allowance, ...] = ()
    offer_id: int | None = None

    @property
    def key(self) -> int:
        """What subscribers' history calls it."""
        return self.plan_version_id if self.offer_id is None else self.offer_id

    def allowances_for(self, kind: UsageKind) -> list[Allowance]:
        """Return the allowances of a kind in the order of their use."""
        mine = [allowance for allowance in self.allowances if allowance.kind == kind]
        return sorted(mine, key=lambda allowance: (-allowance.priority, allowance.allowance_id))
