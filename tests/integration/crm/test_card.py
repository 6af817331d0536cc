"""The search box, the card, its history."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import operations as accounts_operations
from accounts.models import Account
from billing_project.kernel.models import BusinessEvent
from crm.domain.timeline import Key
from crm.models import CardView, Interaction
from crm.operations import notes
from crm.queries import history
from invoicing.models import Bill
from notifications.models import Message
from tests import people
from tests.integration.crm.conftest import StaffClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db: None) -> Account:
    """Of Мария, with a number, a payment and two notes."""
    account = people.open_account_for("Иванова", "Мария")
    service = people.order_mobile(account, number="79215550101")
    accounts_operations.activate_service(
        subscription_id=service.pk, now=people.NOON, actor=people.CLERK
    )
    for text in ("Спросила о тарифах", "Просит перезвонить"):
        notes.write_note(
            customer_id=account.customer_id,
            kind="call_in",
            text=text,
            now=people.NOON,
            actor=people.CLERK,
        )
    pay(account, "450.50", "T-1")
    return account


def pay(account: Account, amount: str, external_id: str) -> None:
    accounts_operations.take_payment(
        account_id=account.pk,
        amount=Decimal(amount),
        gateway="terminal",
        external_id=external_id,
        paid_at=people.NOON,
        business_date=people.TODAY,
        now=people.NOON,
        actor="system:terminal",
    )


def text_of(client: Client, address: str, **values: str) -> str:
    answer = client.get(address, values)
    assert answer.status_code == 200
    return answer.content.decode().replace("\u00a0", " ")


def card_of(account: Account) -> str:
    return f"/crm/customers/{account.customer_id}/"


@pytest.mark.parametrize("typed", ["иванов", "+7 (921) 555-01-01", "5550101"])
def test_search_finds_by_name_and_phone(as_role: StaffClient, account: Account, typed: str) -> None:
    found = text_of(as_role("agent"), "/crm/search/results/", q=typed)
    assert "Иванова Мария" in found
    assert account.number in found
    assert "450,50 ₽" in found


def test_search_says_when_nothing_is_found(as_role: StaffClient, account: Account) -> None:
    found = text_of(as_role("agent"), "/crm/search/results/", q="Петрозаводск")
    assert "ничего не найдено" in found
    assert "Иванова" not in found


def test_search_speaks_english(as_role: StaffClient, account: Account) -> None:
    client = as_role("agent")
    client.cookies["django_language"] = "en"
    found = text_of(client, "/crm/", q="иванов")
    assert "₽450.50" in found
    assert "New person" in found


def test_search_and_card_ask_a_fixed_number_of_questions(
    as_role: StaffClient, account: Account, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = as_role("agent")
    for number in range(12):
        people.open_account_for("Иванов", f"Пётр{number}")
    with django_assert_max_num_queries(8):
        client.get("/crm/search/results/", {"q": "иванов"})
    with django_assert_max_num_queries(40):
        client.get(card_of(account))


def test_the_card_asks_no_more_for_more_services(as_role: StaffClient, account: Account) -> None:
    client = as_role("agent")
    before = count_of(client, card_of(account))
    for number in range(4):
        people.order_mobile(account, number=f"7921555020{number}")
    assert count_of(client, card_of(account)) == before


def count_of(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_the_card_shows_money_numbers_and_plan(as_role: StaffClient, account: Account) -> None:
    card = text_of(as_role("agent"), card_of(account))
    for shown in ("450,50 ₽", "+7 921 555-01-01", "start", account.number, "Просит перезвонить"):
        assert shown in card


def test_opening_a_card_is_written_down(as_role: StaffClient, account: Account) -> None:
    client = as_role("agent")
    text_of(client, card_of(account))
    seen = CardView.objects.get()
    assert seen.customer_id == account.customer_id
    assert seen.actor.startswith("staff:")
    assert abs((timezone.now() - seen.viewed_at).total_seconds()) < 60


@pytest.mark.parametrize(
    ("role", "shown", "hidden"),
    [
        ("agent", "promise", "payment"),
        ("cashier", "payment", "adjustment"),
        ("accountant", "adjustment", "service"),
    ],
)
def test_actions_are_those_of_the_role(
    as_role: StaffClient, account: Account, role: str, shown: str, hidden: str
) -> None:
    card = text_of(as_role(role), card_of(account))
    assert f"/crm/accounts/{account.pk}/{shown}/" in card
    assert f"/crm/accounts/{account.pk}/{hidden}/" not in card


def test_history_holds_everything_once_newest_first(account: Account) -> None:
    pay(account, "10.00", "T-2")
    items = history.list_history(scope=history.get_scope(account.customer_id)).items
    keys = [item.key for item in items]
    assert keys == sorted(keys, reverse=True)
    assert len(set(keys)) == len(keys)
    amounts = [item.amount for item in items if item.key.source == "payment"]
    assert amounts == [Decimal("10.00"), Decimal("450.50")]
    titles = {item.key.source for item in items}
    assert titles == {"payment", "note", "event"}


def test_history_pages_meet_without_gap_or_repeat(account: Account) -> None:
    for number in range(7):
        pay(account, "1.00", f"P{number}")
    scope = history.get_scope(account.customer_id)
    whole = history.list_history(scope=scope, limit=100)
    read, before = [], None
    while True:
        page = history.list_history(scope=scope, before=before, limit=3)
        read += page.items
        before = page.older
        if before is None:
            break
    assert read == list(whole.items)


def test_history_can_be_narrowed(as_role: StaffClient, account: Account) -> None:
    address = f"{card_of(account)}history/"
    notes_only = text_of(as_role("agent"), address, kind="note")
    assert "Просит перезвонить" in notes_only
    assert "T-1" not in notes_only
    assert "T-1" in text_of(as_role("agent"), address, kind="money")


@pytest.mark.parametrize(
    "key", ["yesterday", "9999-12-31T23:59:59+00:00~note~1", "0001-01-01T00:00:00+14:00~note~1"]
)
def test_a_bad_key_of_the_history_is_not_found(
    as_role: StaffClient, account: Account, key: str
) -> None:
    address = f"{card_of(account)}history/"
    assert as_role("agent").get(address, {"before": key}).status_code == 404


@pytest.mark.parametrize(
    "address", ["/crm/?q=%00abc", "/crm/search/results/?q=a%00bc", "/crm/suspense/?reason=%00"]
)
def test_a_nul_is_refused(as_role: StaffClient, address: str) -> None:
    assert as_role("administrator").get(address).status_code == 400


def test_nobody_elses_history_is_mixed_in(account: Account) -> None:
    stranger = people.open_account_for("Чужой", "Олег")
    pay(stranger, "99.00", "T-99")
    items = history.list_history(scope=history.get_scope(account.customer_id)).items
    assert not any("T-99" in item.details for item in items)
    assert Decimal("99.00") not in {item.amount for item in items}


def test_a_note_is_written_with_its_event(as_role: StaffClient, account: Account) -> None:
    client = as_role("agent")
    answer = client.post(
        f"{card_of(account)}note/",
        {"kind": "visit", "text": "Приходила с паспортом", "request_id": "n1"},
    )
    assert answer.headers["location"] == card_of(account)
    note = Interaction.objects.order_by("-pk").first()
    assert (note.kind, note.text) == ("visit", "Приходила с паспортом")
    event = BusinessEvent.objects.filter(kind="note.written").order_by("-pk").first()
    assert event.on_behalf_of == f"customer:{account.customer_id}"


def test_an_empty_note_is_refused(as_role: StaffClient, account: Account) -> None:
    before = Interaction.objects.count()
    answer = as_role("agent").post(
        f"{card_of(account)}note/", {"kind": "note", "text": "  ", "request_id": "n1"}
    )
    assert answer.status_code == 200
    assert Interaction.objects.count() == before


def test_a_key_is_compared_by_moment_first() -> None:
    early, late = Key(people.NOON, "note", 9), Key(timezone.now(), "bill", 1)
    assert early < late


def test_the_inbox_needs_no_address(account: Account) -> None:
    for channel, recipient in (("inbox", "customer:1"), ("email", "maria@example.org")):
        Message.objects.create(
            customer_id=account.customer_id,
            channel=channel,
            recipient=recipient,
            event_id=1,
            event_kind="payment.received",
            category="money",
            language="ru",
            body="Письмо",
            created_at=people.NOON,
        )
    items = history.list_history(scope=history.get_scope(account.customer_id), kind="message").items
    told = [item.details[1:] for item in items]
    assert sorted(told) == [(), ("maria@example.org",)]


def test_a_bill_credits_nothing(as_role: StaffClient, account: Account) -> None:
    Bill.objects.create(
        account=account,
        legal_entity=people.ladoga(),
        number=17,
        year=2026,
        number_text="2026-17",
        period_start=date(2026, 10, 1),
        period_end=date(2026, 11, 1),
        issued_on=date(2026, 11, 2),
        due_on=date(2026, 11, 20),
        net=Decimal("245.90"),
        tax=Decimal("54.10"),
        gross=Decimal("300.00"),
        opening=0,
        payments=0,
        closing=Decimal("300.00"),
    )
    page = text_of(as_role("agent"), card_of(account))
    assert "300,00 ₽" in page
    assert "+300,00 ₽" not in page
    assert "+450,50 ₽" in page
