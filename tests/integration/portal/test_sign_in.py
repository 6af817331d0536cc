"""Signing in: with a password, with a code, too often, and what strangers learn."""

import re
import time
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Subscription, User
from portal.domain.limits import FAILURES
from portal.models import OneTimeCode, SignInAttempt
from portal.operations import attempts, sign_in
from tests.integration.portal.conftest import PASSWORD, open_account, subscriber

ADDRESS = "203.0.113.7"


def enter(text: str, password: str = PASSWORD, *, address: str = ADDRESS) -> User:
    return sign_in.sign_in_with_password(
        text=text, password=password, address=address, now=timezone.now()
    )


def sent_code() -> str:
    """The letter goes out beside the request: wait for it."""
    for _ in range(100):
        if mail.outbox:
            found = re.search(r"\d{6}", mail.outbox[-1].body)
            assert found
            return found.group()
        time.sleep(0.02)
    pytest.fail("no letter")


def ask(text: str, *, address: str = ADDRESS) -> None:
    sign_in.ask_for_code(text=text, address=address, now=timezone.now())


def enter_code(text: str, code: str, *, after: timedelta = timedelta(0)) -> User:
    return sign_in.sign_in_with_code(
        text=text, code=code, address=ADDRESS, now=timezone.now() + after
    )


class TestPassword:
    def test_by_account_number(self, alice: Account) -> None:
        assert enter(alice.number).customer_id == alice.customer_id

    def test_by_number_in_use_however_written(self, alice: Account, mobile: Subscription) -> None:
        assert enter("8 (921) 555-01-01").customer_id == alice.customer_id

    def test_by_contact_phone(self, alice: Account) -> None:
        assert enter("+7 911 123-45-67").customer_id == alice.customer_id

    def test_a_shared_contact_phone_is_told_apart_by_the_password(self, alice: Account) -> None:
        son = open_account("Смирнов", "Пётр", phone="79111234567")
        subscriber(son, password="another-lake-8")
        assert enter("79111234567", "another-lake-8").customer_id == son.customer_id
        assert enter("79111234567").customer_id == alice.customer_id

    def test_wrong_password_and_unknown_person_get_the_same_answer(self, alice: Account) -> None:
        with pytest.raises(sign_in.UnableToSignIn) as wrong:
            enter(alice.number, "not-the-lake")
        with pytest.raises(sign_in.UnableToSignIn) as unknown:
            enter("999 999 998", "not-the-lake")
        assert str(wrong.value) == str(unknown.value)

    def test_staff_are_strangers_here(self, clerk: User) -> None:
        with pytest.raises(sign_in.UnableToSignIn):
            enter(clerk.login)

    def test_a_barred_log_in_stays_out(self, alice: Account) -> None:
        User.objects.update(is_active=False)
        with pytest.raises(sign_in.UnableToSignIn):
            enter(alice.number)


