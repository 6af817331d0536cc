"""
Pricing a case twice: by the columns that price a night, and by the scalar twin.
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np

from rating.domain.allowances import AllowanceCounters, no_counters
from rating.domain.charging import longest_units
from rating.domain.compilation import compile_tariffs
from rating.domain.compiled import join
from rating.domain.engine import price_columns
from rating.domain.prices import DeckPrices
from rating.domain.subscribers import IdentifierColumns, PlanColumns, compile_subscribers
from rating.domain.twin import AllowanceLeft, Priced, Segment, Use, price_one
from rating.domain.usage import FOREVER, PricedColumns, Reason, UsageColumns
from rating.domain.vectors.cases import Case, Purse
from rating.domain.vectors.fields import UnableToRead
from rating.domain.zones import longest_prefix, prefix_table
from tariffs.domain.deck import NO_ZONE, NOWHERE, Allowance, PlanPricing

#: The one subscriber, who is also the one number, account and subscription.
SUBSCRIBER = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What a case came to. Amounts are exact; `zone` is a name, None if no priced zone was found.

    `segments` are (name of the rate or of the allowance, units, amount); the columns have none.
    """

    is_rated: bool
    zone: str | None
    cost: Fraction = Fraction(0)
    billed: Fraction = Fraction(0)
    allowances: dict[str, Fraction] = field(default_factory=dict)
    balances: dict[str, Fraction] = field(default_factory=dict)
    segments: tuple[tuple[str, Fraction, Fraction], ...] | None = None

    def without_segments(self) -> "Outcome":
        """Return what the columns know too."""
        return replace(self, segments=None)


def longest(case: Case) -> int:
    """Return how long a prepaid session may last."""
    zone_id = _zone_of(case)
    if zone_id is None:
        return 0
    return longest_units(
        Use(case.started_at, case.deck.kind, case.quantity),
        prices=DeckPrices(case.deck, zones=case.zones, minor=_minor(case, Fraction(0))),
        zone_id=zone_id,
        allowances=_lefts(case, zone_id, case.allowances),
        money=sum(case.balances, Fraction(0)),
    )


def run_twin(case: Case) -> tuple[Outcome, int]:
    """Return what the scalar twin says, and in how many minor units the answer is exact."""
    zone_id = _zone_of(case)
    if zone_id is None:
        return Outcome(is_rated=False, zone=None, segments=()), _minor(case, Fraction(0))
    use = Use(case.started_at, case.deck.kind, case.quantity)
    first = price_one(
        use,
        prices=DeckPrices(case.deck, zones=case.zones, minor=_minor(case, Fraction(0))),
        zone_id=zone_id,
        allowances=_lefts(case, zone_id, case.allowances),
    )
    _refuse_limits(first.reason)
    minor = _minor(case, first.exact)
    purses = (*case.allowances, *_balances(case, minor))
    priced = price_one(
        use,
        prices=DeckPrices(case.deck, zones=case.zones, minor=minor),
        zone_id=zone_id,
        allowances=_lefts(case, zone_id, purses),
    )
    zone = case.zone_names[zone_id]
    if priced.reason != Reason.PRICED:
        return Outcome(is_rated=False, zone=zone, segments=()), minor
    outcome = Outcome(
        is_rated=True,
        zone=zone,
        cost=Fraction(priced.cost, minor),
        billed=Fraction(priced.billed_units, case.unit_scale),
        **_after(case, minor, dict(priced.uses)),
        segments=_segments(case, priced),
    )
    return outcome, minor


def run_columns(case: Case, *, minor: int) -> Outcome:
    """Return what the columns say, by the very call that prices a night."""
    purses = (*case.allowances, *_balances(case, minor))
    plan = PlanPricing(
        1, {case.deck.kind: (case.deck,)}, tuple(purse.allowance for purse in purses)
    )
    tariffs = compile_tariffs([plan], zones=case.zones, time_zone=case.deck.timezone, minor=minor)
    one = np.array([SUBSCRIBER], np.int64)
    ever = np.array([-FOREVER], np.int64), np.array([FOREVER], np.int64)
    subscribers = compile_subscribers(
        identifiers=IdentifierColumns(one, one, one, *ever), plans=PlanColumns(one, one, *ever)
    )
    row = (
        *(1, 1, SUBSCRIBER, case.started_at, int(case.deck.kind)),
        *(int(case.number or 0), len(case.number), case.quantity),
    )
    usage = UsageColumns(*np.array([row], np.int64).T)
    try:
        priced, counters = price_columns(
            usage, catalogue=join(tariffs, subscribers), counters=no_counters()
        )
    except OverflowError:
        message = "an amount too large or too fine for columns"
        raise UnableToRead(message) from None
    return _outcome(case, priced, counters, minor=minor)


