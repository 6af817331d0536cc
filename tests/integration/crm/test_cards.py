"""The desk's side of money by card: links, refunds by one or two people, autopay on a word."""

import re
from decimal import Decimal

import pytest
from django.test import Client

from accounts import queries as accounts_queries
from accounts.models import (
    Account,
    AcquirerNotice,
    Autopay,
    CardPayment,
    Chargeback,
    Consent,
    Payment,
    Refund,
    SavedCard,
)
from billing_project.kernel.models import Approval
from tests import people
from tests.acquirers import Bank, set_up
from tests.cards import paid
from tests.integration.crm.conftest import StaffClient, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db: None) -> Account:
    return people.open_account_for("Иванова", "Мария")


@pytest.fixture
def taken(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> Bank:
    set_up(bank, "yookassa", monkeypatch, name="ЮKassa")
    return bank


@pytest.fixture
def payment(account: Account, taken: Bank) -> Payment:
    return paid(account, taken, "1000.00", saves_card=True)[0]


def page_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode().replace("\u00a0", " ")


def money_of(account: Account) -> Decimal:
    return accounts_queries.get_balance(account.pk).money


def give_back(client: Client, payment: Payment, amount: str, **more: str):
    values = {"amount": amount, "way": "source", "reason": "ошибка", "request_id": "r1"}
    return client.post(f"/crm/payments/{payment.pk}/refund/", {**values, **more})


def test_a_link_to_pay(as_role: StaffClient, account: Account, taken: Bank, client: Client) -> None:
    agent = as_role("agent")
    values = {"amount": "250", "key": "k1", "email": ""}
    for _ in range(2):
        assert agent.post(f"/crm/accounts/{account.pk}/link/", values).status_code == 302
    row = CardPayment.objects.get()
    assert (row.door, row.on_behalf_of) == ("crm", f"customer:{account.customer_id}")
    page = page_of(agent, f"/crm/accounts/{account.pk}/cards/")
    link = re.search(r'value="http://testserver(/pay/[^"]+/)"', page)
    assert link is not None
    assert client.get(link[1]).status_code == 200
    assert taken.made == []
    agent.post(f"/crm/payments/links/{row.pk}/")
    row.refresh_from_db()
    assert (row.state, row.reason) == ("cancelled", "withdrawn")
    assert "больше не действует" in client.get(link[1], follow=True).content.decode()


def test_within_the_limit_one_person_gives_back(
    as_role: StaffClient, account: Account, payment: Payment, taken: Bank
) -> None:
    agent = as_role("agent")
    form = page_of(agent, f"/crm/payments/{payment.pk}/refund/")
    assert "Можно вернуть 1 000,00 ₽ из 1 000,00 ₽" in form
    for _ in range(3):
        assert give_back(agent, payment, "300").status_code == 302
    assert (Refund.objects.get().state, money_of(account)) == ("succeeded", 700)
    page = page_of(agent, f"/crm/accounts/{account.pk}/cards/")
    assert "возвращено" in page
    assert "ошибка" in page


def test_above_it_a_second_one_decides(
    as_role: StaffClient, account: Account, payment: Payment, taken: Bank
) -> None:
    give_back(as_role("agent"), payment, "301")
    assert (Refund.objects.count(), money_of(account)) == (0, 1000)
    approval = Approval.objects.get()
    accountant = as_role("accountant")
    assert "Возврат" in page_of(accountant, "/crm/approvals/")
    assert accountant.post(f"/crm/approvals/{approval.pk}/approve/").status_code == 302
    made = Refund.objects.get()
    assert (made.state, made.actor, money_of(account)) == ("succeeded", staff("agent").actor, 699)


def test_an_approval_that_came_too_late_says_why(
    as_role: StaffClient, account: Account, payment: Payment, taken: Bank
) -> None:
    give_back(as_role("agent"), payment, "900")
    give_back(as_role("accountant"), payment, "200", request_id="r2")
    approval = Approval.objects.get()
    answer = as_role("accountant").post(f"/crm/approvals/{approval.pk}/approve/")
    assert "можно вернуть ещё 800" in answer.content.decode()
    assert money_of(account) == 800


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"amount": "1000.01"}, "можно вернуть ещё 1000.00"),
        ({"way": "cash"}, "номер документа"),
        ({"amount": "0"}, "больше либо равно"),
    ],
)
def test_a_refund_that_cant_be_says_why(
    as_role: StaffClient, account: Account, payment: Payment, more: dict[str, str], said: str
) -> None:
    answer = give_back(as_role("agent"), payment, **{"amount": "10", **more})
    assert said in answer.content.decode()
    assert (Refund.objects.count(), money_of(account)) == (0, 1000)


