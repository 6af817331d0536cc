"""A household prices its calls out of one allowance, each member up to a cap of their own."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from accounts import operations as accounts_operations
from accounts.models import Subscription
from bench.world import Operator
from rating.models import AllowanceUse, PricedUsage
from rating.operations.limits import add_member, open_group, remove_member
from rating.queries import invariants
from tariffs import operations as tariffs_operations
from tariffs.domain.drafts import AllowanceDraft
from tariffs.models import PlanVersion, RateDeck
from tests import people
from tests.checks import broken_promises
from tests.integration.rating.night import Night, call

pytestmark = pytest.mark.django_db
BEFORE = datetime(2026, 11, 3, tzinfo=people.MOSCOW)
NUMBERS = ("79219990001", "79219990002", "79219990003")


def plan(code: str, *allowances: AllowanceDraft) -> PlanVersion:
    """A plan that prices calls as the operator's mobile plan does."""
    version = tariffs_operations.draft_plan_version(
        plan=tariffs_operations.create_plan(
            code=code, name_ru=code, name_en=code, service="mobile"
        ),
        fee=Decimal(0),
        on_sale_from=date(2026, 1, 1),
        decks={"voice": RateDeck.objects.get(code="voice")},
        allowances=allowances,
    )
    return tariffs_operations.publish_plan_version(version_id=version.pk, now=people.NOON)


@pytest.fixture
def family(operator: Operator) -> list[Subscription]:
    """A mother whose plan shares ten minutes of local calls, and two children without any."""
    customer = people.person("Смирнова", "Алиса")
    shared = plan("family", AllowanceDraft("voice", 600, ("local",), is_shared=True))
    bare = plan("bare")
    found = []
    for number, version in zip(NUMBERS, (shared, bare, bare), strict=True):
        accounts_operations.add_pool_numbers(kind="msisdn", values=[number])
        service = accounts_operations.order_service(
            account=people.open_account(customer, kind="postpaid"),
            service="mobile",
            plan_version=version,
            identifiers=[("msisdn", number)],
            now=people.NOON,
            actor=people.CLERK,
        )
        who = {"subscription_id": service.pk, "now": people.NOON, "actor": people.CLERK}
        accounts_operations.activate_service(**who)
        found.append(service)
    return found


def join(family: list[Subscription], *, cap: int | None = None) -> list[int]:
    """Open the mother's group and let both children in; return the members."""
    who = {"now": BEFORE, "actor": people.CLERK}
    group = open_group(owner_id=family[0].pk, name="Семья", **who)
    return [
        add_member(group_id=group.pk, subscription_id=child.pk, cap_voice=cap, **who).pk
        for child in family[1:]
    ]


def calls(*minutes: int) -> list[str]:
    """Local calls of mother, son, daughter, mother … one after the other from ten o'clock."""
    at = datetime(2026, 11, 20, 10)
    return [
        call(
            src=NUMBERS[turn % 3],
            at=str(at + timedelta(minutes=30 * turn)),
            seconds=str(60 * length),
            id=f"1.{turn}",
        )
        for turn, length in enumerate(minutes)
        if length
    ]


def covered(family: list[Subscription]) -> list[int]:
    """Minutes of each service that an allowance covered."""
    rows = PricedUsage.objects.all()
    return [
        sum(row.allowance_used for row in rows if row.subscription_id == service.pk) // 60
        for service in family
    ]


def counter() -> tuple[int, int, int]:
    row = AllowanceUse.objects.get()
    return row.account_id, row.subscription_id, row.used // 60


def test_members_use_the_owners_allowance_in_order_of_time(
    night: Night, family: list[Subscription]
) -> None:
    join(family)
    night.load(*calls(3, 4, 2, 5))
    assert covered(family) == [3 + 1, 4, 2]
    assert counter() == (family[0].account_id, family[0].pk, 10)
    charged = {row.subscription_id for row in PricedUsage.objects.filter(amount__gt=0)}
    assert charged == {family[0].pk}


def test_each_member_up_to_their_cap(night: Night, family: list[Subscription]) -> None:
    join(family, cap=120)
    night.load(*calls(1, 4, 1, 0, 2, 3))
    assert covered(family) == [1, 2, 2]
    assert counter()[2] == 5


def test_strangers_and_those_who_left_pay(night: Night, family: list[Subscription]) -> None:
    members = join(family)
    remove_member(member_id=members[0], now=BEFORE + timedelta(days=1), actor=people.CLERK)
    night.load(*calls(1, 4, 2))
    assert covered(family) == [1, 0, 2]


def test_nights_go_on_where_the_last_one_stopped(night: Night, family: list[Subscription]) -> None:
    join(family, cap=300)
    lines = calls(1, 4, 2, 0, 4)
    night.load(*lines[:2])
    night.load(*lines[2:])
    assert covered(family) == [1, 5, 2]
    assert counter()[2] == 8
    assert broken_promises(invariants()) == []
