"""
The credit limit of a subscriber's own choice, and how far disputed money widens the floor.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

# Reasons of a refusal; what a person reads is made of them in dunning.queries.
CLOSED: Final = "closed"
NOT_OFFERED: Final = "not_offered"
TOO_LARGE: Final = "too_large"
IN_USE: Final = "in_use"
IN_DEBT: Final = "in_debt"


@dataclass(frozen=True, slots=True)
class Standing:
    """
    What a choice is judged by: the limit now, the largest the class allows, how much of the limit is
    used, and what is below even the floor.
    """

    limit: Decimal
    largest: Decimal
    used: Decimal
    overdrawn: Decimal
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing in the way; after a payment of `to_pay` it will be gone (None: money won't do)."""

    code: str
    to_pay: Decimal | None = None


def judge_choice(wanted: Decimal, *, standing: Standing) -> tuple[Refusal, ...]:
    """
    Return what keeps a subscriber from the limit; nothing = it may be chosen. `wanted` >= 0.

    A limit may always be lowered to what is used of it, also one that the operator granted beyond
    the class; raised only within the class, and not while even the present one is overdrawn.
    """
    if standing.is_closed:
        return (Refusal(CLOSED),)
    if wanted < standing.limit:
        lacking = standing.used - wanted
        return (Refusal(IN_USE, lacking),) if lacking > 0 else ()
    if wanted == standing.limit:
        return ()
    refusals = []
    if wanted > standing.largest:
        refusals.append(Refusal(TOO_LARGE if standing.largest else NOT_OFFERED))
    if standing.overdrawn > 0:
        refusals.append(Refusal(IN_DEBT, standing.overdrawn))
    return tuple(refusals)


def used_of_limit(*, money: Decimal, held: Decimal, beside: Decimal, limit: Decimal) -> Decimal:
    """
    Return how much of the limit is used, at most all of it; `beside` is the rest of the floor
    (promise, disputes), which is used first.

    >>> used_of_limit(money=Decimal(-70), held=Decimal(10), beside=Decimal(50), limit=Decimal(100))
    Decimal('30')
    """
    return min(max(held - money - beside, Decimal(0)), limit)


def widen(frozen: Decimal, *, cap: Decimal | None) -> Decimal:
    """Return how far disputed money lets the balance go below zero; no cap: all of it."""
    return frozen if cap is None else min(frozen, cap)


def limit_after_move(limit: Decimal, *, is_own: bool, largest: Decimal) -> Decimal:
    """
    Return the limit an account has once it is of another class: what the operator granted stays,
    what the subscriber chose is no larger than the class allows.
    """
    return min(limit, largest) if is_own else limit
