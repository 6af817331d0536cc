"""Packages of a service at the desk: offered with reasons, added, taken off, remembered."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import operations, queries
from accounts.models import Account, Consent, PackageAssignment, Subscription
from billing_project.kernel.models import BusinessEvent
from tariffs.domain.drafts import AllowanceDraft
from tariffs.models import PackageVersion
from tests import people
from tests.integration.crm.conftest import StaffClient
from tests.integration.crm.seen import agree
from tests.integration.tariffs.catalogue import make_published_package

pytestmark = pytest.mark.django_db


def address(name: str, *args: int) -> str:
    return reverse(f"crm:{name}", args=args)


def page_of(client: Client, service: Subscription) -> str:
    page = client.get(address("packages", service.pk)).content.decode()
    return page.replace("\u00a0", " ")


def add(client: Client, service: Subscription, package: PackageVersion) -> HttpResponse:
    """Look at the price, and agree to exactly that."""
    return agree(client, address("add-package", service.pk, package.pk))


@pytest.fixture
def gigabyte(db: None) -> PackageVersion:
    return make_published_package("gigabyte", validity_days=30)


def test_added_shown_and_taken_off(
    as_role: StaffClient, mobile: Subscription, gigabyte: PackageVersion
) -> None:
    agent = as_role("agent")
    assert "У услуги нет пакетов" in page_of(agent, mobile)
    add(agent, mobile, gigabyte)
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
    add(agent, mobile, gigabyte)
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


def test_the_price_is_shown_and_exactly_that_is_charged(
    as_role: StaffClient, mobile: Subscription
) -> None:
    operations.activate_service(subscription_id=mobile.pk, now=timezone.now(), actor="system:test")
    account_id = mobile.account_id
    once = make_published_package("once", fee=Decimal("70.00"), fee_period="once")
    agent = as_role("agent")
    poor = agent.get(address("add-package", mobile.pk, once.pk)).content.decode()
    assert "70.00" in poor
    operations.take_payment(
        account_id=account_id,
        amount=Decimal("100.00"),
        gateway="cash",
        external_id="1",
        paid_at=timezone.now(),
        business_date=timezone.localdate(),
        now=timezone.now(),
        actor="system:test",
    )
    terms = agent.get(address("add-package", mobile.pk, once.pk)).content.decode()
    assert "70,00" in terms
    agent.post(address("add-package", mobile.pk, once.pk), {"seen": '{"cost_now": "1.00"}'})
    assert not PackageAssignment.objects.exists()
    add(agent, mobile, once)
    assert queries.get_balance(account_id).money == Decimal("30.00")
    given = Consent.objects.get()
    assert (given.what, given.door, given.amount) == ("package", "crm", Decimal("70.00"))
    assert given.on_behalf_of == f"customer:{mobile.account.customer_id}"


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
    add(agent, mobile, gigabyte)
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
    add(agent, other, gigabyte)
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
