"""Branches, households and documents at the desk; a payer's view of the household's money."""

from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts import operations
from accounts.domain.identity import Identity
from accounts.models import Account, Customer, User
from accounts.operations import companies, documents, households
from tests import people
from tests.browser import test_portal as self_service
from tests.browser.test_crm import administrator, both_sizes, come_in, look  # noqa: F401
from tests.integration.portal import conftest as given

pytestmark = pytest.mark.django_db(transaction=True)
LANGUAGES = pytest.mark.parametrize("language", ["ru", "en"])
WHO = {"now": people.NOON, "actor": people.CLERK}
KEYS = ["a key of the tests that is long enough!!"]


@pytest.fixture
def company(db: None) -> Customer:
    people.ladoga()
    bereg = operations.create_company(name="ООО «Берег»", inn="7801234564", **WHO)
    north = companies.add_unit(
        parent_id=bereg.pk, name="Северный филиал", kind="branch", cost_centre="ЦЗ-10", **WHO
    )
    companies.add_unit(
        parent_id=north.pk, name="Бухгалтерия", kind="department", is_billed_apart=True, **WHO
    )
    return bereg


@pytest.fixture
def household(db: None, settings: Any) -> Customer:
    settings.RETEL_DOCUMENT_KEYS = KEYS
    people.ladoga()
    anna = given.open_account("Смирнова", "Анна", phone="79111234567").customer
    boris = given.open_account("Смирнов", "Борис", phone="79111234568")
    gleb = given.open_account("Смирнов", "Глеб")
    given.subscriber(boris)
    given.pay(gleb, "120.00")
    home = households.create_household(owner_id=anna.pk, name="Семья Смирновых", **WHO)
    for person, role in ((boris.customer, "payer"), (gleb.customer, "child")):
        households.add_person(household_id=home.pk, person_id=person.pk, role=role, **WHO)
    documents.add_document(
        customer_id=anna.pk,
        kind="passport",
        identity=Identity(number="4019 123456", issued_on=date(2020, 3, 1)),
        keys=KEYS,
        on=people.TODAY,
        **WHO,
    )
    return home


def speak(page: Page, language: str) -> None:
    site = page.url.split("/crm")[0]
    page.context.add_cookies([{"name": "django_language", "value": language, "url": site}])


@both_sizes
@LANGUAGES
def test_a_company_and_its_branches(
    page: Page,
    viewport: dict[str, int],
    language: str,
    administrator: User,  # noqa: F811
    company: Customer,
) -> None:
    come_in(page)
    speak(page, language)
    page.goto(f"/crm/customers/{company.pk}/")
    expect(page.locator("#page")).to_contain_text("Северный филиал")
    look(page, f"units-{language}", viewport)
    button = {"ru": "Добавить филиал или отдел", "en": "Add a branch or department"}[language]
    page.get_by_role("link", name=button).click()
    page.locator("dialog #id_name").fill("Южный филиал")
    look(page, f"unit-new-{language}", viewport)
    page.locator("dialog button.main").click()
    expect(page.locator("table")).to_contain_text("Южный филиал")


@both_sizes
@LANGUAGES
def test_a_household_and_its_documents(
    page: Page,
    viewport: dict[str, int],
    language: str,
    administrator: User,  # noqa: F811
    household: Customer,
) -> None:
    come_in(page)
    speak(page, language)
    page.goto(f"/crm/customers/{household.pk}/")
    expect(page.locator("#page")).to_contain_text("Смирнов Глеб")
    look(page, f"household-{language}", viewport)
    page.get_by_role("link", name="Смирнова Анна").click()
    expect(page.locator("#page")).to_contain_text("…456")
    look(page, f"person-{language}", viewport)
    show = {"ru": "Показать", "en": "Show"}[language]
    page.locator(".rows").get_by_role("link", name=show).click()
    page.locator("dialog #id_reason").fill("договор")
    page.locator("dialog button.main").click()
    expect(page.locator("dialog")).to_contain_text("4019123456")
    look(page, f"document-{language}", viewport)


@both_sizes
def test_a_payer_sees_money_only(page: Page, viewport: dict[str, int], household: Customer) -> None:
    self_service.come_in(page, Account.objects.get(customer__first_name="Борис"))
    page.goto("/payments/")
    page.locator("details.more summary").first.click()
    page.get_by_role("button", name="Смирнов Глеб").click()
    expect(page.locator("#content")).to_contain_text("120,00")
    look(page, "payer-payments", viewport)
    page.goto("/services/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Вы платите за этот лицевой счёт")
    look(page, "payer-services", viewport)
