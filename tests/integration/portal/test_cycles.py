"""The billing cycle in the self-service account: seen by everybody, changed where it is allowed."""

from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, AccountCycle
from accounts.operations.deposits import take_deposit
from invoicing.models import BillingPolicy
from tests.integration.portal.test_pages import text_of
from tests.people import CLERK, NOON
from tests.subscribers import connect

pytestmark = pytest.mark.django_db
PAGE = "/subscriptions/cycle/"


@pytest.fixture
def allowed(alice: Account) -> Account:
    BillingPolicy.objects.create(legal_entity=alice.contract.legal_entity, own_cycle_change=True)
    connect(alice)
    return alice


def test_without_leave_it_is_only_shown(as_alice: Client, alice: Account) -> None:
    page = text_of(as_alice, PAGE)
    assert "Начинается числа" in page
    assert "Сейчас другой день выбрать нельзя" in page
    shown = as_alice.post(PAGE, {"cycle_day": "10"})
    mark = shown.context["mark"]
    answer = as_alice.post(PAGE, {"cycle_day": "10", "mark": mark}, follow=True)
    assert "нельзя" in answer.content.decode()
    assert not AccountCycle.objects.exists()


def test_another_day_is_shown_then_agreed_once_a_cycle(as_alice: Client, allowed: Account) -> None:
    day = 10 if timezone.localdate().day != 10 else 11
    shown = as_alice.post(PAGE, {"cycle_day": str(day)})
    assert "Плата за короткий период" in shown.content.decode()
    assert not AccountCycle.objects.exists()
    sent = {"cycle_day": str(day), "mark": shown.context["mark"]}
    answer = as_alice.post(PAGE, sent, follow=True).content.decode()
    assert "Готово: расчётный период изменится." in answer
    coming = AccountCycle.objects.get(account=allowed, until=None)
    assert (coming.cycle_day, coming.actor[:11]) == (day, "subscriber:")
    assert "Сейчас другой день выбрать нельзя" in text_of(as_alice, PAGE)


@pytest.mark.parametrize("day", ["0", "32", "x"])
def test_no_such_day(as_alice: Client, allowed: Account, day: str) -> None:
    assert as_alice.post(PAGE, {"cycle_day": day}).status_code == 200
    assert as_alice.post(PAGE, {"cycle_day": "5", "mark": "forged"}).status_code == 404
    assert not AccountCycle.objects.exists()


def test_deposits_are_seen_apart_from_the_balance(as_alice: Client, alice: Account) -> None:
    take_deposit(
        account_id=alice.pk, amount=Decimal("100.00"), request_id="one",
        business_date=timezone.localdate(), now=NOON, actor=CLERK,
    )  # fmt: skip
    assert "Гарантийный взнос, отдельно" in text_of(as_alice, "/")
    assert "вернутся с последним счётом" in text_of(as_alice, PAGE)
