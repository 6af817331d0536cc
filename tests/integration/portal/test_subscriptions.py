"""Subscriptions and charges: everything that will be charged, agreed to and turned off here."""

import html
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import queries
from accounts.models import Account, Consent, PackageAssignment, Subscription
from invoicing.models import Pause
from tariffs.models import PackageVersion, PauseRule
from tests.integration.portal import conftest as given
from tests.integration.tariffs.catalogue import make_published_package

pytestmark = pytest.mark.django_db
PAGE = reverse("portal:subscriptions")


@pytest.fixture
def sms(db: None) -> PackageVersion:
    return make_published_package("sms", fee=Decimal("70.00"), fee_period="once")


@pytest.fixture
def rich(alice: Account) -> Account:
    given.pay(alice, "5000.00")
    return alice


def mark_of(page: str) -> str:
    found = re.search(r'name="mark" value="([^"]*)"', page)
    return html.unescape(found.group(1)) if found else ""


def read(client: Client, address: str, **sent: str) -> str:
    answer = client.post(address, sent) if sent else client.get(address)
    words = html.unescape(answer.content.decode())
    return words.replace("\u00a0", " ").replace("\u2060", "")


def package_address(service: Subscription, package: PackageVersion) -> str:
    return reverse("portal:package-add", args=[service.pk, package.pk])


def pause_address(service: Subscription, name: str = "pause") -> str:
    return reverse(f"portal:{name}", args=[service.pk])


def test_the_page_says_plan_price_and_next_day(as_alice: Client, mobile: Subscription) -> None:
    page = read(as_alice, PAGE)
    assert "Подписки и списания" in page
    assert "согласие дано в договоре" in page
    assert "Вместе" in page


def test_a_package_is_bought_at_the_price_that_was_shown(
    as_alice: Client, rich: Account, mobile: Subscription, sms: PackageVersion
) -> None:
    address = package_address(mobile, sms)
    before = queries.get_balance(rich.pk).money
    shown = as_alice.get(address).content.decode()
    assert "Согласен, чтобы плата за пакет" in shown
    as_alice.post(address, {"mark": mark_of(shown)})
    assert queries.get_balance(rich.pk).money == before - Decimal("70.00")
    consent = Consent.objects.get()
    assert (consent.what, consent.door, consent.actor[:11]) == ("package", "portal", "subscriber:")
    assert "sms" in read(as_alice, PAGE)


def test_a_forged_price_is_not_there(
    as_alice: Client, rich: Account, mobile: Subscription, sms: PackageVersion
) -> None:
    answer = as_alice.post(package_address(mobile, sms), {"mark": "forged"})
    assert answer.status_code == 404
    assert not PackageAssignment.objects.exists()


def test_without_money_it_says_how_much_is_missing(
    as_alice: Client, alice: Account, mobile: Subscription, sms: PackageVersion
) -> None:
    balance = queries.get_balance(alice.pk)
    if balance.available >= Decimal("70.00"):
        given.charge(alice, str(balance.available - Decimal("10.00")))
    page = read(as_alice, package_address(mobile, sms))
    assert "не хватает денег: нужно ещё" in page


def test_a_package_is_taken_off_with_its_consent(
    as_alice: Client, rich: Account, mobile: Subscription
) -> None:
    monthly = make_published_package("monthly", fee=Decimal("310.00"))
    address = package_address(mobile, monthly)
    as_alice.post(address, {"mark": mark_of(as_alice.get(address).content.decode())})
    held = PackageAssignment.objects.get()
    remove = reverse("portal:package-remove", args=[mobile.pk, held.pk])
    assert remove in as_alice.get(PAGE).content.decode()
    as_alice.post(remove)
    held.refresh_from_db()
    assert held.active_to is not None
    assert Consent.objects.get().withdrawn_at is not None
    assert remove not in as_alice.get(PAGE).content.decode()


def test_another_persons_service_is_not_there(
    as_bob: Client, rich: Account, mobile: Subscription, sms: PackageVersion
) -> None:
    for address in (package_address(mobile, sms), pause_address(mobile)):
        assert as_bob.get(address).status_code == 404
        assert as_bob.post(address, {"mark": "x"}).status_code == 404
    assert as_bob.post(pause_address(mobile, "pause-end")).status_code == 404


class TestPause:
    def test_terms_first_then_the_pause(
        self, as_alice: Client, rich: Account, mobile: Subscription
    ) -> None:
        PauseRule.objects.create(fee=Decimal("5.00"), free_days=30)
        address = pause_address(mobile)
        shown = as_alice.post(address, {"starts_on": "", "until": ""}).content.decode()
        assert "30" in shown
        assert not Pause.objects.exists()
        as_alice.post(address, {"mark": mark_of(shown)})
        mobile.refresh_from_db()
        assert mobile.state == "suspended"
        assert Consent.objects.get(what="pause").amount == Decimal("5.00")
        assert "Возобновить" in read(as_alice, reverse("portal:services"))
        as_alice.post(pause_address(mobile, "pause-end"))
        mobile.refresh_from_db()
        assert mobile.state == "active"
        assert Pause.objects.get().state == "ended"

    def test_from_a_day_it_waits_and_is_called_off(
        self, as_alice: Client, rich: Account, mobile: Subscription
    ) -> None:
        first = timezone.localdate() + timedelta(days=10)
        address = pause_address(mobile)
        asked = {"starts_on": first.isoformat(), "until": ""}
        shown = as_alice.post(address, asked).content.decode()
        as_alice.post(address, {"mark": mark_of(shown)})
        assert Pause.objects.get().state == "scheduled"
        assert "Отменить блокировку" in read(as_alice, address)
        as_alice.post(pause_address(mobile, "pause-end"))
        assert Pause.objects.get().state == "cancelled"

    def test_a_refusal_says_the_rule(
        self, as_alice: Client, rich: Account, mobile: Subscription
    ) -> None:
        PauseRule.objects.create(min_days=7)
        until = timezone.localdate() + timedelta(days=3)
        page = read(as_alice, pause_address(mobile), starts_on="", until=until.isoformat())
        assert "Блокировка длится не меньше 7 дн" in page

    def test_what_is_no_day_is_told(self, as_alice: Client, mobile: Subscription) -> None:
        page = read(as_alice, pause_address(mobile), starts_on="завтра", until="")
        assert "Укажите день" in page


def test_in_english(as_alice: Client, rich: Account, mobile: Subscription) -> None:
    as_alice.cookies["django_language"] = "en"
    page = read(as_alice, PAGE)
    assert "Subscriptions and charges" in page
    assert "agreed by contract" in page
