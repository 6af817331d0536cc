"""Topping up by card with a phone: our page, the bank's page, and the truth."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Account, CardPayment, SavedCard
from accounts.queries import get_balance
from tests.acquirers import Bank, set_up
from tests.browser.conftest import PHONE, serious_faults
from tests.browser.test_portal import come_in, is_too_wide
from tests.integration.portal import conftest as given

pytestmark = pytest.mark.django_db(transaction=True)
phone = pytest.mark.parametrize("viewport", [PHONE], indirect=True)


@pytest.fixture
def alice(db: None) -> Account:
    account = given.open_account("Смирнова", "Алиса", email="alice@example.org")
    given.subscriber(account)
    given.charge(account, "120.00")
    return account


@pytest.fixture
def taken(alice: Account, bank: Bank, monkeypatch: pytest.MonkeyPatch) -> Bank:
    set_up(bank, "yookassa", monkeypatch, name="ЮKassa")
    return bank


def is_sound(page: Page) -> None:
    assert serious_faults(page) == []
    assert not is_too_wide(page)


@phone
def test_from_debt_to_the_bank_and_back(
    page: Page, alice: Account, taken: Bank, viewport: dict[str, int]
) -> None:
    come_in(page, alice)
    page.get_by_role("link", name="Пополнить").click()
    expect(page.get_by_label("Сумма")).to_have_value("120,00")
    is_sound(page)
    page.get_by_label("Запомнить карту").check()
    page.get_by_role("button", name="К оплате").click()
    expect(page.get_by_role("heading", name="Страница банка")).to_be_visible()
    page.get_by_role("button", name="Заплатить").click()
    expect(page.get_by_text("Деньги на лицевом счёте.")).to_be_visible()
    is_sound(page)
    assert get_balance(alice.pk).money == 0
    page.get_by_role("link", name="В личный кабинет").click()
    expect(page.locator(".sum-figure")).to_have_text("0,00\u00a0₽")
    page.goto("/payments/autopay/")
    is_sound(page)
    page.get_by_label("Согласен").check()
    page.get_by_role("button", name="Включить автоплатёж").click()
    expect(page.locator(".card-act")).to_contain_text("когда остаётся меньше")
    is_sound(page)
    page.get_by_role("button", name="Выключить автоплатёж").click()
    expect(page.get_by_text("больше с карты ничего не списывается")).to_be_visible()
    assert SavedCard.objects.get().last4 == "4444"


@phone
def test_the_waiting_page_turns_by_itself(
    page: Page, alice: Account, taken: Bank, viewport: dict[str, int]
) -> None:
    come_in(page, alice)
    page.goto("/payments/top-up/")
    page.get_by_role("button", name="К оплате").click()
    expect(page.get_by_role("heading", name="Страница банка")).to_be_visible()
    token = CardPayment.objects.get().token
    page.goto(f"/pay/{token}/outcome/")
    expect(page.get_by_text("Ждём ответа банка.")).to_be_visible()
    is_sound(page)
    taken.pay()
    expect(page.get_by_text("Деньги на лицевом счёте.")).to_be_visible()
    assert get_balance(alice.pk).money == 0


@phone
def test_without_cards_the_page_says_how_else_to_pay(
    page: Page, alice: Account, viewport: dict[str, int]
) -> None:
    come_in(page, alice)
    page.get_by_role("link", name="Пополнить").click()
    expect(page.get_by_text("пока не настроена")).to_be_visible()
    is_sound(page)
