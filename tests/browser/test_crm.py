"""The agents' desk as agents meet it: keyboard first, one card, both sizes and languages."""

import os
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import Page, expect

from accounts.models import Account, LegalEntity, User
from crm.domain.roles import ADMINISTRATOR
from tests.browser.conftest import DESKTOP, PHONE, press_shortcut, serious_faults
from tests.browser.crm_data import a_busy_customer, a_moving_night

pytestmark = pytest.mark.django_db(transaction=True)

both_sizes = pytest.mark.parametrize("viewport", [PHONE, DESKTOP], indirect=True)
PASSWORD = "Ладожский-лёд-26"
# RETEL_SCREENSHOTS=docs/screenshots keeps what the tests see.
SCREENSHOTS = os.environ.get("RETEL_SCREENSHOTS", "")


@pytest.fixture
def administrator(db: None) -> User:
    user = User.objects.create_user(
        "petrova", PASSWORD, kind=User.Kind.STAFF, full_name="Анна Петрова"
    )
    user.groups.add(Group.objects.get(name=ADMINISTRATOR))
    return user


@pytest.fixture
def account(administrator: User) -> Account:
    return a_busy_customer(administrator.actor)


def come_in(page: Page) -> None:
    page.goto("/crm/")
    page.get_by_label(re.compile("Логин|Login")).fill("petrova")
    page.get_by_label(re.compile("Пароль|Password")).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("form[action$='/logout/']")


def is_too_wide(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


def look(page: Page, name: str, viewport: dict[str, int]) -> None:
    """No serious fault, nothing sticks out; keep the picture if asked to."""
    assert serious_faults(page) == []
    assert not is_too_wide(page)
    if SCREENSHOTS:
        path = Path(SCREENSHOTS) / f"crm-{name}-{viewport['width']}.png"
        page.screenshot(path=path, clip={"x": 0, "y": 0, **_size(page, viewport)})


def _size(page: Page, viewport: dict[str, int]) -> dict[str, float]:
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": viewport["width"], "height": min(height, 1200)})
    return {"width": viewport["width"], "height": min(height, 1200)}


@both_sizes
def test_search_by_keyboard_alone(
    page: Page, viewport: dict[str, int], administrator: User, account: Account
) -> None:
    come_in(page)
    press_shortcut(page, "/")
    page.keyboard.type("иванов")
    expect(page.locator("#found li")).to_have_count(3)
    look(page, "search", viewport)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#found a").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/crm/customers/\d+/"))


@both_sizes
def test_card(page: Page, viewport: dict[str, int], administrator: User, account: Account) -> None:
    come_in(page)
    page.goto(f"/crm/customers/{account.customer_id}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Иванова Мария Сергеевна")
    look(page, "card", viewport)
    page.goto("/crm/?q=no")
    page.get_by_role("button", name="English").click()
    page.goto(f"/crm/customers/{account.customer_id}/")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert serious_faults(page) == []
    assert not is_too_wide(page)


@both_sizes
def test_night_page_moves_by_itself(
    page: Page, viewport: dict[str, int], administrator: User, account: Account
) -> None:
    piece = a_moving_night()
    come_in(page)
    page.goto("/crm/night/")
    expect(page.locator("#steps")).to_contain_text("42")
    look(page, "night", viewport)
    piece.rows_done = 3_350
    piece.save()
    expect(page.locator("#steps")).to_contain_text("67", timeout=8_000)


def test_a_note_without_leaving_the_card(page: Page, administrator: User, account: Account) -> None:
    come_in(page)
    page.goto(f"/crm/customers/{account.customer_id}/")
    press_shortcut(page, "n")
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.type("Просит счёт на почту")
    assert serious_faults(page) == []
    page.get_by_role("button", name="Сохранить").click()
    expect(page.locator(".timeline")).to_contain_text("Просит счёт на почту")
    expect(page.locator("dialog")).to_be_hidden()


def test_a_refused_form_stays_in_the_dialog(
    page: Page, administrator: User, account: Account
) -> None:
    come_in(page)
    page.goto(f"/crm/customers/{account.customer_id}/")
    press_shortcut(page, "p")
    page.get_by_role("button", name="Открыть смену").click()
    page.get_by_label("Сумма").fill("много")
    page.get_by_role("button", name="Принять платёж").click()
    expect(page.locator("dialog .wrong")).to_be_visible()
    page.get_by_label("Сумма").fill("500,50")
    page.get_by_role("button", name="Принять платёж").dblclick()
    expect(page.get_by_role("status")).to_contain_text("500,50")
    assert account.payments.filter(amount="500.50").count() == 1


SET_UP = {
    "Краткое название": "Ладога Телеком",
    "Полное название": "ООО «Ладога Телеком»",
    "Юридический адрес": "Санкт-Петербург, Невский пр., 1",
    "Первый номер": "79215550000",
    "Последний номер": "79215550099",
    "Название тарифа по-русски": "Старт",
    "Название тарифа по-английски": "Start",
}


@both_sizes
def test_from_the_empty_installation_to_the_first_payment(
    page: Page, viewport: dict[str, int], administrator: User
) -> None:
    come_in(page)
    set_up(page)
    press_shortcut(page, "n") if viewport == DESKTOP else page.get_by_text("Новый человек").click()
    page.get_by_label("Фамилия").fill("Сергеев")
    page.get_by_label("Имя", exact=True).fill("Илья")
    page.get_by_role("button", name="Сохранить").click()
    press(page, "Подписать договор", send="Подписать")
    press(page, "Открыть лицевой счёт", send="Открыть")
    page.get_by_text("Подключить услугу").click()
    page.get_by_label("Номер").select_option(index=1)
    page.get_by_role("button", name="Подключить", exact=True).click()
    expect(page.locator(".service")).to_contain_text("+7 921 555-00-00")
    page.get_by_text("Принять платёж").click()
    page.get_by_role("button", name="Открыть смену").click()
    page.get_by_label("Сумма").fill("700")
    page.get_by_role("button", name="Принять платёж").click()
    expect(page.locator(".worries")).to_contain_text(re.compile(r"700\s₽"))
    assert serious_faults(page) == []
    assert not is_too_wide(page)


def set_up(page: Page) -> None:
    page.wait_for_url("**/crm/set-up/")
    for label, value in SET_UP.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label(re.compile("^КПП")).fill("783001001")
    page.get_by_label("ИНН").fill("7830002294")
    page.get_by_role("button", name="Настроить").click()
    expect(page.locator(".wrong")).to_have_count(1)
    assert serious_faults(page) == []
    assert not LegalEntity.objects.exists()
    page.get_by_label("ИНН").fill("7830002293")
    # The world's destination zones are written here.
    page.get_by_role("button", name="Настроить").click(timeout=60_000)
    page.wait_for_url(re.compile("/crm/$"), timeout=60_000)


def press(page: Page, link: str, *, send: str) -> None:
    page.get_by_text(link).first.click()
    page.locator("dialog").get_by_role("button", name=send, exact=True).click()
    expect(page.locator("dialog")).to_be_hidden()
