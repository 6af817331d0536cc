"""Vouchers and the cash desk on real connections: one card pays once, one form is taken once."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from accounts import queries
from accounts.domain.vouchers import LIMITS
from accounts.models import (
    Account,
    CashShift,
    DeskOperation,
    FiscalGateway,
    FiscalReceipt,
    Payment,
    User,
    VoucherAttempt,
)
from accounts.operations import cash_desk, receipts, vouchers
from accounts.queries import cash_desk as desk_queries
from accounts.queries import receipts as receipt_queries
from accounts.queries import vouchers as voucher_queries
from billing_project.kernel.invariants import find_violations
from tests import people
from tests.concurrency.together import failures, together
from tests.people import CLERK, NOON, TODAY
from tests.register import a_register
from tests.scratch_cards import a_series

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 50


def broken() -> list[str]:
    found = [
        *voucher_queries.invariants(),
        *desk_queries.invariants(),
        *receipt_queries.invariants(),
    ]
    return [each.name for each in found if find_violations(each)]


def redeeming(account: Account, code: str, actor: str) -> Callable[[], Payment]:
    return lambda: vouchers.redeem_voucher(
        code=code, account_id=account.pk, business_date=TODAY, now=NOON, actor=actor
    )


def money(*accounts: Account) -> list[Decimal]:
    return [queries.get_balance(account.pk).money for account in accounts]


def test_fifty_clients_redeem_one_voucher() -> None:
    _series, [code] = a_series(1, now=NOON, today=TODAY)
    accounts = [people.open_account_for("Иванов", f"Иван{n}") for n in range(5)]
    works = [redeeming(accounts[n % 5], code, f"subscriber:{n}") for n in range(CLIENTS)]
    answers = together(works)
    winner = Payment.objects.get()
    assert sorted(money(*accounts)) == [0, 0, 0, 0, Decimal("300.00")]
    # The winner's account gets the same answer every time, the four others a word that says so.
    same = [one for one in answers if isinstance(one, Payment)]
    assert {one.pk for one in same} == {winner.pk}
    assert (len(same), len(failures(answers))) == (10, 40)
    assert {type(error) for error in failures(answers)} == {vouchers.UnableToRedeem}
    assert all("02.11.2026" in str(error) for error in failures(answers))
    assert broken() == []


def test_guesses_at_once_are_counted_each() -> None:
    account = people.open_account_for("Иванов", "Иван")
    works = [redeeming(account, f"{n:016}", f"subscriber:{n}") for n in range(30)]
    told = failures(together(works))
    assert len(told) == 30
    assert {type(error) for error in told} == {vouchers.UnableToRedeem}
    locked = [error for error in told if getattr(error, "possible_at", None)]
    assert (len(locked), VoucherAttempt.objects.count()) == (30 - LIMITS.account, LIMITS.account)
    assert money(account) == [0]


def test_a_series_blocked_while_its_cards_are_redeemed() -> None:
    series, codes = a_series(20, now=NOON, today=TODAY)
    account = people.open_account_for("Иванов", "Иван")

    def block() -> None:
        vouchers.block_series(series_id=series.pk, reason="утеряна", now=NOON, actor=CLERK)

    works = [redeeming(account, code, "subscriber:1") for code in codes]
    answers = together([*works[:10], block, *works[10:]])
    paid = [one for one in answers if isinstance(one, Payment)]
    assert money(account) == [Decimal(300) * len(paid)]
    assert {type(error) for error in failures(answers)} <= {vouchers.UnableToRedeem}
    assert broken() == []


def test_the_list_of_a_series_is_made_once() -> None:
    series = vouchers.ask_series(
        code="L26",
        nominal=Decimal(100),
        count=100,
        valid_from=TODAY,
        valid_until=TODAY + timedelta(days=1),
        now=NOON,
        actor=CLERK,
    )
    vouchers.approve_series(approval_id=series.approval_id or 0, now=NOON, actor="staff:2")
    answers = together(
        [lambda: vouchers.generate_cards(series_id=series.pk, now=NOON, actor=CLERK)] * 4
    )
    assert len(failures(answers)) == 3
    assert series.vouchers.count() == 100
    assert broken() == []


@pytest.fixture
def cashier(db: None) -> User:
    return User.objects.create_user("kassa", None, kind=User.Kind.STAFF)


@pytest.fixture
def shift(cashier: User) -> CashShift:
    return cash_desk.open_shift(
        cashier_id=cashier.pk, opening=Decimal(0), business_date=TODAY, now=NOON
    )


def taking(cashier: User, account: Account, request_id: str) -> Callable[[], DeskOperation]:
    return lambda: cash_desk.take_at_desk(
        cashier_id=cashier.pk,
        account_id=account.pk,
        amount=Decimal("100.00"),
        method="cash",
        request_id=request_id,
        business_date=TODAY,
        now=NOON,
        actor=CLERK,
    )


def test_a_form_sent_twenty_times_is_taken_once(cashier: User, shift: CashShift) -> None:
    account = people.open_account_for("Иванов", "Иван")
    answers = together([taking(cashier, account, "one")] * 20)
    assert failures(answers) == []
    assert {one.pk for one in answers if isinstance(one, DeskOperation)} == {
        DeskOperation.objects.get().pk
    }
    assert money(account) == [Decimal("100.00")]
    assert broken() == []


def test_a_shift_opened_twice_is_one(cashier: User) -> None:
    def open_one() -> CashShift:
        return cash_desk.open_shift(
            cashier_id=cashier.pk, opening=Decimal(0), business_date=TODAY, now=NOON
        )

    assert len(failures(together([open_one] * 6))) == 5
    assert CashShift.objects.count() == 1


def test_a_shift_closed_while_paying(cashier: User, shift: CashShift) -> None:
    accounts = [people.open_account_for("Иванов", f"Иван{n}") for n in range(12)]

    def close() -> CashShift:
        return cash_desk.close_shift(
            shift_id=shift.pk, counted=Decimal(0), comment="конец дня", now=NOON, actor=CLERK
        )

    works = [taking(cashier, each, f"r{each.pk}") for each in accounts]
    answers = together([*works[:6], close, *works[6:]])
    taken = [one for one in answers if isinstance(one, DeskOperation)]
    closed = CashShift.objects.get()
    # Whoever came first is in the count, whoever came after was told that no shift is open.
    assert closed.state == "closed"
    assert closed.expected == Decimal(100) * len(taken)
    assert closed.last_number == len(taken)
    assert sum(money(*accounts)) == Decimal(100) * len(taken)
    assert {type(error) for error in failures(answers)} <= {cash_desk.UnableToUseDesk}
    assert broken() == []


def test_a_payment_given_back_by_two_at_once(cashier: User, shift: CashShift) -> None:
    account = people.open_account_for("Иванов", "Иван")
    payment_id = taking(cashier, account, "one")().payment_id or 0

    def give_back() -> DeskOperation:
        return cash_desk.return_at_desk(
            payment_id=payment_id,
            cashier_id=cashier.pk,
            reason="ошибка",
            business_date=TODAY,
            now=NOON,
            actor=CLERK,
        )

    told = failures(together([give_back] * 5))
    assert len(told) == 4
    assert {type(error) for error in told} == {cash_desk.UnableToUseDesk}
    assert money(account) == [0]
    assert broken() == []


def test_six_workers_send_each_receipt_once(
    cashier: User, shift: CashShift, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETEL_TEST_REGISTER_PASSWORD", "secret")
    with a_register() as register:
        FiscalGateway.objects.create(
            legal_entity=people.ladoga(),
            url=register.url,
            login="shop",
            secret_variable="RETEL_TEST_REGISTER_PASSWORD",
            group_code="group-1",
            email="kassa@example.org",
            place="СПб",
            active_from=TODAY,
        )
        account = people.open_account_for("Иванов", "Иван")
        for number in range(30):
            taking(cashier, account, f"r{number}")()
        register.faults = ["die", "busy_taken", "lost"]
        for minute in range(8):
            now = NOON + timedelta(minutes=4 * minute)
            answers = together([lambda at=now: receipts.send_receipts(now=at)] * 6)
            assert failures(answers) == []
        assert set(FiscalReceipt.objects.values_list("state", flat=True)) == {"done"}
        assert len(register.told()) == 30
    assert broken() == []
