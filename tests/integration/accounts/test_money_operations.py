"""Payments, adjustments, transfers: once each, refused loudly, the same answer to a repeat."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError

from accounts import operations, queries
from accounts.domain.kinds import Fund, Kind
from accounts.models import Account, Adjustment, Payment, PaymentReference, Transfer
from accounts.models.ledger import BalanceSnapshot, LedgerEntry
from billing_project.kernel.models import Approval, BusinessEvent, EventInbox
from billing_project.kernel.operations import UnableToDecide
from tests import people
from tests.people import CLERK, NOON, TODAY


def money(account: Account) -> Decimal:
    return queries.get_balance(account.pk).money


def pay(account: Account, amount: str = "100.00", *, external_id: str = "T1") -> Payment:
    return operations.take_payment(
        account_id=account.pk,
        amount=Decimal(amount),
        gateway="cash",
        external_id=external_id,
        paid_at=NOON,
        business_date=TODAY,
        now=NOON,
        actor=CLERK,
    )


def adjust(
    account: Account,
    amount: str,
    *,
    limit: str = "500.00",
    request_id: str = "r1",
    reason: str = "Сбой на линии",
) -> Adjustment | Approval:
    return operations.adjust(
        account_id=account.pk,
        amount=Decimal(amount),
        reason=reason,
        request_id=request_id,
        limit=Decimal(limit),
        business_date=TODAY,
        now=NOON,
        actor=CLERK,
    )


class TestTakePayment:
    def test_credits_and_tells(self, bob: Account) -> None:
        payment = pay(bob)
        assert money(bob) == Decimal("100.00")
        event = BusinessEvent.objects.get(kind="payment.received")
        assert (event.account_id, event.customer_id) == (bob.pk, bob.customer_id)
        assert event.data["payment_id"] == payment.pk
        assert event.data["money"] == "100.00"
        assert EventInbox.objects.get(event_id=event.pk).consumer == "notifications"

    def test_answers_a_repeat_with_the_same_payment(self, bob: Account) -> None:
        assert pay(bob).pk == pay(bob).pk
        assert money(bob) == Decimal("100.00")
        assert Payment.objects.count() == 1
        assert BusinessEvent.objects.filter(kind="payment.received").count() == 1

    @pytest.mark.parametrize("amount", ["100.01", "99.99"])
    def test_refuses_the_same_id_with_another_amount(self, bob: Account, amount: str) -> None:
        pay(bob)
        with pytest.raises(operations.UnableToTakePayment):
            pay(bob, amount)
        assert money(bob) == Decimal("100.00")

    def test_refuses_the_same_id_for_another_account(self, alice: Account, bob: Account) -> None:
        pay(bob)
        with pytest.raises(operations.UnableToTakePayment):
            pay(alice)
        assert money(alice) == 0

    @pytest.mark.parametrize("amount", ["0", "-1.00", "0.001", "1000000000000.00"])
    def test_refuses_amounts_that_are_no_payment(self, bob: Account, amount: str) -> None:
        with pytest.raises(operations.UnableToTakePayment):
            pay(bob, amount)
        assert not Payment.objects.exists()
        assert not PaymentReference.objects.exists()


class TestTakePayments:
    SOURCE = """
        SELECT a.id, 10.00, 'bank', 'line ' || a.id, %s::timestamptz, %s::date, 'выписка 100%%'
          FROM accounts_account a
    """

    def take(self) -> int:
        return operations.take_payments(
            source_sql=self.SOURCE, params=[NOON, TODAY], now=NOON, actor="system:registry"
        )

    def test_credits_each_once(self, alice: Account, bob: Account) -> None:
        assert (self.take(), self.take()) == (2, 0)
        assert (money(alice), money(bob)) == (Decimal("10.00"), Decimal("10.00"))
        assert Payment.objects.get(account=bob).comment == "выписка 100%"
        assert BusinessEvent.objects.filter(kind="payment.received").count() == 2
        assert EventInbox.objects.count() == 2


class TestReversePayment:
    def reverse(self, payment: Payment) -> Payment:
        return operations.reverse_payment(
            payment_id=payment.pk,
            reason="ошибка кассира",
            business_date=TODAY + timedelta(days=1),
            now=NOON,
            actor=CLERK,
        )

    def test_takes_the_money_back_by_an_entry_that_names_the_first(self, bob: Account) -> None:
        payment = pay(bob)
        assert self.reverse(payment).state == "reversed"
        first, second = LedgerEntry.objects.filter(account_id=bob.pk).order_by("id")
        assert (second.kind, second.amount) == (Kind.PAYMENT_REVERSAL, Decimal("-100.00"))
        assert (second.reverses_id, second.reverses_date) == (first.pk, TODAY)
        assert money(bob) == 0
        assert BusinessEvent.objects.filter(kind="payment.reversed").count() == 1

    def test_works_once(self, bob: Account) -> None:
        payment = pay(bob)
        self.reverse(payment)
        with pytest.raises(operations.UnableToReversePayment):
            self.reverse(payment)
        assert money(bob) == 0

    def test_a_reversed_payment_is_not_credited_by_a_repeat(self, bob: Account) -> None:
        payment = pay(bob)
        self.reverse(payment)
        assert pay(bob).pk == payment.pk
        assert money(bob) == 0


class TestAdjust:
    def test_posts_up_to_the_limit(self, alice: Account) -> None:
        adjustment = adjust(alice, "-500.00")
        assert isinstance(adjustment, Adjustment)
        assert money(alice) == Decimal("-500.00")
        [entry] = queries.list_entries(account_id=alice.pk)
        assert entry.explanation == {"reason": "Сбой на линии"}

    def test_a_double_click_adjusts_once(self, alice: Account) -> None:
        assert adjust(alice, "5.00").pk == adjust(alice, "5.00").pk
        assert money(alice) == Decimal("5.00")

    def test_the_same_form_with_another_amount_is_refused(self, alice: Account) -> None:
        adjust(alice, "5.00")
        with pytest.raises(operations.UnableToAdjust):
            adjust(alice, "6.00")
        assert money(alice) == Decimal("5.00")

    def test_above_the_limit_a_second_person_decides(self, alice: Account) -> None:
        approval = adjust(alice, "500.01")
        assert isinstance(approval, Approval)
        assert adjust(alice, "500.01").pk == approval.pk
        assert money(alice) == 0
        decided = {"approval_id": approval.pk, "business_date": TODAY, "now": NOON}
        with pytest.raises(UnableToDecide):
            operations.approve_adjustment(**decided, actor=CLERK)
        operations.approve_adjustment(**decided, actor="staff:2")
        with pytest.raises(UnableToDecide):
            operations.approve_adjustment(**decided, actor="staff:3")
        assert money(alice) == Decimal("500.01")

    def test_refused_is_not_posted(self, alice: Account) -> None:
        approval = adjust(alice, "500.01")
        operations.refuse_adjustment(approval_id=approval.pk, now=NOON, actor="staff:2")
        with pytest.raises(UnableToDecide):
            operations.approve_adjustment(
                approval_id=approval.pk, business_date=TODAY, now=NOON, actor="staff:2"
            )
        assert money(alice) == 0

    @pytest.mark.parametrize(("amount", "reason"), [("1.00", " "), ("0", "x"), ("0.001", "x")])
    def test_refuses_what_is_no_adjustment(self, alice: Account, amount: str, reason: str) -> None:
        with pytest.raises(operations.UnableToAdjust):
            adjust(alice, amount, reason=reason)
        assert not Adjustment.objects.exists()


class TestTransfer:
    def transfer(self, source: Account, target: Account, amount: str = "40.00") -> Transfer:
        return operations.transfer(
            from_account_id=source.pk,
            to_account_id=target.pk,
            amount=Decimal(amount),
            request_id="t1",
            business_date=TODAY,
            now=NOON,
            actor=CLERK,
        )

    @pytest.fixture
    def second(self, bob: Account) -> Account:
        return people.open_account(bob.customer)

    def test_moves_money_once(self, bob: Account, second: Account) -> None:
        pay(bob)
        assert self.transfer(bob, second).pk == self.transfer(bob, second).pk
        assert (money(bob), money(second)) == (Decimal("60.00"), Decimal("40.00"))

    def test_refuses_more_than_there_is(self, bob: Account, second: Account) -> None:
        pay(bob, "39.99")
        with pytest.raises(operations.UnableToTransfer):
            self.transfer(bob, second)
        assert (money(bob), money(second)) == (Decimal("39.99"), Decimal(0))
        assert not Transfer.objects.exists()

    def test_refuses_anothers_account(self, bob: Account, alice: Account) -> None:
        pay(bob)
        with pytest.raises(operations.UnableToTransfer):
            self.transfer(bob, alice)
        with pytest.raises(operations.UnableToTransfer):
            self.transfer(bob, bob)
        assert money(bob) == Decimal("100.00")


class TestReading:
    def test_the_statement_pages_by_key(self, bob: Account) -> None:
        for number in range(5):
            pay(bob, f"{number + 1}.00", external_id=f"T{number}")
        first = queries.list_entries(account_id=bob.pk, limit=3)
        rest = queries.list_entries(account_id=bob.pk, before=first[-1].key, limit=3)
        assert [entry.amount for entry in [*first, *rest]] == [5, 4, 3, 2, 1]
        assert first[0].kind_label == "Платёж"

    def test_the_balance_of_a_past_day(self, bob: Account) -> None:
        pay(bob)
        yesterday = queries.balance_as_of(bob.pk, TODAY - timedelta(days=1))
        assert yesterday[Fund.MONEY] == 0
        assert queries.balance_as_of(bob.pk, TODAY)[Fund.MONEY] == Decimal("100.00")

    def test_snapshots_stand_for_the_months_before(self, alice: Account, bob: Account) -> None:
        pay(bob)
        whole = {"account_from": 0, "account_to": 2**62}
        november, december = date(2026, 11, 1), date(2026, 12, 1)
        assert operations.take_snapshots(month=november, **whole) == 2
        assert operations.take_snapshots(month=november, **whole) == 0
        assert operations.take_snapshots(month=december, **whole) == 2
        for month in (november, december):
            row = BalanceSnapshot.objects.get(account_id=bob.pk, month=month)
            assert (row.money, row.bonus) == (Decimal("100.00"), 0)
        assert BalanceSnapshot.objects.get(account_id=alice.pk, month=november).money == 0
        for on in (date(2026, 11, 30), date(2026, 12, 31), date(2027, 1, 15)):
            assert queries.balance_as_of(bob.pk, on)[Fund.MONEY] == Decimal("100.00")
        assert queries.balance_as_of(bob.pk, date(2026, 11, 1))[Fund.MONEY] == 0

    def test_days_and_trial_balance(self, alice: Account, bob: Account) -> None:
        pay(bob)
        pay(bob, "1.00", external_id="T2")
        adjust(alice, "-3.00")
        assert queries.list_days(account_ids=[alice.pk, bob.pk], limit=1) == [
            (TODAY, alice.pk, Kind.ADJUSTMENT, Decimal("-3.00"), 1),
            (TODAY, bob.pk, Kind.PAYMENT, Decimal("101.00"), 2),
        ]
        assert queries.list_days(account_ids=[bob.pk], limit=1, before=TODAY) == []
        lines = queries.trial_balance(first=TODAY, last=TODAY)
        assert [(line.kind, line.entries, line.amount) for line in lines] == [
            (Kind.PAYMENT, 2, Decimal("101.00")),
            (Kind.ADJUSTMENT, 1, Decimal("-3.00")),
        ]
        assert queries.trial_balance(first=date(2026, 12, 1), last=date(2026, 12, 2)) == []


def test_adjustments_and_transfers_are_append_only(alice: Account) -> None:
    adjust(alice, "5.00")
    with pytest.raises(IntegrityError):
        Adjustment.objects.update(amount=6)
