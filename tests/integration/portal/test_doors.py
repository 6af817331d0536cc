"""Every address of the portal against everybody: strangers, staff, and other people's ids."""

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from accounts.models import Account, Subscription, User
from invoicing.models import PlanChange
from tests import people
from tests.integration.portal import conftest as given

#: For whoever has the address; `pay` and `paid` by a link that was sent.
OUTSIDE = {"ask-code", "by-code", "language", "paid", "pay", "sign-in", "sign-out"}
POST_ONLY = {
    "autopay-stop",
    "choose-account",
    "dispute-withdraw",
    "forget-card",
    "inbox-read",
    "notifications",
    "pause-end",
    "plan-cancel",
}


def patterns() -> dict[str, URLPattern]:
    """Every named address of the portal."""
    return {
        pattern.name: pattern
        for resolver in get_resolver().url_patterns
        if getattr(resolver, "namespace", "") == "portal"
        for pattern in resolver.url_patterns
    }


def addresses() -> dict[str, str]:
    """Every named address with ids that belong to nobody."""
    return {name: address(name) for name in patterns()}


def address(name: str, **ids: int) -> str:
    asked = patterns()[name].pattern.converters
    return reverse(f"portal:{name}", kwargs={key: ids.get(key, 1) for key in asked})


INSIDE = sorted(set(addresses()) - OUTSIDE)


def ask(browser: Client, name: str, path: str):
    return browser.post(path) if name in POST_ONLY else browser.get(path)


@pytest.mark.parametrize("name", INSIDE)
def test_strangers_are_sent_to_sign_in(db: None, client: Client, name: str) -> None:
    answer = ask(client, name, address(name))
    assert answer.status_code == 302
    assert answer.url.startswith("/sign-in/?next=")


@pytest.mark.parametrize("name", INSIDE)
def test_staff_are_strangers(client: Client, clerk: User, name: str) -> None:
    client.force_login(clerk, backend="crm.auth.StaffBackend")
    answer = ask(client, name, address(name))
    assert answer.status_code == 302
    assert answer.url.startswith("/sign-in/?next=")


@pytest.mark.parametrize("name", sorted(POST_ONLY))
def test_what_changes_something_wants_a_post(as_alice: Client, name: str) -> None:
    assert as_alice.get(address(name)).status_code == 405


def test_what_changes_something_wants_our_own_form(alice: Account) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice.customer.users.get(), backend="portal.auth.SubscriberBackend")
    assert strict.post("/account/", {"account": alice.pk}).status_code == 403
    assert strict.post("/payments/promise/", {"amount": "100"}).status_code == 403


@pytest.mark.parametrize("name", ["bill", "bill-pdf"])
def test_another_persons_bill_is_not_there(alice: Account, as_bob: Client, name: str) -> None:
    bill = given.issue_bill(alice)
    assert as_bob.get(address(name, bill_id=bill.pk)).status_code == 404


def test_another_persons_account_cannot_be_chosen(alice: Account, as_bob: Client) -> None:
    assert as_bob.post("/account/", {"account": alice.pk}).status_code == 404
    assert as_bob.post("/account/", {"account": "1 OR 1=1"}).status_code == 404


def test_a_forged_choice_in_the_session_falls_back_to_ones_own(
    alice: Account, bob: Account, as_bob: Client
) -> None:
    session = as_bob.session
    session["portal_account"] = alice.pk
    session.save()
    assert as_bob.get("/").context["account"].id == bob.pk


def test_another_persons_service_filters_to_nothing(mobile: Subscription, as_bob: Client) -> None:
    answer = as_bob.get("/usage/", {"service": mobile.pk})
    assert answer.status_code == 200
    assert answer.context["page"].rows == ()
    assert "+7 921" not in answer.content.decode()


def test_another_persons_letters_stay_new(alice: Account, as_bob: Client) -> None:
    letter = given.write_letter(alice)
    as_bob.post("/inbox/read/", {"up_to": letter.pk})
    letter.refresh_from_db()
    assert letter.read_at is None


def test_pages_stay_out_of_caches_and_frames(as_alice: Client) -> None:
    answer = as_alice.get("/")
    assert "no-store" in answer.headers["Cache-Control"]
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("name", ["dashboard", "payments", "services", "usage", "help"])
def test_nothing_on_the_page_breaks_the_policy(as_alice: Client, name: str) -> None:
    page = as_alice.get(address(name)).content.decode()
    assert " style=" not in page
    assert "<style" not in page
    assert " onclick=" not in page
    assert page.count("<script") == page.count("<script src=")


@pytest.mark.parametrize(
    "query", ["before=x", "before=9~9", "month=2026-13", "service=abc", "before=~~~", "month=0"]
)
@pytest.mark.parametrize("path", ["/usage/", "/charges/", "/inbox/", "/payments/history/"])
def test_unreadable_keys_are_as_good_as_none(as_alice: Client, path: str, query: str) -> None:
    assert as_alice.get(f"{path}?{query}").status_code == 200


def test_a_page_that_is_not_there_says_so_in_our_face(as_alice: Client) -> None:
    answer = as_alice.get("/bills/999999/")
    assert answer.status_code == 404
    assert "Такой страницы нет" in answer.content.decode()


@pytest.mark.parametrize("name", ["plans", "plan-change"])
def test_another_persons_service_is_not_there(
    mobile: Subscription, as_bob: Client, name: str
) -> None:
    version = people.plan_version("another")
    path = address(name, subscription_id=mobile.pk, version_id=version.pk)
    assert as_bob.get(path).status_code == 404
    assert as_bob.post(path).status_code == 404 or name == "plans"
    assert PlanChange.objects.count() == 0


def test_another_persons_change_cannot_be_called_off(
    mobile: Subscription, as_alice: Client, as_bob: Client
) -> None:
    version = people.plan_version("another")
    path = address("plan-change", subscription_id=mobile.pk, version_id=version.pk)
    as_alice.post(path, {"mark": as_alice.get(path).context["mark"]})
    assert as_bob.post(address("plan-cancel", subscription_id=mobile.pk)).status_code == 404
    assert PlanChange.objects.get().state == "scheduled"
