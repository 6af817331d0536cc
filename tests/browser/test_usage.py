"""The screens of suspense and usage as people meet them: both sizes, both languages."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from rating.models import SuspenseRecord, SuspenseRun
from tests.browser.conftest import DESKTOP, PHONE, press_shortcut, serious_faults
from tests.browser.test_crm import administrator, come_in, is_too_wide  # noqa: F401 - a fixture
from tests.browser.usage_data import a_month_of_usage
from tests.people import ladoga

pytestmark = pytest.mark.django_db(transaction=True)

SCREENSHOTS = os.environ.get("RETEL_SCREENSHOTS", "")
sizes_and_languages = pytest.mark.parametrize(
    ("viewport", "language"),
    [(PHONE, "ru"), (DESKTOP, "ru"), (PHONE, "en"), (DESKTOP, "en")],
    indirect=["viewport"],
)


@pytest.fixture
def usage(administrator: User, settings: Any, tmp_path: Path) -> None:  # noqa: F811
    settings.ARCHIVE_DIR = tmp_path / "archive"
    ladoga()
    a_month_of_usage(tmp_path / "in")


def look(page: Page, name: str, viewport: dict[str, int], language: str) -> None:
    """No serious fault, nothing sticks out; keep the picture if asked to."""
    if SCREENSHOTS:
        path = Path(SCREENSHOTS) / f"{name}-{language}-{viewport['width']}.png"
        page.screenshot(path=path, full_page=True)
    assert serious_faults(page) == []
    assert not is_too_wide(page)


def speak(page: Page, language: str) -> None:
    if language == "en":
        page.goto("/crm/approvals/")
        page.get_by_role("button", name="English").click()
        page.wait_for_selector("text=Sign out")


@sizes_and_languages
def test_suspense_and_usage(
    page: Page, viewport: dict[str, int], language: str, usage: None
) -> None:
    come_in(page)
    speak(page, language)
    page.goto("/crm/")
    expect(page.locator(".note.now")).to_have_count(1)
    page.goto("/crm/suspense/")
    look(page, "suspense", viewport, language)
    page.goto(f"/crm/suspense/{SuspenseRecord.objects.order_by('line')[0].pk}/")
    look(page, "suspended", viewport, language)
    page.goto("/crm/suspense/try/?reason=unknown_subscriber")
    look(page, "trials", viewport, language)
    page.goto("/crm/suspense/correct/?reason=unknown_subscriber")
    page.locator("#id_column").fill("src")
    page.locator("#id_pattern").fill("^999000000")
    page.locator("#id_value").fill("7921000000")
    page.locator("button[name=look]").click()
    expect(page.locator("ins").first).to_be_visible()
    look(page, "correct", viewport, language)
    page.locator("#id_note").fill("АОН без кода страны")
    page.locator("button[name=apply]").click()
    expect(page.locator("#progress")).to_contain_text("60")
    look(page, "work", viewport, language)
    page.goto("/crm/suspense/work/")
    look(page, "work-list", viewport, language)
    for length in ("month", "week", "day"):
        page.goto(f"/crm/usage/?length={length}")
        look(page, f"usage-{length}", viewport, language)
    page.locator("details summary").first.click()
    look(page, "usage-table", viewport, language)
    page.goto("/crm/usage-files/")
    look(page, "files", viewport, language)


@pytest.mark.parametrize("viewport", [DESKTOP], indirect=True)
def test_by_keyboard_from_the_list_to_the_ledger(page: Page, usage: None) -> None:
    come_in(page)
    page.goto("/crm/suspense/?reason=unknown_subscriber")
    press_shortcut(page, "c")
    page.wait_for_url(re.compile("correct"))
    page.locator("#id_column").fill("src")
    page.locator("#id_pattern").fill("^999000000")
    page.locator("#id_value").fill("7921000000")
    page.locator("#id_note").fill("АОН")
    page.locator("button[name=look]").click()
    page.locator("button[name=apply]").click()
    page.wait_for_url(re.compile(r"work/\d+/"))
    page.goto("/crm/suspense/?reason=unknown_subscriber")
    press_shortcut(page, "t")
    page.wait_for_url(re.compile("/try/"))
    expect(page.locator(".worries")).to_contain_text("60")
    page.go_back()
    press_shortcut(page, "r")
    page.locator("dialog button.main").dblclick()
    page.wait_for_url(re.compile(r"work/\d+/"))
    expect(page.locator("#progress")).to_contain_text("60 / 60")
    assert SuspenseRun.objects.filter(kind="recycle").count() == 1
    assert SuspenseRecord.objects.filter(state="recycled").count() == 60


def test_a_write_off_above_the_limit_shows_that_it_waits(page: Page, usage: None) -> None:
    from crm.domain import roles

    come_in(page)
    page.goto("/crm/suspense/?reason=unknown_subscriber")
    limits, role = roles.WRITE_OFF_LIMITS, roles.ADMINISTRATOR
    before = limits[role]
    limits[role] = (10, 10)
    try:
        press_shortcut(page, "w")
        page.locator("dialog #id_reason").fill("испытания")
        page.locator("dialog button.main").click()
        expect(page.locator("#progress .state")).to_contain_text("ждёт одобрения")
    finally:
        limits[role] = before
    assert SuspenseRecord.objects.filter(state="waiting").count() == 70
