"""Baskets, rules, bands and windows."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_project.kernel.periods import Period
from invoicing.domain.promotions.discounts import (
    Ambiguous,
    Band,
    ChargeDiscount,
    Rule,
    chain_percents,
    choose_rule,
    discount_charge,
    price_in_bands,
)
from invoicing.domain.promotions.offers import Article, Basket, BasketTerms, Benefit, Offer
from invoicing.domain.promotions.vouchers import Use, may_use

quick = settings(deadline=None)
ARTICLES = st.lists(
    st.builds(Article, st.decimals(Decimal("0.01"), 99, places=2), st.integers(1, 5)),
    min_size=1,
    max_size=4,
)
OFFERS = st.builds(
    Offer,
    st.integers(1, 6).map(Decimal),
    st.sampled_from(list(Benefit)),
    st.integers(0, 100).map(Decimal),
    st.booleans(),
    st.one_of(st.none(), st.integers(1, 4)),
)


@quick
@given(articles=ARTICLES, offer=OFFERS, rate=st.sampled_from(["0", "0.2"]), taxed=st.booleans())
def test_an_offer_takes_no_more_than_the_basket(articles, offer, rate, taxed) -> None:
    terms = BasketTerms(Decimal(rate), condition_has_tax=taxed, discount_has_tax=taxed)
    basket = Basket(articles, terms)
    basket.apply(offer)
    assert 0 <= basket.discount <= basket.gross + Fraction(1, 100)
    assert basket.applied == (basket.discount > 0)
    if offer.most_items and offer.benefit in {Benefit.PERCENTAGE, Benefit.FIXED}:
        assert basket.touched <= offer.most_items


@pytest.mark.parametrize(
    ("offer", "parts", "touched"),
    [
        (Offer(Decimal(2), Benefit.PERCENTAGE, Decimal(50)), ["3", "2"], 3),
        (Offer(Decimal(2), Benefit.PERCENTAGE, Decimal(50), most_items=2), ["3", "0"], 2),
        (Offer(Decimal(2), Benefit.FIXED, Decimal(5)), ["3", "2"], 3),
        (Offer(Decimal(2), Benefit.FIXED, Decimal(50)), ["6", "4"], 3),
        (Offer(Decimal(2), Benefit.FIXED_UNIT, Decimal(1)), ["1.8", "1.2"], 3),
        (Offer(Decimal(2), Benefit.FIXED_PRICE, Decimal(5)), ["0.86", "1.14"], 2),
        (Offer(Decimal(2), Benefit.CHEAPEST_FREE), ["3", "0"], 2),
        (Offer(Decimal(4), Benefit.CHEAPEST_FREE), ["0", "0"], 0),
        (Offer(Decimal(10), Benefit.FIXED, Decimal(1), counts=False), ["0.6", "0.4"], 3),
        (Offer(Decimal("10.01"), Benefit.FIXED, Decimal(1), counts=False), ["0", "0"], 0),
    ],
)
def test_benefits(offer: Offer, parts: list[str], touched: int) -> None:
    basket = Basket([Article(Decimal(3), 2), Article(Decimal(4), 1)], BasketTerms())
    basket.apply(offer)
    assert basket.discounts == [Fraction(part) for part in parts]
    assert basket.touched == touched


def test_a_second_offer_gets_what_the_first_left() -> None:
    basket = Basket([Article(Decimal(3), 1)], BasketTerms())
    for value in (2, 2):
        basket.apply(Offer(Decimal(1), Benefit.FIXED, Decimal(value)))
    assert (basket.discount, basket.applied) == (3, 2)


RULES = [
    Rule(Decimal(5), {"a": 1}, 9),
    Rule(Decimal(7), {"a": 1, "b": 2}),
    Rule(Decimal(8), {"a": 1, "b": 2}, 1),
    Rule(Decimal(9), {"c": 3}, 9),
]


@pytest.mark.parametrize(
    ("context", "most_specific", "percent"),
    [
        ({"a": 1, "b": 2}, False, 5),
        ({"a": 1, "b": 2}, True, 8),
        ({"c": 3}, True, 9),
        ({"z": 1}, True, None),
        ({"a": 2}, False, None),
    ],
)
def test_one_rule_wins(context, most_specific, percent) -> None:
    rule = choose_rule(RULES, context, most_specific=most_specific)
    assert (rule.percent if rule else None) == percent


@pytest.mark.parametrize("most_specific", [True, False])
def test_two_at_the_top_are_an_error(most_specific) -> None:
    with pytest.raises(Ambiguous):
        choose_rule(RULES, {"a": 1, "c": 3}, most_specific=most_specific)


def test_percents_follow_each_other() -> None:
    assert chain_percents(Decimal(100), [Decimal(-10), Decimal(10)]) == [90, 99]


@pytest.mark.parametrize(("quantity", "price"), [("4.9", 10), ("5", 9), ("7", 8.1), ("8", 9)])
def test_bands_hold_from_end_to_end(quantity, price) -> None:
    bands = [
        Band(Decimal(5), Decimal(7), Decimal(10)),
        Band(Decimal(7), Decimal(8), Decimal(10)),
    ]
    assert price_in_bands(Decimal(10), Decimal(quantity), bands) == Fraction(str(price))


APRIL = Period(date(2026, 4, 1), date(2026, 5, 1))


@pytest.mark.parametrize(
    ("discounts", "left"),
    [
        ([ChargeDiscount(Decimal(10))], "90"),
        ([ChargeDiscount(Decimal(10)), ChargeDiscount(Decimal(10))], "81"),
        ([ChargeDiscount(Decimal(10), is_additive=True)] * 2, "80"),
        ([ChargeDiscount(Decimal(10), frozenset({"other"}))], "100"),
        ([ChargeDiscount(Decimal(10), valid=Period(date(2026, 4, 16), date(2027, 1, 1)))], "95"),
        ([ChargeDiscount(Decimal(10), valid=Period(date(2026, 5, 1), date(2027, 1, 1)))], "100"),
    ],
)
def test_discounts_of_a_charge(discounts, left) -> None:
    found = discount_charge("fee", Fraction(100), discounts, period=APRIL)
    assert found == Fraction(left)


def test_a_window_holds_whole_for_a_charge_without_days() -> None:
    window = ChargeDiscount(Decimal(10), valid=APRIL)
    assert discount_charge("fee", Fraction(100), [window]) == 90


@pytest.mark.parametrize(
    ("use", "again", "other"),
    [
        (Use.SINGLE_USE, False, False),
        (Use.ONCE_PER_CUSTOMER, False, True),
        (Use.MULTI_USE, True, True),
    ],
)
def test_vouchers(use, again, other) -> None:
    assert may_use(use, user="A", used_by=set())
    assert may_use(use, user="A", used_by={"A"}) is again
    assert may_use(use, user="B", used_by={"A"}) is other
