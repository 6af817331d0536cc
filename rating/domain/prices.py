"""
A deck made ready for pricing: what it says of a zone as whole numbers, found by the zone's id.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from fractions import Fraction
from math import ceil, floor, lcm
from operator import attrgetter
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from rating.domain.tariff_times import TariffTimes
from rating.domain.usage import FOREVER
from tariffs.domain.deck import (
    Deck,
    OnMaxCost,
    Rate,
    Rounding,
    Step,
    UsageKind,
    Zone,
    ZoneTerms,
)
from tariffs.domain.price_models import BrokenCharge, Charge
from tariffs.domain.scales import price_scale

#: Minor units (kopecks) per unit of the currency.
MINOR: Final = 100
#: Records above these are refused: no call lasts longer, no session is larger.
MOST_UNITS: Final = {
    UsageKind.VOICE: 31 * 86_400,
    UsageKind.SMS: 1_000_000,
    UsageKind.DATA: 2**50,
    UsageKind.SESSION: 2**50,
}

_FROM: Final = attrgetter("from_unit")
#: What a rate and terms say, whichever zone they say it of.
_SAID: Final = attrgetter(
    *(of.name for of in fields(Rate) if of.name not in {"zone_id", "zone_class"})
)
_COUNTED: Final = attrgetter(*(of.name for of in fields(ZoneTerms) if of.name != "zone_id"))


class UnableToCompile(ValueError):
    """The catalogue contradicts itself, or says what the core can't compute."""


@dataclass(frozen=True, slots=True)
class ZonePrices:
    """What a deck says about one zone; `terms` is None if it forgot them."""

    zone: Zone
    rates: dict[str, Rate]
    terms: ZoneTerms | None


class BandRules(NamedTuple):
    """
    A rate in whole numbers: amounts times the zone's scale.

    `steps` are (from unit, unit at which the next begins, increment, price of a unit).
    """

    rate: Rate
    fee: int
    steps: tuple[tuple[int, int, int, int], ...]
    sources: tuple[Step, ...]
    charge: Charge | None


@dataclass(frozen=True, slots=True)
class RoundingRules:
    """How a sum becomes minor units: a whole one is (sum + `add`) // `divisor` · `quantum`."""

    add: int
    divisor: int
    quantum: int
    mode: Rounding

    def minor(self, total: int | Fraction) -> int:
        """Return the sum in minor units."""
        if isinstance(total, int):
            return (total + self.add) // self.divisor * self.quantum
        if self.mode is Rounding.UP:
            return ceil(total / self.divisor) * self.quantum
        half = Fraction(1, 2) if self.mode is Rounding.HALF_UP else 0
        return floor(total / self.divisor + half) * self.quantum


class ZoneRules(NamedTuple):
    """
    All that prices a zone, in whole numbers: a sum over `scale` is money of the currency.

    `bands` has the deck's order, None where the zone has no rate. `spared` is the longest record
    that costs nothing, `cap` the maximum of a record's sum, `limit` what ends a session.
    """

    scale: int
    bands: tuple[BandRules | None, ...]
    times: TariffTimes
    spared: int
    free: int
    least: int
    surcharges: tuple[tuple[int, int], ...]
    cap: int | None
    limit: Fraction | None
    rounding: RoundingRules

    @property
    def has_model(self) -> bool:
        """Whether some rate prices quantities as a whole."""
        return any(band is not None and band.charge is not None for band in self.bands)


