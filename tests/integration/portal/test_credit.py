"""The credit limit and the promised payment in the self-service account."""

from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import Account, CreditClass
from dunning import operations
from dunning.models import PromiseRule
from tests.integration.portal.test_pages import text_of
from tests.people import CLERK, NOON
from tests.subscribers import charge, connect

pytestmark = pytest.mark.django_db
PAGE = "/payments/credit/"


@pytest.fixture
def choosing(alice: Account) -> Account:
    """Alice has spent all she had, 300 are granted to her; her class lets her choose up to 400."""
    CreditClass.objects.filter(code="standard").update(largest_own_limit=Decimal(400))
    charge(alice, "500.00")
    operations.set_credit_limit(
        account_id=alice.pk, limit=Decimal(300), reason="VIP", now=NOON, actor=CLERK
    )
    return alice


def test_the_limit_is_chosen_within_the_class(as_alice: Client, choosing: Account) -> None:
    page = text_of(as_alice, PAGE)
    assert "Можно выбрать до" in page
    assert "400,00 ₽" in page
    answer = as_alice.post(PAGE, {"limit": "350,50"}, follow=True)
    assert "Готово: кредитный лимит установлен." in answer.content.decode()
    choosing.refresh_from_db()
    assert choosing.credit_limit == Decimal("350.50")
    assert choosing.credit_changes.latest("pk").actor.startswith("subscriber:")
    assert "назначили мы" in text_of(as_alice, PAGE)


def test_a_refusal_says_how_much_is_used_and_what_to_pay(
    as_alice: Client, choosing: Account
) -> None:
    charge(choosing, "120.00")
    assert "Сейчас его можно уменьшить до 120 ₽" in text_of(as_alice, PAGE)
    answer = as_alice.post(PAGE, {"limit": "100"}).content.decode().replace("\xa0", " ")
    assert "использовано 120,00 ₽" in answer
    assert "после платежа на 20,00 ₽" in answer
    choosing.refresh_from_db()
    assert choosing.credit_limit == Decimal(300)


def test_a_class_without_limits_offers_none(as_alice: Client, alice: Account) -> None:
    assert "лимит не выбирается" in text_of(as_alice, PAGE)
    assert PAGE not in text_of(as_alice, "/payments/")


def test_the_payments_page_leads_to_it(as_alice: Client, choosing: Account) -> None:
    assert PAGE in text_of(as_alice, "/payments/")


def test_a_promise_of_an_exact_amount_asks_for_no_figure(
    as_alice: Client, choosing: Account
) -> None:
    connect(choosing)
    charge(choosing, "420.00")
    PromiseRule.objects.update(amount_is="missing", price=Decimal(10))
    page = text_of(as_alice, "/payments/promise/")
    assert 'type="hidden" name="amount" value="130' in page
    assert "Цена списывается сразу" in page
    as_alice.post("/payments/promise/", {"amount": "130.00"})
    assert choosing.promises.get().amount == Decimal(130)


def test_each_condition_that_fails_is_told_with_what_helps(
    as_alice: Client, choosing: Account
) -> None:
    connect(choosing)
    charge(choosing, "420.00")
    PromiseRule.objects.update(min_paid=Decimal(700), max_debt=Decimal(100), unbroken_months=3)
    page = text_of(as_alice, "/payments/promise/")
    assert "Долг больше 100,00 ₽. Станет можно после платежа на 20,00 ₽." in page
    assert "Станет можно после платежа на 200,00 ₽." in page
    assert "Внесу до" not in page
