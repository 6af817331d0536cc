"""
What can be wrong with a deck, found when it is saved and published rather than in the night.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from tariffs.domain.deck import (
    DAY,
    GUARANTEED_UNITS,
    INT64_SAFE,
    MICRO,
    Band,
    Deck,
    Rate,
    Zone,
    common_unit,
)


class Problem(StrEnum):
    """What can be wrong with a deck; translated where it is shown."""

    UNKNOWN_BAND = "unknown_band"
    BAND_TWICE = "band_twice"
    BAD_HOURS = "bad_hours"
    BANDS_OVERLAP = "bands_overlap"
    HOURS_WITHOUT_BAND = "hours_without_band"
    NO_TERMS = "no_terms"
    BAD_TERMS = "bad_terms"
    NEGATIVE_PRICE = "negative_price"
    PRICE_TOO_PRECISE = "price_too_precise"
    PRICE_TOO_LARGE = "price_too_large"
    BAD_UNIT = "bad_unit"
    NOTHING_PRICED = "nothing_priced"


@dataclass(frozen=True, slots=True)
class DeckProblem:
    """One problem and where it is: a band's code, a zone, a weekday and second."""

    problem: Problem
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.problem}: {self.detail}" if self.detail else str(self.problem)


class UnableToUseDeck(ValueError):
    """The deck would price wrongly or not at all; `problems` says why."""

    def __init__(self, version_id: int, problems: list[DeckProblem]) -> None:
        self.version_id = version_id
        self.problems = problems
        listed = "; ".join(str(problem) for problem in problems)
        super().__init__(f"deck version {version_id}: {listed}")


def check_deck(deck: Deck, *, zones: Iterable[Zone]) -> None:
    """Raise UnableToUseDeck with all problems found, if there are any."""
    problems = list(dict.fromkeys(find_problems(deck, zones=zones)))
    if problems:
        raise UnableToUseDeck(deck.version_id, problems)


def find_problems(deck: Deck, *, zones: Iterable[Zone]) -> Iterator[DeckProblem]:
    """Yield what would make the deck price wrongly, before it is published."""
    yield from _problems_of_bands(deck)
    yield from _problems_of_rates(deck)
    yield from _problems_of_terms(deck)
    priced = deck.priced_zones(zones)
    if not priced:
        yield DeckProblem(Problem.NOTHING_PRICED)
    for zone, rates in priced:
        if deck.terms_for(zone) is None:
            yield DeckProblem(Problem.NO_TERMS, f"zone {zone.zone_id}")
        yield from _problems_of_size(deck, zone, rates)
    for codes in {frozenset(rates) for _, rates in priced}:
        yield from _problems_of_hours(deck, codes)


def _problems_of_bands(deck: Deck) -> Iterator[DeckProblem]:
    codes = [band.code for band in deck.bands]
    for band in deck.bands:
        if codes.count(band.code) > 1:
            yield DeckProblem(Problem.BAND_TWICE, band.code)
        if not (0 <= band.from_second < DAY and 0 <= band.to_second <= DAY):
            yield DeckProblem(Problem.BAD_HOURS, band.code)
        if not band.weekdays <= frozenset(range(1, 8)):
            yield DeckProblem(Problem.BAD_HOURS, band.code)


def _problems_of_rates(deck: Deck) -> Iterator[DeckProblem]:
    codes = {band.code for band in deck.bands}
    for rate in deck.rates:
        if rate.band_code not in codes:
            yield DeckProblem(Problem.UNKNOWN_BAND, rate.band_code)
        if rate.unit < 1:
            yield DeckProblem(Problem.BAD_UNIT, f"{rate.price}/{rate.unit}")
        for amount in (rate.price, rate.connection_fee):
            if amount < 0:
                yield DeckProblem(Problem.NEGATIVE_PRICE, str(amount))
            if (amount * MICRO) % 1:
                yield DeckProblem(Problem.PRICE_TOO_PRECISE, str(amount))


def _problems_of_terms(deck: Deck) -> Iterator[DeckProblem]:
    longest = GUARANTEED_UNITS[deck.kind]
    for terms in deck.terms:
        increments = (terms.first_increment, terms.next_increment)
        others = (terms.free_units, terms.min_units, terms.grace_units)
        if not all(1 <= units <= longest for units in increments):
            yield DeckProblem(Problem.BAD_TERMS, f"{increments[0]}/{increments[1]}")
        if not all(0 <= units <= longest for units in others):
            yield DeckProblem(Problem.BAD_TERMS, "/".join(map(str, others)))


def _problems_of_size(deck: Deck, zone: Zone, rates: dict[str, Rate]) -> Iterator[DeckProblem]:
    """Products of price and length must stay inside int64, see `rating.domain.compiled`."""
    if any(rate.unit < 1 for rate in rates.values()):
        return
    unit = common_unit(rates.values())
    for rate in rates.values():
        longest = rate.price * MICRO * (unit // rate.unit) * GUARANTEED_UNITS[deck.kind]
        if longest + rate.connection_fee * MICRO * unit >= INT64_SAFE // 2:
            yield DeckProblem(Problem.PRICE_TOO_LARGE, f"zone {zone.zone_id}, {rate.price}")


def _problems_of_hours(deck: Deck, codes: frozenset[str]) -> Iterator[DeckProblem]:
    for weekday in range(1, 8):
        for is_holiday in (False, True):
            for second in deck.cuts:
                holding = [
                    band
                    for band in deck.bands
                    if band.code in codes
                    and band.holds(weekday=weekday, is_holiday=is_holiday, second=second)
                ]
                yield from _problems_of_choice(holding, f"day {weekday}, second {second}")


def _problems_of_choice(holding: list[Band], where: str) -> Iterator[DeckProblem]:
    if not holding:
        yield DeckProblem(Problem.HOURS_WITHOUT_BAND, where)
        return
    highest = max(band.priority for band in holding)
    winners = [band.code for band in holding if band.priority == highest]
    if len(winners) > 1:
        yield DeckProblem(Problem.BANDS_OVERLAP, f"{', '.join(winners)} on {where}")
