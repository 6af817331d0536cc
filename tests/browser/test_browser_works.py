"""The browser fixtures themselves: a page is fetched from us, and axe finds planted faults."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, PHONE, serious_faults

pytestmark = pytest.mark.django_db(transaction=True)

BARRED = "<html><body><img src='x.png'><form><input name='login'></form></body></html>"
OPEN = (
    "<html lang='ru'><head><title>Вход</title></head><body><main><h1>Вход</h1>"
    "<label>Логин <input name='login'></label></main></body></html>"
)


def test_axe_finds_planted_faults(page: Page) -> None:
    page.set_content(BARRED)
    rules = {fault.split(":")[0] for fault in serious_faults(page)}
    assert {"image-alt", "html-has-lang", "label", "document-title"} <= rules


def test_axe_leaves_a_good_page_alone(page: Page) -> None:
    page.set_content(OPEN)
    assert serious_faults(page) == []


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], indirect=True)
def test_live_server_answers_at_both_sizes(page: Page, viewport: dict[str, int]) -> None:
    answer = page.goto("/health")
    assert answer is not None
    assert answer.status == 200
    assert page.evaluate("window.innerWidth") == viewport["width"]
