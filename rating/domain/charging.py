"""
How long may it last: the longest length that money and allowances pay, for running sessions.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from rating.domain.priced import Priced
from rating.domain.prices import DeckPrices, ZoneRules
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
    units = [item for item in allowances if not item.allowance.is_money]
    is_blocked = any(item.allowance.blocks for item in units)
    rules = prices.rules(zone_id)
    if rules is None:
        return 0
    # Compared as the sums are counted: in whole numbers, as a rule.
    budget = _budget(prices, zone_id, Fraction(money), purses=purses) * rules.scale
    most_total = int(budget) if budget.denominator == 1 else budget

    def price(length: int) -> Priced:
        return price_one(
            Use(use.started_at, use.kind, length),
            prices=prices,
            zone_id=zone_id,
            allowances=units,
            counted=counted,
        )

    def fits(length: int) -> bool:
        return _is_affordable(price(length), most_total, is_blocked=is_blocked)

    whole = price(use.quantity) if use.quantity > 0 else None
    if whole is None or _is_affordable(whole, most_total, is_blocked=is_blocked):
        return max(use.quantity, 0)
    guess = _guess(whole, rules, int(budget), is_blocked=is_blocked)
    return _longest(use.quantity - 1, fits, guess=guess)


def _is_affordable(priced: Priced, most_total: int | Fraction, *, is_blocked: bool) -> bool:
    if priced.reason != Reason.PRICED or priced.work is None or priced.work.total > most_total:
        return False
    return not is_blocked or all(piece[4] >= 0 for piece in priced.work.pieces)


def _guess(whole: Priced, rules: ZoneRules, budget: int, *, is_blocked: bool) -> int:
    """
    Return where the budget runs out along the increments of what is too long, 0 if it has none.

    A shorter record begins with the same increments. Surcharges and maxima are not looked at: it is
    where the search begins, not its end.
    """
    work = whole.work
    if work is None or work.rule is None:
        return 0
    left = budget - work.rule.fee
    for at, band, step, units, place in work.pieces:
        rule = rules.bands[band]
        if place >= 0 or rule is None:
            continue
        _, _, increment, price = rule.steps[step]
        if is_blocked or units * price > left:
            paid = left // (increment * price) * increment if price and not is_blocked else 0
            return max(rules.free + at + max(paid, 0), rules.spared)
        left -= units * price
    return 0


def _budget(
    prices: DeckPrices, zone_id: int, money: Fraction, *, purses: Sequence[AllowanceLeft]
) -> Fraction:
    """Return what the price may be."""
    if any(item.allowance.blocks for item in purses):
        money = Fraction(0)
    money += Fraction(sum(max(item.left, 0) for item in purses), prices.minor)
    rules = prices.rules(zone_id)
    return money if rules is None or rules.limit is None else min(money, rules.limit)


def _longest(most: int, fits: Callable[[int], bool], *, guess: int) -> int:
    """Search the lengths, first beside the guess, then by halves; a longer one never costs less."""
    low, high = 0, most
    if 0 < guess <= high:
        if not fits(guess):
            high = guess - 1
        elif guess == high or not fits(guess + 1):
            return guess
        else:
            low = guess + 1
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low
