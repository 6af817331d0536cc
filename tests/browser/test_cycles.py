"""A subscriber moves the billing cycle; the desk changes it again, takes a deposit, ends the service."""

import os
import re

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import Account, AccountCycle, Deposit
from invoicing.models import BillingPolicy
from tests.browser.conftest import PHONE, keep_picture, serious_faults
from tests.browser.test_disputes import come_in, come_to_the_desk
from tests.integration.portal import conftest as given
from tests.subscribers import connect, pay

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(db: None) -> Account:
    """Maria has internet and money; her operator lets her choose the day of her cycle."""
    cache.set("crm:is_set_up", True)
    account = given.open_account("Иванова", "Мария", phone="79111234567")
    given.subscriber(account)
    connect(account)
    pay(account, "1000.00")
    BillingPolicy.objects.create(legal_entity=account.contract.legal_entity, own_cycle_change=True)
    return account


def picture(page: Page, name: str) -> None:
    keep_picture(page, f"cycles-{name}")


@pytest.mark.parametrize("viewport", [PHONE], indirect=True)
def test_a_cycle_is_moved_and_a_deposit_kept(
    page: Page, browser: Browser, live_server, account: Account, viewport: dict[str, int]
) -> None:
    day = 10 if timezone.localdate().day != 10 else 11
    come_in(page, account)
    page.goto("/subscriptions/")
    page.get_by_role("link", name="Ваш расчётный период").click()
    page.get_by_label("Число месяца").fill(str(day))
    page.get_by_role("button", name="Показать, что изменится").click()
    expect(page.get_by_text(re.compile("Плата за короткий период"))).to_be_visible()
    picture(page, "portal-offer")
    assert serious_faults(page) == []
    page.get_by_role("button", name="Изменить период").click()
    expect(page.get_by_text("Готово: расчётный период изменится.")).to_be_visible()
    picture(page, "portal-done")

    visitor = browser.new_context(viewport=viewport, base_url=live_server.url, locale="ru-RU")
    visitor.set_default_timeout(30_000)
    desk = visitor.new_page()
    come_to_the_desk(desk)
    desk.goto(f"/crm/accounts/{account.pk}/cycle/")
    desk.get_by_label("Число месяца, с которого период").fill("20")
    desk.get_by_label("Один период —").select_option("2")
    desk.get_by_role("button", name="Показать, что изменится").click()
    expect(desk.get_by_text("Первый полный период")).to_be_visible()
    picture(desk, "crm-offer")
    assert serious_faults(desk) == []
    desk.get_by_role("button", name="Согласовано").click()
    expect(desk.get_by_text("Изменён расчётный период").first).to_be_visible()
    desk.goto(f"/crm/accounts/{account.pk}/deposit/")
    desk.get_by_label("Сумма").fill("300")
    desk.get_by_label("Причина").fill("приставка")
    desk.get_by_role("button", name="Взять гарантийный взнос").click()
    expect(desk.get_by_text("Гарантийные взносы, отдельно от баланса")).to_be_visible()
    picture(desk, "crm-deposit")
    assert serious_faults(desk) == []
    desk.goto(f"/crm/customers/{account.customer_id}/")
    picture(desk, "crm-card")
    if os.environ.get("RETEL_SCREENSHOTS"):
        visitor.add_cookies([{"name": "django_language", "value": "en", "url": live_server.url}])
        desk.goto(f"/crm/accounts/{account.pk}/cycle/")
        picture(desk, "crm-en")
    visitor.close()

    page.goto("/")
    expect(page.get_by_text("Гарантийный взнос, отдельно")).to_be_visible()
    page.goto("/subscriptions/cycle/")
    picture(page, "portal-deposit")
    assert serious_faults(page) == []
    coming = AccountCycle.objects.get(account=account, until=None)
    assert (coming.cycle_day, coming.months) == (20, 2)
    assert Deposit.objects.get().state == "held"
