"""Refunds: to the card or by hand, within the payment and the money, above a limit by two people."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import operations
from accounts.domain.acquiring import Outcome
from accounts.models import Account, Chargeback, FiscalReceipt, Hold, Payment, Refund
from accounts.operations import acquiring, refunds
from accounts.operations.acquirers import reach
from accounts.operations.refunds import UnableToRefund, Wish
from accounts.queries import get_balance, list_entries
from accounts.queries.acquiring import left_to_return
from billing_project.kernel.models import Approval, BusinessEvent
from billing_project.kernel.operations import UnableToDecide
from tests import people
from tests.acquirers import Bank, set_up
from tests.cards import NOON, asked, broken, look, money, paid, settle
from tests.subscribers import charge as spend

pytestmark = pytest.mark.django_db
both = pytest.mark.parametrize("kind", ["yookassa", "stripe"])
CLERK = people.CLERK


@pytest.fixture
def account(db: None) -> Account:
    return people.open_account_for("Смирнова", "Алиса")


def in_cash(account: Account, amount: str = "500.00", number: str = "K1") -> Payment:
    return operations.take_payment(
        account_id=account.pk,
        amount=Decimal(amount),
        gateway="cash_desk",
        external_id=number,
        paid_at=NOON,
        business_date=people.TODAY,
        now=NOON,
        actor=CLERK,
    )


def give_back(payment: Payment, amount: str, *, limit: int = 10_000, now=NOON, **more):
    values = {"way": "source", "reason": "ошибочный платёж", "request_id": "r1"}
    wish = Wish(payment_id=payment.pk, amount=Decimal(amount), **{**values, **more})
    return refunds.refund(wish=wish, limit=Decimal(limit), now=now, actor=CLERK)


def by_hand(payment: Payment, amount: str, **more):
    return give_back(payment, amount, **{"way": "cash", "document": "РКО-7", **more})


@both
def test_part_goes_back_to_the_card(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    payment, charge = paid(account, bank)
    row = give_back(payment, "120.50")
    assert (row.state, money(account)) == ("succeeded", Decimal("379.50"))
    assert bank.returned(charge) == 12050
    assert left_to_return(payment) == Decimal("379.50")
    [entry] = [one for one in list_entries(account_id=account.pk) if one.amount < 0]
    assert entry.explanation["payment_id"] == payment.pk
    assert entry.explanation["reason"] == "ошибочный платёж"
    assert BusinessEvent.objects.filter(kind="payment.refunded").count() == 1
    assert get_balance(account.pk).held == 0
    assert broken() == []


@both
def test_the_same_form_gives_back_once(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    payment, charge = paid(account, bank)
    assert {give_back(payment, "100").pk for _ in range(5)} == {Refund.objects.get().pk}
    assert bank.returned(charge) == 10000
    with pytest.raises(UnableToRefund):
        give_back(payment, "101")


@both
@pytest.mark.parametrize("fault", ["lost", "down", (500, {})])
def test_silence_is_unknown_and_asked_again_and_gives_back_once(
    account: Account, bank: Bank, kind: str, fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    payment, charge = paid(account, bank)
    bank.faults = [fault]
    row = give_back(payment, "200")
    assert row.state == "unknown"
    assert money(account) == 500
    assert get_balance(account.pk).available == 300  # nobody spends it meanwhile
    settle(NOON + timedelta(minutes=2))
    row.refresh_from_db()
    assert (row.state, money(account), bank.returned(charge)) == ("succeeded", 300, 20000)
    assert broken() == []


@both
def test_what_was_made_long_ago_is_found_and_not_made_again(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    payment, charge = paid(account, bank)
    bank.faults = ["lost"]
    row = give_back(payment, "200")
    bank.answers.clear()  # an acquirer forgets keys after a day
    settle(NOON + timedelta(days=2))
    row.refresh_from_db()
    assert (row.state, bank.returned(charge)) == ("succeeded", 20000)


@both
def test_what_was_never_made_is_not_made_a_day_later(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    payment, charge = paid(account, bank)
    bank.faults = ["down"]
    row = give_back(payment, "200")
    settle(NOON + timedelta(days=2))
    row.refresh_from_db()
    assert (row.state, bank.returned(charge)) == ("unknown", 0)


@both
def test_a_no_gives_the_held_money_free(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    payment, _charge = paid(account, bank)
    bank.faults = [(400, {"error": {"type": "invalid_request_error", "code": "no"}, "code": "no"})]
    row = give_back(payment, "200")
    assert (row.state, row.fault, money(account)) == ("failed", "no", 500)
    assert get_balance(account.pk).available == 500
    assert not Hold.objects.filter(state="open").exists()
    assert left_to_return(payment) == 500
    assert broken() == []


@both
def test_a_refund_that_takes_days(
    account: Account, bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, kind, monkeypatch)
    payment, _charge = paid(account, bank)
    bank.refund_status = "pending"
    row = give_back(payment, "200")
    assert (row.state, money(account)) == ("unknown", 500)
    for made in bank.refunds.values():
        made["status"] = "succeeded"
    settle(NOON + timedelta(days=5))
    row.refresh_from_db()
    assert (row.state, money(account)) == ("succeeded", 300)


def test_by_hand_with_a_document(account: Account) -> None:
    payment = in_cash(account)
    row = by_hand(payment, "500")
    assert (row.state, row.document, money(account)) == ("succeeded", "РКО-7", 0)
    assert broken() == []


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"amount": "500.01"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"amount": "1", "reason": "  "}, "reason"),
        ({"amount": "1", "document": ""}, "document"),
        ({"amount": "1", "way": "source"}, "way"),
    ],
)
def test_what_cant_be_given_back_is_refused_and_changes_nothing(
    account: Account, wish: dict[str, str], field: str
) -> None:
    payment = in_cash(account)
    in_cash(account, "1000.00", "K2")
    with pytest.raises(UnableToRefund) as refusal:
        by_hand(payment, **wish)
    assert refusal.value.field == field
    assert money(account) == 1500
    assert not Refund.objects.exists()


def test_money_that_is_spent_or_held_is_not_given_back(account: Account) -> None:
    payment = in_cash(account)
    spend(account, "200.00")
    operations.authorise_hold(
        account_id=account.pk,
        amount=Decimal(100),
        reason="x",
        reference="h1",
        expires_at=NOON + timedelta(days=1),
        now=NOON,
        actor=CLERK,
    )
    with pytest.raises(UnableToRefund, match="200"):
        by_hand(payment, "200.01")
    assert by_hand(payment, "200").state == "succeeded"


def test_credit_is_not_paid_out() -> None:
    account = people.open_account_for("Кузнецов", "Борис", credit_limit="1000.00")
    payment = in_cash(account)
    spend(account, "500.00")
    with pytest.raises(UnableToRefund):
        by_hand(payment, "1")


def test_above_the_limit_a_second_person_decides(
    account: Account, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, "yookassa", monkeypatch)
    payment, charge = paid(account, bank)
    asked_for = give_back(payment, "400", limit=300)
    assert isinstance(asked_for, Approval)
    assert give_back(payment, "400", limit=300).pk == asked_for.pk
    assert (bank.returned(charge), money(account)) == (0, 500)
    with pytest.raises(UnableToDecide):
        refunds.approve_refund(approval_id=asked_for.pk, now=NOON, actor=CLERK)
    row = refunds.approve_refund(approval_id=asked_for.pk, now=NOON, actor="staff:2")
    assert (row.state, row.approval, row.actor) == ("succeeded", asked_for, CLERK)
    assert (bank.returned(charge), money(account)) == (40000, 100)
    with pytest.raises(UnableToDecide):
        refunds.approve_refund(approval_id=asked_for.pk, now=NOON, actor="staff:2")


def test_approved_too_late_is_refused_and_still_waits(account: Account) -> None:
    payment = in_cash(account)
    asked_for = by_hand(payment, "400", limit=300)
    by_hand(payment, "200", request_id="r2")
    with pytest.raises(UnableToRefund):
        refunds.approve_refund(approval_id=asked_for.pk, now=NOON, actor="staff:2")
    assert Approval.objects.get().state == "requested" or Approval.objects.get().decided_at is None
    assert money(account) == 300


def test_refused_by_the_second_person(account: Account) -> None:
    payment = in_cash(account)
    asked_for = by_hand(payment, "400", limit=300)
    refunds.refuse_refund(approval_id=asked_for.pk, now=NOON, actor="staff:2")
    assert (money(account), Refund.objects.count()) == (500, 0)


def test_a_payment_given_back_in_part_is_not_reversed(account: Account) -> None:
    payment = in_cash(account)
    by_hand(payment, "1")
    with pytest.raises(operations.UnableToReversePayment):
        operations.reverse_payment(
            payment_id=payment.pk, reason="x", business_date=people.TODAY, now=NOON, actor=CLERK
        )
    assert money(account) == 499


def test_a_reversed_payment_is_not_given_back(account: Account) -> None:
    payment = in_cash(account)
    in_cash(account, "700.00", "K2")
    operations.reverse_payment(
        payment_id=payment.pk, reason="x", business_date=people.TODAY, now=NOON, actor=CLERK
    )
    with pytest.raises(UnableToRefund):
        by_hand(payment, "1")


def refund_row(payment: Payment, amount: str, **more) -> Refund:
    values = {"account_id": payment.account_id, "request_id": f"r{amount}"}
    return Refund.objects.create(
        payment=payment,
        amount=Decimal(amount),
        way="cash",
        reason="x",
        key="k",
        asked_at=NOON,
        actor=CLERK,
        **{**values, **more},
    )


def refused_by_the_database(write) -> bool:
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        return True
    return False


def test_the_database_itself_keeps_returns_within_the_payment(account: Account) -> None:
    payment = in_cash(account)
    refund_row(payment, "300.00")
    acquiring.write_chargeback(
        payment_id=payment.pk,
        external_id="d1",
        claimed=Decimal(150),
        outcome=Outcome.PENDING,
        now=NOON,
        actor=CLERK,
    )
    assert refused_by_the_database(lambda: refund_row(payment, "50.01"))
    refund_row(payment, "50.00")
    grown = Refund.objects.filter(amount=50)
    assert refused_by_the_database(lambda: grown.update(amount=51))
    disputes = Chargeback.objects.all()
    assert refused_by_the_database(lambda: disputes.update(amount=151))

    def reverse() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_payment SET state = 'reversed'")

    assert refused_by_the_database(reverse)
    other = people.open_account_for("Кузнецов", "Борис")
    assert refused_by_the_database(
        lambda: refund_row(payment, "1.00", state="failed", account_id=other.pk)
    )


def test_a_dispute_by_letter(account: Account) -> None:
    payment = in_cash(account)
    for outcome in (Outcome.PENDING, Outcome.FAILED, Outcome.FAILED, Outcome.SUCCEEDED):
        row = acquiring.write_chargeback(
            payment_id=payment.pk,
            external_id="письмо 7",
            claimed=Decimal(500),
            outcome=outcome,
            now=NOON,
            actor=CLERK,
        )
    assert (row.state, money(account)) == ("lost", 0)
    kinds = BusinessEvent.objects.filter(kind__startswith="chargeback").values_list("kind")
    assert sorted(kind for (kind,) in kinds) == ["chargeback.lost", "chargeback.opened"]
    assert broken() == []


def test_a_refund_made_past_us_is_written_down_once(
    account: Account, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    acquirer = set_up(bank, "yookassa", monkeypatch)
    payment, charge = paid(account, bank)
    made = bank.give_back(charge, 12300, {})
    seen = reach(acquirer).look_at_refund(made["id"])
    for _ in range(3):
        refunds.adopt_refund(payment_id=payment.pk, acquirer=acquirer, seen=seen, now=NOON)
    assert (Refund.objects.get().amount, money(account)) == (123, 377)
    assert broken() == []


def breakages(payment: Payment) -> dict[str, str]:
    refund, card = "accounts_refund", "accounts_cardpayment"
    return {
        "a refund has its entry exactly when the money left": (
            f"UPDATE {refund} SET state = 'failed'"
        ),
        "refunds, disputes and reversal of a payment stay within it": (
            f"UPDATE accounts_payment SET amount = 1 WHERE id = {payment.pk}"
        ),
        "a payment by card is received exactly when the intake has it, with the same amount": (
            f"UPDATE {card} SET received = 1"
        ),
    }


@pytest.mark.parametrize("name", list(breakages(Payment(pk=0))))
def test_a_broken_promise_is_found(
    account: Account, bank: Bank, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, "yookassa", monkeypatch)
    payment, _charge = paid(account, bank)
    give_back(payment, "100")
    assert broken() == []
    with connection.cursor() as cursor:
        cursor.execute(breakages(payment)[name])
    assert name in broken()


def test_a_lost_dispute_without_its_entry_is_found(account: Account) -> None:
    acquiring.write_chargeback(
        payment_id=in_cash(account).pk,
        external_id="d1",
        claimed=Decimal(150),
        outcome=Outcome.FAILED,
        now=NOON,
        actor=CLERK,
    )
    assert broken() == []
    Chargeback.objects.update(amount=140)
    assert broken() == ["a dispute has its entry exactly when it is lost"]


def test_no_receipt_without_a_gateway(account: Account) -> None:
    by_hand(in_cash(account), "100")
    assert not FiscalReceipt.objects.exists()


def test_looking_at_what_is_done_asks_nobody(
    account: Account, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(bank, "yookassa", monkeypatch)
    payment, _charge = paid(account, bank)
    row = give_back(payment, "100")
    before = len(bank.requests)
    assert refunds.look_at_refund(refund_id=row.pk, now=NOON).state == "succeeded"
    assert look(asked(account)).state == "succeeded"  # the same form as before
    assert len(bank.requests) == before
