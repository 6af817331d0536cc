"""
The price of one record, and the breakdown that explains it, made when it is asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from rating.domain.prices import MINOR, BandRules, DeckPrices, ZoneRules
from rating.domain.usage import Reason
from tariffs.domain.deck import NO_ZONE, Allowance, Surcharge
from tariffs.domain.price_models import Breakdown

#: Elapsed units, band, step, units, and the place of the allowance that covers them or -1.
Piece = tuple[int, int, int, int, int]


@dataclass(slots=True)
class AllowanceLeft:
    """An allowance and what is left of it in the period of the record, carried units included."""

    allowance: Allowance
    left: int


@dataclass(frozen=True, slots=True)
class Segment:
    """
    Increments in a row of one band and step, paid alike: `allowance_id` is set if they are covered.
    """

    band_code: str
    at: int
    units: int
    price: Decimal
    unit: int
    amount: Fraction
    allowance_id: int | None
    from_unit: int = 0


class Work(NamedTuple):
    """
    What a price came out of: `rule` of the start, if there is one; `total` over the rules' scale.

    `pieces` are the increments walked, `parts` what a price model says instead.
    """

    prices: DeckPrices
    rules: ZoneRules
    rule: BandRules | None
    quantity: int
    total: int | Fraction = 0
    pieces: Sequence[Piece] = ()
    parts: Breakdown | None = None
    allowances: Sequence[AllowanceLeft] = ()

    @property
    def fee(self) -> Decimal:
        """The connection fee that is due."""
        is_due = self.rule is not None and (self.pieces or self.parts is not None)
        return self.rule.rate.connection_fee if self.rule and is_due else Decimal(0)

    def surcharges(self, zone_id: int) -> tuple[Surcharge, ...]:
        """Return the surcharges that are due."""
        terms = self.prices.zones[zone_id].terms
        if terms is None or not (self.pieces or self.parts is not None):
            return ()
        return tuple(one for one in terms.surcharges if self.quantity > one.at_unit)

    def segment(self, piece: Piece) -> Segment:
        """Return a piece as people read it."""
        at, band, step, units, place = piece
        rule = self.rules.bands[band]
        if rule is None:
            message = "a piece of a band without a rate"
            raise AssertionError(message)
        source = rule.sources[step]
        return Segment(
            band_code=rule.rate.band_code,
            at=at,
            units=units,
            price=source.price,
            unit=source.unit,
            amount=Fraction(0) if place >= 0 else Fraction(source.price) * units / source.unit,
            allowance_id=self.allowances[place].allowance.allowance_id if place >= 0 else None,
            from_unit=source.from_unit,
        )


class Priced:
    """
    The price of a record; what explains it is made when asked for.

    `minor` is due, `cost` was before allowances of money, both in 1/`prices.minor` of the currency.
    `taken` are (place among the allowances given, what was taken), `counted` (model, quantity) of
    monthly models.
    """

    __slots__ = (
        *("band_code", "billed_units", "cost", "counted", "minor", "reason", "taken", "work"),
        "zone_id",
    )

    def __init__(self, reason: Reason, zone_id: int = NO_ZONE, work: Work | None = None) -> None:
        self.reason = reason
        self.zone_id = zone_id
        self.work = work
        self.band_code = work.rule.rate.band_code if work and work.rule else ""
        self.billed_units = self.minor = self.cost = 0
        self.taken: tuple[tuple[int, int], ...] = ()
        self.counted: tuple[tuple[int, int], ...] = ()

    @property
    def uses(self) -> tuple[tuple[int, int], ...]:
        """Allowances, by id, and what was taken of each: units times factor, or minor units."""
        if self.work is None:
            return ()
        given = self.work.allowances
        return tuple((given[place].allowance.allowance_id, used) for place, used in self.taken)

    @property
    def amount(self) -> Decimal:
        """What is charged, in the currency."""
        scale = self.work.prices.minor if self.work else MINOR
        return Decimal(self.minor).scaleb(-2) if scale == MINOR else Decimal(self.minor) / scale

    @property
    def exact(self) -> Fraction:
        """The sum before it was rounded: fees, surcharges and the maximum cost are in it."""
        return Fraction(self.work.total) / self.work.rules.scale if self.work else Fraction(0)

    @property
    def connection_fee(self) -> Decimal:
        """The fee that is part of the sum."""
        return self.work.fee if self.work else Decimal(0)

    @property
    def surcharges(self) -> tuple[Surcharge, ...]:
        """The surcharges that are part of the sum."""
        return self.work.surcharges(self.zone_id) if self.work else ()

    @property
    def capped_at(self) -> Fraction | None:
        """The maximum cost, if the sum was cut down to it."""
        if self.work is None or self.work.rules.cap is None:
            return None
        whole = sum((one.amount for one in self.segments), Fraction(self.connection_fee))
        whole += sum((Fraction(one.amount) for one in self.surcharges), Fraction(0))
        whole += self.work.parts.amount if self.work.parts else 0
        return self.exact if whole > self.exact else None

    @property
    def model(self) -> Breakdown | None:
        """What a price model says of the quantity."""
        return self.work.parts if self.work else None

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The increments, those in a row together that were priced alike."""
        return tuple(self.work.segment(piece) for piece in self.work.pieces) if self.work else ()

    @property
    def money_used(self) -> int:
        """What allowances of money paid, in minor units."""
        return self.cost - self.minor

    def _facts(self) -> tuple[object, ...]:
        return (
            *(self.reason, self.zone_id, self.band_code, self.billed_units, self.minor, self.cost),
            *(self.uses, self.counted, self.exact, self.segments, self.model),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Priced) and self._facts() == other._facts()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Priced({self.reason.name}, {self.amount}, {self.segments})"
