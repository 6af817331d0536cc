"""Another number on a live service: usage by it, rest for the former, the network told."""

from datetime import timedelta

import pytest

from accounts import queries
from accounts.models import Account, IdentifierUse, PoolNumber, Subscription
from accounts.operations import add_pool_numbers, end_service
from accounts.operations.numbers import UnableToChangeNumber, change_number
from billing_project.kernel.models import BusinessEvent
from provisioning.models import NetworkOrder
from tests import people
from tests.people import CLERK, NOON, TODAY
from tests.subscribers import connect, drain

pytestmark = pytest.mark.django_db
OLD, NEW, TAKEN = "79215550101", "79215550102", "79215550103"
LATER = NOON + timedelta(hours=2)


@pytest.fixture
def bob() -> Account:
    return people.open_account_for("Бобров", "Борис")


@pytest.fixture
def mobile(bob: Account) -> Subscription:
    add_pool_numbers(kind="msisdn", values=[NEW])
    connect(people.open_account_for("Евина", "Ева"), service="mobile", identifier=TAKEN)
    service = connect(bob, service="mobile", identifier=OLD)
    drain()
    return service


def change(service: Subscription, former: str = OLD, value: str = NEW) -> IdentifierUse:
    return change_number(
        subscription_id=service.pk, former=former, value=value, now=LATER, actor=CLERK,
        quarantine_days=30,
    )  # fmt: skip


def whose(value: str, at: object) -> int | None:
    found = queries.subscription_by_identifier(value, at)
    return found.pk if found else None


def test_usage_goes_by_the_new_one_from_that_moment(mobile: Subscription) -> None:
    change(mobile)
    before, after = LATER - timedelta(seconds=1), LATER
    assert [whose(OLD, before), whose(NEW, before)] == [mobile.pk, None]
    assert [whose(OLD, after), whose(NEW, after)] == [None, mobile.pk]
    columns = queries.identifier_columns()
    mine = columns.subscription_id == mobile.pk
    assert sorted(columns.active_from[mine]) == [NOON.timestamp(), LATER.timestamp()]


def test_the_former_rests_and_the_new_one_is_taken(mobile: Subscription) -> None:
    change(mobile)
    former, present = (PoolNumber.objects.get(value=value) for value in (OLD, NEW))
    assert (former.is_free, former.quarantine_until) == (True, TODAY + timedelta(days=30))
    assert (present.is_free, present.quarantine_until) == (False, None)
    with pytest.raises(UnableToChangeNumber):
        change(mobile, former=NEW, value=OLD)


def test_the_network_and_the_timeline_are_told(mobile: Subscription) -> None:
    orders = NetworkOrder.objects.filter(subscription_id=mobile.pk)
    asked = orders.count()
    change(mobile)
    drain(LATER)
    assert orders.count() == asked + 1
    assert orders.latest("pk").desired["identifiers"] == [NEW]
    told = BusinessEvent.objects.get(kind="number.changed")
    assert told.data == {"former": OLD, "identifier": NEW}


@pytest.mark.parametrize(
    ("former", "value", "field"),
    [
        (TAKEN, NEW, ""),
        (OLD, TAKEN, "number"),
        (OLD, OLD, "number"),
        (OLD, "79215559999", "number"),
        (OLD, "что-то", "number"),
    ],
)
def test_what_cannot_be_changes_nothing(
    mobile: Subscription, former: str, value: str, field: str
) -> None:
    with pytest.raises(UnableToChangeNumber) as refusal:
        change(mobile, former=former, value=value)
    assert refusal.value.field == field
    assert queries.list_identifiers(subscription_id=mobile.pk, at=LATER) == [OLD]
    assert not BusinessEvent.objects.filter(kind="number.changed").exists()


def test_an_ended_service_has_none_to_change(mobile: Subscription) -> None:
    end_service(subscription_id=mobile.pk, now=NOON + timedelta(hours=1), actor=CLERK)
    with pytest.raises(UnableToChangeNumber, match="расторгнута"):
        change(mobile)


def test_a_login_changes_as_well(bob: Account) -> None:
    service = connect(bob, identifier="bobrov")
    change(service, former="bobrov", value="boris.b")
    assert queries.list_identifiers(subscription_id=service.pk, at=LATER) == ["boris.b"]
    assert PoolNumber.objects.get(value="bobrov").quarantine_until == TODAY + timedelta(days=30)
