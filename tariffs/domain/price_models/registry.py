"""
From the kind and the terms that a catalogue stores to the model that prices.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from tariffs.domain.price_models import terms as rules
from tariffs.domain.price_models.breakdown import PriceModel
from tariffs.domain.price_models.charge import Charge
from tariffs.domain.price_models.graduated import Graduated
from tariffs.domain.price_models.package import Package
from tariffs.domain.price_models.percentage import Percentage
from tariffs.domain.price_models.ranges import ZERO
from tariffs.domain.price_models.standard import Standard
from tariffs.domain.price_models.terms import Terms, UnableToReadModel
from tariffs.domain.price_models.volume import Volume

#: Kind in the catalogue → reader of the model's own terms.
MODELS: Final[dict[str, Callable[[Terms], PriceModel]]] = {
    "standard": Standard.read,
    "graduated": Graduated.read,
    "volume": Volume.read,
    "package": Package.read,
    "percentage": Percentage.read,
}


def read_charge(kind: str, terms: dict[str, Any], *, is_monthly: bool = False) -> Charge:
    """
    Return the charge that terms describe; raise UnableToReadModel, with key and rule.

    Beside the model's own: unit_conversion {divide_by, round: none | up}, usage_discount,
    quantity_before, minimum, maximum. Numbers are texts or JSON numbers, taken as written.
    """
    reader = MODELS.get(kind)
    if reader is None:
        raise UnableToReadModel("model", rules.UNKNOWN)
    taken = Terms(terms)
    model = reader(taken)
    divide_by, rounds_up = _conversion(taken.part("unit_conversion"))
    charge = Charge(
        model=model,
        divide_by=divide_by,
        rounds_up=rounds_up,
        discount=taken.number("usage_discount", default=ZERO),
        minimum=taken.optional("minimum"),
        maximum=taken.optional("maximum"),
        before=taken.number("quantity_before", default=ZERO),
        is_monthly=is_monthly,
    )
    taken.close()
    return charge


def _conversion(part: Terms | None) -> tuple[Fraction, bool]:
    if part is None:
        return Fraction(1), False
    read = part.number("divide_by", positive=True), part.word("round", among=("none", "up")) == "up"
    part.close()
    return read


def find_breaches(charge: Charge) -> list[UnableToReadModel]:
    """Return what a published version must not have, though it can be computed."""
    found = []
    ranges = getattr(charge.model, "ranges", ())
    if ranges and ranges[-1].up_to is not None:
        found.append(UnableToReadModel(f"ranges.{len(ranges)}.up_to", rules.NOT_OPEN))
    if charge.is_monthly and charge.minimum is not None:
        # Every record would owe the minimum anew.
        found.append(UnableToReadModel("minimum", rules.NOT_MONTHLY))
    if charge.is_monthly and isinstance(charge.model, Percentage):
        found.append(UnableToReadModel("percent", rules.NOT_MONTHLY))
    return found
