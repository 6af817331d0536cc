"""A charge disputed in the portal, decided at the desk, seen by the subscriber."""

import os
import re
from pathlib import Path

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect

from accounts.models import Account
from invoicing.models import Bill, Dispute
from tests.browser.conftest import DESKTOP, PHONE, serious_faults
from tests.integration.crm.conftest import staff
from tests.integration.portal import conftest as given
from tests.integration.portal.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bill(db: None) -> Bill:
    account = given.open_account("Смирнова", "Алиса", phone="79111234567")
    given.subscriber(account)
    cache.set("crm:is_set_up", True)
    return given.issue_bill(account)


def picture(page: Page, name: str) -> None:
    folder = os.environ.get("RETEL_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def come_in(page: Page, account: Account) -> None:
    page.goto("/sign-in/")
    page.get_by_label(re.compile("Лицевой счёт|Account number")).fill(account.number)
    page.get_by_label(re.compile("Пароль|Password")).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#balance")


def come_to_the_desk(page: Page) -> None:
    staff("administrator", PASSWORD)
    page.goto("/crm/login/")
    page.locator("[name=login]").fill("administrator")
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#q")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], indirect=True)
def test_disputed_in_the_portal_decided_at_the_desk(
    page: Page, browser: Browser, live_server, bill: Bill, viewport: dict[str, int]
) -> None:
    width = viewport["width"]
    come_in(page, bill.account)
    page.goto(f"/bills/{bill.pk}/")
    page.get_by_role("link", name=re.compile("Оспорить")).click()
    page.get_by_label("Что не так").fill("Этой услугой я не пользовалась")
    page.get_by_label("Сколько вы оспариваете").fill("66,00")
    picture(page, f"portal-dispute-raise-{width}")
    assert serious_faults(page) == []
    page.get_by_role("button", name="Отправить спор").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Спор №")
    picture(page, f"portal-dispute-{width}")
    assert serious_faults(page) == []
    dispute = Dispute.objects.get()

    visitor = browser.new_context(viewport=viewport, base_url=live_server.url, locale="ru-RU")
    visitor.set_default_timeout(30_000)
    desk = visitor.new_page()
    come_to_the_desk(desk)
    desk.goto("/crm/disputes/")
    picture(desk, f"crm-disputes-{width}")
    assert serious_faults(desk) == []
    desk.get_by_role("link", name=re.compile("Абонентская плата")).click()
    expect(desk.get_by_text("Этой услугой я не пользовалась")).to_be_visible()
    desk.wait_for_load_state("networkidle")
    desk.get_by_role("link", name=re.compile("Принять")).click()
    desk.get_by_label("Ответ абоненту").fill("Вы правы, возвращаем")
    picture(desk, f"crm-dispute-accept-{width}")
    desk.get_by_role("button", name="Принять спор").click()
    expect(desk.get_by_text("Вы правы, возвращаем")).to_be_visible()
    picture(desk, f"crm-dispute-{width}")
    assert serious_faults(desk) == []
    desk.goto(f"/crm/bills/{bill.pk}/")
    picture(desk, f"crm-bill-{width}")
    assert serious_faults(desk) == []
    visitor.close()

    page.goto(f"/disputes/{dispute.pk}/")
    expect(page.get_by_text("Вы правы, возвращаем")).to_be_visible()
    page.goto(f"/bills/{bill.pk}/")
    expect(
        page.get_by_text("К-2026-0000001").or_(page.get_by_text(re.compile("К-20"))).first
    ).to_be_visible()
    picture(page, f"portal-bill-{width}")
    assert serious_faults(page) == []
