"""Price values: which rate holds for a zone, which band at a second, what a deck does wrong."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from tariffs.domain.deck import (
    DAY,
    NOWHERE,
    Allowance,
    Band,
    Deck,
    PlanPricing,
    Rate,
    UsageKind,
    Zone,
    ZoneTerms,
)
from tariffs.domain.deck_checks import (
    Problem,
    UnableToUseDeck,
    check_deck,
    find_allowance_problems,
    find_problems,
)
from tariffs.domain.scales import price_scale

LOCAL, OTHER, ABROAD = Zone(1, "local"), Zone(2, "local"), Zone(3, "international")
ZONES = (LOCAL, OTHER, ABROAD)
ANY = Rate("any", Decimal(1))
DECK = Deck(
    version_id=1,
    kind=UsageKind.VOICE,
    valid_from=date(2026, 1, 1),
    valid_to=None,
    timezone="Europe/Moscow",
    bands=(Band("any"),),
    rates=(ANY,),
)


def problems(deck: Deck) -> set[Problem]:
    """Return what is wrong with a deck."""
    return {found.problem for found in find_problems(deck, zones=ZONES)}


def test_the_nearest_level_of_rates_is_taken_whole() -> None:
    own, of_class, rest = (
        Rate("night", Decimal(1), zone_id=1),
        Rate("any", Decimal(2), zone_class="local"),
        Rate("any", Decimal(3)),
    )
    deck = replace(DECK, rates=(rest, of_class, own))
    assert [(zone, list(rates.values())) for zone, rates in deck.priced_zones(ZONES)] == [
        (NOWHERE, [rest]),
        (LOCAL, [own]),
        (OTHER, [of_class]),
        (ABROAD, [rest]),
    ]


def test_without_a_rate_for_everything_else_other_zones_are_not_priced() -> None:
    deck = replace(DECK, rates=(Rate("any", Decimal(1), zone_id=2),))
    assert [zone for zone, _ in deck.priced_zones(ZONES)] == [OTHER]


@pytest.mark.parametrize(
    ("second", "holds"),
    [(79_199, False), (79_200, True), (0, True), (21_599, True), (21_600, False)],
)
def test_a_band_over_midnight(second: int, holds: bool) -> None:
    night = Band("night", from_second=22 * 3600, to_second=6 * 3600)
    assert night.holds(weekday=5, is_holiday=False, second=second) is holds


def test_the_higher_priority_wins_among_the_bands_asked_for() -> None:
    weekend = Band("weekend", weekdays=frozenset({6, 7}), priority=1)
    deck = replace(DECK, bands=(Band("any"), weekend))
    day = {"weekday": 6, "is_holiday": False, "second": 0}
    assert deck.band_at(["any", "weekend"], **day) == weekend
    assert deck.band_at(["any"], **day) == Band("any")
    assert deck.band_at([], **day) is None


def test_terms_of_a_zone_come_before_those_of_the_deck() -> None:
    deck = replace(DECK, terms=(ZoneTerms(), ZoneTerms(1, 1, 1)))
    found = [deck.terms_for(zone) for zone in (LOCAL, OTHER)]
    assert found == [ZoneTerms(1, 1, 1), ZoneTerms()]


def test_an_allowance_is_for_home_unless_it_says_otherwise() -> None:
    plain = Allowance(1, UsageKind.VOICE, 60)
    abroad = Allowance(2, UsageKind.VOICE, 60, frozenset({"international"}))
    zones = (LOCAL, ABROAD, Zone(4, "free"), NOWHERE)
    assert [plain.covers(zone) for zone in zones] == [True, False, False, True]
    assert [abroad.covers(zone) for zone in zones] == [False, True, False, False]


def test_allowances_are_used_by_priority_then_id() -> None:
    allowances = tuple(
        Allowance(number, UsageKind.VOICE, 60, priority=priority)
        for number, priority in ((3, 0), (1, 0), (2, 5))
    )
    plan = PlanPricing(1, {}, (*allowances, Allowance(4, UsageKind.SMS, 1)))
    assert [a.allowance_id for a in plan.allowances_for(UsageKind.VOICE)] == [2, 1, 3]


def test_prices_have_a_common_scale() -> None:
    rates = [Rate("a", Decimal(1), unit=60), Rate("b", Decimal(1), unit=8)]
    assert price_scale(rates, ZoneTerms()) == 120


def test_a_sound_deck_passes() -> None:
    check_deck(DECK, zones=ZONES)
    assert problems(DECK) == set()


NIGHT = Band("night", from_second=22 * 3600, to_second=6 * 3600)


@pytest.mark.parametrize(
    ("deck", "problem"),
    [
        (replace(DECK, rates=()), Problem.NOTHING_PRICED),
        (
            replace(DECK, bands=(NIGHT,), rates=(Rate("night", Decimal(1)),)),
            Problem.HOURS_WITHOUT_BAND,
        ),
        (
            replace(DECK, bands=(Band("any"), NIGHT), rates=(ANY, Rate("night", Decimal(1)))),
            Problem.BANDS_OVERLAP,
        ),
        (replace(DECK, rates=(ANY, Rate("dawn", Decimal(1)))), Problem.UNKNOWN_BAND),
        (replace(DECK, bands=(Band("any"), Band("any"))), Problem.BAND_TWICE),
        (replace(DECK, bands=(Band("any", to_second=DAY + 1),)), Problem.BAD_HOURS),
        (replace(DECK, bands=(Band("any"), Band("b", weekdays=frozenset({8})))), Problem.BAD_HOURS),
        (replace(DECK, rates=(Rate("any", Decimal(-1)),)), Problem.NEGATIVE_PRICE),
        (replace(DECK, rates=(Rate("any", Decimal("0.0000001")),)), Problem.PRICE_TOO_PRECISE),
        (replace(DECK, rates=(Rate("any", Decimal(10) ** 12, unit=1),)), Problem.PRICE_TOO_LARGE),
        (replace(DECK, rates=(Rate("any", Decimal(1), unit=0),)), Problem.BAD_UNIT),
        (replace(DECK, terms=()), Problem.NO_TERMS),
        (replace(DECK, terms=(ZoneTerms(None, 0, 60),)), Problem.BAD_TERMS),
        (replace(DECK, terms=(ZoneTerms(min_units=-1),)), Problem.BAD_TERMS),
    ],
)
def test_what_is_wrong_is_named(deck: Deck, problem: Problem) -> None:
    assert problem in problems(deck)
    with pytest.raises(UnableToUseDeck, match=problem):
        check_deck(deck, zones=ZONES)


def test_bands_that_overlap_under_a_higher_one_are_no_problem() -> None:
    above = Band("above", priority=1)
    bands = (Band("any"), NIGHT, above)
    rates = tuple(Rate(band.code, Decimal(1)) for band in bands)
    assert problems(replace(DECK, bands=bands, rates=rates)) == set()


@pytest.mark.parametrize(
    ("allowance", "found"),
    [
        (Allowance(1, UsageKind.VOICE, 60), []),
        (Allowance(1, UsageKind.VOICE, 60, step=6, factor=Fraction(3, 2)), []),
        (Allowance(1, UsageKind.VOICE, -1), [Problem.BAD_ALLOWANCE]),
        (Allowance(1, UsageKind.VOICE, 60, factor=Fraction(0)), [Problem.BAD_ALLOWANCE]),
        (Allowance(1, UsageKind.VOICE, 60, factor=Fraction(3, 2)), [Problem.ALLOWANCE_IN_PARTS]),
        (
            Allowance(1, UsageKind.VOICE, 60, step=5, factor=Fraction(3, 2)),
            [Problem.ALLOWANCE_IN_PARTS],
        ),
        (Allowance(1, UsageKind.VOICE, 60, is_money=True, step=6), [Problem.ALLOWANCE_OF_MONEY]),
        (Allowance(1, UsageKind.VOICE, 60, is_money=True), []),
    ],
)
def test_what_is_wrong_with_an_allowance(allowance: Allowance, found: list[Problem]) -> None:
    assert [problem.problem for problem in find_allowance_problems(allowance)] == found