def test_silence_is_said(
    as_role: StaffClient, account: Account, payment: Payment, taken: Bank
) -> None:
    taken.faults = ["lost"]
    agent = as_role("agent")
    answer = give_back(agent, payment, "100")
    page = agent.get(answer.headers["location"]).content.decode()
    assert "ещё не подтвердил возврат" in page
    assert Refund.objects.get().state == "unknown"


def test_a_dispute_by_letter(as_role: StaffClient, account: Account, payment: Payment) -> None:
    values = {"external_id": "7", "claimed": "1000", "outcome": "failed", "reason": ""}
    client = as_role("accountant")
    assert client.post(f"/crm/payments/{payment.pk}/chargeback/", values).status_code == 302
    assert (Chargeback.objects.get().state, money_of(account)) == ("lost", 0)


def test_autopay_on_the_subscribers_word(
    as_role: StaffClient, account: Account, payment: Payment
) -> None:
    agent = as_role("agent")
    card = SavedCard.objects.get()
    path = f"/crm/accounts/{account.pk}/autopay/"
    assert "Согласен, чтобы лицевой счёт" in page_of(agent, path)
    values = {"card_id": card.pk, "amount": "300", "trigger": "day", "day": "5"}
    assert agent.post(path, {**values, "monthly_cap": "200"}).status_code == 200
    assert agent.post(path, {**values, "monthly_cap": "600"}).status_code == 302
    order, consent = Autopay.objects.get(), Consent.objects.get()
    assert (consent.door, consent.actor) == ("crm", staff("agent").actor)
    assert consent.on_behalf_of == f"customer:{account.customer_id}"
    assert "в день месяца: 5" in page_of(agent, f"/crm/accounts/{account.pk}/cards/")
    agent.post(f"/crm/autopay/{order.pk}/stop/")
    order.refresh_from_db()
    assert order.state == "off"
    agent.post(f"/crm/cards/{card.pk}/forget/")
    card.refresh_from_db()
    assert card.state == "removed"


def test_what_waits_for_people(
    as_role: StaffClient, account: Account, payment: Payment, taken: Bank
) -> None:
    acquirer = CardPayment.objects.get().acquirer
    AcquirerNotice.objects.create(
        acquirer=acquirer,
        event="e1",
        kind="payment.succeeded",
        subject="payment",
        subject_id="somebody-elses",
        body="{}",
        state="stranger",
        received_at=people.NOON,
    )
    taken.faults = ["down"]
    give_back(as_role("agent"), payment, "100")
    Refund.objects.update(asked_at=people.NOON)
    page = page_of(as_role("accountant"), "/crm/payments/cards/")
    assert "somebody-elses" in page
    assert "100,00 ₽" in page


@pytest.mark.parametrize(
    "path", ["payments/{p}/refund/", "payments/{p}/chargeback/", "accounts/{a}/autopay/"]
)
def test_a_cashier_may_none_of_it(
    as_role: StaffClient, account: Account, payment: Payment, path: str
) -> None:
    address = "/crm/" + path.format(p=payment.pk, a=account.pk)
    assert as_role("cashier").get(address).status_code == 403
    assert as_role("cashier").post(address, {}).status_code == 403
