"""
Basket offers: a condition on the whole basket, a benefit for some of its items.

The cheapest items get the benefit first. Amounts are exact; a percentage rounds by the convention.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from billing_project.kernel.money import ZERO
from invoicing.domain.proration import Convention

NOTHING: Final = Fraction(0)


class Benefit(StrEnum):
    """What an offer gives."""

    PERCENTAGE = "percentage"
    FIXED = "fixed"
    FIXED_UNIT = "fixed_unit"
    FIXED_PRICE = "fixed_price"
    CHEAPEST_FREE = "cheapest_free"


@dataclass(frozen=True, slots=True)
class Article:
    """So many items at a price without tax."""

    price: Decimal
    quantity: int


@dataclass(frozen=True, slots=True)
class Offer:
    """
    From so many items (`counts`), or from such a value of the basket on, `benefit` of `value`;
    `most_items` limits how many items it touches.
    """

    threshold: Decimal
    benefit: Benefit
    value: Decimal = ZERO
    counts: bool = True
    most_items: int | None = None


@dataclass(frozen=True, slots=True)
class BasketTerms:
    """A tax rate (0.20 = 20 %), and whether conditions and discounts are of prices with it."""

    tax_rate: Decimal = ZERO
    condition_has_tax: bool = False
    discount_has_tax: bool = False
    convention: Convention = field(default_factory=Convention)

    @property
    def discounted(self) -> Fraction:
        """What a price is multiplied by before it is discounted."""
        return 1 + Fraction(self.tax_rate) if self.discount_has_tax else Fraction(1)


@dataclass(slots=True)
class Basket:
    """Articles, and what offers took of each; how many applied, and how many items they touched."""

    articles: Sequence[Article]
    terms: BasketTerms
    discounts: list[Fraction] = field(default_factory=list)
    applied: int = 0
    touched: int = 0

    def __post_init__(self) -> None:
        self.discounts = [NOTHING] * len(self.articles)

    @property
    def gross(self) -> Fraction:
        """Before offers, with tax where discounts are of prices with it."""
        prices = (Fraction(one.price) * one.quantity for one in self.articles)
        return sum(prices, NOTHING) * self.terms.discounted

    @property
    def discount(self) -> Fraction:
        """What all offers took."""
        return sum(self.discounts, NOTHING)

    def apply(self, offer: Offer) -> None:
        """Apply an offer whose condition holds; another changes nothing."""
        if not self._holds(offer):
            return
        taken = BENEFITS[offer.benefit](self, offer)
        self.applied += bool(taken.amount)
        self.touched += taken.touched
        weights = [_left(self, place, number) for place, number in taken.items]
        if taken.rounds:
            self._spread_rounded(taken, weights)
        else:
            self._spread_exact(taken, weights)

    def cheapest(self, most: int | None) -> list[tuple[int, int]]:
        """Return (place, number) of the cheapest items, up to so many."""
        return self._pick(sorted(self._places(), key=self._price), most)

    def dearest(self, most: int) -> list[tuple[int, int]]:
        """Return (place, number) of the dearest items, up to so many."""
        return self._pick(sorted(self._places(), key=lambda place: -self._price(place)), most)

    def _places(self) -> range:
        return range(len(self.articles))

    def _price(self, place: int) -> Decimal:
        return self.articles[place].price

    def _pick(self, order: Sequence[int], most: int | None) -> list[tuple[int, int]]:
        picked = []
        for place in order:
            number = self.articles[place].quantity
            if most is not None:
                number = min(number, most)
                most -= number
            if number:
                picked.append((place, number))
        return picked

    def _holds(self, offer: Offer) -> bool:
        if offer.counts:
            return sum(one.quantity for one in self.articles) >= offer.threshold
        value = sum((Fraction(one.price) * one.quantity for one in self.articles), NOTHING)
        tax = Fraction(self.terms.tax_rate) if self.terms.condition_has_tax else NOTHING
        return value * (1 + tax) >= Fraction(offer.threshold)

    def _spread_exact(self, taken: "Taken", weights: list[Fraction]) -> None:
        whole = sum(weights, NOTHING)
        for (place, _number), weight in zip(taken.items, weights, strict=True):
            self.discounts[place] += taken.amount * weight / whole if whole else NOTHING

    def _spread_rounded(self, taken: "Taken", weights: list[Fraction]) -> None:
        """Spread an amount in whole kopecks: the last item takes what rounding leaves."""
        whole, rest = sum(weights, NOTHING), taken.amount
        for (place, _number), weight in list(zip(taken.items, weights, strict=True))[:-1]:
            share = Convention().rounded(taken.amount * weight / whole) if whole else ZERO
            self.discounts[place] += Fraction(share)
            rest -= Fraction(share)
        if taken.items:
            self.discounts[taken.items[-1][0]] += rest


@dataclass(frozen=True, slots=True)
class Taken:
    """What an offer takes, of which items, and how many items it uses up."""

    amount: Fraction
    items: list[tuple[int, int]]
    touched: int
    rounds: bool = False


def _priced(basket: Basket, place: int) -> Fraction:
    return Fraction(basket.articles[place].price) * basket.terms.discounted


def _left(basket: Basket, place: int, number: int) -> Fraction:
    """Return what earlier offers left of some items' price."""
    return max(NOTHING, _priced(basket, place) * number - basket.discounts[place])


def _number(items: list[tuple[int, int]]) -> int:
    return sum(number for _place, number in items)


def _percentage(basket: Basket, offer: Offer) -> Taken:
    items = basket.cheapest(offer.most_items)
    value = sum((_priced(basket, place) * number for place, number in items), NOTHING)
    amount = basket.terms.convention.rounded(value * Fraction(offer.value) / 100)
    return Taken(Fraction(amount), items, _number(items))


def _fixed(basket: Basket, offer: Offer) -> Taken:
    items = basket.cheapest(offer.most_items)
    left = sum((_left(basket, place, number) for place, number in items), NOTHING)
    return Taken(min(Fraction(offer.value), left), items, _number(items), rounds=True)


def _fixed_unit(basket: Basket, offer: Offer) -> Taken:
    items = basket.cheapest(offer.most_items)
    amounts = (
        min(Fraction(offer.value), Fraction(basket.articles[place].price)) * number
        for place, number in items
    )
    return Taken(sum(amounts, NOTHING), items, _number(items))


def _fixed_price(basket: Basket, offer: Offer) -> Taken:
    items = basket.dearest(int(offer.threshold))
    prices = (Fraction(basket.articles[place].price) * number for place, number in items)
    amount = max(NOTHING, sum(prices, NOTHING) - Fraction(offer.value))
    return Taken(amount, items, int(offer.threshold) if amount else 0, rounds=True)


def _cheapest_free(basket: Basket, offer: Offer) -> Taken:
    items = basket.cheapest(1)
    amount = sum((Fraction(basket.articles[place].price) for place, _ in items), NOTHING)
    return Taken(amount, items, int(offer.threshold) if offer.counts else 0)


BENEFITS: Final[dict[Benefit, Callable[[Basket, Offer], Taken]]] = {
    Benefit.PERCENTAGE: _percentage,
    Benefit.FIXED: _fixed,
    Benefit.FIXED_UNIT: _fixed_unit,
    Benefit.FIXED_PRICE: _fixed_price,
    Benefit.CHEAPEST_FREE: _cheapest_free,
}
