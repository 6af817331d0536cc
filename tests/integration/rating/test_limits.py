"""Spending guards stop and ask once a month; groups share allowances within one customer."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from accounts import operations as accounts_operations
from accounts.models import Account, Subscription
from billing_project.kernel.models import BusinessEvent
from rating.domain.spending import GuardState
from rating.models import AllowanceGroupMember, PricedUsage, SpendingGuard
from rating.operations.limits import (
    UnableToGuard,
    UnableToShare,
    add_member,
    allow_more,
    check_guards,
    lift_guard,
    open_group,
    remove_member,
    set_guard,
    stops,
)
from rating.queries.limits import (
    find_group,
    guards_of,
    judge_guard_of,
    list_members,
    spent_in_month,
)
from tests import people

NIGHT = datetime(2026, 11, 23, 1, tzinfo=UTC)
DAY = date(2026, 11, 22)
WHO = {"now": NIGHT, "actor": "subscriber:1"}
Spend = Callable[..., None]


@pytest.fixture
def spend(mobile: Subscription) -> Spend:
    """Write a priced record of the mobile service."""

    def write(amount: str, *, at: datetime = NIGHT - timedelta(hours=9), revision: int = 0) -> None:
        PricedUsage.objects.create(
            account_id=mobile.account_id,
            started_at=at,
            source_id=1,
            record_key=PricedUsage.objects.count() + 1,
            revision=revision,
            batch_id=1,
            file_id=1,
            subscription_id=mobile.pk,
            kind=1,
            zone_id=0,
            band_id=0,
            plan_version_id=1,
            deck_version_id=1,
            quantity=60,
            billed=60,
            amount=Decimal(amount),
        )

    return write


def guard(mobile: Subscription, amount: str = "500.00") -> SpendingGuard:
    return set_guard(subscription_id=mobile.pk, amount=Decimal(amount), **WHO)


def check() -> int:
    return check_guards(business_date=DAY, now=NIGHT, actor="system:nightly")


def told() -> list[dict[str, str]]:
    return [event.data for event in BusinessEvent.objects.filter(kind="guard.reached")]


def state_of(mobile: Subscription, on: date = DAY) -> GuardState | None:
    answer = judge_guard_of(account_id=mobile.account_id, subscription_id=mobile.pk, on=on)
    return answer.state if answer else None


class TestGuards:
    def test_reached_guard_is_told_once(self, mobile: Subscription, spend: Spend) -> None:
        guard(mobile)
        spend("499.99")
        assert check() == 0
        spend("0.01")
        assert check() == 1
        assert check() == 0
        assert told() == [{"amount": "500.00", "spent": "500.00"}]
        assert state_of(mobile) == GuardState.REACHED

    @pytest.mark.parametrize(
        ("spent", "state"),
        [("399.99", "calm"), ("400.00", "near"), ("499.99", "near"), ("500.00", "reached")],
    )
    def test_state_follows_spending(
        self, mobile: Subscription, spend: Spend, spent: str, state: str
    ) -> None:
        guard(mobile)
        spend(spent)
        assert state_of(mobile) == state

    def test_only_this_month_counts_in_operators_zone(
        self, mobile: Subscription, spend: Spend
    ) -> None:
        guard(mobile)
        spend("500.00", at=datetime(2026, 10, 31, 20, 59, 59, tzinfo=UTC))
        spend("500.00", at=datetime(2026, 11, 30, 21, tzinfo=UTC))
        assert check() == 0
        spend("500.00", at=datetime(2026, 10, 31, 21, tzinfo=UTC))
        assert check() == 1

    def test_reversals_give_back(self, mobile: Subscription, spend: Spend) -> None:
        guard(mobile)
        spend("600.00")
        spend("-600.00", revision=1)
        spend("100.00", revision=2)
        assert check() == 0
        assert spent_in_month(
            account_id=mobile.account_id, subscription_id=mobile.pk, on=DAY
        ) == Decimal("100.00")

    def test_more_is_allowed_this_month_only(self, mobile: Subscription, spend: Spend) -> None:
        guard(mobile)
        spend("500.00")
        check()
        allow_more(subscription_id=mobile.pk, amount=Decimal("100.00"), on=DAY, **WHO)
        assert state_of(mobile) == GuardState.NEAR
        assert check() == 0
        spend("100.00")
        assert check() == 1
        assert told()[-1] == {"amount": "600.00", "spent": "600.00"}
        spend("500.00", at=datetime(2026, 12, 2, tzinfo=UTC))
        assert state_of(mobile, date(2026, 12, 2)) == GuardState.REACHED

    def test_stops_what_is_charged_at_once(self, mobile: Subscription, spend: Spend) -> None:
        where = {"account_id": mobile.account_id, "subscription_id": mobile.pk, "on": DAY}
        spend("500.00")
        assert not stops(**where)
        guard(mobile)
        assert stops(**where)
        lift_guard(subscription_id=mobile.pk, **WHO)
        assert not stops(**where)

    def test_new_limit_is_looked_at_anew(self, mobile: Subscription, spend: Spend) -> None:
        guard(mobile)
        spend("700.00")
        check()
        guard(mobile, "600.00")
        assert check() == 1

    def test_view_of_services(self, mobile: Subscription, spend: Spend) -> None:
        guard(mobile)
        spend("125.00")
        answer = guards_of([mobile.pk], on=DAY)[mobile.pk].answer
        assert (answer.left, answer.percent) == (Decimal("375.00"), 25)

    @pytest.mark.parametrize("amount", ["0", "0.99", "-5", "10.005", "1000000.01"])
    def test_senseless_limits_are_refused(self, mobile: Subscription, amount: str) -> None:
        with pytest.raises(UnableToGuard):
            guard(mobile, amount)
        assert not SpendingGuard.objects.exists()

    def test_refusals(self, mobile: Subscription) -> None:
        with pytest.raises(UnableToGuard):
            lift_guard(subscription_id=mobile.pk, **WHO)
        guard(mobile)
        for amount in ("0", "-1", "0.001", "999999"):
            with pytest.raises(UnableToGuard):
                allow_more(subscription_id=mobile.pk, amount=Decimal(amount), on=DAY, **WHO)

    def test_ranges_of_accounts(self, mobile: Subscription, spend: Spend) -> None:
        guard(mobile)
        spend("500.00")
        above = mobile.account_id + 1
        who = {"business_date": DAY, "now": NIGHT, "actor": "system:nightly"}
        assert check_guards(account_from=above, **who) == 0
        assert check_guards(account_to=above, **who) == 1


@pytest.fixture
def family(alice: Account, mobile: Subscription) -> list[Subscription]:
    """Alice's mobile service and two more of hers on another account."""
    other = people.open_account(alice.contract.customer)
    more = [people.order_mobile(other, number=f"7921555020{n}") for n in (1, 2)]
    return [mobile, *more]


