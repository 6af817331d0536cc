"""What the pages show, in both languages, and how many queries that takes."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts.domain.kinds import Kind
from accounts.models import Account, Subscription
from notifications.models import Message
from portal.domain import wording
from tests import people
from tests.integration.portal import conftest as given


def text_of(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode().replace("\u00a0", " ").replace("\u2060", "")


def in_russian(day: date) -> str:
    written = wording.day(day, language="ru", today=timezone.localdate())
    return written.replace("\u00a0", " ")


@pytest.fixture
def english(as_alice: Client) -> Client:
    as_alice.cookies["django_language"] = "en"
    return as_alice


class TestHome:
    def test_says_how_much_and_that_nothing_is_to_be_paid(self, as_alice: Client) -> None:
        page = text_of(as_alice, "/")
        assert "500,00 ₽" in page
        assert "Сейчас платить не нужно" in page

    def test_speaks_english(self, english: Client, mobile: Subscription) -> None:
        page = text_of(english, "/")
        assert "₽500.00" in page
        assert "Nothing to pay now" in page
        assert "+7 921 555-01-01" in page

    def test_debt_says_what_is_slow_and_what_brings_it_back(
        self, alice: Account, as_alice: Client, internet: Subscription
    ) -> None:
        given.charge(alice, "620.00", about_subscription_id=internet.pk)
        given.decide(alice)
        page = text_of(as_alice, "/")
        assert "−120,00 ₽" in page
        assert "до 512 Кбит/с" in page
        assert "Пополните на 120 ₽, и скорость вернётся сразу." in page

    def test_parts_add_up_to_the_money(self, alice: Account, as_alice: Client) -> None:
        given.charge(alice, "120.40", kind=Kind.USAGE_VOICE, ref=5)
        given.charge(alice, "79.60", kind=Kind.USAGE_VOICE, ref=6)
        page = text_of(as_alice, "/")
        assert "−200,00 ₽" in page
        assert "+500,00 ₽" in page
        assert "300,00 ₽" in page

    def test_since_the_last_bill_starts_with_what_was_there(
        self, alice: Account, as_alice: Client
    ) -> None:
        bill = given.issue_bill(alice)
        assert f"На счёте на {in_russian(bill.period_end)}" in text_of(as_alice, "/")

    def test_credit_limit_and_what_can_be_spent(self, db: None, client: Client) -> None:
        dora = people.open_account_for("Ильина", "Дора", kind="postpaid", credit_limit="300.00")
        user = given.subscriber(dora)
        client.force_login(user, backend="portal.auth.SubscriberBackend")
        page = text_of(client, "/")
        assert "Кредитный лимит" in page
        assert "+300,00 ₽" in page
        assert "Можно потратить" in page

    def test_empty_account_says_so_kindly(self, as_bob: Client) -> None:
        page = text_of(as_bob, "/")
        assert "На этом счёте пока нет услуг" in page
        assert "Пока ничего не начислено" in page
        assert "Счетов пока нет" in page

    def test_takes_few_queries(
        self,
        alice: Account,
        as_alice: Client,
        mobile: Subscription,
        internet: Subscription,
        django_assert_max_num_queries,
    ) -> None:
        given.issue_bill(alice)
        given.write_letter(alice)
        for ref in range(6):
            given.charge(alice, "1.00", ref=ref)
        with django_assert_max_num_queries(34):
            as_alice.get("/")


class TestAccounts:
    def test_the_switcher_changes_the_account_looked_at(
        self, alice: Account, as_alice: Client
    ) -> None:
        second = people.open_account(alice.customer)
        given.pay(second, "77.00")
        assert "77,00 ₽" not in text_of(as_alice, "/")
        as_alice.post("/account/", {"account": second.pk, "next": "/"})
        page = text_of(as_alice, "/")
        assert "77,00 ₽" in page
        assert "500,00 ₽" not in page

    def test_without_an_account_there_is_a_page_too(self, db: None, client: Client) -> None:
        customer = people.person("Новикова", "Зоя")
        user = given.User.objects.create_user(
            f"c{customer.pk}", "x", kind="subscriber", customer=customer
        )
        client.force_login(user, backend="portal.auth.SubscriberBackend")
        assert "Лицевого счёта пока нет" in text_of(client, "/")


class TestBill:
    def test_shows_lines_tax_and_what_is_to_be_paid_until_when(
        self, alice: Account, as_alice: Client
    ) -> None:
        bill = given.issue_bill(alice, gross="866.00")
        given.charge(alice, "866.00")
        page = text_of(as_alice, f"/bills/{bill.pk}/")
        assert "Счёт Л-2026-00001" in page
        assert f"{in_russian(bill.period_start)} – " in page
        assert "366,00 ₽" in page
        assert "в том числе налог 156,16 ₽" in page
        assert f"Оплатите до {in_russian(bill.due_on)}" in page
        assert "Абонентская плата" in page

    def test_in_english(self, alice: Account, english: Client) -> None:
        bill = given.issue_bill(alice, gross="866.00")
        given.charge(alice, "866.00")
        page = text_of(english, f"/bills/{bill.pk}/")
        assert "Please pay by" in page
        assert "Plan fee" in page
        assert "₽366.00" in page

    def test_money_paid_in_since_is_taken_off(self, alice: Account, as_alice: Client) -> None:
        bill = given.issue_bill(alice, gross="600.00")
        given.charge(alice, "600.00")
        shown = as_alice.get(f"/bills/{bill.pk}/").context["bill"]
        assert shown.to_pay == Decimal("100.00")

    def test_what_was_charged_since_is_not_asked_for_by_a_paid_bill(
        self, alice: Account, as_alice: Client
    ) -> None:
        bill = given.issue_bill(alice, gross="400.00", due_in_days=-1)
        given.charge(alice, "600.00")
        page = text_of(as_alice, f"/bills/{bill.pk}/")
        assert "Оплачено: по этому счёту долга нет." in page
        home = as_alice.get("/").context["home"]
        assert home.balance.money == Decimal("-100.00")
        assert home.balance.owed_on_bill == 0
        assert home.tone == "soon"

    def test_a_paid_one_says_so(self, alice: Account, as_alice: Client) -> None:
        bill = given.issue_bill(alice)
        page = text_of(as_alice, f"/bills/{bill.pk}/")
        assert "Оплачено: по этому счёту долга нет." in page
        assert "Оплатите" not in page

    def test_an_overdue_one_is_said_on_the_home_page_too(
        self, alice: Account, as_alice: Client
    ) -> None:
        bill = given.issue_bill(alice, gross="1000.00", due_in_days=-1)
        given.charge(alice, "1500.00")
        assert f"до {in_russian(bill.due_on)}. Пожалуйста, оплатите" in text_of(
            as_alice, f"/bills/{bill.pk}/"
        )
        assert as_alice.get("/").context["home"].tone == "now"


class TestPayments:
    def test_list_continues_by_key(self, alice: Account, as_alice: Client) -> None:
        now = timezone.now()
        for minutes in range(1, 32):
            given.pay(alice, f"{minutes}.00", paid_at=now - timezone.timedelta(minutes=minutes))
        page = text_of(as_alice, "/payments/")
        assert page.count("Касса") == 30
        oldest = as_alice.get("/payments/").context["next_key"]
        rows = text_of(as_alice, f"/payments/history/?before={oldest}")
        assert rows.count("Касса") == 2
        part = as_alice.get(f"/payments/history/?before={oldest}", headers={"HX-Request": "true"})
        assert b"<html" not in part.content
        assert part.content.decode().count("Касса") == 2


class TestInbox:
    def test_shows_how_many_are_new(self, alice: Account, as_alice: Client) -> None:
        given.write_letter(alice)
        given.write_letter(alice, event_id=2, subject="Счёт готов")
        page = text_of(as_alice, "/inbox/")
        assert "Сообщения: 2 новых" in page
        assert "Счёт готов" in page
        assert "Мы получили 500 ₽." in page

    def test_reading_marks_only_what_was_seen(self, alice: Account, as_alice: Client) -> None:
        seen = given.write_letter(alice)
        later = given.write_letter(alice, event_id=2)
        as_alice.post("/inbox/read/", {"up_to": seen.pk})
        assert Message.objects.get(pk=seen.pk).read_at is not None
        assert Message.objects.get(pk=later.pk).read_at is None


class TestPromise:
    def test_terms_then_the_word(self, alice: Account, as_alice: Client, mobile) -> None:
        page = text_of(as_alice, "/payments/promise/")
        assert "Не больше" in page
        answer = as_alice.post("/payments/promise/", {"amount": "300"})
        assert answer.status_code == 302
        promise = alice.promises.get()
        assert (promise.amount, promise.state) == (Decimal("300.00"), "open")
        assert promise.actor.startswith("subscriber:")
        assert "Обещанный платёж" in text_of(as_alice, "/")

    def test_a_second_is_refused_with_the_reason(
        self, alice: Account, as_alice: Client, mobile
    ) -> None:
        as_alice.post("/payments/promise/", {"amount": "300"})
        answer = as_alice.post("/payments/promise/", {"amount": "100"})
        assert answer.status_code == 200
        assert alice.promises.count() == 1

    def test_too_much_is_refused(self, alice: Account, as_alice: Client, mobile) -> None:
        assert as_alice.post("/payments/promise/", {"amount": "100000"}).status_code == 200
        assert alice.promises.count() == 0


class TestSettings:
    def test_language_is_kept_for_messages_too(self, alice: Account, as_alice: Client) -> None:
        as_alice.post("/language/", {"language": "en", "next": "/settings/"})
        alice.customer.refresh_from_db()
        assert alice.customer.language == "en"
        assert "How we reach you" in text_of(as_alice, "/settings/")

    def test_unknown_language_changes_nothing(self, alice: Account, as_alice: Client) -> None:
        as_alice.post("/language/", {"language": "xx", "next": "/settings/"})
        alice.customer.refresh_from_db()
        assert alice.customer.language == "ru"

    def test_choices_are_kept(self, alice: Account, as_alice: Client) -> None:
        as_alice.post("/settings/notifications/", {"money.inbox": "on", "service.inbox": "on"})
        page = as_alice.get("/settings/")
        wanted = {choice.name for choice in page.context["choices"] if choice.is_wanted}
        assert {"money.inbox", "service.inbox"} <= wanted
        assert "money.email" not in wanted


def test_the_bill_is_printed_in_the_language_of_the_page(alice: Account, english: Client) -> None:
    bill = given.issue_bill(alice)
    answer = english.get(f"/bills/{bill.pk}/pdf/")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
