"""The desk changes a billing cycle, takes and returns deposits; the editor has the plan's terms."""

import json
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, AccountCycle, CreditClass, Deposit
from accounts.queries import get_balance
from invoicing.models import BillingPolicy
from tests.integration.crm.conftest import StaffClient
from tests.subscribers import connect, pay

pytestmark = pytest.mark.django_db


def address(name: str, *args: object) -> str:
    return reverse(f"crm:{name}", args=args)


def text(answer: object) -> str:
    return answer.content.decode().replace("\xa0", " ")  # type: ignore[attr-defined]


class TestCycle:
    def test_it_is_shown_first_and_changed_to_exactly_that(
        self, as_role: StaffClient, bob: Account
    ) -> None:
        agent = as_role("agent")
        connect(bob)
        day = 10 if timezone.localdate().day != 10 else 11
        wish = {"anchor": "day", "cycle_day": str(day), "months": "2"}
        shown = agent.post(address("change-cycle", bob.pk), wish)
        assert "Плата за него" in text(shown)
        assert not AccountCycle.objects.exists()
        seen = shown.context["form"]["seen"].value()
        assert json.loads(seen)["months"] == 2
        done = agent.post(address("change-cycle", bob.pk), wish | {"seen": seen}, follow=True)
        assert "Изменён расчётный период" in text(done)
        coming = AccountCycle.objects.get(account=bob, until=None)
        assert (coming.cycle_day, coming.months) == (day, 2)
        assert coming.on_behalf_of == f"customer:{bob.customer_id}"

    def test_what_was_not_shown_is_not_agreed(self, as_role: StaffClient, bob: Account) -> None:
        wish = {"anchor": "day", "cycle_day": "10", "months": "1", "seen": '{"cycle_day": 9}'}
        answer = as_role("agent").post(address("change-cycle", bob.pk), wish)
        assert "Условия изменились" in text(answer)
        assert not AccountCycle.objects.exists()

    def test_the_same_cycle_is_refused_beside_its_field(
        self, as_role: StaffClient, bob: Account
    ) -> None:
        wish = {"anchor": "calendar", "cycle_day": "1", "months": "1"}
        answer = as_role("agent").post(address("change-cycle", bob.pk), wish)
        assert answer.context["form"].errors["cycle_day"] == ["Расчётный период и так такой."]

    def test_a_cashier_may_not(self, as_role: StaffClient, bob: Account) -> None:
        cashier = as_role("cashier")
        assert cashier.get(address("change-cycle", bob.pk)).status_code == 403
        assert cashier.get(address("take-deposit", bob.pk)).status_code == 403
        assert "Период с 1 числа" in text(cashier.get(address("card", bob.customer_id)))


class TestDeposits:
    @pytest.fixture
    def agent(self, as_role: StaffClient) -> Client:
        return as_role("agent")

    def test_taken_shown_and_returned(self, agent: Client, bob: Account) -> None:
        pay(bob, "500.00")
        before = get_balance(bob.pk).money
        sent = {"request_id": "one", "amount": "300", "reason": "оборудование"}
        for _ in range(2):
            agent.post(address("take-deposit", bob.pk), sent)
        assert get_balance(bob.pk).money == before - 300
        assert "300,00" in text(agent.get(address("card", bob.customer_id)))
        page = text(agent.get(address("account-money", bob.pk)))
        assert "Гарантийные взносы, отдельно от баланса" in page
        assert "оборудование" in page
        kept = Deposit.objects.get()
        agent.post(address("return-deposit", kept.pk), {"reason": "вернул приставку"})
        assert get_balance(bob.pk).money == before
        history = text(agent.get(address("card", bob.customer_id)))
        assert "Взят гарантийный взнос" in history
        assert "Гарантийный взнос возвращён" in history
        again = text(agent.post(address("return-deposit", kept.pk), {"reason": "ещё раз"}))
        assert "Этот взнос уже возвращён." in again

    def test_unknown_ones_are_not_there(self, agent: Client) -> None:
        assert agent.get(address("return-deposit", 0)).status_code == 404
        assert agent.get(address("take-deposit", 0)).status_code == 404


def test_the_policy_lets_subscribers_change_it(as_role: StaffClient, bob: Account) -> None:
    entity = bob.contract.legal_entity_id
    sent = {"review": "never", "percent": "50", "money": "300", "own_cycle_change": "on"}
    as_role("accountant").post(address("bill-policy", entity), sent)
    assert BillingPolicy.objects.get(legal_entity=entity).own_cycle_change


def test_a_class_pays_a_part_of_deposits(bob: Account) -> None:
    assert CreditClass.objects.get(code=bob.credit_class).deposit_percent == Decimal(100)
