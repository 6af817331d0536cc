"""
How long may it last: the longest length that money and allowances pay, for running sessions.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from rating.domain.prices import DeckPrices
from rating.domain.twin import NOTHING, AllowanceLeft, Use, price_one
from rating.domain.usage import Reason


def longest_units(
    use: Use,
    *,
    prices: DeckPrices,
    zone_id: int,
    allowances: Sequence[AllowanceLeft] = (),
    money: Decimal | Fraction | int = 0,
    counted: Mapping[int, int] = NOTHING,
) -> int:
    """
    Return the longest length, at most `use.quantity`, whose price before rounding is affordable.

    `allowances` are those that cover the zone, in the order of use; those of money add to `money`.
    One that `blocks` is never exceeded: where it is used up the session ends, however much money
    there is. A maximum cost that disconnects limits the price as well. A length that has no price
    is too long, and 0 fits always. Where prices are in whole minor units, the rounded price fits
    too; a deck rounded up to coarser units may charge up to one of them more.
    """
    purses = [item for item in allowances if item.allowance.is_money]
    budget = _budget(prices, zone_id, Fraction(money), purses=purses)
    units = [item for item in allowances if not item.allowance.is_money]
    blocking = frozenset(item.allowance.allowance_id for item in units if item.allowance.blocks)

    def fits(length: int) -> bool:
        priced = price_one(
            use._replace(quantity=length),
            prices=prices,
            zone_id=zone_id,
            allowances=units,
            counted=counted,
        )
        if priced.reason != Reason.PRICED or priced.exact > budget:
            return False
        return not blocking or all(piece.allowance_id is not None for piece in priced.segments)

    return _longest(use.quantity, fits)


def _budget(
    prices: DeckPrices, zone_id: int, money: Fraction, *, purses: Sequence[AllowanceLeft]
) -> Fraction:
    """Return what the price may be."""
    if any(item.allowance.blocks for item in purses):
        money = Fraction(0)
    money += Fraction(sum(max(item.left, 0) for item in purses), prices.minor)
    rules = prices.rules(zone_id)
    return money if rules is None or rules.limit is None else min(money, rules.limit)


def _longest(most: int, fits: Callable[[int], bool]) -> int:
    """Search the lengths by halves; a longer one never costs less."""
    if most <= 0 or fits(most):
        return max(most, 0)
    low, high = 0, most - 1
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low
