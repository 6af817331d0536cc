"""A company's log-in over dozens of accounts: a short list at hand, the rest by search."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account
from portal.queries.seen import AT_HAND, PAGE
from tests.integration.invoicing.test_consolidation import Company
from tests.integration.portal.test_consolidated import signed_in

pytestmark = pytest.mark.django_db
UNITS = PAGE + 4


@pytest.fixture
def company(db: None) -> Account:
    """A company with more branches than a page has rows."""
    bereg = Company()
    for number in range(UNITS):
        bereg.unit(f"Филиал {number:03}", cost_centre=f"ЦЗ-{number}")
    return bereg.account


def page_of(browser: Client, **asked: object) -> str:
    return browser.get(reverse("portal:accounts"), asked).content.decode()


def branches(page: str) -> list[str]:
    return re.findall(r"<span>(Филиал \d+)</span>", page)


def test_a_few_are_at_hand_and_all_are_counted(company: Account) -> None:
    page = signed_in(company).get(reverse("portal:dashboard")).content.decode()
    assert page.count('name="account"') == AT_HAND
    assert f"Все лицевые счета: {UNITS + 1}" in page


def test_the_list_goes_on_page_by_page_without_losing_one(company: Account) -> None:
    browser = signed_in(company)
    first, second = page_of(browser), page_of(browser, after=PAGE)
    assert f'href="?find=&amp;after={PAGE}"' in first
    assert 'href="?find=' not in second
    assert len(branches(first)) == PAGE - 1
    assert sorted(branches(first) + branches(second)) == [f"Филиал {n:03}" for n in range(UNITS)]


def test_found_by_name_and_by_number(company: Account) -> None:
    browser = signed_in(company)
    last = Account.objects.get(customer__name="Филиал 033")
    assert branches(page_of(browser, find="филиал 033")) == ["Филиал 033"]
    grouped = f"{last.number[:3]} {last.number[3:6]} {last.number[6:]}"
    assert branches(page_of(browser, find=grouped)) == ["Филиал 033"]
    assert "Такого лицевого счёта у вас нет." in page_of(browser, find="Альфа")


def test_the_one_looked_at_stays_at_hand(company: Account) -> None:
    browser = signed_in(company)
    last = Account.objects.get(customer__name="Филиал 033")
    browser.post(reverse("portal:choose-account"), {"account": last.pk, "next": "/"})
    page = browser.get(reverse("portal:dashboard")).content.decode()
    assert f'value="{last.pk}" aria-pressed="true"' in page
    assert page.count('name="account"') == AT_HAND


def test_a_page_asks_as_much_for_many_as_for_few(company: Account) -> None:
    browser = signed_in(company)
    page_of(browser)
    with CaptureQueriesContext(connection) as few:
        page_of(browser, find="033")
    with CaptureQueriesContext(connection) as many:
        page_of(browser)
    assert len(few) == len(many)


@pytest.mark.parametrize("after", ["x", "-1", "٣", "999999999"])
def test_a_place_that_is_none_is_no_fault(company: Account, after: str) -> None:
    assert signed_in(company).get(reverse("portal:accounts"), {"after": after}).status_code == 200
