"""
Why a record costs what it does, step by step: the one explanation, on every screen.

The steps come out of the price itself (`rating.domain.twin`), so that they add up to it; how money
and volumes are written is the screen's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from django.utils.translation import gettext as _

from rating.domain.priced import Priced, Segment
from rating.domain.usage import Reason
from tariffs.domain.deck import Deck, UsageKind, ZoneTerms
from tariffs.domain.price_models import Breakdown

_SHOWN_DIGITS = 6


class Words(Protocol):
    """How a screen writes money and volumes."""

    def price(self, amount: Decimal) -> str:
        """Write an amount with as many decimals as it has."""

    def quantity(self, kind: str, units: int) -> str:
        """Write seconds, messages or bytes."""

    def unit_price(self, kind: str, amount: Decimal, unit: int) -> str:
        """Write a price per so many units."""


@dataclass(frozen=True, slots=True)
class Names:
    """What zones, tariff times and allowances are called; a tariff time without a name isn't told."""

    zone: str = ""
    prefix: str = ""
    bands: Mapping[str, str] = field(default_factory=dict)
    allowances: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One sentence of the explanation, and the amount it adds, if it adds one."""

    text: str
    amount: str = ""


def tell(
    priced: Priced, *, kind: UsageKind, quantity: int, deck: Deck, names: Names, words: Words
) -> list[Step]:
    """Return the explanation of one price, from the zone to the rounding."""
    if priced.reason is not Reason.PRICED:
        return [Step(tell_reason(priced.reason))]
    teller = _Teller(
        priced=priced, kind=kind.code, quantity=quantity, deck=deck, names=names, words=words
    )
    return list(teller.steps())


def tell_reason(reason: Reason) -> str:
    """Return why a record has no price."""
    return {
        Reason.PRICED: "",
        Reason.NO_SUBSCRIBER: _("Nobody has the number."),
        Reason.NO_PLAN: _("There is no plan at that time."),
        Reason.NO_PRICE_VERSION: _("No version of the prices is in force on that day."),
        Reason.NO_ZONE: _(
            "The number leads to no zone that has a price: it would wait in suspense."
        ),
        Reason.NO_RATE: _("The zone has no price at that time: it would wait in suspense."),
        Reason.BAD_QUANTITY: _("It can't be that long."),
        Reason.TOO_LARGE: _("The amount is too large."),
    }[reason]


@dataclass(frozen=True, slots=True)
class _Teller:
    priced: Priced
    kind: str
    quantity: int
    deck: Deck
    names: Names
    words: Words

    def steps(self) -> Iterator[Step]:
        """Go through the price in the order in which it was made."""
        yield from self._zone()
        yield from self._counting()
        if self.priced.connection_fee:
            fee = self.words.price(self.priced.connection_fee)
            yield Step(_("Connection: %(amount)s.") % {"amount": fee}, fee)
        if self.priced.model is not None:
            yield from self._model(self.priced.model)
        for segment in self.priced.segments:
            yield self._segment(segment)
        for surcharge in self.priced.surcharges:
            after = self.words.quantity(self.kind, surcharge.at_unit)
            amount = self.words.price(surcharge.amount)
            yield Step(
                _("Surcharge for more than %(after)s: %(amount)s.")
                % {"after": after, "amount": amount},
                amount,
            )
        yield from self._end()

    def _zone(self) -> Iterator[Step]:
        if self.names.zone and self.names.prefix:
            values = {"zone": self.names.zone, "prefix": self.names.prefix}
            yield Step(_("To “%(zone)s”: the longest prefix is %(prefix)s.") % values)
        elif self.names.zone:
            yield Step(_("To “%(zone)s”.") % {"zone": self.names.zone})

    def _counting(self) -> Iterator[Step]:
        billed = self.priced.billed_units
        if self.priced.model is not None:
            return
        if not billed:
            yield Step(_("Too short to be charged."))
            return
        terms = self._terms()
        if terms and terms.free_units:
            free = self.words.quantity(self.kind, terms.free_units)
            yield Step(_("The first %(units)s are free.") % {"units": free})
        if terms and max(self.quantity - terms.free_units, 0) < terms.min_units:
            least = self.words.quantity(self.kind, terms.min_units)
            yield Step(_("At least %(units)s are counted.") % {"units": least})
        if billed != self.quantity:
            counted = self.words.quantity(self.kind, billed)
            yield Step(
                _("Counted as %(billed)s: the plan counts in whole steps.") % {"billed": counted}
            )

    def _terms(self) -> ZoneTerms | None:
        by_zone = {terms.zone_id: terms for terms in reversed(self.deck.terms)}
        return by_zone.get(self.priced.zone_id) or by_zone.get(None)

    def _segment(self, segment: Segment) -> Step:
        values = {
            "used": self.words.quantity(self.kind, segment.units),
            "band": self.names.bands.get(segment.band_code, ""),
            "price": self.words.unit_price(self.kind, segment.price, segment.unit),
        }
        if segment.allowance_id is not None:
            values["allowance"] = self.names.allowances.get(segment.allowance_id, "")
            if values["allowance"]:
                return Step(_("%(used)s from what the plan includes: %(allowance)s.") % values)
            return Step(_("%(used)s from what the plan includes.") % values)
        if segment.from_unit and self._has_steps():
            values["from"] = self.words.quantity(self.kind, segment.from_unit)
            text = _("%(used)s at %(price)s (the price from %(from)s on), %(band)s.")
            if not values["band"]:
                text = _("%(used)s at %(price)s (the price from %(from)s on).")
        else:
            text = _("%(used)s at %(price)s, %(band)s.")
            if not values["band"]:
                text = _("%(used)s at %(price)s.")
        return Step(text % values, self._exact(segment.amount))

    def _has_steps(self) -> bool:
        """Two increments at one price are no steps for people."""
        work = self.priced.work
        return bool(work and work.rule and work.rule.rate.steps)

    def _model(self, model: Breakdown) -> Iterator[Step]:
        for part in model.parts:
            values = {
                "units": _number(part.quantity),
                "price": self.words.price(_decimal(part.price)),
                "fee": self.words.price(_decimal(part.fee)),
            }
            text = _("%(units)s × %(price)s.")
            if part.fee:
                text = _("%(units)s × %(price)s and a fee of %(fee)s.")
            yield Step(text % values, self._exact(part.amount))

    def _end(self) -> Iterator[Step]:
        priced = self.priced
        capped = priced.capped_at
        if capped is not None:
            most = self.words.price(_decimal(capped))
            yield Step(_("No more than %(amount)s: the maximum cost.") % {"amount": most}, most)
        rounded = Decimal(priced.cost) / (priced.work.prices.minor if priced.work else 100)
        if Fraction(rounded) != priced.exact:
            values = {
                "exact": self._exact(priced.exact),
                "amount": self.words.price(rounded),
                "how": self._rounding(),
            }
            yield Step(_("%(exact)s is rounded %(how)s to %(amount)s.") % values)
        if priced.money_used and priced.work:
            paid = self.words.price(Decimal(priced.money_used) / priced.work.prices.minor)
            yield Step(_("%(amount)s are paid by what the plan includes.") % {"amount": paid})

    def _rounding(self) -> str:
        return {"half_up": _("to the nearest"), "up": _("up"), "down": _("down")}[
            self.deck.rounding.value
        ]

    def _exact(self, amount: Fraction) -> str:
        return self.words.price(_decimal(amount))


def _decimal(amount: Fraction) -> Decimal:
    """Write a fraction with the digits people can read."""
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    return round(exact, _SHOWN_DIGITS)


def _number(quantity: Fraction) -> str:
    value = _decimal(quantity).normalize()
    return f"{value:f}"
