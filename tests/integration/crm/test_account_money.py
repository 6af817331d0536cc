"""The desk's page of an account's money: statement, holds, bonuses, corrections, and who may."""

import csv
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import operations
from accounts.models import Account, BonusGrant, EntryReversal, Hold, WriteOff
from accounts.queries import list_entries
from billing_project.kernel.models import Approval
from crm.queries.history import get_scope, list_history
from tests import people
from tests.integration.crm.conftest import StaffClient
from tests.moves import WHEN, charge, credit, funds
from tests.people import CLERK, NOON, TODAY

PERIOD = {"first": "2026-11-01", "last": "2026-11-30"}


def address(name: str, *args: object) -> str:
    return reverse(f"crm:{name}", args=args)


def send(client: Client, name: str, *args: object, **values: object) -> str:
    """Open a form, send it as it came but for `values`; return the page that follows."""
    page = client.get(address(name, *args))
    form = page.context["form"]
    sent = {key: form.get_initial_for_field(form.fields[key], key) or "" for key in form.fields}
    return client.post(address(name, *args), sent | values, follow=True).content.decode()


@pytest.fixture
def accountant(as_role: StaffClient) -> Client:
    return as_role("accountant")


def page(client: Client, account: Account, **query: str) -> str:
    return client.get(address("account-money", account.pk), PERIOD | query).content.decode()


class TestStatement:
    def test_opening_days_and_closing(self, accountant: Client, bob: Account) -> None:
        credit(bob, "100.00", on=TODAY - timedelta(days=5))
        charge(bob, "30.00")
        text = page(accountant, bob)
        assert "Выписка" in text
        shown = accountant.get(address("account-money", bob.pk), PERIOD).context["money"].statement
        assert (shown.opening, shown.credited, shown.charged, shown.closing) == (
            Decimal(100), Decimal(0), Decimal(-30), Decimal(70),
        )  # fmt: skip

    def test_pages_by_key(self, accountant: Client, bob: Account) -> None:
        for _ in range(103):
            charge(bob, "1.00")
        first = accountant.get(address("account-money", bob.pk), PERIOD)
        statement = first.context["money"].statement
        assert (len(statement.lines), statement.entries) == (100, 103)
        day, number = statement.next_key
        text = page(accountant, bob, after=f"{day}~{number}")
        assert "Перенос" in text
        rest = accountant.get(
            address("account-money", bob.pk), PERIOD | {"after": f"{day}~{number}"}
        ).context["money"].statement  # fmt: skip
        assert (rest.carried, len(rest.lines), rest.next_key) == (-100, 3, None)
        assert rest.lines[-1].balance == rest.closing == -103

    @pytest.mark.parametrize(
        "query", [{"first": "x"}, {"after": "x~y"}, {"last": "2020-01-01"}, {"after": "2026-11-01"}]
    )
    def test_odd_addresses_are_no_faults(
        self, accountant: Client, bob: Account, query: dict[str, str]
    ) -> None:
        answer = accountant.get(address("account-money", bob.pk), PERIOD | query)
        assert answer.status_code == 200

    def test_csv_has_every_entry(self, accountant: Client, bob: Account) -> None:
        credit(bob, "100.00")
        operations.adjust(
            account_id=bob.pk, amount=Decimal(-1), reason="=1+1", request_id="r",
            limit=Decimal(9), **WHEN,
        )  # fmt: skip
        answer = accountant.get(address("account-statement-csv", bob.pk), PERIOD)
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        rows = list(csv.reader(StringIO(text), delimiter=";"))
        assert [row[3:] for row in rows[1:]] == [
            ["100.00", "100.00", ""], ["-1.00", "99.00", "'=1+1"],
        ]  # fmt: skip

    def test_pdf(self, accountant: Client, bob: Account) -> None:
        charge(bob, "30.00")
        answer = accountant.get(address("account-statement-pdf", bob.pk), PERIOD)
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.content[:5] == b"%PDF-"


class TestCorrections:
    def test_write_off_and_take_it_back(self, accountant: Client, bob: Account) -> None:
        charge(bob, "80.00")
        assert "Списать задолженность" in page(accountant, bob)
        assert "Задолженность списана" in send(
            accountant, "debt-write-off", bob.pk, amount="30,00", reason="умер"
        )
        assert (funds(bob)[0], WriteOff.objects.get().amount) == ("-50.00", 30)
        entry = list_entries(account_id=bob.pk, limit=1)[0]
        assert "Проводка отменена" in send(
            accountant, "take-back-entry", bob.pk, entry.id, reason="жив"
        )
        assert funds(bob)[0] == "-80.00"
        assert EntryReversal.objects.get().entry_id == entry.id

    def test_more_than_is_owed_is_told_at_the_field(self, accountant: Client, bob: Account) -> None:
        charge(bob, "80.00")
        text = send(accountant, "debt-write-off", bob.pk, amount="80,01", reason="умер")
        assert "Нельзя списать больше, чем должны" in text
        assert funds(bob)[0] == "-80.00"

    def test_a_double_click_writes_off_once(self, accountant: Client, bob: Account) -> None:
        charge(bob, "80.00")
        values = {"amount": "30.00", "reason": "x", "request_id": "same"}
        for _ in range(2):
            accountant.post(address("debt-write-off", bob.pk), values)
        assert funds(bob)[0] == "-50.00"

    def test_a_transfer_leaves_what_is_held(self, accountant: Client, bob: Account) -> None:
        other = people.open_account(bob.customer)
        credit(bob, "100.00")
        operations.authorise_hold(
            account_id=bob.pk, amount=Decimal(40), reason="x", reference="r",
            expires_at=NOON + timedelta(days=9999), now=NOON, actor=CLERK,
        )  # fmt: skip
        text = send(accountant, "transfer", bob.pk, to_account=other.pk, amount="60,01")
        assert "недостаточно денег" in text
        send(accountant, "transfer", bob.pk, to_account=other.pk, amount="60,00")
        assert (funds(bob), funds(other)[0]) == (("40.00", "0.00", "40.00"), "60.00")

    def test_no_transfer_to_a_stranger(
        self, accountant: Client, alice: Account, bob: Account
    ) -> None:
        people.open_account(bob.customer)
        credit(bob, "100.00")
        send(accountant, "transfer", bob.pk, to_account=alice.pk, amount="1,00")
        assert (funds(bob)[0], funds(alice)[0]) == ("100.00", "0.00")

    def test_opening_balance(self, accountant: Client, bob: Account) -> None:
        send(accountant, "opening-balance", bob.pk, amount="-12,50", reason="перенос")
        assert funds(bob)[0] == "-12.50"


