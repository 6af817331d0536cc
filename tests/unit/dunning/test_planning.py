"""From services and money in columns to what has to be written."""

from decimal import Decimal

import pytest

from dunning.domain.access import HIGHEST, LOWEST, Rule
from dunning.domain.planning import Funds, Planner, ServiceRow, Verdict, Watch

RULES = [
    Rule(1, 10, Decimal(-300), "suspend"),
    Rule(2, 20, Decimal(0), "bar_long_distance", or_equal=True, service="mobile"),
    Rule(3, 30, Decimal(0), "slow", service="internet"),
]
DESIRED = {"level": "open", "speed_kbps": 100_000, "plan": "home", "identifiers": ["ivanova"]}


def _row(**changes: object) -> ServiceRow:
    values: dict = {
        "subscription_id": 7,
        "account_id": 1,
        "customer_id": 31,
        "account_kind": "prepaid",
        "credit_class": "standard",
        "service": "internet",
        "state": "active",
        "plan": "home",
        "speed_kbps": 100_000,
        "slow_kbps": None,
        "identifiers": ("ivanova",),
    } | changes
    return ServiceRow(**values)


def _known(**changes: object) -> ServiceRow:
    """A service decided before as open, under the present rules."""
    return _row(level="open", desired=DESIRED, rules_mark=Planner(RULES).mark, **changes)


def _decide(row: ServiceRow, money: str = "10") -> Verdict:
    return Planner(RULES).decide(row, funds=Funds(1, Decimal(money), Decimal(0)))


def test_a_new_service_is_opened() -> None:
    verdict = _decide(_row())
    assert (verdict.action, verdict.desired, verdict.event_kind) == ("open", DESIRED, None)
    assert verdict.is_worth_writing
    assert verdict.is_order


def test_nothing_new_writes_nothing() -> None:
    verdict = _decide(_known())
    assert not verdict.is_worth_writing
    assert not verdict.is_order


def test_debt_is_an_order_and_an_event() -> None:
    verdict = _decide(_known(), "-120")
    assert (verdict.action, verdict.event_kind) == ("set_access", "access.restricted")
    assert verdict.desired == DESIRED | {"level": "slow", "speed_kbps": 512}
    assert verdict.to_open == Decimal(120)


def test_a_new_speed_is_an_order_without_an_event() -> None:
    verdict = _decide(_known(speed_kbps=200_000, plan="faster"))
    assert (verdict.action, verdict.event_kind, verdict.is_new_level) == ("set_plan", None, False)
    assert verdict.is_order


def test_other_rules_are_written_down_without_an_order() -> None:
    verdict = Planner(RULES[:2]).decide(_known(), funds=Funds(1, Decimal(10), Decimal(0)))
    assert verdict.is_worth_writing
    assert not verdict.is_order


def test_an_end_names_what_the_network_knew() -> None:
    row = _row(state="terminated", plan=None, identifiers=(), level="open", desired=DESIRED)
    verdict = _decide(row)
    assert verdict.action == "close"
    assert verdict.desired == DESIRED | {"level": "ended", "speed_kbps": None}


@pytest.mark.parametrize("money", ["0.00", "-5.00"])
def test_an_account_is_watched_where_all_its_services_agree(money: str) -> None:
    services = [_row(), _row(subscription_id=8, service="mobile")]
    funds = [Funds(1, Decimal(money), Decimal(0)), Funds(2, Decimal(5), Decimal(0))]
    verdicts, watches = Planner(RULES).plan(services, funds=funds)
    assert [verdict.row.subscription_id for verdict in verdicts] == [7, 8]
    low, high = (Decimal(0), Decimal("0.01")) if money == "0.00" else (Decimal(-300), Decimal(0))
    assert watches == [
        Watch(1, Decimal(money), low, high),
        Watch(2, Decimal(5), LOWEST, HIGHEST),
    ]


def test_a_service_of_an_account_without_a_balance_waits() -> None:
    assert Planner(RULES).plan([_row()], funds=[]) == ([], [])
