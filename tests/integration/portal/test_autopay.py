"""Autopay from the portal: agreed to, shown, stopped with one click."""

import pytest
from django.test import Client

from accounts.models import Account, Autopay, Consent, SavedCard
from tests.acquirers import Bank, set_up
from tests.cards import paid
from tests.integration.portal.test_top_up import text_of

PATH = "/payments/autopay/"


@pytest.fixture
def card(alice: Account, bank: Bank, monkeypatch: pytest.MonkeyPatch) -> SavedCard:
    set_up(bank, "yookassa", monkeypatch)
    paid(alice, bank, saves_card=True)
    return SavedCard.objects.get()


def order(browser: Client, card: SavedCard, **more: str):
    values = {"card": str(card.pk), "amount": "300", "monthly_cap": "900", "agrees": "on"}
    return browser.post(PATH, {**values, "trigger": "threshold", "threshold": "100", **more})


def test_set_shown_and_stopped_with_one_click(as_alice: Client, card: SavedCard) -> None:
    page = text_of(as_alice, PATH)
    assert "Согласен, чтобы лицевой счёт пополнялся с моей карты" in page
    assert order(as_alice, card).status_code == 302
    row = Autopay.objects.get()
    assert (row.state, row.threshold, row.amount) == ("on", 100, 300)
    assert (Consent.objects.get().door, Consent.objects.get().object_id) == ("portal", row.pk)
    page = text_of(as_alice, PATH)
    assert "300 ₽, когда остаётся меньше 100 ₽" in page
    assert "Mir ·· 4444" in page
    as_alice.post("/payments/autopay/stop/")
    row.refresh_from_db()
    assert row.state == "off"
    assert Consent.objects.get().withdrawn_at is not None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"agrees": ""}, "без этого ничего не списывается"),
        ({"monthly_cap": "100"}, "Предел на месяц"),
        ({"threshold": ""}, "Выберите, когда платить"),
        ({"trigger": "day", "day": "32"}, "от 1 до 31"),
        ({"amount": "x"}, "цифрами"),
    ],
)
def test_what_is_wrong_is_said(
    as_alice: Client, card: SavedCard, wrong: dict[str, str], said: str
) -> None:
    answer = order(as_alice, card, **wrong)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Autopay.objects.exists()


def test_nobody_charges_or_forgets_somebody_elses_card(as_bob: Client, card: SavedCard) -> None:
    assert order(as_bob, card).status_code == 200
    assert not Autopay.objects.exists()
    assert as_bob.post(f"/payments/cards/{card.pk}/forget/").status_code == 404
    card.refresh_from_db()
    assert card.state == "active"


def test_a_forgotten_card_stops_the_order(as_alice: Client, card: SavedCard) -> None:
    order(as_alice, card, trigger="day", day="5")
    as_alice.post(f"/payments/cards/{card.pk}/forget/")
    card.refresh_from_db()
    assert (card.state, Autopay.objects.get().state) == ("removed", "off")
    assert "Сначала оплатите картой" in text_of(as_alice, PATH)


def test_without_an_acquirer_nothing_is_promised(as_alice: Client) -> None:
    page = text_of(as_alice, PATH)
    assert "пока не настроена" in page
    assert "Включить автоплатёж" not in page
