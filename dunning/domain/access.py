"""
What may a service be used for, at this much money: ordered rules, the first that matches wins.

Money here is the account's balance; `floor` is how far below zero it may go (credit limit plus
promised payment), and what rules compare is the *available* money, balance + floor.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from zlib import crc32

#: Open ends of an interval: the widest numeric(14,2), so that "never decided" (null) differs.
LOWEST: Final = Decimal("-999999999999.99")
HIGHEST: Final = Decimal("999999999999.99")
CENT: Final = Decimal("0.01")
#: Speed of an internet service slowed for debt, where the plan names none.
DEFAULT_SLOW_KBPS: Final = 512

OPEN: Final = "open"
BAR_LONG_DISTANCE: Final = "bar_long_distance"
SLOW: Final = "slow"
SUSPENDED: Final = "suspended"
PAUSED: Final = "paused"
ENDED: Final = "ended"

#: What a rule's effect makes of a service.
LEVEL_OF_EFFECT: Final = {
    "bar_long_distance": BAR_LONG_DISTANCE,
    "slow": SLOW,
    "suspend": SUSPENDED,
}
#: How strict a level is as an answer to debt; a pause and an end aren't answers to debt.
STRICTNESS: Final = {
    "": 0,
    OPEN: 0,
    PAUSED: 0,
    ENDED: 0,
    BAR_LONG_DISTANCE: 1,
    SLOW: 1,
    SUSPENDED: 2,
}
#: States of a subscription in which money decides nothing.
LEVEL_OF_STATE: Final = {"suspended": PAUSED, "terminated": ENDED}


class UnableToDecideAccess(ValueError):
    """The service is in a state that gives it no place in the network yet."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One AccessRule as values. Empty `service`, `account_kind`, `credit_class` = any."""

    id: int
    position: int
    below: Decimal
    effect: str
    or_equal: bool = False
    service: str = ""
    account_kind: str = ""
    credit_class: str = ""

    @property
    def threshold(self) -> Decimal:
        """Available money strictly below this matches; money has no parts of a cent."""
        return self.below + CENT if self.or_equal else self.below

    def concerns(self, *, service: str, account_kind: str, credit_class: str) -> bool:
        """Return whether the rule speaks of such a service at all."""
        return (
            self.service in ("", service)
            and self.account_kind in ("", account_kind)
            and self.credit_class in ("", credit_class)
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """
    The level, the rule that gave it (None = none matched), and why, as codes.

    It stays right while the account's balance is in [low, high).
    """

    level: str
    rule: Rule | None
    reasons: tuple[str, ...]
    low: Decimal
    high: Decimal


def choose_rules(
    rules: Iterable[Rule], *, service: str, account_kind: str, credit_class: str
) -> tuple[Rule, ...]:
    """Return the rules that concern such a service, in their order."""
    chosen = (
        rule
        for rule in rules
        if rule.concerns(service=service, account_kind=account_kind, credit_class=credit_class)
    )
    return tuple(sorted(chosen, key=lambda rule: rule.position))


def decide(
    rules: Sequence[Rule], *, money: Decimal, floor: Decimal, state: str = "active"
) -> Decision:
    """
    Decide one service. `rules` are those that concern it, in order (see `choose_rules`).

    `state` is the subscription's: a suspended service is paused and a terminated one has ended,
    whatever the money; one only ordered raises UnableToDecideAccess.

    >>> bar = Rule(1, 10, Decimal(0), "bar_long_distance", or_equal=True)
    >>> answer = decide([bar], money=Decimal("0.00"), floor=Decimal(0))
    >>> answer.level, answer.high
    ('bar_long_distance', Decimal('0.01'))
    """
    if state in LEVEL_OF_STATE:
        level = LEVEL_OF_STATE[state]
        return Decision(level, None, (f"state.{state}",), LOWEST, HIGHEST)
    if state != "active":
        message = f"a service that is {state} has no access to decide"
        raise UnableToDecideAccess(message)
    low = LOWEST
    for rule in rules:
        bound = rule.threshold - floor
        if money < bound:
            return Decision(
                LEVEL_OF_EFFECT[rule.effect], rule, (f"below.{rule.effect}",), low, bound
            )
        low = max(low, bound)
    return Decision(OPEN, None, ("enough",), low, HIGHEST)


def intersect(decisions: Iterable[Decision]) -> tuple[Decimal, Decimal]:
    """Return the interval of money in which every one of the decisions stays right."""
    low, high = LOWEST, HIGHEST
    for decision in decisions:
        low, high = max(low, decision.low), min(high, decision.high)
    return low, high


def find_change(old: str, new: str) -> str | None:
    """
    Return the event kind of going from one level to another, or None where debt plays no part.

    >>> find_change("open", "slow"), find_change("suspended", "slow"), find_change("slow", "paused")
    ('access.restricted', 'access.restored', None)
    """
    if STRICTNESS[new] > STRICTNESS[old]:
        return "access.restricted"
    if STRICTNESS[new] < STRICTNESS[old] and new not in (PAUSED, ENDED):
        return "access.restored"
    return None


def choose_speed(level: str, *, full: int | None, slow: int | None) -> int | None:
    """Return the speed in kbit/s the network should give; None = the network's own, or none."""
    if level == SLOW:
        return slow or DEFAULT_SLOW_KBPS
    return full if level in (OPEN, BAR_LONG_DISTANCE) else None


def sum_to_lift(decision: Decision, *, money: Decimal) -> Decimal:
    """Return how much has to be paid in for the rule to stop matching (0.00 where none does)."""
    if decision.rule is None:
        return Decimal("0.00")
    return max(decision.high - money, Decimal("0.00"))


def sum_to_open(rules: Sequence[Rule], *, money: Decimal, floor: Decimal) -> Decimal:
    """Return how much has to be paid in for none of the rules to match: the service is open."""
    bound = max((rule.threshold - floor for rule in rules), default=money)
    return max(bound - money, Decimal("0.00"))


def mark_rules(rules: Iterable[Rule]) -> int:
    """Return a mark of the rules as a whole: another mark = decided by other rules."""
    text = "|".join(str(rule) for rule in sorted(rules, key=lambda rule: rule.position))
    return crc32(text.encode()) & 0x7FFFFFFF
