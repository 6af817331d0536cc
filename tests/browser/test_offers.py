"""Packages, a company's own prices, spending limits: at the desk and in the self-service account."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts import operations as accounts_operations
from accounts.models import Account, Customer, PackageAssignment, PlanAssignment, Subscription, User
from rating.domain.periods import period_of
from rating.models import AllowanceUse
from rating.operations import limits
from tariffs.domain.deck import Recurrence
from tariffs.domain.drafts import AllowanceDraft
from tariffs.models import Plan
from tests import people
from tests.browser import test_crm as desk
from tests.browser import test_portal as self_service
from tests.browser.conftest import press_shortcut
from tests.browser.test_crm import administrator, both_sizes, look  # noqa: F401
from tests.integration.portal import conftest as given
from tests.integration.tariffs.catalogue import (
    make_plan,
    make_published_deck,
    make_published_package,
    make_published_version,
)

pytestmark = pytest.mark.django_db(transaction=True)
LANGUAGES = pytest.mark.parametrize("language", ["ru", "en"])
GIGABYTE = 2**30


@pytest.fixture
def account(db: None) -> Account:
    account = given.open_account("Смирнова", "Алиса", phone="79111234567")
    given.subscriber(account)
    given.pay(account, "500.00")
    return account


@pytest.fixture
def phone_line(account: Account) -> Subscription:
    """On a plan of shared minutes, ten of them carried over; with a package half used."""
    service = given.connect(account, "mobile", kind="msisdn", value="79215550101")
    version = make_published_version(
        make_plan(), allowances=[AllowanceDraft("voice", 3600, is_shared=True)]
    )
    PlanAssignment.objects.filter(subscription=service).update(plan_version=version)
    package = make_published_package("road", validity_days=30)
    package.package.name_ru, package.package.name_en = "В дорогу", "On the road"
    package.package.save()
    _add(service, package.pk)
    _used(service, version.allowances.get().pk, granted=3600, carried=600, used=900)
    _used(service, package.allowances.get().pk, granted=GIGABYTE, used=GIGABYTE // 2)
    make_published_package(
        "talk", allowances=[AllowanceDraft("voice", 6000), AllowanceDraft("sms", 50)]
    )
    make_published_package("business", customer_kinds=["company"])
    return service


def _add(service: Subscription, version_id: int) -> PackageAssignment:
    return accounts_operations.add_package(
        subscription_id=service.pk,
        package_version_id=version_id,
        now=timezone.now() - timedelta(minutes=5),
        actor=people.CLERK,
    )


def _used(service: Subscription, allowance_id: int, **units: int) -> None:
    AllowanceUse.objects.create(
        account_id=service.account_id,
        subscription_id=service.pk,
        allowance_id=allowance_id,
        period=period_of(Recurrence.MONTH, timezone.localdate()),
        **units,
    )


@pytest.fixture
def family(account: Account, phone_line: Subscription) -> Subscription:
    """A second number, a member of the group of the first."""
    member = given.connect(account, "mobile", kind="msisdn", value="79215550102")
    now = timezone.now() - timedelta(hours=1)
    group = limits.open_group(owner_id=phone_line.pk, name="Семья", now=now, actor="staff:1")
    limits.add_member(
        group_id=group.pk, subscription_id=member.pk, now=now, actor="staff:1", cap_voice=1200
    )
    return member


@pytest.fixture
def company(db: None) -> Customer:
    """With a plan that companies may have, and a deck."""
    people.ladoga()
    version = people.plan_version("office")
    Plan.objects.filter(pk=version.plan_id).update(audience="company", name_ru="Офис")
    make_published_deck("bereg")
    return accounts_operations.create_company(
        name="ООО «Берег»", inn="7801234564", now=people.NOON, actor=people.CLERK
    )


def speak(page: Page, language: str) -> None:
    page.context.add_cookies(
        [{"name": "django_language", "value": language, "url": page.url.split("/crm")[0]}]
    )


@both_sizes
@LANGUAGES
def test_packages_at_the_desk(
    page: Page,
    viewport: dict[str, int],
    administrator: User,  # noqa: F811
    phone_line: Subscription,
    language: str,
) -> None:
    desk.come_in(page)
    speak(page, language)
    page.goto(f"/crm/services/{phone_line.pk}/packages/")
    look(page, f"packages-{language}", viewport)
    page.get_by_role("link", name=re.compile("(Добавить|Add) talk")).click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text(re.compile("Заплатить сейчас|To pay now"))
    look(page, f"package-add-{language}", viewport)
    dialog.get_by_role("button", name=re.compile("Добавить|Add")).click()
    expect(page.get_by_role("heading", name="talk", exact=True)).to_be_visible()
    assert PackageAssignment.objects.count() == 2
    page.goto(f"/crm/customers/{phone_line.account.customer_id}/")
    expect(page.locator("article.service")).to_contain_text("talk")
    look(page, f"card-packages-{language}", viewport)


@both_sizes
@LANGUAGES
def test_prices_of_a_company(
    page: Page,
    viewport: dict[str, int],
    administrator: User,  # noqa: F811
    company: Customer,
    language: str,
) -> None:
    desk.come_in(page)
    speak(page, language)
    page.goto(f"/crm/customers/{company.pk}/prices/")
    press_shortcut(page, "f")
    dialog = page.locator("#dialog")
    dialog.get_by_label(re.compile("^(Плата|Fee)")).fill("199,90" if language == "ru" else "199.90")
    dialog.get_by_label(re.compile("^(Причина|Reason)")).fill("договор 15")
    look(page, f"company-fee-{language}", viewport)
    dialog.get_by_role("button", name=re.compile("Согласовать|Agree")).click()
    expect(page.locator("table")).to_contain_text(re.compile("199[,.]90"))
    page.reload()
    press_shortcut(page, "d")
    dialog.get_by_label(re.compile("^(Причина|Reason)")).fill("скидка")
    dialog.get_by_role("button", name=re.compile("Согласовать|Agree")).click()
    expect(page.locator("table")).to_have_count(2)
    look(page, f"company-prices-{language}", viewport)


@both_sizes
@LANGUAGES
def test_packages_of_a_subscriber(
    page: Page,
    viewport: dict[str, int],
    account: Account,
    family: Subscription,
    language: str,
) -> None:
    self_service.come_in(page, account)
    speak(page, language)
    for name, address in (("services", "/services/"), ("packages", "/services/{}/packages/")):
        page.goto(address.format(Subscription.objects.order_by("pk")[0].pk))
        expect(page.locator("main")).to_contain_text(re.compile("В дорогу|On the road"))
        look(page, f"portal-{name}-{language}", viewport)


@both_sizes
@LANGUAGES
def test_limits_at_the_desk(
    page: Page,
    viewport: dict[str, int],
    administrator: User,  # noqa: F811
    phone_line: Subscription,
    family: Subscription,
    language: str,
) -> None:
    desk.come_in(page)
    speak(page, language)
    page.goto(f"/crm/services/{phone_line.pk}/limits/")
    page.get_by_role("link", name=re.compile("Установить лимит|Set the limit")).click()
    dialog = page.locator("#dialog")
    dialog.get_by_label(re.compile("Лимит|Limit")).fill("500")
    look(page, f"limit-set-{language}", viewport)
    dialog.get_by_role("button").last.click()
    expect(page.locator("main")).to_contain_text("500")
    page.reload()
    expect(page.locator("table")).to_contain_text("555-01-02")
    look(page, f"limits-{language}", viewport)


@both_sizes
@LANGUAGES
def test_limits_of_a_subscriber(
    page: Page, viewport: dict[str, int], account: Account, family: Subscription, language: str
) -> None:
    self_service.come_in(page, account)
    speak(page, language)
    page.goto(f"/services/{family.pk}/limits/")
    page.get_by_label(re.compile("Сумма|Amount")).fill("300")
    page.get_by_role("button", name=re.compile("Установить лимит|Set the limit")).click()
    expect(page.locator("main")).to_contain_text(re.compile("0[,.]00"))
    look(page, f"portal-limits-{language}", viewport)
