"""The desk gives a service another number or login."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import queries
from accounts.models import Account, Subscription
from accounts.operations import add_pool_numbers
from tests import people
from tests.integration.crm.conftest import StaffClient
from tests.subscribers import connect

pytestmark = pytest.mark.django_db
OLD, NEW = "79215550101", "79215550102"


@pytest.fixture
def bob() -> Account:
    return people.open_account_for("Бобров", "Борис")


def address(service: Subscription) -> str:
    return reverse("crm:change-number", args=[service.pk])


def has(service: Subscription) -> list[str]:
    return queries.list_identifiers(subscription_id=service.pk, at=timezone.now())


def test_a_number_out_of_the_pool(as_role: StaffClient, bob: Account) -> None:
    add_pool_numbers(kind="msisdn", values=[NEW])
    service, agent = connect(bob, service="mobile", identifier=OLD), as_role("agent")
    page = agent.get(address(service)).content.decode()
    assert "+7 921 555-01-02" in page.replace("\xa0", " ")
    assert 'name="login"' not in page
    nothing = agent.post(address(service), {"former": OLD}).content.decode()
    assert "Выберите новый номер или логин." in nothing
    done = agent.post(address(service), {"former": OLD, "number": NEW}, follow=True)
    assert f"Теперь номер {NEW}." in done.content.decode()
    assert has(service) == [NEW]


def test_a_login_is_typed_and_one_in_use_refused(as_role: StaffClient, bob: Account) -> None:
    connect(people.open_account_for("Евина", "Ева"), identifier="eva")
    service, agent = connect(bob, identifier="bobrov"), as_role("agent")
    taken = agent.post(address(service), {"former": "bobrov", "login": "eva"}).content.decode()
    assert "eva занят." in taken
    assert has(service) == ["bobrov"]
    agent.post(address(service), {"former": "bobrov", "login": "boris"})
    assert has(service) == ["boris"]


def test_a_cashier_may_not(as_role: StaffClient, bob: Account) -> None:
    service = connect(bob, identifier="bobrov")
    assert as_role("cashier").get(address(service)).status_code == 403
