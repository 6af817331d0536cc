"""Topping up from the portal: the page, the bank's page, and back to the truth."""

import re
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import Account, CardPayment, Payment
from accounts.operations import acquiring
from accounts.queries import get_balance
from tests import people
from tests.acquirers import Bank, set_up
from tests.integration.portal import conftest as given

PATH = "/payments/top-up/"


@pytest.fixture
def taken(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> Bank:
    """Cards are taken through YooKassa."""
    set_up(bank, "yookassa", monkeypatch, name="ЮKassa")
    return bank


def text_of(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode().replace("\u00a0", " ").replace("\u2060", "")


def send(browser: Client, amount: str = "300", **more: str):
    return browser.post(PATH, {"amount": amount, "key": "k1", **more})


def token() -> str:
    return CardPayment.objects.get().token


def outcome(browser: Client) -> tuple[str, str]:
    cache.clear()
    page = text_of(browser, f"/pay/{token()}/outcome/")
    state = re.search(r'data-state="(\w+)"', page)
    assert state is not None
    return state[1], page


def test_the_way_to_the_bank_and_back(as_alice: Client, alice: Account, taken: Bank) -> None:
    assert "Пополнить картой" in text_of(as_alice, "/payments/")
    assert 'value="alice@example.org"' in text_of(as_alice, PATH)
    answer = send(as_alice, "300,50", email="a@example.org")
    assert answer.status_code == 302
    assert answer["Location"] == f"/pay/{token()}/"
    page = text_of(as_alice, answer["Location"])
    assert f"0;url={taken.url}/page/{taken.made[0].id}" in page
    assert taken.made[0].return_url == f"http://testserver/pay/{token()}/outcome/"
    state, page = outcome(as_alice)
    assert state == "pending"
    assert "Ждём ответа банка" in page
    assert "every 4s" in page
    taken.pay()
    state, page = outcome(as_alice)
    assert state == "succeeded"
    assert "Деньги на лицевом счёте" in page
    assert "every 4s" not in page
    assert get_balance(alice.pk).money == Decimal("800.50")


def test_a_refusal_and_silence_are_told_apart(as_alice: Client, taken: Bank) -> None:
    taken.faults = ["lost"]
    send(as_alice)
    assert as_alice.get(f"/pay/{token()}/")["Location"] == f"/pay/{token()}/outcome/"
    taken.faults = ["down"]
    state, page = outcome(as_alice)
    assert state == "unknown"
    assert "не платите второй раз" in page
    assert outcome(as_alice)[0] == "pending"
    taken.refuse()
    state, page = outcome(as_alice)
    assert state == "cancelled"
    assert "С карты ничего не списано" in page
    assert Payment.objects.count() == 1  # the one at the cash desk


def test_the_outcome_asks_the_bank_at_most_every_few_seconds(as_alice: Client, taken: Bank) -> None:
    send(as_alice)
    for _ in range(5):
        text_of(as_alice, f"/pay/{token()}/outcome/")
    assert [verb for verb, _path in taken.requests] == ["POST", "GET"]


def test_a_form_sent_twice_begins_one_payment(as_alice: Client, taken: Bank) -> None:
    assert {send(as_alice)["Location"] for _ in range(3)} == {f"/pay/{token()}/"}
    assert len(taken.made) == 1


@pytest.mark.parametrize(
    ("amount", "said"),
    [("5", "от 10"), ("0", "больше"), ("1000000", "до 100000"), ("x", "цифрами"), ("", "сумму")],
)
def test_what_is_wrong_is_said(as_alice: Client, taken: Bank, amount: str, said: str) -> None:
    answer = send(as_alice, amount)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not CardPayment.objects.exists()


def test_debt_is_suggested(as_bob: Client, bob: Account, taken: Bank) -> None:
    given.charge(bob, "120.00")
    page = text_of(as_bob, PATH)
    assert "120 ₽" in page or "120,00 ₽" in page
    assert "долг" in page
    assert re.search(r'name="amount" value="120[,.]00"', page)


def test_without_an_acquirer_the_page_says_how_else_to_pay(
    as_alice: Client, alice: Account
) -> None:
    page = text_of(as_alice, PATH)
    assert "пока не настроена" in page
    assert "в кассе" in page or "кассе" in page
    assert '<form method="post" novalidate>' not in page
    assert send(as_alice).status_code == 200
    assert not CardPayment.objects.exists()


def test_a_link_is_begun_by_its_button_by_whoever_has_it(
    client: Client, alice: Account, taken: Bank
) -> None:
    row = acquiring.begin(
        account_id=alice.pk,
        amount=Decimal("250.00"),
        key="link",
        door="crm",
        return_url="http://testserver/pay/TOKEN/outcome/",
        now=people.NOON,
        actor=people.CLERK,
    )
    page = text_of(client, f"/pay/{row.token}/")
    assert "250" in page
    assert alice.number not in page
    assert "Смирнова" not in page
    assert taken.made == []
    answer = client.post(f"/pay/{row.token}/")
    assert taken.url in answer.content.decode()
    client.post(f"/pay/{row.token}/")
    assert len(taken.made) == 1


def test_a_token_that_never_was(client: Client, db: None) -> None:
    assert client.get("/pay/nothing/").status_code == 404
    assert client.get("/pay/nothing/outcome/").status_code == 404


def test_notices_come_in_by_their_own_door(client: Client, alice: Account, taken: Bank) -> None:
    path = reverse("acquirer", args=["yookassa"])
    assert path == "/acquirers/yookassa/"
    assert client.post(path, b"{}", content_type="application/json").status_code == 400
    assert client.get(path).status_code == 405
    assert client.post("/acquirers/nobody/", b"{}", content_type="x/y").status_code == 404
