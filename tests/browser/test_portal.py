"""The portal as people meet it: at a phone's and a desktop's size, in both languages, day and night."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.domain.kinds import Kind
from accounts.models import Account, Subscription
from tests.browser.conftest import DESKTOP, PHONE, serious_faults
from tests.integration.portal import conftest as given
from tests.integration.portal.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

both_sizes = pytest.mark.parametrize("viewport", [PHONE, DESKTOP], indirect=True)
PLACES = [
    "/",
    "/payments/",
    "/services/",
    "/help/",
    "/inbox/",
    "/settings/",
    "/usage/",
    "/charges/",
]


@pytest.fixture
def debtor(db: None) -> Account:
    """120 roubles of debt: the internet is slow, and there is a bill and a letter."""
    account = given.open_account("Смирнова", "Алиса", phone="79111234567")
    given.subscriber(account)
    line = given.connect(account, "internet", kind="login", value="smirnova")
    given.pay(account, "500.00")
    given.charge(account, "620.00", kind=Kind.FEE, about_subscription_id=line.pk)
    given.decide(account)
    given.issue_bill(account)
    given.write_letter(account)
    return account


@pytest.fixture
def phone_line(debtor: Account) -> Subscription:
    return given.connect(debtor, "mobile", kind="msisdn", value="79215550101")


def come_in(page: Page, account: Account) -> None:
    page.goto("/sign-in/")
    page.get_by_label(re.compile("Лицевой счёт|Account number")).fill(account.number)
    page.get_by_label(re.compile("Пароль|Password")).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#balance")


def is_too_wide(page: Page) -> bool:
    """Whether the page has to be moved sideways."""
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


@both_sizes
def test_sign_in_page_is_sound(page: Page, viewport: dict[str, int]) -> None:
    page.goto("/sign-in/")
    assert serious_faults(page) == []
    assert not is_too_wide(page)


@both_sizes
def test_a_debtor_sees_how_much_and_what_to_do(
    page: Page, debtor: Account, viewport: dict[str, int]
) -> None:
    come_in(page, debtor)
    expect(page.locator(".sum-figure")).to_have_text("−120,00\u00a0₽")
    expect(page.locator(".sum-say")).to_contain_text("скорость вернётся сразу")
    sizes = page.evaluate(
        "[...document.querySelectorAll('main *')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert max(sizes) == 40
    assert sizes.count(40) == 1


@both_sizes
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_sound(
    page: Page, debtor: Account, phone_line: Subscription, viewport: dict[str, int], theme: str
) -> None:
    page.emulate_media(color_scheme=theme)
    come_in(page, debtor)
    bill = debtor.bills.get()
    for path in [*PLACES, f"/bills/{bill.pk}/", "/settings/password/", "/payments/promise/"]:
        page.goto(path)
        assert serious_faults(page) == [], path
        assert not is_too_wide(page), path


def test_the_policy_lets_everything_through_that_is_ours(page: Page, debtor: Account) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    come_in(page, debtor)
    page.goto("/payments/")
    page.wait_for_function("window.htmx !== undefined")
    assert complaints == []


@pytest.mark.parametrize("viewport", [PHONE], indirect=True)
def test_the_four_places_are_at_the_thumb(page: Page, debtor: Account) -> None:
    come_in(page, debtor)
    bar = page.locator(".places")
    assert bar.evaluate("e => getComputedStyle(e).position") == "fixed"
    assert bar.get_by_role("link").all_inner_texts() == ["Главная", "Платежи", "Услуги", "Помощь"]
    for link in bar.get_by_role("link").all():
        box = link.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["width"] >= 44
    bar.get_by_role("link", name="Платежи").click()
    expect(page.locator("h1")).to_have_text("Платежи")


@pytest.mark.parametrize("viewport", [DESKTOP], indirect=True)
def test_two_columns_on_a_desktop(page: Page, debtor: Account) -> None:
    come_in(page, debtor)
    balance = page.locator("section[aria-labelledby=balance]").bounding_box()
    services = page.locator("section[aria-labelledby=services]").bounding_box()
    assert balance is not None
    assert services is not None
    assert services["x"] > balance["x"] + balance["width"]


def test_the_language_is_changed_in_one_step_and_stays(page: Page, debtor: Account) -> None:
    come_in(page, debtor)
    page.get_by_role("button", name="English").click()
    expect(page.locator(".sum-figure")).to_have_text("−₽120.00")
    page.goto("/payments/")
    expect(page.locator("h1")).to_have_text("Payments")
    assert page.locator("html").get_attribute("lang") == "en"


def test_a_promise_brings_the_speed_back(page: Page, debtor: Account) -> None:
    come_in(page, debtor)
    page.get_by_role("link", name="Посмотреть условия").click()
    page.get_by_label("Сумма").fill("300")
    page.get_by_role("button", name=re.compile("Внесу до")).click()
    expect(page.locator(".say")).to_contain_text("Готово")
    expect(page.locator("article", has_text="smirnova").locator(".state")).to_have_text("работает")


def test_the_keyboard_is_enough(page: Page, debtor: Account) -> None:
    page.goto("/sign-in/")
    page.keyboard.type(debtor.number)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#balance")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "К содержанию"


def test_templates_are_short() -> None:
    folder = Path(__file__).parents[2] / "portal" / "templates"
    lengths = {path.name: len(path.read_text().splitlines()) for path in folder.rglob("*.html")}
    assert max(lengths.values()) <= 120, lengths
