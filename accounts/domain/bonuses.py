"""
Which bonus money pays what: charges of its kinds, what is lost first goes first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from accounts.domain.kinds import USAGE_KINDS, Kind

ANY: Final = "any"
#: What a grant may be for -> the kinds of charges it pays, credits of these kinds taken off.
KINDS_PAID: Final[dict[str, frozenset[Kind]]] = {
    "fees": frozenset({Kind.FEE, Kind.FEE_CREDIT}),
    "usage": USAGE_KINDS | {Kind.USAGE_CORRECTION},
    ANY: USAGE_KINDS
    | {
        Kind.USAGE_CORRECTION,
        Kind.FEE,
        Kind.FEE_CREDIT,
        Kind.ONE_OFF,
        Kind.PROMISE_PRICE,
        Kind.TAX,
        Kind.COMPENSATION,
        Kind.CREDIT_NOTE,
        Kind.DEBIT_NOTE,
    },
}
#: Narrow money first: what pays anything is kept for what nothing else pays.
ORDER: Final = ("fees", "usage", ANY)


@dataclass(frozen=True, slots=True)
class Grant:
    """What is left of one grant; `expires_on` is its last day, None never."""

    id: int
    left: Decimal
    pays: str
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class Share:
    """What is taken of one grant."""

    grant_id: int
    pays: str
    amount: Decimal


def room_for(*, charged: Mapping[str, Decimal], used: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """
    Return what each sort of bonus money may still pay; never below zero.

    `charged` is by sort, `any` being everything; `used` is what bonuses of the sort paid already.

    >>> room_for(charged={"fees": Decimal(300), "usage": Decimal(50), "any": Decimal(360)},
    ...     used={"fees": Decimal(100), "any": Decimal(240)})["fees"]
    Decimal('20')
    """
    zero = Decimal(0)
    unpaid = charged.get(ANY, zero) - sum(used.values(), zero)
    room = {ANY: max(unpaid, zero)}
    for pays in ORDER[:-1]:
        own = charged.get(pays, zero) - used.get(pays, zero)
        room[pays] = max(min(own, unpaid), zero)
    return room


def allocate(
    *, wanted: Decimal, grants: Iterable[Grant], room: Mapping[str, Decimal]
) -> tuple[Share, ...]:
    """
    Take `wanted`, or as much as charges and grants allow: narrow grants first, then by last day.

    >>> [share.grant_id for share in allocate(wanted=Decimal(30), room={"any": Decimal(40)}, grants=[
    ...     Grant(1, Decimal(20), "any", None), Grant(2, Decimal(20), "any", date(2026, 12, 1))])]
    [2, 1]
    """
    left, open_room = wanted, dict(room)
    shares: list[Share] = []
    for grant in in_order(grants):
        possible = min(grant.left, left, open_room.get(grant.pays, Decimal(0)))
        if possible <= 0:
            continue
        shares.append(Share(grant.id, grant.pays, possible))
        left -= possible
        # Whatever is paid is paid for all; what pays anything may have paid any sort.
        for pays in {ANY, grant.pays}:
            open_room[pays] = open_room.get(pays, Decimal(0)) - possible
        open_room = {pays: min(amount, open_room[ANY]) for pays, amount in open_room.items()}
    return tuple(shares)


def in_order(grants: Iterable[Grant]) -> Sequence[Grant]:
    """Return the grants as they are used up: narrow first, soonest lost first, oldest first."""
    return sorted(
        grants,
        key=lambda grant: (ORDER.index(grant.pays), grant.expires_on or date.max, grant.id),
    )