def _outcome(
    case: Case, priced: PricedColumns, counters: AllowanceCounters, *, minor: int
) -> Outcome:
    reason = Reason(int(priced.reason[0]))
    zone = None if reason is Reason.NO_ZONE else case.zone_names[int(priced.zone_id[0])]
    if reason is not Reason.PRICED:
        return Outcome(is_rated=False, zone=zone)
    used = dict(zip(counters.allowance_id.tolist(), counters.used.tolist(), strict=True))
    paid = sum(used.get(purse.allowance.allowance_id, 0) for purse in _balances(case, minor))
    return Outcome(
        is_rated=True,
        zone=zone,
        cost=Fraction(int(priced.amount[0]) + paid, minor),
        billed=Fraction(int(priced.billed_units[0]), case.unit_scale),
        **_after(case, minor, used),
    )


def _refuse_limits(reason: Reason) -> None:
    if reason in {Reason.BAD_QUANTITY, Reason.TOO_LARGE}:
        message = f"beyond the limits of production usage: {reason.code}"
        raise UnableToRead(message)


def _minor(case: Case, exact: Fraction) -> int:
    """Return in how many parts of the currency amounts are whole."""
    decimals = case.deck.decimals
    finest = exact.denominator if decimals is None else 10 ** max(decimals, 0)
    return lcm(finest, *(amount.denominator for amount in case.balances))


def _balances(case: Case, minor: int) -> tuple[Purse, ...]:
    """Return balances of money as what they are to the core: allowances of money."""
    first = len(case.allowances) + 1
    named = zip(case.balance_names, case.balances, case.balance_priorities, strict=True)
    return tuple(
        Purse(
            name,
            Allowance(
                allowance_id=number,
                kind=case.deck.kind,
                amount=int(amount * minor),
                priority=priority,
                is_money=True,
            ),
            scale=minor,
        )
        for number, (name, amount, priority) in enumerate(named, start=first)
    )


def _lefts(case: Case, zone_id: int, purses: tuple[Purse, ...]) -> list[AllowanceLeft]:
    """Return the allowances that cover the zone in the order of their use; nothing is used yet."""
    zone = next((zone for zone in case.zones if zone.zone_id == zone_id), NOWHERE)
    covering = [purse.allowance for purse in purses if purse.allowance.covers(zone)]
    covering.sort(key=lambda one: (-one.priority, one.allowance_id))
    return [AllowanceLeft(allowance, allowance.amount) for allowance in covering]


def _after(case: Case, minor: int, used: dict[int, int]) -> dict[str, Any]:
    def left(purse: Purse) -> Fraction:
        taken = used.get(purse.allowance.allowance_id, 0)
        return Fraction(purse.allowance.amount - taken, purse.scale)

    return {
        "allowances": {purse.name: left(purse) for purse in case.allowances},
        "balances": {purse.name: left(purse) for purse in _balances(case, minor)},
    }


def _segments(case: Case, priced: Priced) -> tuple[tuple[str, Fraction, Fraction], ...]:
    """Return the segments, those in a row of one rate or allowance together."""
    names = {purse.allowance.allowance_id: purse.name for purse in case.allowances}
    merged: list[tuple[str, Fraction, Fraction]] = []
    for segment in priced.segments:
        name = _payer(case, segment, names)
        units = Fraction(segment.units, case.unit_scale)
        if merged and merged[-1][0] == name:
            _, before, amount = merged.pop()
            merged.append((name, before + units, amount + segment.amount))
        else:
            merged.append((name, units, segment.amount))
    return tuple(merged)


def _payer(case: Case, segment: Segment, names: dict[int, str]) -> str:
    if segment.allowance_id is not None:
        return f"allowance:{names[segment.allowance_id]}"
    return case.rate_names.get(segment.band_code, segment.band_code)


def _zone_of(case: Case) -> int | None:
    """Return the zone of the number among those the deck prices, as a plain search finds it."""
    priced = DeckPrices(case.deck, zones=case.zones).zones
    found = longest_prefix(prefix_table(case.zones), case.number, among=priced)
    if found is not None:
        return found
    return NO_ZONE if NO_ZONE in priced else None
