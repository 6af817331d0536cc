"""
Online charging, decided: how many units a session may have for the money and units that are left.

A session holds the price of the length granted to it so far, from its start, and the units of
allowances which that price takes. Prices don't fall with the length and rounding keeps their order,
so what it costs in the end is never more than what it holds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from rating.domain.charging import longest_units
from rating.domain.prices import MOST_UNITS, DeckPrices
from rating.domain.twin import AllowanceLeft, Priced, Use, price_one
from rating.domain.usage import Reason
from tariffs.domain.deck import FREE


class Code(StrEnum):
    """What a request came to: `ok`, or why it was refused. Part of the protocol."""

    OK = "ok"
    MALFORMED = "malformed"
    BAD_TIME = "bad_time"
    UNKNOWN_SUBSCRIBER = "unknown_subscriber"
    NO_PLAN = "no_plan"
    NO_PRICE = "no_price"
    NO_ZONE = "no_zone"
    NO_RATE = "no_rate"
    BAD_UNITS = "bad_units"
    BLOCKED = "blocked"
    NO_MONEY = "no_money"
    LIMIT = "limit"
    UNKNOWN_SESSION = "unknown_session"
    SESSION_EXISTS = "session_exists"
    SESSION_ENDED = "session_ended"
    STALE_SEQUENCE = "stale_sequence"
    SEQUENCE_REUSED = "sequence_reused"
    USED_WENT_BACK = "used_went_back"
    BUSY = "busy"


OF_PRICING: Final = {
    Reason.NO_ZONE: Code.NO_ZONE,
    Reason.NO_RATE: Code.NO_RATE,
    Reason.BAD_QUANTITY: Code.BAD_UNITS,
    Reason.TOO_LARGE: Code.BAD_UNITS,
}
#: Levels of access (dunning) at which nothing but free calls goes through.
_SHUT: Final = frozenset({"suspended", "paused", "ended"})
_BARRED: Final = frozenset({"long_distance", "international"})


@dataclass(frozen=True, slots=True)
class Counter:
    """
    A counter of units that a session may take: whose, of which allowance and period.

    `free` is what is left for the session: reserved by nobody else, within a member's cap.
    """

    owner_account_id: int
    owner_id: int
    period: int
    free: int


@dataclass(frozen=True, slots=True)
class Tariff:
    """What prices a session from its start; `counters` are those of `allowances`, in their order."""

    use: Use
    prices: DeckPrices
    zone_id: int
    allowances: tuple[AllowanceLeft, ...] = ()
    counters: tuple[Counter, ...] = ()

    def price(self, units: int) -> Priced:
        """Price so many units from the start."""
        return price_one(
            Use(self.use.started_at, self.use.kind, units),
            prices=self.prices,
            zone_id=self.zone_id,
            allowances=self.allowances,
        )

    def units_of(self, priced: Priced) -> list[list[int]]:
        """Return what a price takes of counters, as rows of ChargingSession.units."""
        rows = []
        for place, units in priced.taken:
            counter, allowance = self.counters[place], self.allowances[place].allowance
            whose = (counter.owner_account_id, counter.owner_id)
            rows.append([*whose, allowance.allowance_id, counter.period, units])
        return rows


@dataclass(frozen=True, slots=True)
class Grant:
    """
    The length a session may have from its start, and what it holds for it.

    `is_final`: there will be no more. `code` says why it is shorter than wished.
    """

    length: int
    priced: Priced
    is_final: bool
    code: Code = Code.OK


def decide_grant(tariff: Tariff, *, used: int, wanted: int, money: Decimal) -> Grant:
    """
    Decide how far the session may go: up to `wanted` units after those used.

    `money` is what it may cost in all. Never less than what is used already.
    """
    most = min(used + wanted, MOST_UNITS[tariff.use.kind])
    whole = tariff.price(most)
    why = _refusal(tariff, whole, money)
    if why is Code.OK:
        return Grant(most, whole, is_final=most < used + wanted)
    length, priced = _longest(tariff, most, money)
    if not priced.billed_units:
        # A few seconds that cost nothing are no reason to connect a call.
        length, priced = 0, tariff.price(0)
    if length <= used:
        length, priced = used, tariff.price(used)
    return Grant(length, priced, is_final=True, code=why)


def _refusal(tariff: Tariff, priced: Priced, money: Decimal) -> Code:
    """Return why a session may not last so long, or OK."""
    if priced.reason != Reason.PRICED:
        return OF_PRICING[priced.reason]
    if _is_past_limit(tariff, priced):
        return Code.LIMIT
    # What costs nothing goes through in debt, too: emergency calls, included minutes.
    return Code.OK if priced.amount <= money or not priced.minor else Code.NO_MONEY


def _is_past_limit(tariff: Tariff, priced: Priced) -> bool:
    """Whether it is charged though an allowance ends it, or is past a maximum that disconnects."""
    blocking = [item.allowance for item in tariff.allowances if item.allowance.blocks]
    if any(allowance.is_money for allowance in blocking) and priced.minor:
        return True
    if any(not allowance.is_money for allowance in blocking):
        return any(segment.allowance_id is None for segment in priced.segments)
    rules = tariff.prices.rules(tariff.zone_id)
    return rules is not None and rules.limit is not None and priced.exact > rules.limit


def _longest(tariff: Tariff, most: int, money: Decimal) -> tuple[int, Priced]:
    """Return the longest length that may be granted, and its price; `most` may not."""
    length = longest_units(
        tariff.use._replace(quantity=most),
        prices=tariff.prices,
        zone_id=tariff.zone_id,
        allowances=tariff.allowances,
        money=max(money, Decimal(0)),
    )
    priced = tariff.price(length)
    if _refusal(tariff, priced, money) is Code.OK:
        return length, priced
    # Rounded up to whole roubles it may cost more than its exact price: search by what it holds.
    low, high = 0, length
    while high - low > 1:
        middle = (low + high) // 2
        if _refusal(tariff, tariff.price(middle), money) is Code.OK:
            low = middle
        else:
            high = middle
    return low, tariff.price(low)


def judge_access(*, state: str, level: str, zone_class: str) -> Code:
    """Return BLOCKED if the service may not be used for that; calls that are free always may."""
    if zone_class == FREE:
        return Code.OK
    if state != "active" or level in _SHUT:
        return Code.BLOCKED
    is_barred = level == "bar_long_distance" and zone_class in _BARRED
    return Code.BLOCKED if is_barred else Code.OK


def change_of_units(
    before: Iterable[Sequence[int]],
    after: Iterable[Sequence[int]],
    *,
    granted: dict[int, int],
) -> list[list[int]] | None:
    """
    Return what is reserved more (or less) of each counter, None if nothing changes.

    >>> change_of_units([[1, 2, 3, 0, 10]], [[1, 2, 3, 0, 4], [1, 2, 5, 0, 7]], granted={5: 9})
    [[1, 2, 3, 0, -6, 0], [1, 2, 5, 0, 7, 9]]
    """
    change: dict[tuple[int, ...], int] = {}
    for rows, sign in ((before, -1), (after, 1)):
        for *key, units in rows:
            place = tuple(key)
            change[place] = change.get(place, 0) + sign * units
    rows_changed = [
        [*key, units, granted.get(key[2], 0)] for key, units in sorted(change.items()) if units
    ]
    return rows_changed or None
