"""Usage priced anew as an administrator sees it: the form with its count, the preview, applied."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from playwright.sync_api import Page, expect

from accounts.models import User
from bench.world import build_operator
from crm.domain.roles import ADMINISTRATOR
from rating.models import RerateRun
from rating.operations.rerating import runs
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_crm import PASSWORD, come_in, look
from tests.integration.rating.night import NOW, Night, call
from tests.integration.rating.test_rerating import correct_voice

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _usage(settings: object, tmp_path: Path) -> None:
    """Twelve subscribers whose calls were priced too cheaply, and an administrator."""
    settings.ARCHIVE_DIR = tmp_path / "archive"  # type: ignore[attr-defined]
    user = User.objects.create_user(
        "petrova", PASSWORD, kind=User.Kind.STAFF, full_name="Анна Петрова"
    )
    user.groups.add(Group.objects.get(name=ADMINISTRATOR))
    build_operator(subscribers=12)
    cache.set("crm:is_set_up", True)
    Night(tmp_path / "in").load(
        *(
            call(who, id=f"c{who}", dst="+79031234567", seconds=str(60 * (who + 1) ** 2))
            for who in range(12)
        )
    )
    correct_voice()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], indirect=True)
@pytest.mark.usefixtures("_usage")
def test_usage_is_priced_anew(page: Page, viewport: dict[str, int]) -> None:
    come_in(page)
    page.goto("/crm/rerating/new/")
    page.get_by_label("С", exact=True).fill("2026-11-01")
    page.get_by_label("По, включительно").fill("2026-11-30")
    page.get_by_label("Причина").fill("Ошибка в ценах на межгород")
    page.get_by_label("Причина").press("Tab")
    expect(page.locator("#count")).to_contain_text("12")
    look(page, "rerating-new", viewport)
    page.get_by_role("button", name="Посчитать").click()
    expect(page.locator("h1")).to_contain_text("Ошибка в ценах")
    run = RerateRun.objects.get()
    runs.go_on_rerating(run_id=run.pk, now=NOW)
    expect(page.get_by_role("table")).to_be_visible()
    look(page, "rerating-preview", viewport)
    page.get_by_role("link", name="Применить").click()
    page.locator("#dialog, dialog").get_by_role("button", name="Применить").click()
    expect(page.locator(".meter")).to_be_visible()
    runs.go_on_rerating(run_id=run.pk, now=NOW)
    expect(page.get_by_role("link", name="Вернуть цены")).to_be_visible()
    look(page, "rerating-applied", viewport)
    page.goto("/crm/rerating/")
    expect(page.get_by_role("table")).to_contain_text("применён")
    look(page, "rerating-list", viewport)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], indirect=True)
@pytest.mark.usefixtures("_usage")
def test_english_pages(page: Page, viewport: dict[str, int]) -> None:
    come_in(page)
    site = page.url.split("/crm")[0]
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.goto("/crm/rerating/new/")
    page.get_by_label("From", exact=True).fill("2026-11-01")
    page.get_by_label("To, this day included").fill("2026-11-30")
    page.get_by_label("Reason").fill("Wrong price of a zone")
    look(page, "rerating-new-en", viewport)
    page.get_by_role("button", name="Compute the preview").click()
    run = RerateRun.objects.get()
    runs.go_on_rerating(run_id=run.pk, now=NOW)
    expect(page.get_by_role("table")).to_be_visible()
    look(page, "rerating-preview-en", viewport)
    page.goto("/crm/rerating/")
    expect(page.get_by_role("table")).to_contain_text("Wrong price")
    look(page, "rerating-list-en", viewport)
