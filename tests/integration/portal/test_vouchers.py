"""Topping up with a scratch card in the self-service account."""

from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts import queries
from accounts.models import Account, VoucherAttempt
from tests.scratch_cards import a_series

pytestmark = pytest.mark.django_db


def a_card() -> str:
    now = timezone.now()
    _series, [code] = a_series(1, now=now, today=timezone.localdate(now))
    return code


def topped_up(account: Account) -> Decimal:
    """What came onto the account beside the 500 that were there."""
    return -500 + queries.get_balance(account.pk).money


@pytest.fixture
def account(alice: Account) -> Account:
    return alice


@pytest.fixture
def browser(as_alice: Client) -> Client:
    return as_alice


def test_the_card_tops_up_and_the_page_says_so(browser: Client, account: Account) -> None:
    assert "/payments/voucher/" in browser.get("/payments/").content.decode()
    answer = browser.post("/payments/voucher/", {"code": a_card()}, follow=True)
    assert "деньги с карты" in answer.content.decode()
    assert topped_up(account) == Decimal("300.00")


def test_twice_is_once(browser: Client, account: Account) -> None:
    code = a_card()
    for _ in range(2):
        assert browser.post("/payments/voucher/", {"code": code}).status_code == 302
    assert topped_up(account) == Decimal("300.00")


@pytest.mark.parametrize(
    ("code", "told"), [("", "Введите 16 цифр"), ("12", "16 цифр"), ("0" * 16, "Осталось попыток")]
)
def test_what_is_wrong_is_said(browser: Client, account: Account, code: str, told: str) -> None:
    answer = browser.post("/payments/voucher/", {"code": code})
    assert told in answer.content.decode()
    assert topped_up(account) == 0


def test_guessing_ends_with_a_time(browser: Client, account: Account) -> None:
    for _ in range(5):
        browser.post("/payments/voucher/", {"code": "0" * 16})
    answer = browser.post("/payments/voucher/", {"code": a_card()})
    assert "Следующая попытка возможна в" in answer.content.decode()
    assert topped_up(account) == 0
    assert set(VoucherAttempt.objects.values_list("address", "succeeded")) == {("127.0.0.1", False)}


def test_strangers_are_shown_the_door() -> None:
    assert Client().get("/payments/voucher/").status_code == 302
