"""Signing in to the CRM."""

import pytest
from django.test import Client

from accounts.models import User
from crm.domain.roles import ADMINISTRATOR, ROLES
from crm.models import StaffSignIn
from crm.operations.staff import MOST_TRIES_OF_LOGIN, ensure_reference_data
from tests.integration.crm.conftest import StaffClient, staff

pytestmark = pytest.mark.django_db

PAGE = "/crm/login/"
PASSWORD = "Ладога-2026"


def try_to_sign_in(client: Client, password: str, *, login: str = "agent", to: str = "") -> int:
    values = {"login": login, "password": password, "next": to}
    return client.post(PAGE, values).status_code


def test_staff_get_in_by_password(as_role: StaffClient) -> None:
    staff("agent", PASSWORD)
    client = Client()
    answer = client.post(PAGE, {"login": "agent", "password": PASSWORD})
    assert answer.headers["location"] == "/crm/"
    assert client.get("/crm/").status_code == 200
    assert "sessionid" not in client.cookies


def test_signing_out_ends_it(as_role: StaffClient) -> None:
    client = as_role("agent")
    client.post("/crm/logout/")
    assert client.get("/crm/").status_code == 302


def test_a_wrong_password_is_written_down_and_lets_nobody_in() -> None:
    staff("agent", PASSWORD)
    client = Client()
    assert try_to_sign_in(client, "wrong") == 200
    tried = StaffSignIn.objects.get()
    assert (tried.login, tried.succeeded, tried.address) == ("agent", False, "127.0.0.1")
    assert client.get("/crm/").status_code == 302


def test_after_too_many_tries_even_the_right_password_waits() -> None:
    staff("agent", PASSWORD)
    client = Client()
    for _ in range(MOST_TRIES_OF_LOGIN):
        try_to_sign_in(client, "wrong")
    assert try_to_sign_in(client, PASSWORD) == 200
    assert client.get("/crm/").status_code == 302
    staff("cashier", PASSWORD)
    assert try_to_sign_in(Client(), PASSWORD, login="cashier") == 302


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/portal/", "/crm/../"])
def test_nobody_is_led_elsewhere(to: str) -> None:
    staff("agent", PASSWORD)
    answer = Client().post(PAGE, {"login": "agent", "password": PASSWORD, "next": to})
    assert answer.headers["location"] in {"/crm/", "/crm/../"}


def test_who_may_no_longer_sign_in_is_out_at_once(as_role: StaffClient) -> None:
    client = as_role("agent")
    User.objects.filter(login="agent").update(is_active=False)
    assert client.get("/crm/").status_code == 302


def test_roles_are_written_once_and_the_same() -> None:
    before = {user.login: user.get_all_permissions() for user in map(staff, ROLES)}
    ensure_reference_data()
    assert {user.login: user.get_all_permissions() for user in map(staff, ROLES)} == before
    assert len(before[ADMINISTRATOR]) == len(ROLES[ADMINISTRATOR])
