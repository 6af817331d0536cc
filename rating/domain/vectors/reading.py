"""
Cases of calls, messages, data and prepaid sessions, read into values of the catalogue.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, lcm
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rating.domain.clock import FIRST_DAY, LAST_DAY
from rating.domain.vectors.cases import Case, Purse
from rating.domain.vectors.digits import Digits
from rating.domain.vectors.fields import Fields, UnableToRead, whole
from rating.domain.vectors.periods import read_band
from tariffs.domain.deck import (
    NO_ZONE,
    Allowance,
    Band,
    Deck,
    OnMaxCost,
    Rate,
    Rounding,
    Step,
    Surcharge,
    UsageKind,
    Zone,
    ZoneTerms,
)

ANYWHERE: Final = "*"
METHODS: Final = {"middle": Rounding.HALF_UP, "up": Rounding.UP, "down": Rounding.DOWN}
KINDS: Final = {
    "voice": UsageKind.VOICE,
    "prepaid": UsageKind.VOICE,
    "sms": UsageKind.SMS,
    "data": UsageKind.DATA,
}
#: Words for what is the rule anyway: each increment in the period of its own start.
FOLLOWS_CLOCK: Final = frozenset({"", "increment", "per_increment", "split"})
#: Of an allowance that names zones which aren't there.
_NOWHERE_AT_ALL: Final = 2**31


@dataclass(frozen=True, slots=True)
class _Tier:
    start: Fraction
    price: Fraction
    increment: Fraction


@dataclass(frozen=True, slots=True)
class _Rate:
    name: str
    zone: str
    fee: Fraction
    tiers: tuple[_Tier, ...]
    band: Band


@dataclass(frozen=True, slots=True)
class _Terms:
    free: Fraction
    least: Fraction
    grace: Fraction
    max_cost: Fraction | None
    on_max_cost: OnMaxCost
    surcharges: tuple[tuple[Fraction, Fraction], ...]


@dataclass(frozen=True, slots=True)
class _Grant:
    name: str
    amount: Fraction
    zones: tuple[str, ...]
    priority: int
    step: Fraction | None
    factor: Fraction


@dataclass(slots=True)
class _Draft:
    """All that a case says, in its own units."""

    kind: str
    time_zone: str
    destinations: dict[str, list[str]]
    rates: list[_Rate]
    terms: _Terms
    decimals: int | None
    rounding: Rounding
    follows_clock: bool
    number: str
    moment: datetime
    quantity: Fraction
    grants: list[_Grant] = field(default_factory=list)
    balances: list[tuple[str, Fraction, int]] = field(default_factory=list)

    def units(self) -> Iterator[Fraction]:
        """Yield every number of units but the record's own."""
        yield from (self.terms.free, self.terms.least, self.terms.grace)
        yield from (at for at, _ in self.terms.surcharges)
        yield from (grant.step for grant in self.grants if grant.step is not None)
        for rate in self.rates:
            yield from (unit for tier in rate.tiers for unit in (tier.start, tier.increment))


def read_usage(fields: Fields, kind: str) -> Case:
    """Return the case of a record; raise UnableToRead for what can't be expressed."""
    draft = _read(fields, kind)
    scale, is_timed = _unit_scale(draft)
    # Where the plan counts in whole units, a part of one is as good as all of it.
    quantity = ceil(draft.quantity * scale)
    if draft.kind == "prepaid":
        quantity = floor(draft.quantity)
    kind_of_usage = KINDS[kind] if is_timed or kind in {"sms", "data"} else UsageKind.SESSION
    if kind_of_usage is UsageKind.SMS and scale > 1:
        kind_of_usage = UsageKind.DATA
    names = list(dict.fromkeys(rate.zone for rate in draft.rates if rate.zone != ANYWHERE))
    names += [name for name in draft.destinations if name not in names]
    ids = {ANYWHERE: NO_ZONE} | {name: number for number, name in enumerate(names, start=1)}
    digits = Digits([draft.number, *(p for few in draft.destinations.values() for p in few)])
    return Case(
        deck=_deck(draft, kind_of_usage, ids, scale=scale),
        zones=tuple(_zones(draft, ids, digits)),
        started_at=floor(draft.moment.timestamp()),
        number=digits.number(draft.number),
        quantity=quantity,
        zone_names={number: name for name, number in ids.items()},
        rate_names={str(place): rate.name for place, rate in enumerate(draft.rates)},
        allowances=tuple(_purses(draft, kind_of_usage, ids, scale=scale)),
        balances=tuple(amount for _, amount, _ in draft.balances),
        balance_names=tuple(name for name, _, _ in draft.balances),
        balance_priorities=tuple(priority for _, _, priority in draft.balances),
        unit_scale=scale,
        is_prepaid=kind == "prepaid",
    )


