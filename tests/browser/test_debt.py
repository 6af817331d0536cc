"""A debt at the desk and in the portal: agreed in parts by the subscriber, seen and ended by an agent."""

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect

from accounts.models import Account
from invoicing.models import DebtPolicy
from tests import people
from tests.browser.conftest import DESKTOP, PHONE, keep_picture, serious_faults
from tests.browser.test_disputes import come_in, come_to_the_desk
from tests.integration.portal import conftest as given

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(db: None) -> Account:
    """Maria owes 366 of a bill, overdue, and 134 of this month."""
    cache.set("crm:is_set_up", True)
    account = given.open_account("Иванова", "Мария", phone="79111234567")
    given.subscriber(account)
    given.charge(account, "500.00")
    given.issue_bill(account, due_in_days=-3)
    DebtPolicy.objects.create(legal_entity=people.ladoga(), self_service=True)
    return account


def picture(page: Page, name: str) -> None:
    keep_picture(page, f"debt-{name}")


@pytest.mark.parametrize("viewport", [PHONE], indirect=True)
def test_a_debt_is_paid_in_parts(
    page: Page, browser: Browser, live_server, account: Account, viewport: dict[str, int]
) -> None:
    come_in(page, account)
    page.goto("/payments/")
    expect(page.get_by_text("просрочен, не оплачено 366,00")).to_be_visible()
    picture(page, "portal-payments")
    assert serious_faults(page) == []
    page.get_by_role("link", name="Оплатить долг частями").click()
    page.get_by_label("Сколько частей").select_option("4")
    page.get_by_role("button", name="Показать").click()
    picture(page, "portal-parts")
    assert serious_faults(page) == []
    page.get_by_role("button", name="Согласен платить так").click()
    expect(page.get_by_text("Готово: теперь вы платите частями.")).to_be_visible()
    picture(page, "portal-plan")
    assert serious_faults(page) == []

    visitor = browser.new_context(viewport=DESKTOP, base_url=live_server.url, locale="ru-RU")
    desk = visitor.new_page()
    come_to_the_desk(desk)
    desk.goto(f"/crm/accounts/{account.pk}/debt/")
    expect(desk.get_by_text("Часть 1 рассрочки")).to_be_visible()
    picture(desk, "desk")
    assert serious_faults(desk) == []
    desk.goto("/crm/instalments/")
    picture(desk, "desk-list")
    desk.get_by_role("link", name="Прекратить").click()
    desk.get_by_label("Причина").fill("Передумала")
    picture(desk, "desk-end")
    desk.get_by_role("button", name="Прекратить").click()
    expect(desk.get_by_text("Рассрочка прекращена.")).to_be_visible()
    visitor.close()