class DeckPrices:
    """
    The priced zones of a deck by id; their rules are made when first asked for.

    Amounts are counted in 1/`minor` of the currency.
    """

    def __init__(self, deck: Deck, *, zones: Iterable[Zone], minor: int = MINOR) -> None:
        terms = {of_zone.zone_id: of_zone for of_zone in reversed(deck.terms)}
        rest = terms.get(None)
        self.deck = deck
        self.minor = minor
        self.is_timed = deck.kind.is_timed and deck.follows_clock
        self.most_units = MOST_UNITS[deck.kind]
        self.zones = {
            zone.zone_id: ZonePrices(zone, rates, terms.get(zone.zone_id) or rest)
            for zone, rates in deck.priced_zones(zones)
        }
        self._rules: dict[int, ZoneRules | None] = {}
        self._shared: dict[Hashable, ZoneRules] = {}
        self._roundings: dict[int, RoundingRules] = {}
        self._times: dict[frozenset[str], TariffTimes] = {}

    def rules(self, zone_id: int) -> ZoneRules | None:
        """Return what prices a zone, None without rates or if the deck forgot how to count."""
        if zone_id not in self._rules:
            self._rules[zone_id] = self._make(self.zones.get(zone_id))
        return self._rules[zone_id]

    def _make(self, zone: ZonePrices | None) -> ZoneRules | None:
        if zone is None or zone.terms is None:
            return None
        # Zones of a class share their rates; those that are priced alike share their rules.
        same = (id(zone.rates), id(zone.terms))
        rules = self._shared.get(same)
        if rules is None:
            alike = (*map(_SAID, zone.rates.values()), _COUNTED(zone.terms))
            rules = self._shared.get(alike)
            if rules is None:
                rules = self._shared[alike] = self._compile(zone.rates, zone.terms)
            self._shared[same] = rules
        return rules

    def _compile(self, rates: Mapping[str, Rate], terms: ZoneTerms) -> ZoneRules:
        scale = self._scale(rates, terms)
        has_cap = terms.max_cost is not None and terms.on_max_cost is OnMaxCost.CAP
        return ZoneRules(
            scale=scale,
            bands=tuple(
                [
                    self._band(rates[band.code], terms, scale) if band.code in rates else None
                    for band in self.deck.bands
                ]
            ),
            times=self.times(frozenset(rates)),
            spared=max(terms.grace_units, terms.free_units, 0),
            free=terms.free_units,
            least=terms.min_units,
            surcharges=tuple((due.at_unit, scaled(due.amount, scale)) for due in terms.surcharges),
            cap=scaled(terms.max_cost, scale) if has_cap and terms.max_cost is not None else None,
            limit=Fraction(terms.max_cost) if terms.max_cost is not None and not has_cap else None,
            rounding=self._roundings.get(scale) or self._rounding(scale),
        )

    def times(self, codes: frozenset[str]) -> TariffTimes:
        """Return the tariff times that rates of these bands see."""
        if codes not in self._times:
            self._times[codes] = TariffTimes(self.deck, codes)
        return self._times[codes]

    def _scale(self, rates: Mapping[str, Rate], terms: ZoneTerms) -> int:
        decimals = self.deck.decimals
        finest = self.minor if decimals is None else 10 ** max(decimals, 0)
        return lcm(price_scale(rates.values(), terms), finest)

    def _rounding(self, scale: int) -> RoundingRules:
        decimals = self.deck.decimals
        if decimals is None:
            divisor, quantum = scale // self.minor, Fraction(1)
        else:
            quantum = self.minor / Fraction(10) ** decimals
            divisor = int(scale / Fraction(10) ** decimals)
        if quantum.denominator > 1:
            message = f"{decimals} decimals are finer than 1/{self.minor}"
            raise UnableToCompile(message)
        add = {Rounding.HALF_UP: divisor // 2, Rounding.UP: divisor - 1, Rounding.DOWN: 0}
        mode = self.deck.rounding
        self._roundings[scale] = RoundingRules(add[mode], divisor, int(quantum), mode)
        return self._roundings[scale]

    def _band(self, rate: Rate, terms: ZoneTerms, scale: int) -> BandRules:
        sources = tuple(sorted(rate.steps_under(terms), key=_FROM))
        ends = [*map(_FROM, sources[1:]), FOREVER]
        if sources[0].from_unit > 0:
            message = f"deck version {self.deck.version_id}: no step begins at 0"
            raise UnableToCompile(message)
        return BandRules(
            rate=rate,
            fee=scaled(rate.connection_fee, scale),
            steps=tuple(
                [
                    (step.from_unit, end, step.increment, scaled(step.price, scale) // step.unit)
                    for step, end in zip(sources, ends, strict=True)
                ]
            ),
            sources=sources,
            charge=self._charge(rate),
        )

    def _charge(self, rate: Rate) -> Charge | None:
        charge = None if rate.model_id is None else self.deck.models.get(rate.model_id)
        if isinstance(charge, BrokenCharge) or (charge is None and rate.model_id is not None):
            message = f"deck version {self.deck.version_id}: model {rate.model_id} can't price"
            raise UnableToCompile(message)
        return charge


def scaled(amount: object, scale: int) -> int:
    """
    Return an exact amount times the scale, which makes it whole.

    >>> from decimal import Decimal
    >>> scaled(Decimal("1.25"), 100)
    125
    """
    whole, parts = amount.as_integer_ratio()  # type: ignore[attr-defined]
    return int(whole * scale // parts)


def month_number(moment: int, time_zone: str) -> int:
    """
    Return the local month of a moment as yyyymm.

    >>> month_number(1767214800, "Europe/Moscow")
    202601
    """
    local = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(time_zone))
    return local.year * 100 + local.month
