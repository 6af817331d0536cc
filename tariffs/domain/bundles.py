"""
The price of a bundle, and what each of its parts costs in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from billing_project.kernel.money import ZERO, round_money, spread


class BundleProblem(StrEnum):
    """What can be wrong with a bundle; translated where it is shown."""

    TOO_FEW_PARTS = "too_few_parts"
    PART_TWICE = "part_twice"
    DEARER_THAN_PARTS = "dearer_than_parts"
    TWO_DISCOUNTS = "two_discounts"
    PRICE_AND_DISCOUNTS = "price_and_discounts"


@dataclass(frozen=True, slots=True)
class Part:
    """What is sold together: `key` names it, `fee` is what it costs alone."""

    key: str
    fee: Decimal
    discount_percent: Decimal = Decimal(0)
    discount_amount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Share:
    """What a part costs in the bundle, rounded, and what it costs less than alone."""

    key: str
    fee: Decimal
    share: Decimal

    @property
    def saved(self) -> Decimal:
        """How much less than alone; the parts' savings are the bundle's."""
        return self.fee - self.share


@dataclass(frozen=True, slots=True)
class PricedBundle:
    """`full` = the parts sold alone, `total` = together; the shares add up to it."""

    full: Decimal
    total: Decimal
    shares: tuple[Share, ...]

    @property
    def saved(self) -> Decimal:
        """What the subscriber saves."""
        return self.full - self.total


def price_bundle(parts: Sequence[Part], *, price: Decimal | None = None) -> PricedBundle:
    """
    Return what parts held together cost: one price, or each part less its discount.

    One price is split over the parts by what they cost alone, to the kopeck; a price above that is
    not charged. A part that is free alone has no share in it.

    >>> bundle = price_bundle([Part("home", Decimal(500)), Part("tv", Decimal(250))],
    ...     price=Decimal(600))
    >>> [str(part.share) for part in bundle.shares], str(bundle.saved)
    (['400.00', '200.00'], '150.00')
    """
    full = sum((part.fee for part in parts), ZERO)
    if price is None:
        shares = [_discounted(part) for part in parts]
    else:
        shares = spread(round_money(min(price, full)), weights=[part.fee for part in parts])
    return PricedBundle(
        full=full,
        total=sum(shares, ZERO),
        shares=tuple(
            Share(part.key, part.fee, share) for part, share in zip(parts, shares, strict=True)
        ),
    )


def _discounted(part: Part) -> Decimal:
    less = part.fee * part.discount_percent / 100 + part.discount_amount
    return round_money(max(ZERO, part.fee - less))


def find_problems(parts: Sequence[Part], *, price: Decimal | None = None) -> list[BundleProblem]:
    """Return what is wrong with a bundle of these parts at their present fees."""
    keys = [part.key for part in parts]
    has_discounts = any(part.discount_percent or part.discount_amount for part in parts)
    full = sum((part.fee for part in parts), ZERO)
    checks = {
        BundleProblem.TOO_FEW_PARTS: len(parts) < 2,
        BundleProblem.PART_TWICE: len(set(keys)) < len(keys),
        BundleProblem.DEARER_THAN_PARTS: price is not None and price > full,
        BundleProblem.TWO_DISCOUNTS: any(
            part.discount_percent and part.discount_amount for part in parts
        ),
        BundleProblem.PRICE_AND_DISCOUNTS: price is not None and has_discounts,
    }
    return [problem for problem, holds in checks.items() if holds]
