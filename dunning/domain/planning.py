"""
From the services of many accounts and their money to what has to be written: pure, in columns.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dunning.domain import access
from dunning.domain.access import Decision, Rule


@dataclass(frozen=True, slots=True)
class Funds:
    """Money of an account as it was seen, and how far below zero it may go."""

    account_id: int
    money: Decimal
    floor: Decimal

    @property
    def available(self) -> Decimal:
        """What the rules compare."""
        return self.money + self.floor


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """
    One service with what decides about it, and what is known of its access (`level` "" = nothing).

    `speed_kbps` and `slow_kbps` are the plan's; `desired` is the state last wished of the network.
    """

    subscription_id: int
    account_id: int
    customer_id: int
    account_kind: str
    credit_class: str
    service: str
    state: str
    plan: str | None
    speed_kbps: int | None
    slow_kbps: int | None
    identifiers: tuple[str, ...] = ()
    level: str = ""
    rule_id: int | None = None
    rules_mark: int | None = None
    desired: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to write about one service; `to_open` has to be paid in for it to work without limits."""

    row: ServiceRow
    funds: Funds
    decision: Decision
    desired: dict[str, Any]
    rules_mark: int
    to_open: Decimal

    @property
    def is_new_level(self) -> bool:
        """The level differs from what is known."""
        return self.row.level != self.decision.level

    @property
    def is_order(self) -> bool:
        """The network has to be told."""
        return dict(self.row.desired) != self.desired

    @property
    def is_worth_writing(self) -> bool:
        """Anything about the service's access has changed, be it only the rule."""
        rule_id = self.decision.rule.id if self.decision.rule else None
        known = (self.row.rule_id, self.row.rules_mark)
        return self.is_new_level or self.is_order or known != (rule_id, self.rules_mark)

    @property
    def event_kind(self) -> str | None:
        """What to announce, if anything."""
        if not self.is_new_level:
            return None
        return access.find_change(self.row.level, self.decision.level)

    @property
    def action(self) -> str:
        """What the order is called; the network obeys `desired`, not this."""
        if self.decision.level == access.ENDED:
            return "close"
        if not self.row.desired:
            return "open"
        return "set_access" if self.is_new_level else "set_plan"


@dataclass(frozen=True, slots=True)
class Watch:
    """The interval of money in which an account's decisions stay right, and the money seen."""

    account_id: int
    seen: Decimal
    low: Decimal
    high: Decimal


class Planner:
    """Decides services under one set of rules; the rules of each kind of service are found once."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._chosen: dict[tuple[str, str, str], tuple[Rule, ...]] = {}
        self.mark = access.mark_rules(self._rules)

    def plan(
        self, services: Sequence[ServiceRow], *, funds: Iterable[Funds]
    ) -> tuple[list[Verdict], list[Watch]]:
        """
        Decide each service of the accounts in `funds`; an account without services is watched too.
        """
        by_account = {row.account_id: row for row in funds}
        verdicts = [
            self.decide(row, funds=by_account[row.account_id])
            for row in services
            if row.account_id in by_account
        ]
        decisions: dict[int, list[Decision]] = {account_id: [] for account_id in by_account}
        for verdict in verdicts:
            decisions[verdict.row.account_id].append(verdict.decision)
        watches = [
            Watch(account_id, by_account[account_id].money, *access.intersect(found))
            for account_id, found in sorted(decisions.items())
        ]
        return verdicts, watches

    def decide(self, row: ServiceRow, *, funds: Funds) -> Verdict:
        """Decide one service."""
        rules = self._rules_for(row)
        decision = access.decide(rules, money=funds.money, floor=funds.floor, state=row.state)
        return Verdict(
            row=row,
            funds=funds,
            decision=decision,
            desired=build_desired(row, decision.level),
            rules_mark=self.mark,
            to_open=access.sum_to_open(rules, money=funds.money, floor=funds.floor),
        )

    def _rules_for(self, row: ServiceRow) -> tuple[Rule, ...]:
        key = (row.service, row.account_kind, row.credit_class)
        if key not in self._chosen:
            self._chosen[key] = access.choose_rules(
                self._rules,
                service=row.service,
                account_kind=row.account_kind,
                credit_class=row.credit_class,
            )
        return self._chosen[key]


def build_desired(row: ServiceRow, level: str) -> dict[str, Any]:
    """
    Return the whole state wished of the network.

    A service that has ended has given back its numbers: the network is told by the last it knew.
    """
    if level == access.ENDED and row.desired:
        return {**row.desired, "level": level, "speed_kbps": None}
    return {
        "level": level,
        "speed_kbps": access.choose_speed(level, full=row.speed_kbps, slow=row.slow_kbps),
        "plan": row.plan,
        "identifiers": list(row.identifiers),
    }
