"""Rules of credit written at the desk, a limit and a promise taken in the portal."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect

from accounts.models import Account, CreditClass
from dunning import operations
from dunning.models import PromiseRule
from tests.browser.conftest import PHONE, keep_picture, serious_faults
from tests.browser.test_disputes import come_in, come_to_the_desk
from tests.integration.portal import conftest as given
from tests.people import CLERK, NOON
from tests.subscribers import charge, connect, drain

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(db: None) -> Account:
    """Maria owes 150 of a limit of 200; her internet works."""
    cache.set("crm:is_set_up", True)
    CreditClass.objects.filter(code="standard").update(largest_own_limit=Decimal(500))
    account = given.open_account("Иванова", "Мария", phone="79111234567")
    given.subscriber(account)
    connect(account)
    operations.set_credit_limit(
        account_id=account.pk, limit=Decimal(200), reason="просила", now=NOON, actor=CLERK
    )
    charge(account, "150.00")
    drain()
    PromiseRule.objects.update(min_months=2, min_debt=Decimal(50))
    Account.objects.update(opened_on=date(2026, 1, 1))
    return account


def picture(page: Page, name: str) -> None:
    keep_picture(page, f"credit-{name}")


@pytest.mark.parametrize("viewport", [PHONE], indirect=True)
def test_rules_are_written_and_credit_is_taken_by_them(
    page: Page, browser: Browser, live_server, account: Account, viewport: dict[str, int]
) -> None:
    come_in(page, account)
    page.goto("/payments/")
    page.get_by_role("link", name="Выбрать лимит").click()
    page.get_by_label("Кредитный лимит").fill("100")
    page.get_by_role("button", name="Установить лимит").click()
    expect(page.get_by_text(re.compile("после платежа на 50,00"))).to_be_visible()
    picture(page, "portal-refused")
    assert serious_faults(page) == []
    page.get_by_label("Кредитный лимит").fill("500")
    page.get_by_role("button", name="Установить лимит").click()
    expect(page.get_by_text("Готово: кредитный лимит установлен.")).to_be_visible()
    picture(page, "portal-limit")
    page.goto("/payments/promise/")
    expect(
        page.get_by_text(re.compile("при долге сверх кредитного лимита от 50,00"))
    ).to_be_visible()
    picture(page, "portal-no-promise")
    assert serious_faults(page) == []

    visitor = browser.new_context(viewport=viewport, base_url=live_server.url, locale="ru-RU")
    visitor.set_default_timeout(30_000)
    desk = visitor.new_page()
    come_to_the_desk(desk)
    desk.goto("/crm/tariffs/credit/rules/new/")
    desk.get_by_label("Название по-русски").fill("Всем по тысяче")
    desk.get_by_label("Название по-английски").fill("A thousand for all")
    desk.get_by_label("Порядок").fill("10")
    desk.get_by_label("Не больше").fill("1000")
    desk.get_by_role("button", name="Кому подходит?").click()
    expect(desk.get_by_text("Открытых счетов: 1.")).to_be_visible()
    picture(desk, "crm-rule")
    assert serious_faults(desk) == []
    desk.get_by_role("button", name="Сохранить").click()
    expect(desk.get_by_role("link", name="Всем по тысяче")).to_be_visible()
    picture(desk, "crm-rules")
    assert serious_faults(desk) == []
    desk.goto(f"/crm/accounts/{account.pk}/credit/")
    picture(desk, "crm-account")
    assert serious_faults(desk) == []
    visitor.close()

    page.goto("/payments/promise/")
    page.get_by_role("button", name=re.compile("Внесу до")).click()
    page.wait_for_selector("#balance")
    assert account.promises.get().rule == PromiseRule.objects.get(position=10)
