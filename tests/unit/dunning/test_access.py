"""Access decided from ordered rules, with the interval in which the decision stays right."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning.domain import access
from dunning.domain.access import HIGHEST, LOWEST, Rule, UnableToDecideAccess, decide

SUSPEND = Rule(1, 10, Decimal(-300), "suspend")
BAR = Rule(2, 20, Decimal(0), "bar_long_distance", or_equal=True, service="mobile")
SLOW = Rule(3, 30, Decimal(0), "slow", service="internet")

CENTS = st.integers(-100_000, 100_000).map(lambda cents: Decimal(cents) / 100)
RULES = st.lists(
    st.builds(
        Rule,
        id=st.integers(1, 9),
        position=st.integers(1, 9),
        below=CENTS,
        effect=st.sampled_from(["bar_long_distance", "slow", "suspend"]),
        or_equal=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda rule: rule.position,
).map(lambda rules: sorted(rules, key=lambda rule: rule.position))


def _mobile(money: str, floor: str = "0") -> access.Decision:
    return decide([SUSPEND, BAR], money=Decimal(money), floor=Decimal(floor))


@pytest.mark.parametrize(
    ("money", "level"),
    [
        pytest.param("0.01", "open", id="one cent is enough"),
        pytest.param("0.00", "bar_long_distance", id="exactly zero bars long distance"),
        pytest.param("-300.00", "bar_long_distance", id="the border itself does not suspend"),
        pytest.param("-300.01", "suspended", id="a cent beyond it does"),
    ],
)
def test_a_mobile_service_follows_its_rules(money: str, level: str) -> None:
    assert _mobile(money).level == level


@pytest.mark.parametrize(("money", "level"), [("0.00", "open"), ("-0.01", "slow")])
def test_internet_slows_below_zero_only(money: str, level: str) -> None:
    assert decide([SUSPEND, SLOW], money=Decimal(money), floor=Decimal(0)).level == level


def test_the_interval_touches_the_neighbouring_decisions() -> None:
    barred = _mobile("-10")
    assert (barred.low, barred.high) == (Decimal(-300), Decimal("0.01"))
    assert (_mobile("50").low, _mobile("50").high) == (Decimal("0.01"), HIGHEST)
    assert (_mobile("-400").low, _mobile("-400").high) == (LOWEST, Decimal(-300))


def test_the_floor_moves_every_border() -> None:
    answer = _mobile("-500", floor="500")
    assert (answer.level, answer.low, answer.high) == (
        "bar_long_distance",
        Decimal(-800),
        Decimal("-499.99"),
    )


@pytest.mark.parametrize(("state", "level"), [("suspended", "paused"), ("terminated", "ended")])
def test_the_state_of_the_service_goes_before_money(state: str, level: str) -> None:
    answer = decide([SUSPEND], money=Decimal(-1000), floor=Decimal(0), state=state)
    assert (answer.level, answer.rule, answer.low, answer.high) == (level, None, LOWEST, HIGHEST)


def test_a_service_only_ordered_is_refused() -> None:
    with pytest.raises(UnableToDecideAccess):
        decide([], money=Decimal(0), floor=Decimal(0), state="ordered")


def test_only_rules_of_that_service_kind_and_class_are_chosen() -> None:
    trusted = Rule(4, 5, Decimal(-900), "suspend", credit_class="trusted", account_kind="postpaid")
    chosen = access.choose_rules(
        [SLOW, BAR, SUSPEND, trusted],
        service="mobile",
        account_kind="prepaid",
        credit_class="standard",
    )
    assert chosen == (SUSPEND, BAR)


@given(rules=RULES, money=CENTS, floor=CENTS.map(abs), other=CENTS)
def test_the_level_is_the_same_everywhere_inside_and_the_rule_differs_outside(
    rules: list[Rule], money: Decimal, floor: Decimal, other: Decimal
) -> None:
    answer = decide(rules, money=money, floor=floor)
    assert answer.low <= money < answer.high
    elsewhere = decide(rules, money=other, floor=floor)
    assert (elsewhere.rule == answer.rule) == (answer.low <= other < answer.high)


@given(rules=RULES, money=CENTS, floor=CENTS.map(abs))
def test_paying_what_is_asked_lifts_the_rule_and_a_cent_less_does_not(
    rules: list[Rule], money: Decimal, floor: Decimal
) -> None:
    answer = decide(rules, money=money, floor=floor)
    due = access.sum_to_lift(answer, money=money)
    if answer.rule is None:
        assert due == 0
        return
    assert decide(rules, money=money + due, floor=floor).rule != answer.rule
    assert decide(rules, money=money + due - access.CENT, floor=floor).rule == answer.rule


def test_the_watch_of_an_account_is_what_all_its_services_share() -> None:
    decisions = [_mobile("-10"), decide([SUSPEND, SLOW], money=Decimal(-10), floor=Decimal(0))]
    assert access.intersect(decisions) == (Decimal(-300), Decimal(0))
    assert access.intersect([]) == (LOWEST, HIGHEST)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("", "open", None),
        ("", "slow", "access.restricted"),
        ("open", "slow", "access.restricted"),
        ("slow", "suspended", "access.restricted"),
        ("suspended", "slow", "access.restored"),
        ("slow", "open", "access.restored"),
        ("slow", "paused", None),
        ("suspended", "ended", None),
        ("paused", "open", None),
    ],
)
def test_which_change_is_announced(old: str, new: str, kind: str | None) -> None:
    assert access.find_change(old, new) == kind


@pytest.mark.parametrize(
    ("level", "slow", "speed"),
    [("open", 256, 100_000), ("slow", 256, 256), ("slow", None, 512), ("suspended", 256, None)],
)
def test_the_speed_follows_the_level(level: str, slow: int | None, speed: int | None) -> None:
    assert access.choose_speed(level, full=100_000, slow=slow) == speed


def test_another_rule_is_another_mark() -> None:
    assert access.mark_rules([BAR, SLOW]) == access.mark_rules([SLOW, BAR])
    assert access.mark_rules([BAR]) != access.mark_rules([SLOW])