class TestLimits:
    def test_the_sixth_failure_is_refused_even_with_the_right_password(
        self, alice: Account
    ) -> None:
        for _ in range(5):
            with pytest.raises(sign_in.UnableToSignIn):
                enter(alice.number, "wrong-wrong")
        with pytest.raises(attempts.UnableToTryAgain):
            enter(alice.number)
        assert SignInAttempt.objects.count() == 5

    def test_the_rows_limit_when_the_cache_has_forgotten(self, alice: Account) -> None:
        for _ in range(5):
            attempts.record(
                door="password",
                subject=f"account:{alice.number}",
                address="198.51.100.1",
                succeeded=False,
                now=timezone.now(),
            )
        with pytest.raises(attempts.UnableToTryAgain):
            enter(alice.number)

    def test_after_the_window_it_is_possible_again(self, alice: Account) -> None:
        for _ in range(5):
            attempts.record(
                door="password",
                subject=f"account:{alice.number}",
                address=ADDRESS,
                succeeded=False,
                now=timezone.now() - timedelta(minutes=16),
            )
        assert enter(alice.number).customer_id == alice.customer_id

    def test_one_address_trying_many_people_is_stopped(self, alice: Account) -> None:
        for number in range(30):
            with pytest.raises(sign_in.UnableToSignIn):
                enter(f"7911000{number:04d}", "wrong-wrong")
        with pytest.raises(attempts.UnableToTryAgain):
            enter(alice.number)
        assert enter(alice.number, address="198.51.100.9").customer_id == alice.customer_id

    def test_success_forgives_nobody_elses_failures(self, alice: Account, bob: Account) -> None:
        for _ in range(5):
            with pytest.raises(sign_in.UnableToSignIn):
                enter(bob.number, "wrong-wrong")
        enter(alice.number)
        with pytest.raises(attempts.UnableToTryAgain):
            enter(bob.number)

    def test_a_fourth_code_in_a_row_is_refused(self, alice: Account) -> None:
        for _ in range(3):
            ask(alice.number)
        with pytest.raises(attempts.UnableToTryAgain):
            ask(alice.number)


