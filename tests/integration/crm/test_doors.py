"""Every door of the CRM against every role, a subscriber and a stranger."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from accounts.models import User
from crm import urls
from crm.domain.roles import ADMINISTRATOR, RIGHTS, ROLES
from tests import people
from tests.integration.crm.conftest import StaffClient, signed_in, staff

pytestmark = pytest.mark.django_db

OPEN_TO_ALL = {"sign-in", "sign-out"}


def every(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from every(pattern.url_patterns)
        else:
            yield pattern


def guarded() -> list[URLPattern]:
    return [pattern for pattern in every(urls.urlpatterns) if pattern.name not in OPEN_TO_ALL]


def address_of(pattern: URLPattern) -> str:
    names = pattern.pattern.converters
    return reverse(f"crm:{pattern.name}", kwargs={name: _value(name) for name in names})


def _value(name: str) -> object:
    return "2026-11-01" if name == "day" else 999_999


def right_of(pattern: URLPattern) -> str:
    view = pattern.callback
    while not hasattr(view, "right"):
        view = view.__wrapped__
    return view.right


def test_every_page_but_signing_in_has_a_right() -> None:
    assert {right_of(pattern) for pattern in guarded()} <= set(RIGHTS)


def asked(client: Client, pattern: URLPattern) -> list[HttpResponse] | Exception:
    """The answers to GET and POST at a door; what went wrong there harms no other door."""
    try:
        with transaction.atomic():
            return [client.get(address_of(pattern)), client.post(address_of(pattern))]
    except Exception as error:
        return error


def wrong_doors(client: Client, is_right: Callable[[URLPattern, list[HttpResponse]], bool]) -> dict:
    """Every door of the CRM that fails, or answers otherwise than it should."""
    found = {pattern.name: (pattern, asked(client, pattern)) for pattern in guarded()}
    return {
        name: answers
        for name, (pattern, answers) in found.items()
        if isinstance(answers, Exception) or not is_right(pattern, answers)
    }


def statuses(answers: list[HttpResponse]) -> set[int]:
    return {answer.status_code for answer in answers}


@pytest.mark.parametrize("role", sorted(ROLES))
def test_roles(as_role: StaffClient, role: str) -> None:
    def is_right(pattern: URLPattern, answers: list[HttpResponse]) -> bool:
        is_shut = statuses(answers) <= {403, 405}
        return is_shut == (right_of(pattern) not in ROLES[role])

    assert wrong_doors(as_role(role), is_right) == {}


def test_strangers_are_led_to_the_sign_in(as_role: StaffClient) -> None:
    def is_right(_pattern: URLPattern, answers: list[HttpResponse]) -> bool:
        led = [answer.headers.get("location", "").startswith("/crm/login/") for answer in answers]
        return statuses(answers) <= {302, 405} and any(led)

    assert wrong_doors(Client(), is_right) == {}


def test_subscribers_are_strangers_here(as_role: StaffClient) -> None:
    client = signed_in(subscriber(), "portal.auth.SubscriberBackend")
    assert wrong_doors(client, lambda _, answers: statuses(answers) <= {302, 405}) == {}


def test_a_door_that_fails_or_answers_otherwise_is_found(
    as_role: StaffClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm.views.reports.page", lambda *_args, **_kwargs: 1 / 0)
    wrong = wrong_doors(as_role("accountant"), lambda pattern, _: pattern.name != "approval-list")
    assert sorted(wrong) == ["approval-list", "reports"]
    assert isinstance(wrong["reports"], ZeroDivisionError)


@pytest.mark.parametrize(
    ("role", "answer"),
    [("agent", 200), ("cashier", 302), ("accountant", 200), ("administrator", 200)],
)
def test_catalogue(as_role: StaffClient, role: str, answer: int) -> None:
    client = as_role(role)
    assert client.get("/crm/catalogue/tariffs/plan/").status_code == answer
    adds = client.get("/crm/catalogue/tariffs/plan/add/").status_code
    assert (adds == 200) == (role == ADMINISTRATOR)


def test_the_catalogue_is_shut_to_subscribers_and_strangers(as_role: StaffClient) -> None:
    for client in (Client(), signed_in(subscriber(), "portal.auth.SubscriberBackend")):
        assert client.get("/crm/catalogue/tariffs/plan/").status_code == 302


def test_only_administrators_see_staff(as_role: StaffClient) -> None:
    subscriber()
    page = as_role(ADMINISTRATOR).get("/crm/catalogue/accounts/user/")
    assert staff(ADMINISTRATOR).login in page.content.decode()
    assert "c-lodger" not in page.content.decode()
    assert as_role("accountant").get("/crm/catalogue/accounts/user/").status_code == 403


def subscriber() -> User:
    customer = people.person("Жилец", "Иван")
    return User.objects.create_user("c-lodger", kind=User.Kind.SUBSCRIBER, customer=customer)


def policy_of(client: Client, address: str) -> str:
    return client.get(address).headers["Content-Security-Policy"]


def test_scripts_of_others_are_kept_out_of_every_page(as_role: StaffClient) -> None:
    client = as_role("administrator")
    for address in ("/crm/", "/crm/login/", "/crm/customers/999999/", "/crm/night/"):
        policy = policy_of(client, address)
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
    assert "script-src 'self' 'unsafe-inline'" in policy_of(client, "/crm/catalogue/")


@pytest.mark.parametrize("address", ["/crm/", "/crm/people/new/", "/crm/night/", "/crm/reports/"])
def test_nothing_on_the_page_breaks_the_policy(as_role: StaffClient, address: str) -> None:
    page = as_role("administrator").get(address).content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", page)
    assert '"includeIndicatorStyles": false' in page


def test_the_catalogue_speaks_russian(as_role: StaffClient) -> None:
    page = as_role("administrator").get("/crm/catalogue/tariffs/taxrate/").content.decode()
    for english in ("Type to search", "Select record", "Select action", "Search apps"):
        assert english not in page
