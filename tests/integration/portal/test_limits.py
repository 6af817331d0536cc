"""The subscriber's own spending limit."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Subscription
from billing_project.kernel.models import BusinessEvent
from rating.models import SpendingGuard
from rating.operations import limits as operations
from tests.integration.portal.test_pages import text_of

pytestmark = pytest.mark.django_db


def page_of(mobile: Subscription) -> str:
    return reverse("portal:limits", args=[mobile.pk])


def test_set_extended_and_lifted_on_ones_own_word(as_alice: Client, mobile: Subscription) -> None:
    as_alice.post(page_of(mobile), {"amount": "500", "act": "set"})
    as_alice.post(page_of(mobile), {"amount": "50,5", "act": "more"})
    guard = SpendingGuard.objects.get()
    assert (guard.amount, guard.allowed_more) == (Decimal("500.00"), Decimal("50.50"))
    assert guard.changed_by.startswith("subscriber:")
    assert "0,00 ₽ из 550,50 ₽" in text_of(as_alice, page_of(mobile))
    as_alice.post(page_of(mobile), {"amount": "", "act": "lift"})
    assert not SpendingGuard.objects.exists()
    kinds = BusinessEvent.objects.filter(kind__startswith="guard.").order_by("pk")
    assert [event.kind for event in kinds] == ["guard.set", "guard.extended", "guard.lifted"]


def test_services_lead_to_the_limit(as_alice: Client, mobile: Subscription) -> None:
    assert page_of(mobile) in text_of(as_alice, reverse("portal:services"))


def test_senseless_amounts_are_told(as_alice: Client, mobile: Subscription) -> None:
    for amount in ("", "0", "много", "9000000"):
        answer = as_alice.post(page_of(mobile), {"amount": amount, "act": "set"})
        assert answer.status_code == 200
        assert 'class="invalid' in answer.content.decode() or "error" in answer.content.decode()
    assert not SpendingGuard.objects.exists()


def test_nobody_reaches_anothers_limit(as_bob: Client, mobile: Subscription) -> None:
    assert as_bob.get(page_of(mobile)).status_code == 404
    assert as_bob.post(page_of(mobile), {"amount": "5", "act": "set"}).status_code == 404
    assert not SpendingGuard.objects.exists()


def test_group_is_shown(as_alice: Client, mobile: Subscription) -> None:
    operations.open_group(owner_id=mobile.pk, name="Семья", now=timezone.now(), actor="staff:1")
    page = text_of(as_alice, page_of(mobile))
    assert "общие для группы «Семья»" in page
    as_alice.cookies["django_language"] = "en"
    assert "shared in the group “Семья”" in text_of(as_alice, page_of(mobile))