@pytest.fixture
def _commits(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        yield


class TestCode:
    def ask(self, text: str, capture) -> str:
        mail.outbox.clear()
        with capture(execute=True):
            ask(text)
        return sent_code()

    def test_signs_in_once(self, alice: Account, django_capture_on_commit_callbacks) -> None:
        code = self.ask(alice.number, django_capture_on_commit_callbacks)
        assert enter_code(alice.number, code).customer_id == alice.customer_id
        with pytest.raises(sign_in.UnableToSignIn):
            enter_code(alice.number, code)

    def test_makes_a_log_in_where_there_was_none(
        self, db: None, django_capture_on_commit_callbacks
    ) -> None:
        carol = open_account("Орлова", "Карина", email="carol@example.org")
        code = self.ask(carol.number, django_capture_on_commit_callbacks)
        user = enter_code(carol.number, code)
        assert user.login == f"c{carol.customer_id}"
        assert not user.has_usable_password()

    def test_is_too_old_after_ten_minutes(
        self, alice: Account, django_capture_on_commit_callbacks
    ) -> None:
        code = self.ask(alice.number, django_capture_on_commit_callbacks)
        with pytest.raises(sign_in.UnableToSignIn):
            enter_code(alice.number, code, after=timedelta(minutes=10, seconds=1))

    def test_a_newer_code_voids_the_older(
        self, alice: Account, django_capture_on_commit_callbacks
    ) -> None:
        first = self.ask(alice.number, django_capture_on_commit_callbacks)
        second = self.ask(alice.number, django_capture_on_commit_callbacks)
        if first != second:
            with pytest.raises(sign_in.UnableToSignIn):
                enter_code(alice.number, first)
        assert enter_code(alice.number, second).customer_id == alice.customer_id

    def test_guessing_uses_the_code_up(
        self, alice: Account, django_capture_on_commit_callbacks
    ) -> None:
        code = self.ask(alice.number, django_capture_on_commit_callbacks)
        OneTimeCode.objects.update(attempts=5)
        with pytest.raises(sign_in.UnableToSignIn):
            enter_code(alice.number, code)

    def test_is_not_in_the_table(self, alice: Account, django_capture_on_commit_callbacks) -> None:
        code = self.ask(alice.number, django_capture_on_commit_callbacks)
        row = OneTimeCode.objects.get()
        assert code not in row.code_hash
        assert len(row.code_hash) == 64

    def test_goes_to_nobody_for_a_stranger(
        self, alice: Account, django_capture_on_commit_callbacks
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True) as callbacks:
            ask("999 999 998")
        assert callbacks == []
        assert OneTimeCode.objects.count() == 0

    def test_goes_to_nobody_where_several_share_the_phone(
        self, alice: Account, django_capture_on_commit_callbacks
    ) -> None:
        open_account("Смирнов", "Пётр", phone="79111234567", email="peter@example.org")
        with django_capture_on_commit_callbacks(execute=True) as callbacks:
            ask("79111234567")
        assert callbacks == []


class TestPages:
    def test_password_leads_to_the_home_page(self, alice: Account, client: Client) -> None:
        answer = client.post("/sign-in/", {"subject": alice.number, "password": PASSWORD})
        assert (answer.status_code, answer.url) == (302, "/")
        assert client.get("/").status_code == 200
        cookie = answer.cookies["retel_portal"]
        assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/", True, "Lax")

    def test_goes_on_to_where_one_was_going_but_not_abroad(
        self, alice: Account, client: Client
    ) -> None:
        form = {"subject": alice.number, "password": PASSWORD}
        assert client.post("/sign-in/", form | {"next": "/inbox/"}).url == "/inbox/"
        client.logout()
        assert client.post("/sign-in/", form | {"next": "https://evil.example/"}).url == "/"

    def test_a_refusal_says_what_and_keeps_the_number(self, alice: Account, client: Client) -> None:
        answer = client.post("/sign-in/", {"subject": alice.number, "password": "wrong-wrong"})
        text = answer.content.decode()
        assert "Номер и пароль не подходят друг к другу." in text
        assert alice.number in text
        assert "wrong-wrong" not in text

    def test_code_pages_say_the_same_to_strangers(self, alice: Account, client: Client) -> None:
        pages = []
        for subject in (alice.number, "999999998"):
            client.post("/sign-in/code/", {"subject": subject})
            page = client.get("/sign-in/code/enter/").content.decode()
            pages.append(re.sub(r'value="[^"]{20,}"', "", page.replace(subject, "…")))
        assert pages[0] == pages[1]

    def test_signing_out_ends_the_session(self, as_alice: Client) -> None:
        assert as_alice.post("/sign-out/").status_code == 302
        assert as_alice.get("/").status_code == 302
        assert as_alice.get("/sign-out/").status_code == 405


class TestSetPassword:
    def test_changes_it_tells_and_signs_others_out(self, alice: Account, as_alice: Client) -> None:
        elsewhere = Client()
        elsewhere.post("/sign-in/", {"subject": alice.number, "password": PASSWORD})
        answer = as_alice.post("/settings/password/", {"old": PASSWORD, "new": "onega-lake-99"})
        assert answer.status_code == 302
        assert as_alice.get("/").status_code == 200
        assert elsewhere.get("/").status_code == 302
        assert enter(alice.number, "onega-lake-99").customer_id == alice.customer_id

    @pytest.mark.parametrize(
        ("old", "new"), [("wrong-old", "onega-lake-99"), (PASSWORD, "12345678"), (PASSWORD, "ab")]
    )
    def test_refuses_and_changes_nothing(
        self, alice: Account, as_alice: Client, old: str, new: str
    ) -> None:
        assert as_alice.post("/settings/password/", {"old": old, "new": new}).status_code == 200
        assert enter(alice.number).customer_id == alice.customer_id

    def test_needs_no_old_one_right_after_a_code(
        self, alice: Account, client: Client, django_capture_on_commit_callbacks
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            client.post("/sign-in/code/", {"subject": alice.number})
        client.post("/sign-in/code/enter/", {"code": sent_code()})
        answer = client.post("/settings/password/", {"new": "onega-lake-99"})
        assert answer.status_code == 302
        assert enter(alice.number, "onega-lake-99").customer_id == alice.customer_id


def test_the_old_password_is_guessed_at_as_seldom_as_at_the_door(as_alice: Client) -> None:
    new = "Ладога-в-ноябре-7"
    for _ in range(FAILURES.by_subject):
        as_alice.post("/settings/password/", {"old": "наугад", "new": new})
    answer = as_alice.post("/settings/password/", {"old": PASSWORD, "new": new})
    assert answer.status_code == 200
    assert "15" in str(answer.context["form"].non_field_errors())
