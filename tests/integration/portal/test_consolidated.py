"""A company's log-in: its units' accounts and the consolidated bills, nobody else's."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from invoicing.models import ConsolidatedBill
from tests.integration.crm.conftest import StaffClient, as_role  # noqa: F401 - a fixture
from tests.integration.invoicing.test_consolidation import Company, consolidate, month
from tests.integration.portal import conftest as given

pytestmark = pytest.mark.django_db
FEBRUARY = date(2026, 2, 1)


@pytest.fixture
def north(db: None) -> Account:
    """The branch of a company that got a consolidated bill of both."""
    bereg = Company()
    account = bereg.unit("Северный филиал", cost_centre="ЦЗ-10")
    month({bereg.account: "100.00", account: "300.00"})
    assert consolidate(FEBRUARY) == 1
    return account


def signed_in(account: Account) -> Client:
    browser = Client(headers={"accept-language": "ru"})
    browser.force_login(
        given.subscriber(account, password=None), backend="portal.auth.SubscriberBackend"
    )
    return browser


def pdf_of(browser: Client) -> int:
    paper = ConsolidatedBill.objects.get()
    answer = browser.get(reverse("portal:consolidated-pdf", args=[paper.pk]))
    if answer.status_code == 200:
        assert answer.content.startswith(b"%PDF-")
    return answer.status_code


def test_the_company_reads_it_and_its_units_accounts(north: Account) -> None:
    company = Account.objects.get(customer__name="ООО «Берег»")
    browser = signed_in(company)
    page = browser.get(reverse("portal:payments")).content.decode()
    assert "Сводные счета" in page
    assert "СВ-2026-000001" in page
    assert "Северный филиал" in page
    assert pdf_of(browser) == 200


def test_a_unit_reads_its_own_bills_only(north: Account) -> None:
    browser = signed_in(north)
    page = browser.get(reverse("portal:payments")).content.decode()
    assert "Сводные счета" not in page
    assert "ООО «Берег»" not in page
    assert pdf_of(browser) == 404


def test_strangers_get_nothing(north: Account, as_bob: Client) -> None:
    assert pdf_of(as_bob) == 404


def test_agents_find_it_on_the_companys_card(north: Account, as_role: StaffClient) -> None:  # noqa: F811
    paper = ConsolidatedBill.objects.get()
    agent = as_role("agent")
    card = agent.get(reverse("crm:card", args=[paper.customer_id])).content.decode()
    address = reverse("crm:consolidated-pdf", args=[paper.pk])
    assert address in card
    assert agent.get(address).content.startswith(b"%PDF-")
    assert agent.get(reverse("crm:consolidated-pdf", args=[404])).status_code == 404
