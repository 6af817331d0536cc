"""Two doors, two cookies: neither door can use what the other one knows (decision B7)."""

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings

from accounts.models import Account, User
from billing_project.sessions import CRM_COOKIE, DoorSessionMiddleware, client_address

PORTAL_COOKIE = "retel_portal"


def visit(path: str, cookies: dict[str, str] | None = None) -> tuple[HttpRequest, HttpResponse]:
    """One request in which the view writes into its session."""

    def view(request: HttpRequest) -> HttpResponse:
        request.session["seen"] = path
        return HttpResponse()

    request = RequestFactory().get(path)
    request.COOKIES.update(cookies or {})
    return request, DoorSessionMiddleware(view)(request)


@pytest.fixture
def stored(db: None) -> str:
    """The key of a session somebody has."""
    session = SessionStore()
    session["whose"] = "somebody"
    session.save()
    return session.session_key


class TestCookies:
    def test_the_crm_has_its_own_name_and_path(self, db: None) -> None:
        _request, answer = visit("/crm/search/")
        assert set(answer.cookies) == {CRM_COOKIE}
        assert answer.cookies[CRM_COOKIE]["path"] == "/crm/"
        assert answer.cookies[CRM_COOKIE]["httponly"]

    def test_the_portal_has_its_own(self, db: None) -> None:
        _request, answer = visit("/payments/")
        assert set(answer.cookies) == {PORTAL_COOKIE}
        assert answer.cookies[PORTAL_COOKIE]["path"] == "/"

    def test_a_portal_cookie_opens_nothing_in_the_crm(self, stored: str) -> None:
        request, _answer = visit("/crm/", {PORTAL_COOKIE: stored})
        assert "whose" not in request.session

    def test_a_crm_cookie_opens_nothing_in_the_portal(self, stored: str) -> None:
        request, _answer = visit("/", {CRM_COOKIE: stored})
        assert "whose" not in request.session

    def test_each_opens_its_own(self, stored: str) -> None:
        for path, name in (("/crm/", CRM_COOKIE), ("/", PORTAL_COOKIE)):
            request, _answer = visit(path, {name: stored})
            assert request.session["whose"] == "somebody"

    def test_an_ended_session_takes_its_own_cookie_away(self, stored: str) -> None:
        def leave(request: HttpRequest) -> HttpResponse:
            request.session.flush()
            return HttpResponse()

        request = RequestFactory().get("/crm/")
        request.COOKIES[CRM_COOKIE] = stored
        answer = DoorSessionMiddleware(leave)(request)
        assert answer.cookies[CRM_COOKIE]["max-age"] == 0
        assert answer.cookies[CRM_COOKIE]["path"] == "/crm/"
        assert PORTAL_COOKIE not in answer.cookies

    def test_a_stolen_staff_session_is_no_use_in_the_portal(
        self, client: Client, clerk: User
    ) -> None:
        client.force_login(clerk, backend="crm.auth.StaffBackend")
        answer = client.get("/")
        assert answer.status_code == 302
        assert answer.url.startswith("/sign-in/")

    def test_signing_in_starts_a_new_session(self, alice: Account, client: Client) -> None:
        client.get("/sign-in/")
        client.post("/sign-in/code/", {"subject": alice.number})
        before = client.cookies[PORTAL_COOKIE].value
        client.post("/sign-in/", {"subject": alice.number, "password": "lake-ladoga-7"})
        assert client.cookies[PORTAL_COOKIE].value != before


class TestAddress:
    def ask(self, forwarded: str) -> str:
        request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1")
        request.META["HTTP_X_FORWARDED_FOR"] = forwarded
        return client_address(request)

    def test_nobody_is_believed_by_default(self) -> None:
        assert self.ask("198.51.100.7") == "10.0.0.1"

    @override_settings(RETEL_PROXIES=1)
    def test_our_proxy_is_believed_and_what_lies_left_is_not(self) -> None:
        assert self.ask("1.2.3.4, 198.51.100.7") == "198.51.100.7"

    @override_settings(RETEL_PROXIES=1)
    def test_what_is_no_address_counts_as_the_proxys(self) -> None:
        assert self.ask("nonsense") == "10.0.0.1"