class TestHolds:
    def test_held_charged_in_part_let_go(self, accountant: Client, bob: Account) -> None:
        credit(bob, "100.00")
        send(accountant, "hold", bob.pk, amount="60,00", reason="Роутер")
        held = Hold.objects.get()
        assert held.expires_at > timezone.now() + timedelta(days=7)
        assert "Роутер" in page(accountant, bob)
        send(accountant, "capture-hold", held.pk, amount="25,00", keeps_rest="on")
        assert funds(bob) == ("75.00", "0.00", "35.00")
        send(accountant, "void-hold", held.pk, reason="передумали")
        assert funds(bob) == ("75.00", "0.00", "0.00")

    def test_too_much_is_told(self, accountant: Client, bob: Account) -> None:
        assert "недостаточно денег" in send(accountant, "hold", bob.pk, amount="1", reason="x")


class TestBonuses:
    def test_granted_and_used(self, accountant: Client, bob: Account) -> None:
        send(accountant, "grant-bonus", bob.pk, amount="50,00", pays="any", reason="день рождения")
        assert BonusGrant.objects.get().left == 50
        assert "день рождения" in page(accountant, bob)
        charge(bob, "20.00", on=timezone.localdate())
        send(accountant, "use-bonus", bob.pk)
        assert funds(bob) == ("0.00", "30.00", "0.00")

    def test_above_the_limit_a_second_person_decides(
        self, accountant: Client, as_role: StaffClient, bob: Account
    ) -> None:
        text = send(accountant, "grant-bonus", bob.pk, amount="5000,00", pays="any", reason="x")
        assert "Ждёт согласования" in text
        asked = Approval.objects.get()
        second = as_role("administrator")
        assert "Бонус" in second.get(address("approval-list")).content.decode()
        second.post(address("approve", asked.pk))
        assert funds(bob)[1] == "5000.00"


def test_everything_asked_for_is_decided_on_one_page(
    accountant: Client, as_role: StaffClient, bob: Account
) -> None:
    charge(bob, "9000.00")
    send(accountant, "debt-write-off", bob.pk, amount="5000,00", reason="x")
    send(accountant, "opening-balance", bob.pk, amount="1,00", reason="x")
    second = as_role("administrator")
    for asked in Approval.objects.order_by("pk"):
        second.post(address("approve", asked.pk))
    assert funds(bob)[0] == "-3999.00"
    assert set(Approval.objects.values_list("state", flat=True)) == {"approved"}


def test_the_history_tells_it(accountant: Client, bob: Account) -> None:
    charge(bob, "80.00")
    send(accountant, "debt-write-off", bob.pk, amount="30,00", reason="умер")
    send(accountant, "grant-bonus", bob.pk, amount="5,00", pays="any", reason="утешение")
    items = list_history(
        scope=get_scope(bob.customer_id), kind="money", before=None, limit=20
    ).items
    told = {item.text: (item.amount, item.moves_money) for item in items}
    assert told["умер"] == (Decimal("30.00"), True)
    assert told["утешение"] == (Decimal("5.00"), False)


RIGHTS = {
    "debt-write-off": {"accountant", "administrator"},
    "opening-balance": {"accountant", "administrator"},
    "transfer": {"agent", "accountant", "administrator"},
    "hold": {"agent", "accountant", "administrator"},
    "grant-bonus": {"agent", "accountant", "administrator"},
    "account-money": {"agent", "cashier", "accountant", "administrator"},
}


@pytest.mark.parametrize(("name", "roles"), RIGHTS.items())
def test_who_may(as_role: StaffClient, bob: Account, name: str, roles: set[str]) -> None:
    for role in ("agent", "cashier", "accountant", "administrator"):
        status = as_role(role).get(address(name, bob.pk)).status_code
        assert status == (200 if role in roles else 403), role


@pytest.mark.parametrize(
    ("name", "args"),
    [("capture-hold", [404]), ("void-hold", [404]), ("hold", [404]), ("account-money", [404])],
)
def test_nobody_there(as_role: StaffClient, name: str, args: list[int]) -> None:
    assert as_role("administrator").get(address(name, *args)).status_code == 404
