"""
What can be wrong with a deck, found when it is saved and published rather than in the night.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from math import lcm
from typing import Final

from tariffs.domain.deck import (
    DAY,
    GUARANTEED_UNITS,
    INT64_SAFE,
    MICRO,
    Allowance,
    Band,
    Deck,
    Rate,
    Step,
    Zone,
    ZoneTerms,
)
from tariffs.domain.price_models import BrokenCharge
from tariffs.domain.price_models.registry import find_breaches
from tariffs.domain.scales import price_scale

#: Amounts are stored in minor units.
MOST_DECIMALS: Final = 2


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
    BAD_DATES = "bad_dates"
    BAD_STEPS = "bad_steps"
    UNKNOWN_MODEL = "unknown_model"
    BAD_MODEL = "bad_model"
    BAD_DECIMALS = "bad_decimals"
    BAD_ALLOWANCE = "bad_allowance"
    ALLOWANCE_IN_PARTS = "allowance_in_parts"
    ALLOWANCE_OF_MONEY = "allowance_of_money"


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
    if deck.decimals is None or deck.decimals > MOST_DECIMALS:
        yield DeckProblem(Problem.BAD_DECIMALS, str(deck.decimals))
    yield from _problems_of_bands(deck)
    yield from _problems_of_rates(deck)
    yield from _problems_of_models(deck)
    yield from _problems_of_terms(deck)
    priced = deck.priced_zones(zones)
    if not priced:
        yield DeckProblem(Problem.NOTHING_PRICED)
    terms = {terms.zone_id: terms for terms in deck.terms}
    sized: set[tuple[int, int]] = set()
    for zone, rates in priced:
        counted = terms.get(zone.zone_id) or terms.get(None)
        if counted is None:
            yield DeckProblem(Problem.NO_TERMS, f"zone {zone.zone_id}")
        elif (id(rates), id(counted)) not in sized:
            # Zones of a class share their rates.
            sized.add((id(rates), id(counted)))
            yield from _problems_of_size(deck, zone, rates=rates, terms=counted)
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
        yield from _problems_of_dates(band)


def _problems_of_dates(band: Band) -> Iterator[DeckProblem]:
    for day in sorted(band.dates):
        if not _is_day(day):
            yield DeckProblem(Problem.BAD_DATES, f"{band.code}: {day}")
    for start, end in band.windows:
        if start.tzinfo or end.tzinfo or start >= end:
            yield DeckProblem(Problem.BAD_DATES, f"{band.code}: {start} {end}")


def _is_day(text: str) -> bool:
    """Whether the text is YYYY-MM-DD, or MM-DD of some year."""
    try:
        return date.fromisoformat(text if text.count("-") == 2 else f"2024-{text}") is not None
    except ValueError:
        return False


def _problems_of_rates(deck: Deck) -> Iterator[DeckProblem]:
    codes = {band.code for band in deck.bands}
    for rate in deck.rates:
        if rate.band_code not in codes:
            yield DeckProblem(Problem.UNKNOWN_BAND, rate.band_code)
        if rate.model_id is not None and rate.model_id not in deck.models:
            yield DeckProblem(Problem.UNKNOWN_MODEL, str(rate.model_id))
        if rate.unit < 1:
            yield DeckProblem(Problem.BAD_UNIT, f"{rate.price}/{rate.unit}")
        yield from _problems_of_amount(rate.price)
        yield from _problems_of_amount(rate.connection_fee)
        if rate.steps:
            yield from _problems_of_steps(rate.steps, longest=GUARANTEED_UNITS[deck.kind])


def _problems_of_steps(steps: tuple[Step, ...], *, longest: int) -> Iterator[DeckProblem]:
    starts = [step.from_unit for step in steps]
    if starts[0] != 0 or starts != sorted(set(starts)):
        yield DeckProblem(Problem.BAD_STEPS, "/".join(map(str, starts)))
    for step in steps:
        if step.unit < 1 or not 1 <= step.increment <= longest:
            yield DeckProblem(Problem.BAD_STEPS, f"{step.price}/{step.unit}/{step.increment}")
        yield from _problems_of_amount(step.price)


def _problems_of_amount(amount: Decimal) -> Iterator[DeckProblem]:
    if amount < 0:
        yield DeckProblem(Problem.NEGATIVE_PRICE, str(amount))
    if (amount * MICRO) % 1:
        yield DeckProblem(Problem.PRICE_TOO_PRECISE, str(amount))


def _problems_of_models(deck: Deck) -> Iterator[DeckProblem]:
    for model_id, charge in deck.models.items():
        if isinstance(charge, BrokenCharge):
            yield DeckProblem(Problem.BAD_MODEL, f"{charge.key}: {charge.rule}")
            continue
        for breach in find_breaches(charge):
            yield DeckProblem(Problem.BAD_MODEL, f"{model_id}.{breach}")


def _problems_of_terms(deck: Deck) -> Iterator[DeckProblem]:
    longest = GUARANTEED_UNITS[deck.kind]
    for terms in deck.terms:
        increments = (terms.first_increment, terms.next_increment)
        others = (terms.free_units, terms.min_units, terms.grace_units)
        if not all(1 <= units <= longest for units in increments):
            yield DeckProblem(Problem.BAD_TERMS, f"{increments[0]}/{increments[1]}")
        if not all(0 <= units <= longest for units in others):
            yield DeckProblem(Problem.BAD_TERMS, "/".join(map(str, others)))
        if any(surcharge.at_unit < 0 for surcharge in terms.surcharges):
            yield DeckProblem(Problem.BAD_TERMS, "surcharge")
        for amount in (terms.max_cost, *(surcharge.amount for surcharge in terms.surcharges)):
            yield from _problems_of_amount(amount or Decimal(0))


def _problems_of_size(
    deck: Deck, zone: Zone, *, rates: dict[str, Rate], terms: ZoneTerms
) -> Iterator[DeckProblem]:
    """Products of price and length must stay inside int64, see `rating.domain.compiled`."""
    steps = [step for rate in rates.values() for step in rate.steps_under(terms)]
    if any(step.unit < 1 for step in steps):
        return
    scale = lcm(price_scale(rates.values(), terms), 10**MOST_DECIMALS)
    fee = max(rate.connection_fee for rate in rates.values()) * scale
    for step in steps:
        longest = step.price * scale / step.unit * GUARANTEED_UNITS[deck.kind]
        if longest + fee >= INT64_SAFE // 8:
            yield DeckProblem(Problem.PRICE_TOO_LARGE, f"zone {zone.zone_id}, {step.price}")


def _problems_of_hours(deck: Deck, codes: frozenset[str]) -> Iterator[DeckProblem]:
    """Bands of certain dates come on top; the others alone must leave no hour, and not overlap."""
    always = [band for band in deck.bands if band.code in codes and not band.is_dated]
    for weekday in range(1, 8):
        for is_holiday in (False, True):
            for second in deck.cuts:
                holding = [
                    band
                    for band in always
                    if band.holds(weekday=weekday, is_holiday=is_holiday, second=second)
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


def find_allowance_problems(allowance: Allowance) -> Iterator[DeckProblem]:
    """
    Yield what is wrong with an allowance, before its plan version is published.

    A factor that isn't whole needs a step of its own that it makes whole: what is taken is counted
    in whole units of the allowance.
    """
    if allowance.amount < 0 or allowance.step < 0 or allowance.factor <= 0:
        yield DeckProblem(Problem.BAD_ALLOWANCE)
    elif not allowance.takes_whole_units:
        factor = Decimal(allowance.factor.numerator) / allowance.factor.denominator
        yield DeckProblem(Problem.ALLOWANCE_IN_PARTS, f"{factor:.6g}")
    if allowance.is_money and (allowance.step or allowance.factor != 1):
        yield DeckProblem(Problem.ALLOWANCE_OF_MONEY)
