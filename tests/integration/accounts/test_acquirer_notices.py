"""Notices of acquirers: surely theirs and fresh, once each, in any order, about anything."""

import json
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from django.test import Client

from accounts.domain.acquiring import ForgedNotice
from accounts.models import Account, Acquirer, AcquirerNotice, Chargeback, Payment, Refund
from accounts.operations import acquiring
from tests import people
from tests.acquirers import Bank, Notice, set_up, sign, stripe_notice, yookassa_notice
from tests.cards import NOON, asked, broken, look, money, paid, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db: None) -> Account:
    return people.open_account_for("Смирнова", "Алиса")


def tell(notice: Notice, *, code: str = "", source: str = "127.0.0.1", now=NOON) -> int | None:
    code = code or ("stripe" if notice.headers else "yookassa")
    return acquiring.receive_notice(
        code=code, body=notice.body, headers=notice.headers, source=source, now=now
    )


def told_of_payment(bank: Bank, kind: str, *, at=NOON) -> Notice:
    one = bank.made[-1]
    if kind == "yookassa":
        event = {"paid": "payment.succeeded", "open": "payment.waiting_for_capture"}
        return yookassa_notice(bank, event.get(one.status, "payment.canceled"), one.id)
    return stripe_notice(bank, "checkout.session.completed", one.session, at=at)


both = pytest.mark.parametrize("kind", ["yookassa", "stripe"])