class TestGroups:
    def test_members_share_from_joining_to_leaving(self, family: list[Subscription]) -> None:
        owner, son, _daughter = family
        group = open_group(owner_id=owner.pk, name="Семья", **WHO)
        member = add_member(group_id=group.pk, subscription_id=son.pk, cap_voice=600, **WHO)
        assert find_group(son.pk, at=NIGHT) == group
        assert find_group(son.pk, at=NIGHT - timedelta(seconds=1)) is None
        assert find_group(owner.pk, at=NIGHT) == group
        later = NIGHT + timedelta(days=1)
        remove_member(member_id=member.pk, now=later, actor="staff:1")
        assert find_group(son.pk, at=later) is None
        assert [m.subscription_id for m in list_members(group.pk, at=NIGHT)] == [son.pk]
        assert list_members(group.pk, at=later) == []
        kinds = BusinessEvent.objects.filter(kind__startswith="group.").order_by("id")
        assert [event.kind for event in kinds] == ["group.opened", "group.joined", "group.left"]

    def test_opened_twice_is_one(self, family: list[Subscription]) -> None:
        first = open_group(owner_id=family[0].pk, name="Семья", **WHO)
        assert open_group(owner_id=family[0].pk, name="Ещё раз", **WHO) == first
        assert BusinessEvent.objects.filter(kind="group.opened").count() == 1

    def test_one_group_at_a_time(self, family: list[Subscription]) -> None:
        owner, son, daughter = family
        group = open_group(owner_id=owner.pk, name="Семья", **WHO)
        add_member(group_id=group.pk, subscription_id=son.pk, **WHO)
        other = open_group(owner_id=daughter.pk, name="Дочь", **WHO)
        refused = [(group, son), (other, son), (group, owner), (group, daughter)]
        for where, who in refused:
            with pytest.raises(UnableToShare):
                add_member(group_id=where.pk, subscription_id=who.pk, **WHO)
        with pytest.raises(UnableToShare):
            open_group(owner_id=son.pk, name="Сын", **WHO)
        assert AllowanceGroupMember.objects.count() == 1

    def test_strangers_do_not_share(self, mobile: Subscription, bob: Account) -> None:
        group = open_group(owner_id=mobile.pk, name="Семья", **WHO)
        stranger = people.order_mobile(bob, number="79215550301")
        with pytest.raises(UnableToShare):
            add_member(group_id=group.pk, subscription_id=stranger.pk, **WHO)

    def test_terminated_service_joins_nothing(self, family: list[Subscription]) -> None:
        owner, son, _ = family
        group = open_group(owner_id=owner.pk, name="Семья", **WHO)
        accounts_operations.end_service(subscription_id=son.pk, now=NIGHT, actor="staff:1")
        with pytest.raises(UnableToShare):
            add_member(group_id=group.pk, subscription_id=son.pk, **WHO)

    def test_left_once(self, family: list[Subscription]) -> None:
        group = open_group(owner_id=family[0].pk, name="Семья", **WHO)
        member = add_member(group_id=group.pk, subscription_id=family[1].pk, **WHO)
        remove_member(member_id=member.pk, **WHO)
        with pytest.raises(UnableToShare):
            remove_member(member_id=member.pk, **WHO)
