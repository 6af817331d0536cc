"""
Cases of a quantity priced as a whole, read into a deck with a price model.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from rating.domain.vectors.cases import Case
from rating.domain.vectors.fields import Fields, UnableToRead
from rating.domain.vectors.reading import read_rounding
from tariffs.domain.deck import NO_ZONE, Band, Deck, Rate, UsageKind
from tariffs.domain.price_models import UnableToReadModel, read_charge

#: Any moment will do.
_MOMENT: Final = 1_600_000_000


def read_quantity(fields: Fields) -> Case:
    """Return the case of a quantity; raise UnableToRead for what no model knows."""
    fields.take("timezone")
    quantity = max(_signed(fields, "quantity"), Fraction(0))
    before = fields.take("quantity_before", 0)
    plan = fields.part("rate_plan")
    if plan is None:
        raise fields.wrong("rate_plan", None)
    decimals, rounding = read_rounding(plan)
    model = plan.text("model")
    plan.take("unit")
    terms = {**plan.rest(), "quantity_before": before}
    if model == "percentage" and terms.get("events") is None:
        # An amount that sums up events names how many; it isn't one itself.
        terms["event_count"] = terms.get("event_count", 0)
    try:
        charge = read_charge(model, terms)
    except UnableToReadModel as error:
        message = f"rate_plan.{error.key}: {error.rule}"
        raise UnableToRead(message) from None
    # Parts of a unit are counted as whole ones of a finer unit.
    parts = quantity.denominator
    return Case(
        deck=Deck(
            version_id=1,
            kind=UsageKind.SESSION,
            valid_from=date.min,
            valid_to=None,
            timezone="UTC",
            bands=(Band("0"),),
            rates=(Rate("0", Decimal(0), zone_id=NO_ZONE, model_id=1),),
            rounding=rounding,
            decimals=decimals,
            models={1: replace(charge, divide_by=charge.divide_by * parts)},
        ),
        zones=(),
        started_at=_MOMENT,
        number="",
        quantity=quantity.numerator,
        zone_names={NO_ZONE: "*"},
        unit_scale=parts,
    )


def _signed(fields: Fields, key: str) -> Fraction:
    value = fields.take(key)
    try:
        return Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        raise fields.wrong(key, value) from None
