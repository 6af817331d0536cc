"""Packages of a service at the desk: offered with reasons, added, taken off, remembered."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, PackageAssignment, Subscription
from accounts.models.ledger import LedgerEntry
from billing_project.kernel.models import BusinessEvent
from tariffs.domain.drafts import AllowanceDraft
from tariffs.models import PackageVersion
from tests import people
from tests.integration.crm.conftest import StaffClient
from tests.integration.tariffs.catalogue import make_published_package

pytestmark = pytest.mark.django_db


def address(name: str, *args: int) -> str:
    return reverse(f"crm:{name}", args=args)


def page_of(client: Client, service: Subscription) -> str:
    page = client.get(address("packages", service.pk)).content.decode()
    return page.replace("\u00a0", " ")


@pytest.fixture
def gigabyte(db: None) -> PackageVersion:
    return make_published_package("gigabyte", validity_days=30)


def test_added_shown_and_taken_off(
    as_role: StaffClient, mobile: Subscription, gigabyte: PackageVersion
) -> None:
    agent = as_role("agent")
    assert "У услуги нет пакетов" in page_of(agent, mobile)
    agent.post(address("add-package", mobile.pk, gigabyte.pk))
    held = PackageAssignment.objects.get()
    assert held.active_to == held.active_from + timedelta(days=30)
    page = page_of(agent, mobile)
    assert "1 ГБ каждый месяц" in page
    assert "Этот пакет на услуге уже есть" in page
    assert "gigabyte" in agent.get(address("card", mobile.account.customer_id)).content.decode()
    agent.post(address("remove-package", mobile.pk, held.pk), {"reason": "не нужен"})
    held.refresh_from_db()
    assert held.active_to <= timezone.now()
    after = page_of(agent, mobile)
    assert "У услуги нет пакетов" in after
    assert "Пакеты раньше" in after


def test_who_did_it_and_why_stands_in_the_history(
    as_role: StaffClient, mobile: Subscription, gigabyte: PackageVersion
) -> None:
    agent = as_role("agent")
    agent.post(address("add-package", mobile.pk, gigabyte.pk))
    held = PackageAssignment.objects.get()
    agent.post(address("remove-package", mobile.pk, held.pk), {"reason": "передумал"})
    told = BusinessEvent.objects.filter(kind__startswith="package.").order_by("pk")
    assert [event.kind for event in told] == ["package.added", "package.removed"]
    assert {event.on_behalf_of for event in told} == {f"customer:{mobile.account.customer_id}"}
    assert all(event.actor.startswith("staff:") for event in told)
    card = agent.get(address("card", mobile.account.customer_id)).content.decode()
    assert "Пакет подключён" in card
    assert "Пакет отключён" in card
    assert "gigabyte · передумал" in card


def test_no_charge_is_promised_and_none_is_made(
    as_role: StaffClient, mobile: Subscription, gigabyte: PackageVersion
) -> None:
    agent = as_role("agent")
    terms = agent.get(address("add-package", mobile.pk, gigabyte.pk)).content.decode()
    assert "100,00" in terms
    assert "Пока не списывается" in terms
    agent.post(address("add-package", mobile.pk, gigabyte.pk))
    assert not LedgerEntry.objects.exists()


def test_what_does_not_fit_says_why_and_is_refused(
    as_role: StaffClient, mobile: Subscription
) -> None:
    agent = as_role("agent")
    business = make_published_package("business", customer_kinds=["company"])
    internet = make_published_package("internet", services=["internet"])
    page = page_of(agent, mobile)
    assert "не для клиентов этого вида" in page
    assert address("add-package", mobile.pk, business.pk) not in page
    assert ">internet<" not in page
    agent.post(address("add-package", mobile.pk, business.pk))
    assert agent.post(address("add-package", mobile.pk, internet.pk)).status_code == 404
    assert not PackageAssignment.objects.exists()


def test_a_form_sent_twice_adds_once(
    as_role: StaffClient, mobile: Subscription, gigabyte: PackageVersion
) -> None:
    agent = as_role("agent")
    agent.post(address("add-package", mobile.pk, gigabyte.pk))
    again = agent.post(address("add-package", mobile.pk, gigabyte.pk)).content.decode()
    assert "уже" in again
    assert PackageAssignment.objects.count() == 1


def test_cashier_looks_but_does_not_touch(
    as_role: StaffClient, mobile: Subscription, gigabyte: PackageVersion
) -> None:
    cashier = as_role("cashier")
    page = page_of(cashier, mobile)
    assert "gigabyte" in page
    assert address("add-package", mobile.pk, gigabyte.pk) not in page
    assert cashier.post(address("add-package", mobile.pk, gigabyte.pk)).status_code == 403
    assert not PackageAssignment.objects.exists()


def test_another_services_package_is_not_here(
    as_role: StaffClient, mobile: Subscription, bob: Account, gigabyte: PackageVersion
) -> None:
    agent = as_role("agent")
    other = people.order_mobile(bob, number="79215550303")
    agent.post(address("add-package", other.pk, gigabyte.pk))
    held = PackageAssignment.objects.get()
    assert agent.post(address("remove-package", mobile.pk, held.pk)).status_code == 404
    assert agent.get(address("packages", mobile.pk + 999)).status_code == 404
    held.refresh_from_db()
    assert held.active_to > timezone.now()


def test_in_english(as_role: StaffClient, mobile: Subscription, gigabyte: PackageVersion) -> None:
    minutes = [AllowanceDraft("voice", 6000), AllowanceDraft("sms", 50)]
    make_published_package("talk", allowances=minutes)
    agent = as_role("agent")
    agent.cookies["django_language"] = "en"
    page = page_of(agent, mobile)
    assert "100 min every month, 50 messages every month" in page
    assert "Fees of packages are not charged yet" in page