def _unit_scale(draft: _Draft) -> tuple[int, bool]:
    """Return how many units of the core one of the case is, and whether they are seconds."""
    scale = lcm(*(unit.denominator for unit in draft.units()))
    is_timed = KINDS[draft.kind].is_timed
    if scale == 1:
        return 1, is_timed
    if draft.kind == "prepaid":
        message = "parts of seconds in a prepaid plan"
        raise UnableToRead(message)
    has_periods = any(rate.band != Band(rate.band.code) for rate in draft.rates)
    if is_timed and draft.follows_clock and has_periods:
        message = "parts of seconds in a plan with periods"
        raise UnableToRead(message)
    return scale, False


def _read(fields: Fields, kind: str) -> _Draft:
    time_zone = fields.text("timezone", "UTC")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise fields.wrong("timezone", time_zone) from None
    plan, call = fields.part("rate_plan"), fields.part("call")
    if plan is None or call is None:
        raise fields.wrong("rate_plan" if plan is None else "call", None)
    decimals, rounding = read_rounding(plan)
    draft = _Draft(
        kind=kind,
        time_zone=time_zone,
        destinations=_destinations(fields),
        rates=[_rate(part, place) for place, part in enumerate(plan.parts("rates"))],
        terms=_terms(plan),
        decimals=decimals,
        rounding=rounding,
        follows_clock=_follows_clock(plan),
        number=call.text("callee", ""),
        moment=_moment(call),
        quantity=call.number("duration_seconds", "quantity", default=Fraction(0)),
        grants=[_grant(part) for part in fields.parts("allowances")],
        balances=[_balance(part) for part in fields.parts("balances")],
    )
    for part, labels in ((plan, ("unit",)), (call, ("caller", "unit"))):
        for label in labels:
            part.take(label)
        part.close()
    return draft


def _destinations(fields: Fields) -> dict[str, list[str]]:
    found = fields.take("destinations", {})
    if not isinstance(found, dict) or ANYWHERE in found:
        raise fields.wrong("destinations", found)
    for prefixes in found.values():
        if not isinstance(prefixes, list) or not all(isinstance(p, str) for p in prefixes):
            raise fields.wrong("destinations", prefixes)
    return found


def _rate(fields: Fields, place: int) -> _Rate:
    tiers = [_tier(part) for part in fields.parts("tiers")]
    rate = _Rate(
        name=fields.text("id"),
        zone=fields.text("zone"),
        fee=fields.number("connect_fee", default=Fraction(0)),
        tiers=tuple(sorted(tiers, key=lambda tier: tier.start)),
        band=read_band(str(place), fields.part("period")),
    )
    if not tiers or rate.tiers[0].start > 0:
        raise fields.wrong("tiers", "none from 0")
    fields.close()
    return rate


def _tier(fields: Fields) -> _Tier:
    unit = fields.number("unit_seconds", "unit_size")
    tier = _Tier(
        start=fields.number("from_seconds", "from_units", default=Fraction(0)),
        price=fields.number("rate") / unit if unit else Fraction(-1),
        increment=fields.number("increment_seconds", "increment_units"),
    )
    if not unit or not tier.increment:
        raise fields.wrong("increment_seconds", 0)
    fields.close()
    return tier


def _terms(plan: Fields) -> _Terms:
    limit = plan.part("max_cost")
    max_cost, on_max_cost = None, OnMaxCost.CAP
    if limit is not None:
        max_cost = limit.number("amount")
        strategy = limit.take("strategy")
        if strategy not in {"cap", "disconnect"}:
            raise limit.wrong("strategy", strategy)
        on_max_cost = OnMaxCost(strategy)
        limit.close()
    surcharges = []
    for part in plan.parts("surcharges"):
        surcharges.append((part.number("at_second", "at_unit"), part.number("amount")))
        part.close()
    return _Terms(
        free=plan.number("free_seconds", "free_units", default=Fraction(0)),
        least=plan.number("min_duration_seconds", "min_units", default=Fraction(0)),
        grace=plan.number("grace_seconds", "grace_units", default=Fraction(0)),
        max_cost=max_cost,
        on_max_cost=on_max_cost,
        surcharges=tuple(surcharges),
    )


def read_rounding(plan: Fields) -> tuple[int | None, Rounding]:
    """Take decimals and method; no decimals if the plan doesn't round."""
    part = plan.part("rounding")
    if part is None:
        return None, Rounding.HALF_UP
    decimals, method = part.take("decimals"), part.take("method")
    if method not in METHODS:
        raise part.wrong("method", method)
    try:
        number = int(decimals)
    except (TypeError, ValueError):
        raise part.wrong("decimals", decimals) from None
    part.close()
    return number, METHODS[method]


