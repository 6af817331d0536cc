"""How long may it last: found beside a guess, and still the longest that money and allowances pay."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rating.domain import charging
from rating.domain.charging import longest_units
from rating.domain.prices import DeckPrices
from rating.domain.twin import AllowanceLeft, Use, price_one
from rating.domain.usage import Reason
from tariffs.domain.deck import Allowance, Band, Deck, OnMaxCost, Rate, UsageKind, ZoneTerms
from tests.unit.rating.operators import MOMENTS, ZONES, allowance_sets, decks

#: Its price falls with the quantity, so that there is no longest length.
VOLUME = 901
MOST = 20_000
LIMITS = st.sampled_from([OnMaxCost.CAP, OnMaxCost.DISCONNECT])


@st.composite
def priced_decks(draw: st.DrawFn, kind: UsageKind) -> DeckPrices:
    """A deck whose prices don't fall; some of its maxima end the session."""
    drawn = draw(decks(1, kind))
    rates = tuple(replace(r, model_id=None) if r.model_id == VOLUME else r for r in drawn.rates)
    terms = tuple(replace(one, on_max_cost=draw(LIMITS)) for one in drawn.terms)
    return DeckPrices(replace(drawn, rates=rates, terms=terms), zones=ZONES)


@st.composite
def lefts(draw: st.DrawFn, kind: UsageKind) -> list[AllowanceLeft]:
    """Allowances of a kind, partly used; some end the session where they are used up."""
    found = [one for one in draw(allowance_sets(1)) if one.kind is kind]
    return [
        AllowanceLeft(replace(one, blocks=draw(st.booleans())), draw(st.integers(0, one.amount)))
        for one in found
    ]


def may_last(
    use: Use, prices: DeckPrices, zone_id: int, *, allowances: list[AllowanceLeft], money: Decimal
) -> bool:
    """Whether so much is affordable, said the plain way."""
    purses = [one for one in allowances if one.allowance.is_money]
    units = [one for one in allowances if not one.allowance.is_money]
    rules = prices.rules(zone_id)
    budget = Fraction(0) if any(one.allowance.blocks for one in purses) else Fraction(money)
    budget += Fraction(sum(one.left for one in purses), prices.minor)
    if rules is not None and rules.limit is not None:
        budget = min(budget, rules.limit)
    priced = price_one(use, prices=prices, zone_id=zone_id, allowances=units)
    if priced.reason != Reason.PRICED or priced.exact > budget:
        return False
    is_blocked = any(one.allowance.blocks for one in units)
    return not is_blocked or all(piece.allowance_id is not None for piece in priced.segments)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_it_is_the_longest_that_is_affordable(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([UsageKind.VOICE, UsageKind.DATA]))
    prices = data.draw(priced_decks(kind))
    zone_id = data.draw(st.sampled_from(sorted(prices.zones)))
    allowances = data.draw(lefts(kind))
    money = data.draw(st.sampled_from([Decimal(0), Decimal("0.01"), Decimal(7), Decimal("49.99")]))
    at = data.draw(st.sampled_from(MOMENTS)) + data.draw(st.integers(-7200, 7200))
    use = Use(at, kind, data.draw(st.integers(0, MOST)))
    length = longest_units(use, prices=prices, zone_id=zone_id, allowances=allowances, money=money)

    def fits(units: int) -> bool:
        asked = use._replace(quantity=units)
        return may_last(asked, prices, zone_id, allowances=allowances, money=money)

    assert 0 <= length <= use.quantity
    assert length == 0 or fits(length)
    assert length == use.quantity or not fits(length + 1)


@pytest.mark.parametrize(
    ("allowances", "length"),
    [
        ([], 60 * 33),
        ([AllowanceLeft(Allowance(1, UsageKind.VOICE, 600), 600)], 60 * 43),
        ([AllowanceLeft(Allowance(1, UsageKind.VOICE, 600, blocks=True), 600)], 600),
    ],
    ids=["money", "minutes, then money", "minutes only"],
)
def test_few_prices_are_worked_out(
    allowances: list[AllowanceLeft], length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    deck = one_rate("1.50")
    asked: list[int] = []

    def counted(use: Use, **more: object) -> object:
        asked.append(use.quantity)
        return price_one(use, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(charging, "price_one", counted)
    use = Use(MOMENTS[0], UsageKind.VOICE, 14_400)
    found = longest_units(
        use, prices=deck, zone_id=1, allowances=allowances, money=Decimal("50.00")
    )
    assert found == length
    assert asked == [14_400, length, length + 1]


def one_rate(price: str) -> DeckPrices:
    """A deck with one price a minute, in whole minutes."""
    deck = Deck(
        version_id=1,
        kind=UsageKind.VOICE,
        valid_from=date(2026, 1, 1),
        valid_to=None,
        timezone="Europe/Moscow",
        bands=(Band("any"),),
        rates=(Rate("any", Decimal(price), None, "", 60, Decimal(0)),),
        terms=(ZoneTerms(None, first_increment=60, next_increment=60),),
    )
    return DeckPrices(deck, zones=ZONES)
