"""
Ranges of a quantity, each with its price: what graduated and volume models are made of.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from tariffs.domain.price_models import terms as rules
from tariffs.domain.price_models.terms import Terms

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Range:
    """
    Up to, and including, `up_to` units (None = no end): a price per unit, or per started block if
    `block_size` is set, or a percent of the quantity; and a flat fee.
    """

    up_to: Fraction | None
    unit_price: Fraction = ZERO
    flat_fee: Fraction = ZERO
    block_size: Fraction = ZERO
    percent: Fraction | None = None

    def counted(self, units: Fraction) -> Fraction:
        """
        Return what is paid for: the units, or blocks of them.

        >>> Range(None, block_size=Fraction(10)).counted(Fraction(11))
        Fraction(2, 1)
        """
        return Fraction(ceil(units / self.block_size)) if self.block_size else units

    @property
    def price(self) -> Fraction:
        """The price of one of what is counted."""
        return self.unit_price if self.percent is None else self.percent / 100


def read_ranges(terms: Terms, *, with_percent: bool) -> tuple[Range, ...]:
    """Take `ranges` out of the terms; ascending, only the last may be open."""
    found: list[Range] = []
    for part in terms.parts("ranges"):
        if found and found[-1].up_to is None:
            raise part.error("up_to", rules.NOT_ASCENDING)
        up_to = part.optional("up_to")
        before = found[-1].up_to if found else ZERO
        if up_to is not None and before is not None and up_to <= before:
            raise part.error("up_to", rules.NOT_ASCENDING)
        found.append(_read_range(part, up_to, with_percent=with_percent))
    if not found:
        raise terms.error("ranges", rules.NO_RANGES)
    return tuple(found)


def _read_range(part: Terms, up_to: Fraction | None, *, with_percent: bool) -> Range:
    percent = part.optional("percent") if with_percent else None
    # A percent takes the place of price and block, as if they weren't there.
    read = Range(
        up_to=up_to,
        unit_price=part.number("unit_price", default=ZERO),
        flat_fee=part.number("flat_fee", default=ZERO),
        block_size=part.number("block_size", default=ZERO),
        percent=percent,
    )
    part.close()
    if percent is None:
        return read
    return Range(up_to, flat_fee=read.flat_fee, percent=percent)
