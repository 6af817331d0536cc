"""
Prices as values: zones, bands, rates, counting rules and allowances.

Amounts are Decimals of the currency, lengths are seconds, messages or bytes. Nothing here knows a
customer, the database or the clock; `tariffs.queries` makes these values out of the tables.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import IntEnum, StrEnum
from math import lcm
from typing import Final

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
    """How an amount becomes whole minor units, once, at the end."""

    HALF_UP = "half_up"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Zone:
    """A set of number prefixes priced alike. `zone_class` is local, long_distance …"""

    zone_id: int
    zone_class: str = ""
    prefixes: tuple[str, ...] = ()


NOWHERE: Final = Zone(NO_ZONE)


@dataclass(frozen=True, slots=True)
class Band:
    """
    Tariff time: weekdays 1 (Monday) to 7, none named = all; [from_second, to_second) of the local
    day, to ≤ from wraps midnight; `on_holidays` None = any day. The higher priority wins.
    """

    code: str
    weekdays: frozenset[int] = frozenset()
    from_second: int = 0
    to_second: int = DAY
    on_holidays: bool | None = None
    priority: int = 0

    def holds(self, *, weekday: int, is_holiday: bool, second: int) -> bool:
        """Whether the band is in force at this second of such a local day."""
        if self.weekdays and weekday not in self.weekdays:
            return False
        if self.on_holidays is not None and self.on_holidays != is_holiday:
            return False
        if self.from_second < self.to_second:
            return self.from_second <= second < self.to_second
        return second >= self.from_second or second < self.to_second


@dataclass(frozen=True, slots=True)
class Rate:
    """
    `price` per `unit` units in a band, and the fee of a call that starts in it.

    With a zone: for it. With a class only: for its other zones. With neither: for everything else,
    unknown prefixes and usage without a number included.
    """

    band_code: str
    price: Decimal
    zone_id: int | None = None
    zone_class: str = ""
    unit: int = 60
    connection_fee: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class ZoneTerms:
    """How usage is counted; without a zone: for all zones that have no terms of their own."""

    zone_id: int | None = None
    first_increment: int = 60
    next_increment: int = 60
    free_units: int = 0
    min_units: int = 0
    grace_units: int = 0


@dataclass(frozen=True, slots=True)
class Deck:
    """
    One version of a price list for one kind of usage.

    In force from `valid_from` up to, not including, `valid_to`: midnights of `timezone`, where
    bands, weekdays and `holidays` are looked up as well.
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

    def priced_zones(self, zones: Iterable[Zone]) -> list[tuple[Zone, dict[str, Rate]]]:
        """
        Return the zones that the deck prices, each with its rates by band.

        Of a zone's own rates, those of its class and those for everything else the first level
        that has any is taken whole. `NOWHERE` comes first if the deck prices everything else.
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
            for zone in (NOWHERE, *zones)
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

    @property
    def cuts(self) -> list[int]:
        """Seconds of the day at which some band starts or ends, 0 first."""
        ends = {band.from_second for band in self.bands} | {band.to_second for band in self.bands}
        return sorted({0} | {second for second in ends if second < DAY})


@dataclass(frozen=True, slots=True)
class Allowance:
    """
    Included volume per calendar month. The higher priority is used first.

    `zone_classes` limits it; none named = all but international and free of charge. `step` is its
    own counting step; 0 = the rate's increments.
    """

    allowance_id: int
    kind: UsageKind
    amount: int
    zone_classes: frozenset[str] = frozenset()
    priority: int = 0
    step: int = 0

    def covers(self, zone: Zone) -> bool:
        """Whether usage to the zone is taken out of this allowance."""
        if self.zone_classes:
            return zone.zone_class in self.zone_classes
        return zone.zone_class not in {INTERNATIONAL, FREE}


@dataclass(frozen=True, slots=True)
class PlanPricing:
    """What prices the usage of a plan version: dated deck versions by kind, and allowances."""

    plan_version_id: int
    decks: Mapping[UsageKind, tuple[Deck, ...]]
    allowances: tuple[Allowance, ...] = ()

    def allowances_for(self, kind: UsageKind) -> list[Allowance]:
        """Return the allowances of a kind in the order of their use."""
        mine = [allowance for allowance in self.allowances if allowance.kind == kind]
        return sorted(mine, key=lambda allowance: (-allowance.priority, allowance.allowance_id))


def common_unit(rates: Iterable[Rate]) -> int:
    """Return the smallest unit that all rates' units divide, so that their prices add up."""
    return lcm(*(rate.unit for rate in rates))
