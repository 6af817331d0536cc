"""The desk closes an account, or is told all that has to be done first."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account
from tests import people
from tests.integration.crm.conftest import StaffClient
from tests.subscribers import connect, pay

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob() -> Account:
    return people.open_account_for("Бобров", "Борис")


def address(account: Account) -> str:
    return reverse("crm:close-account", args=[account.pk])


def test_an_empty_account_is_closed(as_role: StaffClient, bob: Account) -> None:
    agent = as_role("agent")
    card = reverse("crm:card", args=[bob.customer_id])
    assert address(bob) in agent.get(card).content.decode()
    done = agent.post(address(bob), {"reason": "Переезд"}, follow=True).content.decode()
    bob.refresh_from_db()
    assert bob.closed_on == timezone.localdate()
    assert "Счёт закрыт." in done
    assert address(bob) not in done


def test_what_stands_against_it_is_said_and_there_is_no_button(
    as_role: StaffClient, bob: Account
) -> None:
    connect(bob)
    pay(bob, "7.00")
    agent = as_role("agent")
    page = agent.get(address(bob)).content.decode()
    assert "Услуги ещё действуют: " in page
    assert "Осталось 7,00: верните деньги" in page
    assert "button main grave" not in page
    agent.post(address(bob), {"reason": "Переезд"})
    bob.refresh_from_db()
    assert bob.closed_on is None


def test_a_cashier_may_not(as_role: StaffClient, bob: Account) -> None:
    assert as_role("cashier").get(address(bob)).status_code == 403
