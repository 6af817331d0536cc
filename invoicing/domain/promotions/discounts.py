"""
Discounts of prices and charges: which rule wins, chains of percents, bands of quantity, windows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billing_project.kernel.periods import Period


class Ambiguous(ValueError):
    """Several rules match that nothing puts in an order: an error, never a silent pick."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A percent for those of whom all of `when` is true."""

    percent: Decimal
    when: Mapping[str, object]
    priority: int = 0

    def matches(self, context: Mapping[str, object]) -> bool:
        """Whether all conditions hold."""
        return all(context.get(key) == value for key, value in self.when.items())


def choose_rule(
    rules: Iterable[Rule], context: Mapping[str, object], *, most_specific: bool = False
) -> Rule | None:
    """
    Return the rule of the highest priority that matches, or None; raise Ambiguous for two of them.

    With `most_specific` only those with the most conditions are looked at.
    """
    matching = [rule for rule in rules if rule.matches(context)]
    if most_specific:
        most = max((len(rule.when) for rule in matching), default=0)
        matching = [rule for rule in matching if len(rule.when) == most]
    top = max((rule.priority for rule in matching), default=0)
    best = [rule for rule in matching if rule.priority == top]
    if len(best) > 1:
        raise Ambiguous(top)
    return best[0] if best else None


def chain_percents(price: Decimal, percents: Iterable[Decimal]) -> list[Fraction]:
    """
    Return the exact price after each step, each of what the one before left; below 0 takes off.

    >>> chain_percents(Decimal(1000), [Decimal(10), Decimal(-10)])[-1]
    Fraction(990, 1)
    """
    value, steps = Fraction(price), []
    for percent in percents:
        value *= 1 + Fraction(percent) / 100
        steps.append(value)
    return steps


@dataclass(frozen=True, slots=True)
class Band:
    """A percent off for quantities from `least` to `most`, both included."""

    least: Decimal
    most: Decimal
    percent: Decimal


def price_in_bands(price: Decimal, quantity: Decimal, bands: Iterable[Band]) -> Fraction:
    """Return the exact price of one, after the bands that the quantity lies in."""
    held = [-band.percent for band in bands if band.least <= quantity <= band.most]
    return chain_percents(price, held)[-1] if held else Fraction(price)


@dataclass(frozen=True, slots=True)
class ChargeDiscount:
    """
    A percent off charges: of those named, or all; for its own days only, if it has any.

    Additive ones add up before the others multiply.
    """

    percent: Decimal
    targets: frozenset[str] | None = None
    valid: Period | None = None
    is_additive: bool = False


def discount_charge(
    code: str,
    amount: Fraction,
    discounts: Sequence[ChargeDiscount],
    *,
    period: Period | None = None,
) -> Fraction:
    """Return the exact charge after discounts; a window counts by its days in the charge's own."""
    added, factor = Fraction(0), Fraction(1)
    for discount in discounts:
        if discount.targets is not None and code not in discount.targets:
            continue
        share = Fraction(discount.percent) / 100 * _share(discount, period)
        if discount.is_additive:
            added += share
        else:
            factor *= 1 - share
    return amount * (1 - added) * factor


def _share(discount: ChargeDiscount, period: Period | None) -> Fraction:
    if discount.valid is None or period is None:
        return Fraction(1)
    common = period.overlap(discount.valid)
    return Fraction(common.days if common else 0, period.days)
