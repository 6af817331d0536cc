"""Spending limits and shared allowances at the desk."""

from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import Account, Subscription
from rating.models import AllowanceGroup, AllowanceGroupMember, SpendingGuard
from tests import people
from tests.integration.crm.conftest import StaffClient

pytestmark = pytest.mark.django_db


def address(name: str, *args: int) -> str:
    return reverse(f"crm:{name}", args=args)


def test_agent_sets_extends_and_lifts(as_role: StaffClient, mobile: Subscription) -> None:
    agent = as_role("agent")
    agent.post(address("set-guard", mobile.pk), {"amount": "500,50"})
    guard = SpendingGuard.objects.get()
    assert guard.amount == Decimal("500.50")
    agent.post(address("allow-more", mobile.pk), {"amount": "100"})
    page = agent.get(address("limits", mobile.pk)).content.decode()
    assert "600,50" in page
    assert "Снять лимит" in page
    agent.post(address("lift-guard", mobile.pk))
    assert not SpendingGuard.objects.exists()
    assert "Своего лимита" in agent.get(address("limits", mobile.pk)).content.decode()


def test_senseless_limit_is_told_in_the_form(as_role: StaffClient, mobile: Subscription) -> None:
    answer = as_role("agent").post(address("set-guard", mobile.pk), {"amount": "2000000"})
    assert "не точнее копейки" in answer.content.decode()
    assert not SpendingGuard.objects.exists()


def test_cashier_looks_but_does_not_touch(as_role: StaffClient, mobile: Subscription) -> None:
    cashier = as_role("cashier")
    page = cashier.get(address("limits", mobile.pk)).content.decode()
    assert "Установить лимит" not in page
    for name in ("set-guard", "allow-more", "lift-guard", "open-group", "add-member"):
        assert cashier.post(address(name, mobile.pk), {"amount": "5"}).status_code == 403
    assert not SpendingGuard.objects.exists()


def test_group_is_opened_joined_and_left(
    as_role: StaffClient, alice: Account, mobile: Subscription
) -> None:
    agent = as_role("agent")
    other = people.order_mobile(people.open_account(alice.customer), number="79215550202")
    agent.post(address("open-group", mobile.pk), {"name": "Семья"})
    form = {"service": other.pk, "minutes": "100", "messages": "", "gigabytes": "2"}
    agent.post(address("add-member", mobile.pk), form)
    member = AllowanceGroupMember.objects.get()
    caps = (member.cap_voice, member.cap_sms, member.cap_data)
    assert caps == (6000, None, 2 << 30)
    page = agent.get(address("limits", mobile.pk)).content.decode()
    assert "Семья" in page
    assert "555-02-02" in page
    assert "Исключить" in page
    seen_by_member = agent.get(address("limits", other.pk)).content.decode()
    assert "пользуется пакетами группы «Семья»" in seen_by_member
    assert "Исключить" not in seen_by_member
    agent.post(address("remove-member", mobile.pk, member.pk))
    member.refresh_from_db()
    assert member.active_to is not None


def test_only_own_services_are_offered(
    as_role: StaffClient, mobile: Subscription, bob: Account
) -> None:
    agent = as_role("agent")
    stranger = people.order_mobile(bob, number="79215550303")
    agent.post(address("open-group", mobile.pk), {"name": "Семья"})
    answer = agent.get(address("add-member", mobile.pk))
    assert "нет другой услуги" in answer.content.decode()
    agent.post(address("add-member", mobile.pk), {"service": stranger.pk})
    assert not AllowanceGroupMember.objects.exists()


def test_unknown_things_are_not_found(as_role: StaffClient, mobile: Subscription) -> None:
    agent = as_role("agent")
    assert agent.get(address("limits", mobile.pk + 999)).status_code == 404
    assert agent.get(address("add-member", mobile.pk)).status_code == 404
    assert agent.post(address("remove-member", mobile.pk, 1)).status_code == 404
    assert not AllowanceGroup.objects.exists()
