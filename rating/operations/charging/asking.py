"""
What clients ask, what they are told, and what an answer is worked out from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings

from accounts.domain.identifiers import subscriber_key
from rating.domain.dialled import read_dialled
from rating.domain.online import Code, Counter, Tariff, judge_access
from rating.domain.periods import period_of
from rating.domain.prices import DeckPrices
from rating.domain.twin import AllowanceLeft, Use
from rating.queries import limits
from rating.queries.charging import Client, Reference, held_for
from rating.queries.charging_looks import Seen
from tariffs.domain.deck import NO_ZONE, NOWHERE, Allowance, UsageKind

#: Rivals may spoil a look so many times before the client is told to ask again.
TRIES: Final = 40
#: For accounts that pay afterwards.
NO_LIMIT: Final = Decimal(10) ** 11
#: Shortest number of a subscriber: shorter ones are services.
_SHORTEST_SUBSCRIBER: Final = 7


@dataclass(frozen=True, slots=True)
class Ask:
    """
    A request as values. Of `update`, `terminate` and `cancel` only session, sequence, `used`,
    `units` and `started_at` count.

    `units` are those wished for (None: the client's slice); `used` is counted from the start.
    `record_id` are the parts of the id that the switch's record of it will have.
    """

    verb: str
    session: str = ""
    sequence: int = 0
    kind: UsageKind = UsageKind.VOICE
    subscriber: str = ""
    number: str = ""
    started_at: int | None = None
    units: int | None = None
    used: int = 0
    record_id: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> int:
        """A hash of what was asked: the same request again has the same."""
        asked = (
            f"{self.verb}|{self.kind:d}|{self.subscriber}|{self.number}|{self.started_at}"
            f"|{self.units}|{self.used}|{self.record_id}"
        )
        return int.from_bytes(blake2b(asked.encode(), digest_size=8).digest(), signed=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request came to; `text` is the JSON that the client is told."""

    code: Code
    text: str

    @property
    def is_ok(self) -> bool:
        """Whether it was carried out."""
        return self.code is Code.OK

    def values(self) -> dict[str, Any]:
        """The JSON as values."""
        return dict(orjson.loads(self.text))


class Refused(Exception):
    """A request can't be carried out; `values` are told with the code."""

    def __init__(self, code: Code, **values: object) -> None:
        super().__init__(code.value)
        self.code = code
        self.values = values


def accepted(values: Mapping[str, object]) -> Answer:
    """Return the answer to a request that was carried out."""
    return Answer(Code.OK, orjson.dumps({"result": "ok", **values}).decode())


def refused(refusal: Refused) -> Answer:
    """Return the answer to a refused request."""
    told = {"result": "refused", "code": refusal.code.value, **refusal.values}
    return Answer(refusal.code, orjson.dumps(told).decode())


@dataclass(frozen=True, slots=True)
class Case:
    """What a new session comes to: who pays, by which prices, and how much it may cost in all."""

    seen: Seen
    tariff: Tariff
    plan_version_id: int
    number: str
    money: Decimal

    @property
    def is_limited(self) -> bool:
        """Whether the account pays in advance."""
        return self.seen.account_kind == "prepaid"


def key_of(ask: Ask, client: Client) -> int | None:
    """Return the key by which the subscriber is looked up, None if it can't be one."""
    if ask.kind is UsageKind.SESSION:
        login = ask.subscriber.strip()
        return subscriber_key(login) if login else None
    number = read_dialled(ask.subscriber, area_code=client.area_code)
    return int(number) if number and len(number) >= _SHORTEST_SUBSCRIBER else None


def open_case(ask: Ask, seen: Seen, *, client: Client, reference: Reference, at: int) -> Case:
    """Work out plan, prices, zone, allowances and money of a new session. Raises Refused."""
    if seen.account_id is None:
        raise Refused(Code.UNKNOWN_SUBSCRIBER)
    if seen.plan_version_id is None or seen.plan_version_id not in reference.plans:
        raise Refused(Code.NO_PLAN)
    own = seen.own_deck(ask.kind)
    deck = reference.deck_at(seen.plan_version_id, ask.kind, at, own=own)
    if deck is None:
        raise Refused(Code.NO_PRICE)
    prices = reference.prices[deck.version_id]
    number = _number(ask, client)
    zone_id = reference.zone_of(prices, number) if number else NO_ZONE
    if zone_id not in prices.zones:
        raise Refused(Code.NO_ZONE)
    if _is_monthly(prices, zone_id):
        raise Refused(Code.NO_RATE, detail="priced by the month's total, from records only")
    zone_class = prices.zones[zone_id].zone.zone_class
    code = judge_access(state=seen.state, level=seen.level or "", zone_class=zone_class)
    if code is not Code.OK:
        raise Refused(code)
    tariff = tariff_of(
        seen,
        use=Use(at, ask.kind, 0),
        place=(seen.plan_version_id, deck.version_id, zone_id),
        reference=reference,
    )
    return Case(seen, tariff, seen.plan_version_id, number, money_of(seen, at=at))


def _is_monthly(prices: DeckPrices, zone_id: int) -> bool:
    """Whether some rate goes on from what the month counted before: no session knows that."""
    rules = prices.rules(zone_id)
    charges = [band.charge for band in rules.bands if band is not None] if rules else []
    return any(charge is not None and charge.is_monthly for charge in charges)


def _number(ask: Ask, client: Client) -> str:
    if ask.kind not in {UsageKind.VOICE, UsageKind.SMS}:
        return ""
    number = read_dialled(ask.number, area_code=client.area_code)
    if number is None:
        raise Refused(Code.NO_ZONE)
    return number


def tariff_of(seen: Seen, *, use: Use, place: tuple[int, int, int], reference: Reference) -> Tariff:
    """
    Return what prices a session; `place` is its plan version, deck version and zone.

    Of each allowance as much is left as nobody used or reserved; what the session itself has
    reserved counts as left.
    """
    plan_version_id, deck_version_id, zone_id = place
    prices = reference.prices.get(deck_version_id)
    if prices is None or plan_version_id not in reference.plans:
        raise Refused(Code.NO_PRICE)
    sources = _sources(seen, use, (plan_version_id, zone_id), reference=reference)
    if not sources:
        return Tariff(use, prices, zone_id)
    counters = tuple(_counter(seen, use, source) for source in sources)
    lefts = [
        AllowanceLeft(source.allowance, max(counter.free, 0))
        for source, counter in zip(sources, counters, strict=True)
    ]
    return Tariff(use, prices, zone_id, tuple(lefts), counters)


class _Source(NamedTuple):
    """An allowance that a session may use: whose counter, and how much of it a member may take."""

    allowance: Allowance
    owner_account_id: int
    owner_id: int
    cap: int | None = None
    is_shared: bool = False


def _sources(
    seen: Seen, use: Use, place: tuple[int, int], *, reference: Reference
) -> list[_Source]:
    """Return the allowances that cover the zone, own and shared ones, in the order of their use."""
    plan_version_id, zone_id = place
    zone = reference.classes.get(zone_id, NOWHERE)
    own = reference.allowances_of(plan_version_id, seen.packages or (), use.kind)
    sources = [_Source(one, seen.account_id or 0, seen.subscription_id or 0) for one in own]
    sources += _shared(seen, use, reference)
    covering = [source for source in sources if source.allowance.covers(zone)]
    return sorted(covering, key=lambda one: (-one.allowance.priority, one.allowance.allowance_id))


def _shared(seen: Seen, use: Use, reference: Reference) -> list[_Source]:
    """Return the allowances that the owner of the service's group shares with it."""
    plan_version_id = seen.group_plan_version_id
    if seen.group_owner_id is None or plan_version_id not in reference.plans:
        return []
    caps = dict(
        zip((UsageKind.VOICE, UsageKind.SMS, UsageKind.DATA), seen.caps or (), strict=False)
    )
    found = reference.allowances_of(plan_version_id, seen.group_packages or (), use.kind)
    whose = (seen.group_account_id or 0, seen.group_owner_id)
    return [
        _Source(one, *whose, cap=caps.get(use.kind), is_shared=True)
        for one in found
        if one.is_shared
    ]


def _counter(seen: Seen, use: Use, source: _Source) -> Counter:
    """Return the counter of an allowance in the period of the start, with what is left of it."""
    day = datetime.fromtimestamp(use.started_at, ZoneInfo(settings.TIME_ZONE)).date()
    allowance = source.allowance
    period = period_of(allowance.recurrence, day)
    key = (source.owner_id, allowance.allowance_id, period)
    granted, used, reserved = seen.counter(*key)
    own = sum(units for *held, units in seen.units or () if tuple(held[1:4]) == key)
    free = (allowance.amount if granted is None else granted) - used - reserved + own
    if source.is_shared and source.cap is not None:
        free = min(free, source.cap - seen.member_has(allowance.allowance_id, period))
    return Counter(source.owner_account_id, source.owner_id, period, free)


def money_of(seen: Seen, *, at: int) -> Decimal:
    """
    Return what a session may cost in all: the one place that knows what limits a service.

    What is available, beside what the session holds already; no more than the spending guard of
    the service leaves, if there is one.
    """
    money = seen.available if seen.account_kind == "prepaid" else NO_LIMIT
    if seen.id is not None:
        money += seen.session_held
    if seen.has_guard and seen.account_id is not None and seen.subscription_id is not None:
        day = datetime.fromtimestamp(at, ZoneInfo(settings.TIME_ZONE)).date()
        guard = limits.judge_guard_of(
            account_id=seen.account_id, subscription_id=seen.subscription_id, on=day
        )
        if guard is not None:
            others = held_for(seen.account_id, seen.subscription_id) - (seen.session_held or 0)
            money = min(money, guard.left - others)
    return money
