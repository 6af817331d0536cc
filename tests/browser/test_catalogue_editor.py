"""The catalogue's editor in a browser: a version from its draft to its publication, and each page."""

import os
import re
from datetime import date
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import User
from bench.world import Operator, build_operator
from crm.domain.roles import ADMINISTRATOR
from rating.models import Comparison
from tariffs import operations
from tariffs.models import MoveRule, PlanVersion, RateDeckVersion
from tariffs.operations import editing
from tests import people
from tests.browser.conftest import DESKTOP, PHONE, press_shortcut, serious_faults

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "Ладожский-лёд-26"
SCREENSHOTS = os.environ.get("RETEL_SCREENSHOTS", "")
both_sizes = pytest.mark.parametrize("viewport", [PHONE, DESKTOP], indirect=True)


@pytest.fixture
def operator(db: None) -> Operator:
    """Twelve subscribers, a catalogue, and an administrator."""
    people.ladoga()
    cache.set("crm:is_set_up", True)
    user = User.objects.create_user(
        "petrova", PASSWORD, kind=User.Kind.STAFF, full_name="Анна Петрова"
    )
    user.groups.add(Group.objects.get(name=ADMINISTRATOR))
    return build_operator(subscribers=12)


def at(name: str, *args: int) -> str:
    return reverse(f"crm:catalogue-{name}", args=args)


def come_in(page: Page) -> None:
    page.goto("/crm/")
    page.get_by_label(re.compile("Логин|Login")).fill("petrova")
    page.get_by_label(re.compile("Пароль|Password")).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("form[action$='/logout/']")


def look(page: Page, name: str, viewport: dict[str, int]) -> list[str]:
    """Return what is wrong with a page: faults of access, what sticks out; keep its picture."""
    wrong = [f"{name}: {fault}" for fault in serious_faults(page)]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        wrong.append(f"{name}: wider than the window")
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}-{viewport['width']}.png", full_page=True)
    return wrong


def test_draft_edit_preview_compare_publish(
    page: Page, viewport: dict[str, int], operator: Operator
) -> None:
    come_in(page)
    page.get_by_role("link", name="Тарифы", exact=True).click()
    page.get_by_role("link", name=operator.mobile.plan.name_ru, exact=True).click()
    page.wait_for_url(re.compile(r"/tariffs/\d+/$"))
    press_shortcut(page, "n")
    page.locator("dialog").get_by_label("В продаже с").fill("2027-01-01")
    page.locator("dialog").get_by_role("button", name="Создать черновик").click()
    page.wait_for_url(re.compile(r"/versions/\d+/$"))
    expect(page.locator("h1").first).to_contain_text("черновик")
    press_shortcut(page, "e")
    page.locator("dialog select[name=effect]").select_option("move")
    page.locator("dialog").get_by_role("button", name="Сохранить").click()
    expect(page.locator("dialog .wrong")).to_be_visible()
    page.locator("dialog select[name=effect]").select_option("keep")
    raised = operator.mobile.fee + 25
    page.locator("dialog input[name=fee]").fill(str(raised))
    page.locator("dialog").get_by_role("button", name="Сохранить").click()
    expect(page.locator(".changes")).to_contain_text(str(int(raised)))
    press_shortcut(page, "v")
    page.wait_for_url(re.compile("/preview/"))
    page.get_by_label("Номер").fill("+1 212 555-01-01")
    page.get_by_role("button", name="Посчитать", exact=True).click()
    expect(page.locator("#call .story li").first).to_contain_text("1")
    drafted = PlanVersion.objects.get(plan=operator.mobile.plan, published_at=None)
    page.goto(at("plan-version", drafted.pk))
    page.get_by_role("link", name=re.compile("^Сравнить")).click()
    page.wait_for_url(re.compile("/comparisons/new/"))
    page.get_by_role("button", name="Сравнить").click()
    expect(page.locator(".three")).to_contain_text("+300,00")
    assert look(page, "scenario-comparison", viewport) == []
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".three")).to_contain_text("Revenue of the month")
    assert look(page, "en-scenario-comparison", viewport) == []
    page.get_by_role("button", name="Русский").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.goto(at("plan-version", drafted.pk))
    press_shortcut(page, "p")
    page.locator("dialog").get_by_label(re.compile("Изменения прочитаны")).check()
    assert serious_faults(page) == []
    page.locator("dialog").get_by_role("button", name="Опубликовать").click()
    expect(page.get_by_role("status")).to_contain_text("Версия опубликована")
    drafted.refresh_from_db()
    assert drafted.published_at is not None
    assert Comparison.objects.get().result["fees"]["change"] == "300.00"


@pytest.fixture
def drafts(operator: Operator) -> tuple[PlanVersion, RateDeckVersion]:
    """Drafts of a plan and of its prices, a package, a rule of moves."""
    deck = operator.mobile.decks.get(usage_kind="voice").deck
    version = deck.versions.get()
    plan = editing.copy_plan_version(version_id=operator.mobile.pk, on_sale_from=date(2027, 1, 1))
    plan.fee += 40
    plan.save()
    drafted = editing.copy_deck_version(version_id=version.pk, valid_from=date(2027, 1, 1))
    rate = drafted.rates.filter(price__gt=0).first()
    rate.price *= 2
    rate.save()
    package = operations.create_package(code="more", name_ru="Ещё гигабайт", name_en="One more GB")
    operations.draft_package_version(package=package, fee=99, on_sale_from=date(2027, 1, 1))
    operations.create_plan(code="xl", name_ru="Икс-эль", name_en="XL", service="mobile")
    MoveRule.objects.create(from_plan=operator.mobile.plan, fee_up=100, min_days=30)
    return plan, drafted


@both_sizes
@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_page_fits_and_can_be_read(
    page: Page,
    viewport: dict[str, int],
    operator: Operator,
    drafts: tuple[PlanVersion, RateDeckVersion],
    language: str,
) -> None:
    come_in(page)
    if language == "en":
        page.get_by_role("button", name="English").click()
    plan, deck = drafts
    call = "?call=1&kind=voice&number=%2B12125550101&started_at=2026-11-20T19:59:30&length=95"
    month = "?typed_month=1&month=2026-11&hour=14&length=150&zone_1=home&minutes_1=200&sms=20"
    places = {
        "plans": at("plans"),
        "plan": at("plan", plan.plan_id),
        "plan-version": at("plan-version", plan.pk),
        "preview-call": at("preview-plan", plan.pk) + call,
        "preview-month": at("preview-plan", plan.pk) + month,
        "decks": at("decks"),
        "deck": at("deck", deck.deck_id),
        "deck-version": at("deck-version", deck.pk),
        "difference": at("difference", deck.pk),
        "import": at("import", deck.deck_id),
        "zones": at("zones") + "?number=%2B7 921 555-01-00",
        "packages": at("packages"),
        "bundles": at("bundles"),
        "moves": at("moves"),
        "comparisons": at("comparisons"),
        "compare": at("compare") + f"?kind=plan&new={plan.pk}",
        "edit-terms": at("edit-version", plan.pk),
        "edit-allowance": at("new-allowance", plan.pk),
        "edit-band": at("new-band", deck.pk),
        "edit-rate": at("new-rate", deck.pk),
        "publish": at("publish-version", plan.pk),
    }
    wrong = []
    for name, address in places.items():
        page.goto(address)
        wrong += look(page, f"{language}-{name}", viewport)
    assert wrong == []