@both
def test_a_notice_five_times_credits_once(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    row = asked(account)
    bank.pay()
    assert {tell(told_of_payment(bank, kind)) for _ in range(5)} == {
        AcquirerNotice.objects.get().pk
    }
    assert money(account) == 0  # stored first, effect after
    settle()
    notice = AcquirerNotice.objects.get()
    assert (notice.state, notice.repeats) == ("settled", 4)
    assert json.loads(notice.body)
    tell(told_of_payment(bank, kind))
    settle(NOON + timedelta(hours=1))
    row.refresh_from_db()
    assert (row.state, money(account), Payment.objects.count()) == ("succeeded", 500, 1)
    assert broken() == []


@both
def test_three_days_late_is_as_good(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    row = asked(account)
    bank.refuse()
    assert look(row).state == "cancelled"
    bank.pay()
    late = NOON + timedelta(days=3)
    tell(told_of_payment(bank, kind, at=late), now=late)
    settle(late)
    assert money(account) == 500
    payment = Payment.objects.get()
    assert payment.business_date == late.date()


@both
def test_a_notice_teaches_the_id_of_an_asking_whose_answer_was_lost(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    bank.faults = ["lost"]
    row = asked(account)
    bank.pay()
    asked_before = len(bank.requests)
    tell(told_of_payment(bank, kind))
    settle()
    row.refresh_from_db()
    assert (row.state, money(account)) == ("succeeded", 500)
    assert "POST" not in {verb for verb, _path in bank.requests[asked_before:]}


@both
def test_what_a_notice_says_is_not_believed_but_asked(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    asked(account)
    bank.pay()
    notice = told_of_payment(bank, kind)
    bank.made[0].status = "open"
    tell(notice)
    settle()
    assert money(account) == 0
    assert AcquirerNotice.objects.get().state == "settled"


@both
def test_a_notice_waits_while_the_acquirer_is_silent(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    asked(account)
    bank.pay()
    tell(told_of_payment(bank, kind))
    address = Acquirer.objects.get()
    url, address.base_url = address.base_url, "http://127.0.0.1:9/v3"
    address.save()
    settle()
    assert AcquirerNotice.objects.get().state == "received"
    assert money(account) == 0
    address.base_url = url
    address.save()
    settle(NOON + timedelta(hours=1))
    assert AcquirerNotice.objects.get().state == "settled"
    assert money(account) == 500


@both
def test_a_payment_we_never_asked_for_is_kept_for_a_person(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    row = asked(account)
    bank.pay()
    row.__class__.objects.all().delete()
    tell(told_of_payment(bank, kind))
    settle()
    assert AcquirerNotice.objects.get().state == "stranger"
    assert money(account) == 0


def forged(bank: Bank) -> dict[str, Notice]:
    session = bank.made[0].session
    good = stripe_notice(bank, "checkout.session.completed", session, at=NOON)
    other = stripe_notice(
        bank, "checkout.session.completed", session, at=NOON, secret="whsec_of_somebody_else"
    )
    early, late = (NOON - timedelta(seconds=301), NOON + timedelta(seconds=301))
    signature = good.headers["Stripe-Signature"]
    return {
        "another secret": other,
        "no signature": Notice(good.body, {"X": "y"}),
        "another body": Notice(good.body.replace(b"50000", b"90000"), good.headers),
        "old": stripe_notice(bank, "checkout.session.completed", session, at=early),
        "of the future": stripe_notice(bank, "checkout.session.completed", session, at=late),
        "no time": Notice(good.body, {"Stripe-Signature": signature.partition(",")[2]}),
        "scheme v0": Notice(good.body, {"Stripe-Signature": signature.replace("v1=", "v0=")}),
        "not text": Notice(b"\xff\xfe", good.headers),
        "nonsense": Notice(b"[]", {"Stripe-Signature": "t=x,v1="}),
        "not an event": sign({"id": 1}, at=NOON),
    }


FORGED = [
    *("another secret", "no signature", "another body", "old", "of the future", "no time"),
    *("scheme v0", "not text", "nonsense", "not an event"),
]


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_or_old_event_leaves_nothing(
    account: Account,
    bank: Bank,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    set_up(bank, "stripe", monkeypatch)
    asked(account)
    bank.pay()
    with pytest.raises(ForgedNotice):
        tell(forged(bank)[name], code="stripe")
    assert not AcquirerNotice.objects.exists()
    assert "notice refused: acquirer=stripe" in caplog.text
    settle()
    assert money(account) == 0


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_signature_within_the_tolerance_is_good(
    account: Account, bank: Bank, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, "stripe", monkeypatch)
    asked(account)
    assert tell(told_of_payment(bank, "stripe", at=NOON + timedelta(seconds=seconds)))


@pytest.mark.parametrize("source", ["203.0.113.5", "77.75.152.1", "", "not an address", "::1"])
def test_a_notice_from_elsewhere_leaves_nothing(
    account: Account, bank: Bank, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, "yookassa", monkeypatch, networks=[])
    asked(account)
    with pytest.raises(ForgedNotice):
        tell(told_of_payment(bank, "yookassa"), source=source)
    assert not AcquirerNotice.objects.exists()


@pytest.mark.parametrize("source", ["77.75.153.7", "77.75.156.11", "2a02:5180:0:1509::5"])
def test_the_published_networks_are_theirs(
    account: Account, bank: Bank, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, "yookassa", monkeypatch, networks=[])
    asked(account)
    assert tell(told_of_payment(bank, "yookassa"), source=source)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1]", b"null", b'{"event": 1}', b'{"event": "x", "object": []}', b"\xff"]
)
def test_what_is_no_notice_is_refused_at_the_door(
    client: Client, bank: Bank, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, "yookassa", monkeypatch)
    answer = client.post("/acquirers/yookassa/", body, content_type="application/json")
    assert answer.status_code == 400
    assert not AcquirerNotice.objects.exists()


def test_the_door_takes_a_notice(
    client: Client, account: Account, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, "yookassa", monkeypatch)
    asked(account)
    body = told_of_payment(bank, "yookassa").body
    answer = client.post("/acquirers/yookassa/", body, content_type="application/json")
    assert answer.status_code == 200
    assert AcquirerNotice.objects.get().body == body.decode()


def test_events_about_other_things_are_kept_and_ignored(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, "stripe", monkeypatch)
    said = {"id": "evt_1", "type": "payout.paid", "data": {"object": {"id": "po_1"}}}
    tell(sign(said, at=NOON), code="stripe")
    settle()
    assert AcquirerNotice.objects.get().state == "ignored"
    assert bank.requests == []


STORY = ["paid", "refund", "dispute", "lost"]


@pytest.mark.parametrize("order", list(permutations(STORY)), ids="-".join)
def test_the_books_are_the_same_whatever_the_order_of_events(
    account: Account, bank: Bank, order: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """500 paid, 100 refunded at the acquirer's own screen, the rest disputed and lost."""
    set_up(bank, "stripe", monkeypatch)
    asked(account)
    charge = bank.pay()
    refund = bank.give_back(charge, 10000, {})["id"]
    dispute = bank.dispute(charge, "lost", amount=40000)
    notices = {
        "paid": ("checkout.session.completed", charge.session),
        "refund": ("refund.created", refund),
        "dispute": ("charge.dispute.created", dispute),
        "lost": ("charge.dispute.closed", dispute),
    }
    for name in order:
        kind, about = notices[name]
        for _ in range(2):
            tell(stripe_notice(bank, kind, about, at=NOON))
        settle()
    assert set(AcquirerNotice.objects.values_list("state", flat=True)) == {"settled"}
    assert (Refund.objects.get().amount, Refund.objects.get().state) == (100, "succeeded")
    assert (Chargeback.objects.get().amount, Chargeback.objects.get().state) == (400, "lost")
    assert money(account) == 0
    assert broken() == []


@pytest.mark.parametrize(
    ("status", "state", "left"),
    [("needs_response", "open", 500), ("won", "won", 500), ("lost", "lost", 0)],
)
def test_a_dispute_takes_money_only_when_it_is_lost(
    account: Account,
    bank: Bank,
    status: str,
    state: str,
    left: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_up(bank, "stripe", monkeypatch)
    payment, charge = paid(account, bank)
    name = bank.dispute(charge, status)
    tell(stripe_notice(bank, "charge.dispute.updated", name, at=NOON))
    settle()
    row = Chargeback.objects.get()
    assert (row.payment, row.state, row.claimed) == (payment, state, Decimal(500))
    assert money(account) == left
    assert broken() == []


def test_a_dispute_over_what_was_given_back_takes_only_the_rest(
    account: Account, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, "stripe", monkeypatch)
    _payment, charge = paid(account, bank)
    tell(stripe_notice(bank, "refund.created", bank.give_back(charge, 30000, {})["id"], at=NOON))
    settle()
    tell(stripe_notice(bank, "charge.dispute.closed", bank.dispute(charge, "lost"), at=NOON))
    settle()
    row = Chargeback.objects.get()
    assert (row.claimed, row.amount, money(account)) == (500, 200, 0)
    assert broken() == []