def _follows_clock(plan: Fields) -> bool:
    selection = plan.take("selection", "")
    if selection != "call_start" and selection not in FOLLOWS_CLOCK:
        raise plan.wrong("selection", selection)
    return bool(selection != "call_start")


def _moment(call: Fields) -> datetime:
    text = call.text("start")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise call.wrong("start", text) from None
    if moment.tzinfo is None or not FIRST_DAY < moment.date() < LAST_DAY:
        raise call.wrong("start", text)
    return moment.astimezone(UTC)


def _grant(fields: Fields) -> _Grant:
    grant = _Grant(
        name=fields.text("id"),
        amount=fields.number("amount"),
        zones=tuple(fields.listed("zones")),
        priority=int(fields.take("priority", 0)),
        step=fields.optional("increment"),
        factor=fields.number("factor", default=Fraction(1)),
    )
    if grant.step == 0 or not grant.factor:
        raise fields.wrong("factor", 0)
    fields.take("unit")
    fields.close()
    return grant


def _balance(fields: Fields) -> tuple[str, Fraction, int]:
    found = fields.text("id"), fields.number("amount"), int(fields.take("priority", 0))
    fields.take("unit")
    fields.close()
    return found


def _deck(draft: _Draft, kind: UsageKind, ids: dict[str, int], *, scale: int) -> Deck:
    return Deck(
        version_id=1,
        kind=kind,
        valid_from=date.min,
        valid_to=None,
        timezone=draft.time_zone,
        bands=tuple(rate.band for rate in draft.rates),
        rates=tuple(
            Rate(
                rate.band.code,
                Decimal(0),
                zone_id=ids[rate.zone],
                connection_fee=_decimal(rate.fee, "connect_fee"),
                steps=tuple(_step(tier, scale) for tier in rate.tiers),
            )
            for rate in draft.rates
        ),
        terms=(_zone_terms(draft.terms, scale),),
        rounding=draft.rounding,
        decimals=draft.decimals,
        follows_clock=draft.follows_clock,
    )


def _step(tier: _Tier, scale: int) -> Step:
    # The price of a unit as it is, a fraction: so much for so many.
    price = tier.price / scale
    return Step(
        int(tier.start * scale),
        Decimal(price.numerator),
        price.denominator,
        int(tier.increment * scale),
    )


def _zone_terms(terms: _Terms, scale: int) -> ZoneTerms:
    return ZoneTerms(
        free_units=int(terms.free * scale),
        min_units=int(terms.least * scale),
        grace_units=int(terms.grace * scale),
        max_cost=None if terms.max_cost is None else _decimal(terms.max_cost, "max_cost"),
        on_max_cost=terms.on_max_cost,
        surcharges=tuple(
            Surcharge(int(at * scale), _decimal(amount, "surcharges"))
            for at, amount in terms.surcharges
        ),
    )


def _decimal(value: Fraction, at: str) -> Decimal:
    answer = Decimal(value.numerator) / Decimal(value.denominator)
    if Fraction(answer) != value:
        message = f"{at}: {value} is no decimal number"
        raise UnableToRead(message)
    return answer


def _zones(draft: _Draft, ids: dict[str, int], digits: Digits) -> Iterable[Zone]:
    """Return the zones; a prefix of several is that of the first that is priced."""
    priced = {rate.zone for rate in draft.rates}
    taken: set[str] = set()
    prefixes: dict[str, list[str]] = {name: [] for name in ids if name != ANYWHERE}
    for name in sorted(draft.destinations, key=lambda name: name not in priced):
        for text in dict.fromkeys(draft.destinations[name]):
            if text not in taken:
                taken.add(text)
                prefixes[name].append(digits.prefix(text))
    return [Zone(ids[name], "", tuple(found)) for name, found in prefixes.items()]


def _purses(draft: _Draft, kind: UsageKind, ids: dict[str, int], *, scale: int) -> Iterator[Purse]:
    for number, grant in enumerate(draft.grants, start=1):
        factor = grant.factor / scale
        parts = lcm(grant.amount.denominator, factor.denominator)
        zones: list[Any] = [ids.get(name, _NOWHERE_AT_ALL) for name in grant.zones]
        yield Purse(
            grant.name,
            Allowance(
                allowance_id=number,
                kind=kind,
                amount=int(grant.amount * parts),
                priority=grant.priority,
                step=whole((grant.step or Fraction(0)) * scale, at="increment"),
                zone_ids=frozenset(zones),
                factor=factor * parts,
            ),
            scale=parts,
        )
