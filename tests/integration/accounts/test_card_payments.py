"""Payments by card, through the acquirers' own clients against real local endpoints."""

from datetime import timedelta

import pytest

from accounts.models import Account, CardPayment, Payment, PaymentNotice, SavedCard
from accounts.operations import acquiring
from tests import people
from tests.acquirers import Bank, set_up
from tests.cards import asked, begin, broken, look, money

pytestmark = pytest.mark.django_db
both = pytest.mark.parametrize("kind", ["yookassa", "stripe"])
NOON = people.NOON


@pytest.fixture
def account(db: None) -> Account:
    return people.open_account_for("Смирнова", "Алиса")


@both
def test_a_payment_is_asked_for_paid_and_credited(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    row = asked(account, email="alice@example.org")
    assert row.state == "pending"
    assert row.page_url == f"{bank.url}/page/{bank.made[0].id}"
    assert (bank.made[0].amount, bank.made[0].currency) == (50000, "RUB")
    assert bank.made[0].return_url == f"http://testserver/pay/{row.token}/"
    assert money(account) == 0
    assert look(row).state == "pending"
    bank.pay()
    row = look(row)
    assert (row.state, row.received, money(account)) == ("succeeded", 500, 500)
    payment = Payment.objects.get()
    assert (payment.gateway, payment.external_id) == (kind, row.external_id)
    assert row.notice.payment == payment
    assert broken() == []


@both
def test_looking_again_credits_once(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    row = asked(account)
    bank.pay()
    for seconds in range(5):
        look(row, seconds=seconds)
    assert money(account) == 500
    assert Payment.objects.count() == PaymentNotice.objects.count() == 1


@both
def test_an_unpaid_page_is_cancelled(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    row = asked(account)
    bank.refuse()
    assert look(row).state == "cancelled"
    assert money(account) == 0
    # The acquirer's word counts: it turns out to be paid after all.
    bank.pay()
    assert look(row).state == "succeeded"
    assert money(account) == 500


@both
def test_an_answer_lost_after_the_asking_is_unknown_until_it_is_asked_again(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    bank.faults = ["lost"]
    row = asked(account)
    assert (row.state, row.external_id, len(bank.made)) == ("unknown", "", 1)
    row = look(row)
    assert (row.state, len(bank.made)) == ("pending", 1)
    assert row.page_url == f"{bank.url}/page/{bank.made[0].id}"


@both
@pytest.mark.parametrize(
    "fault", ["down", (500, {"type": "error"}), (502, {}), (429, {"error": {"type": "x"}})]
)
def test_no_answer_is_never_taken_for_a_no(
    account: Account, bank: Bank, kind: str, fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    bank.faults = [fault]
    row = asked(account)
    assert (row.state, len(bank.made)) == ("unknown", 0)
    assert look(row).state == "pending"
    assert len(bank.made) == 1


@both
def test_a_wrong_secret_ends_the_first_asking_but_not_what_was_asked_before(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    bank.faults = ["lost"]
    first = asked(account)
    for name in ("TEST_YOOKASSA_SECRET", "TEST_STRIPE_SECRET"):
        monkeypatch.setenv(name, "wrong")
    assert asked(account, key="k2").state == "cancelled"
    assert look(first).state == "unknown"


@both
def test_the_same_form_twice_asks_once(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    assert {asked(account).pk for _ in range(5)} == {CardPayment.objects.get().pk}
    assert len(bank.made) == 1
    with pytest.raises(acquiring.UnableToAskForPayment) as refusal:
        begin(account, "501.00")
    assert refusal.value.field == "amount"


@both
def test_a_card_is_kept_when_the_payer_wants_it(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    row = asked(account, saves_card=True)
    bank.pay()
    look(row)
    card = SavedCard.objects.get()
    assert (card.token, card.last4, card.expires) == (
        ("pm_saved", "4444", "07/2029") if kind == "yookassa" else ("pm_saved", "4242", "07/2029")
    )


@both
def test_a_card_is_not_kept_unasked(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    row = asked(account)
    bank.pay()
    look(row)
    assert not SavedCard.objects.exists()


@pytest.mark.parametrize("amount", ["9.99", "100000.01", "10.005", "0.00", "-5.00"])
def test_amounts_out_of_bounds_are_refused(
    account: Account, bank: Bank, amount: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, "yookassa", monkeypatch)
    with pytest.raises(acquiring.UnableToAskForPayment) as refusal:
        begin(account, amount)
    assert refusal.value.field == "amount"
    assert not CardPayment.objects.exists()


def test_without_an_acquirer_or_its_secret_nothing_is_begun(
    account: Account, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(acquiring.UnableToAskForPayment):
        begin(account)
    set_up(bank, "yookassa", monkeypatch)
    monkeypatch.delenv("TEST_YOOKASSA_SECRET")
    with pytest.raises(acquiring.UnableToAskForPayment):
        begin(account)
    assert bank.requests == []


def test_what_was_paid_into_a_closed_account_waits_for_a_person(
    account: Account, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, "yookassa", monkeypatch)
    row = asked(account)
    bank.pay()
    Account.objects.filter(pk=account.pk).update(closed_on=people.TODAY)
    row = look(row)
    assert (row.state, row.notice.state) == ("succeeded", "unassigned")
    assert money(account) == 0


def test_another_amount_than_asked_is_credited_as_it_came(
    account: Account, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, "yookassa", monkeypatch)
    row = asked(account)
    bank.made[0].amount = 49900
    bank.pay()
    row = look(row)
    assert (row.amount, row.received, money(account)) == (500, 499, 499)


def test_a_link_that_nobody_began_expires(
    account: Account, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, "yookassa", monkeypatch)
    row = begin(account)
    assert look(row, seconds=3600).state == "created"
    assert acquiring.settle(now=NOON + timedelta(days=3)).payments == 1
    row.refresh_from_db()
    assert (row.state, row.reason) == ("cancelled", "expired")
    assert bank.requests == []


def test_the_schedule_looks_at_what_is_due_with_longer_and_longer_waits(
    account: Account, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, "yookassa", monkeypatch)
    asked(account)
    looks = [
        acquiring.settle(now=NOON + timedelta(seconds=seconds)).payments
        for seconds in (14, 15, 16, 46, 105, 106)
    ]
    assert looks == [0, 1, 0, 1, 0, 1]
    bank.pay()
    acquiring.settle(now=NOON + timedelta(hours=1))
    assert money(account) == 500
    assert acquiring.settle(now=NOON + timedelta(days=9)).total == 0
