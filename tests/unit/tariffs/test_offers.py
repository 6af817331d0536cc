"""Plan history cut into offers: nothing lost, nothing twice, each moment's parts its own."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tariffs.domain.deck import Allowance, Band, Deck, PlanPricing, Rate, UsageKind
from tariffs.domain.offers import (
    FIRST_OFFER,
    DeckSpan,
    OfferParts,
    Span,
    price_offers,
    split_history,
)
from tariffs.domain.packages import PackagePricing

FOREVER = 1_000
SERVICE, OTHER, WAVE, STORM, MORE, SMS = 1, 2, 10, 11, 20, 21


def test_without_packages_history_stays_as_it_is() -> None:
    plans = [Span(SERVICE, WAVE, 0, 50), Span(SERVICE, STORM, 50, FOREVER)]
    assert split_history(plans, packages=[]) == (plans, [])


def test_a_package_cuts_the_plans_it_reaches_over() -> None:
    plans = [Span(SERVICE, WAVE, 0, 50), Span(SERVICE, STORM, 50, FOREVER), Span(OTHER, WAVE, 0, 9)]
    history, offers = split_history(plans, packages=[Span(SERVICE, MORE, 30, 60)])
    assert [(one.what, one.start, one.end) for one in history] == [
        (WAVE, 0, 30), (FIRST_OFFER, 30, 50), (FIRST_OFFER + 1, 50, 60), (STORM, 60, FOREVER), (WAVE, 0, 9),
    ]  # fmt: skip
    assert offers == [
        OfferParts(FIRST_OFFER, WAVE, (MORE,)),
        OfferParts(FIRST_OFFER + 1, STORM, (MORE,)),
    ]


def test_the_same_parts_are_the_same_offer_in_any_order() -> None:
    plans = [Span(SERVICE, WAVE, 0, FOREVER), Span(OTHER, WAVE, 0, FOREVER)]
    packages = [
        Span(SERVICE, MORE, 0, FOREVER), Span(SERVICE, SMS, 0, FOREVER),
        Span(OTHER, SMS, 0, FOREVER), Span(OTHER, MORE, 0, FOREVER),
    ]  # fmt: skip
    history, offers = split_history(plans, packages=packages)
    assert {one.what for one in history} == {FIRST_OFFER}
    assert offers == [OfferParts(FIRST_OFFER, WAVE, (MORE, SMS))]


def test_own_decks_make_an_offer_too() -> None:
    deck = DeckSpan(SERVICE, UsageKind.VOICE, 7, 10, 20)
    history, offers = split_history([Span(SERVICE, WAVE, 0, 15)], packages=[], decks=[deck])
    assert [(one.what, one.start, one.end) for one in history] == [
        (WAVE, 0, 10),
        (FIRST_OFFER, 10, 15),
    ]
    assert offers == [OfferParts(FIRST_OFFER, WAVE, (), ((UsageKind.VOICE, 7),))]


MOMENTS = st.integers(0, 30)
PACKAGES = st.lists(
    st.tuples(st.sampled_from([MORE, SMS]), MOMENTS, st.integers(1, 20)).map(
        lambda row: Span(SERVICE, row[0], row[1], row[1] + row[2])
    ),
    max_size=4,
)


@given(PACKAGES, st.lists(MOMENTS, min_size=1, max_size=4, unique=True))
def test_at_every_moment_the_offer_is_what_is_held_then(packages, starts) -> None:
    edges = [*sorted(starts), 60]
    plans = [
        Span(SERVICE, WAVE + place, start, end)
        for place, (start, end) in enumerate(pairwise(edges))
    ]
    history, offers = split_history(plans, packages=packages)
    parts = {one.offer_id: (one.plan_version_id, one.package_version_ids) for one in offers}
    assert all(one.end == two.start for one, two in pairwise(history))
    for moment in range(edges[0], 60):
        (plan,) = (one.what for one in plans if one.start <= moment < one.end)
        (offer,) = (one.what for one in history if one.start <= moment < one.end)
        held = tuple(sorted(one.what for one in packages if one.start <= moment < one.end))
        assert parts.get(offer, (offer, ())) == (plan, held)


def deck(version_id: int) -> Deck:
    return Deck(
        version_id, UsageKind.VOICE, date(2026, 1, 1), None, "Europe/Moscow",
        (Band("any"),), (Rate("any", Decimal(version_id)),),
    )  # fmt: skip


def test_an_offer_is_priced_by_all_its_parts() -> None:
    included, extra = (Allowance(number, UsageKind.VOICE, 60) for number in (1, 2))
    plan = PlanPricing(WAVE, {UsageKind.VOICE: (deck(1),), UsageKind.SMS: ()}, (included,))
    offers = [
        OfferParts(FIRST_OFFER, WAVE, (MORE, 99), ((UsageKind.VOICE, 7),)),
        OfferParts(FIRST_OFFER + 1, 404),
    ]
    (priced,) = price_offers(
        offers, plans=[plan], packages=[PackagePricing(MORE, (extra,))], decks={7: (deck(7),)}
    )
    assert (priced.key, priced.plan_version_id) == (FIRST_OFFER, WAVE)
    assert priced.decks == {UsageKind.VOICE: (deck(7),), UsageKind.SMS: ()}
    assert priced.allowances == (included, extra)
