"""
One record, priced exactly: the executable specification of rating, and "why was I charged?".

`engine` does the same for columns and is proven equal to this by property tests. The rules:

1. No length, or one within the grace: nothing is charged, no connection fee either.
2. Free units come off the front; what is left is at least the minimum.
3. It is walked in whole increments from the moment of the start. An increment is priced in the
   band in force when it starts, in the deck's time zone and in real elapsed time.
4. Each increment is taken from the first allowance that has a whole step left, else paid.
5. The connection fee is due once, of the first increment's band, also when all is covered.
6. The exact sum is rounded once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final

from billing_project.kernel.money import round_money
from rating.domain.prices import DeckPrices, ZonePrices, untimed
from rating.domain.usage import Reason
from tariffs.domain.deck import NO_ZONE, Allowance, Rate, UsageKind, ZoneTerms

_EXACT_DIGITS: Final = 60
#: Records above these are refused: no call lasts longer, no session is larger.
MOST_UNITS: Final = {
    UsageKind.VOICE: 31 * 86_400,
    UsageKind.SMS: 1_000_000,
    UsageKind.DATA: 2**50,
    UsageKind.SESSION: 2**50,
}
#: An amount column is numeric(14,2).
MOST_MONEY: Final = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Use:
    """One record: when it started (seconds since 1970), of what kind, and how much."""

    started_at: int
    kind: UsageKind
    quantity: int


@dataclass(slots=True)
class AllowanceLeft:
    """An allowance and what is left of it in the month of the record."""

    allowance: Allowance
    left: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Increments in a row of one band, paid alike: `allowance_id` is set if they are covered."""

    band_code: str
    at: int
    units: int
    price: Decimal
    unit: int
    amount: Fraction
    allowance_id: int | None


@dataclass(frozen=True, slots=True)
class Priced:
    """The price of a record with its breakdown; `exact` is the sum before rounding."""

    reason: Reason
    zone_id: int = NO_ZONE
    band_code: str = ""
    billed_units: int = 0
    connection_fee: Decimal = Decimal(0)
    segments: tuple[Segment, ...] = ()
    uses: tuple[tuple[int, int], ...] = ()
    exact: Fraction = Fraction(0)
    amount: Decimal = Decimal("0.00")


def price_one(
    use: Use, *, prices: DeckPrices, zone_id: int, allowances: Sequence[AllowanceLeft] = ()
) -> Priced:
    """
    Price one record to a zone of a deck.

    `allowances` are those that cover the zone, in the order of use; they are not changed, `uses`
    of the answer tells what was taken. To explain a priced record, hand in what it took as left.
    """
    zone = prices.zones.get(zone_id)
    if zone is None:
        return Priced(Reason.NO_ZONE)
    if zone.terms is None:
        return Priced(Reason.NO_RATE, zone_id)
    if not 0 <= use.quantity <= MOST_UNITS[use.kind]:
        return Priced(Reason.BAD_QUANTITY, zone_id)
    walk = _Walk(use, prices, zone, {left.allowance.allowance_id: left.left for left in allowances})
    if not walk.run(chargeable_units(use.quantity, zone.terms), allowances, zone.terms):
        return Priced(Reason.NO_RATE, zone_id)
    amount = rounded(walk.exact, prices.deck.rounding)
    if amount >= MOST_MONEY:
        return Priced(Reason.TOO_LARGE, zone_id)
    return Priced(
        reason=Reason.PRICED,
        zone_id=zone_id,
        band_code=walk.first_band,
        billed_units=walk.at,
        connection_fee=walk.connection_fee,
        segments=tuple(walk.segments),
        uses=tuple(walk.used.items()),
        exact=walk.exact,
        amount=amount,
    )


def chargeable_units(quantity: int, terms: ZoneTerms) -> int:
    """
    Return the length to be walked: nothing within the grace, free units off, at least the minimum.

    >>> chargeable_units(70, ZoneTerms(free_units=10, min_units=90, grace_units=3))
    90
    >>> chargeable_units(3, ZoneTerms(grace_units=3))
    0
    """
    if quantity <= terms.grace_units or quantity <= terms.free_units:
        return 0
    return max(quantity - terms.free_units, terms.min_units)


def rounded(exact: Fraction, mode: str) -> Decimal:
    """Round an exact sum to the minor unit."""
    with localcontext() as context:
        context.prec = _EXACT_DIGITS
        return round_money(Decimal(exact.numerator) / Decimal(exact.denominator), mode=mode)


@dataclass(slots=True)
class _Walk:
    """Goes through a record from increment to increment; `at` is how far it has come."""

    use: Use
    prices: DeckPrices
    zone: ZonePrices
    left: dict[int, int]
    at: int = 0
    first_band: str = ""
    connection_fee: Decimal = Decimal(0)
    exact: Fraction = Fraction(0)
    segments: list[Segment] = field(default_factory=list)
    used: dict[int, int] = field(default_factory=dict)

    def run(self, length: int, allowances: Sequence[AllowanceLeft], terms: ZoneTerms) -> bool:
        """Walk the length; False if some increment starts at a time without a rate."""
        first = self._rate_at()[0]
        self.first_band = first.band_code if first else ""
        if first and length:
            self.connection_fee = first.connection_fee
            self.exact = Fraction(first.connection_fee)
        while self.at < length:
            rate, until = self._rate_at()
            if rate is None:
                return False
            increment = (
                terms.first_increment if self.at < terms.first_increment else (terms.next_increment)
            )
            # The last point before which nothing changes: length, band, size of the increment.
            stop = min(length, until)
            if self.at < terms.first_increment:
                stop = min(stop, terms.first_increment)
            self._take(rate, increment=increment, stop=stop, allowances=allowances)
        return True

    def _rate_at(self) -> tuple[Rate | None, int]:
        moment = self.use.started_at + (self.at if self.use.kind.is_timed else 0)
        band, end = self.prices.band_at(self.zone.rates, moment)
        if not self.use.kind.is_timed:
            end = untimed(moment)
        return (self.zone.rates[band.code] if band else None), end - self.use.started_at

    def _take(
        self, rate: Rate, *, increment: int, stop: int, allowances: Sequence[AllowanceLeft]
    ) -> None:
        """Take all steps that start before `stop` in one go, as far as one allowance reaches."""
        for item in allowances:
            allowance = item.allowance
            step = allowance.step or increment
            whole = self.left[allowance.allowance_id] // step
            if whole > 0:
                units = min(-(-(stop - self.at) // step), whole) * step
                self.left[allowance.allowance_id] -= units
                self.used[allowance.allowance_id] = self.used.get(allowance.allowance_id, 0) + units
                self._append(rate, units, allowance_id=allowance.allowance_id)
                return
        self._append(rate, -(-(stop - self.at) // increment) * increment, allowance_id=None)

    def _append(self, rate: Rate, units: int, *, allowance_id: int | None) -> None:
        amount = Fraction(0)
        if allowance_id is None:
            amount = Fraction(rate.price) * units / rate.unit
        self.exact += amount
        at = self.at
        self.at += units
        last = self.segments[-1] if self.segments else None
        if last and (last.band_code, last.allowance_id) == (rate.band_code, allowance_id):
            at, units, amount = last.at, last.units + units, last.amount + amount
            self.segments.pop()
        self.segments.append(
            Segment(rate.band_code, at, units, rate.price, rate.unit, amount, allowance_id)
        )
