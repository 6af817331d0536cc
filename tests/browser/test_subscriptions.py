"""Subscriptions, bundles and pauses: in the self-service account and at the desk."""

import re
from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from accounts.models import (
    Account,
    BundleHolding,
    Consent,
    PackageAssignment,
    PlanAssignment,
    Subscription,
    User,
)
from invoicing.models import Pause
from tariffs import operations as tariffs
from tariffs.domain.drafts import BundlePartDraft
from tariffs.models import PauseRule
from tests import people
from tests.browser import test_crm as desk
from tests.browser import test_portal as self_service
from tests.browser.test_crm import administrator, both_sizes, look  # noqa: F401
from tests.browser.test_offers import LANGUAGES, speak
from tests.integration.portal import conftest as given
from tests.integration.tariffs.catalogue import (
    make_plan,
    make_published_package,
    make_published_version,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(db: None) -> Account:
    account = given.open_account("Смирнова", "Алиса", phone="79111234567")
    given.subscriber(account)
    given.pay(account, "2500.00")
    return account


@pytest.fixture
def home(account: Account) -> Subscription:
    """A mobile service, a package that it may have, and a bundle of both."""
    service = given.connect(account, "mobile", kind="msisdn", value="79215550101")
    version = make_published_version(make_plan("home"))
    plan = version.plan
    plan.name_ru, plan.name_en = "Домашний", "At home"
    plan.save()
    PlanAssignment.objects.filter(subscription=service).update(plan_version=version)
    package = make_published_package("road", fee=Decimal("310.00"))
    package.package.name_ru, package.package.name_en = "В дорогу", "On the road"
    package.package.save()
    bundle = tariffs.create_bundle(code="family", name_ru="Семейный", name_en="Family")
    draft = tariffs.draft_bundle_version(
        bundle=bundle,
        on_sale_from=date(2026, 1, 1),
        parts=[
            BundlePartDraft(plan_code="home", discount_percent=Decimal(20)),
            BundlePartDraft(package_code="road", discount_percent=Decimal(20)),
        ],
    )
    tariffs.publish_bundle_version(version_id=draft.pk, now=people.NOON)
    PauseRule.objects.create(fee=Decimal("5.00"), free_days=30, max_days=90)
    return service


@both_sizes
@LANGUAGES
def test_a_package_is_bought_and_taken_off(
    page: Page, viewport: dict[str, int], account: Account, home: Subscription, language: str
) -> None:
    self_service.come_in(page, account)
    speak(page, language)
    page.goto(f"/services/{home.pk}/packages/")
    page.get_by_role("link", name=re.compile("Посмотреть цену|Look at the price")).click()
    look(page, f"portal-package-{language}", viewport)
    page.get_by_role("button", name=re.compile("подключить|connect")).click()
    expect(page.locator("main")).to_contain_text(re.compile("В дорогу|On the road"))
    assert Consent.objects.get().door == "portal"
    page.goto("/subscriptions/")
    look(page, f"portal-subscriptions-{language}", viewport)
    page.get_by_role("link", name=re.compile("Отключить|Take off")).click()
    look(page, f"portal-package-off-{language}", viewport)
    page.get_by_role("button", name=re.compile("Отключить|Take off")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        re.compile("Подписки и списания|Subscriptions and charges")
    )
    assert PackageAssignment.objects.get().active_to is not None


@both_sizes
@LANGUAGES
def test_a_service_is_paused_and_works_again(
    page: Page, viewport: dict[str, int], account: Account, home: Subscription, language: str
) -> None:
    self_service.come_in(page, account)
    speak(page, language)
    page.goto(f"/services/{home.pk}/pause/")
    look(page, f"portal-pause-ask-{language}", viewport)
    page.get_by_role("button", name=re.compile("Показать условия|Show the terms")).click()
    look(page, f"portal-pause-terms-{language}", viewport)
    page.get_by_role("button", name=re.compile("Приостановить сейчас|Pause now")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Услуги|Services"))
    assert Pause.objects.get().state == "running"
    page.goto(f"/services/{home.pk}/pause/")
    look(page, f"portal-paused-{language}", viewport)
    page.get_by_role("button", name=re.compile("Возобновить|work again")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Услуги|Services"))
    assert Pause.objects.get().state == "ended"


@both_sizes
@LANGUAGES
def test_a_bundle_is_bought(
    page: Page, viewport: dict[str, int], account: Account, home: Subscription, language: str
) -> None:
    self_service.come_in(page, account)
    speak(page, language)
    page.goto("/subscriptions/")
    page.get_by_role("link", name=re.compile("Посмотреть цену|Look at the price")).click()
    look(page, f"portal-bundle-{language}", viewport)
    page.get_by_role("button", name=re.compile("подключить|connect")).click()
    expect(page.locator("main")).to_contain_text(re.compile("Семейный|Family"))
    assert BundleHolding.objects.get().active_to is None


@both_sizes
@LANGUAGES
def test_the_desk_does_the_same(
    page: Page,
    viewport: dict[str, int],
    administrator: User,  # noqa: F811
    home: Subscription,
    language: str,
) -> None:
    desk.come_in(page)
    speak(page, language)
    page.goto(f"/crm/accounts/{home.account_id}/subscriptions/")
    page.get_by_role("link", name=re.compile("Семейный|Family")).click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text(re.compile("Заплатить сейчас|To pay now"))
    look(page, f"bundle-terms-{language}", viewport)
    dialog.get_by_role("button", name=re.compile("Подключить|Connect")).click()
    expect(page.locator("section.sheet h3")).to_have_text(re.compile("Семейный|Family"))
    look(page, f"subscriptions-{language}", viewport)
    page.goto(f"/crm/customers/{home.account.customer_id}/")
    page.get_by_role("link", name=re.compile("^(Блокировка|Pause)")).click()
    dialog.get_by_role("button", name=re.compile("Показать условия|Show the terms")).click()
    expect(dialog).to_contain_text(re.compile("Плата за блокировку|Fee of the pause"))
    look(page, f"pause-terms-{language}", viewport)
    dialog.get_by_role("button", name=re.compile("Согласовано|Agree")).click()
    expect(page.locator("article.service")).to_contain_text(re.compile("Возобновить|End the pause"))
    look(page, f"card-paused-{language}", viewport)
    assert Pause.objects.get().state == "running"
