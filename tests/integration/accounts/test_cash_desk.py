"""The cash desk: shifts, payments into them, returns on their day, the count at the end."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from accounts import queries
from accounts.models import Account, CashShift, DeskOperation, Payment, User
from accounts.operations import cash_desk as operations
from accounts.operations.cash_desk import UnableToUseDesk
from accounts.queries import cash_desk as desk_queries
from billing_project.kernel.invariants import find_violations
from tests.people import CLERK, NOON, TODAY

pytestmark = pytest.mark.django_db


def a_cashier(login: str = "kassa") -> User:
    return User.objects.create_user(login, None, kind=User.Kind.STAFF, full_name="Анна Петрова")


@pytest.fixture
def cashier(db: None) -> User:
    return a_cashier()


@pytest.fixture
def shift(cashier: User) -> CashShift:
    return opened(cashier)


def opened(cashier: User, opening: str = "1000.00") -> CashShift:
    return operations.open_shift(
        cashier_id=cashier.pk, opening=Decimal(opening), business_date=TODAY, now=NOON
    )


def take(
    cashier: User, account: Account, amount: str = "500.00", **changes: object
) -> DeskOperation:
    values: dict = {
        "cashier_id": cashier.pk,
        "account_id": account.pk,
        "amount": Decimal(amount),
        "method": "cash",
        "request_id": f"r{DeskOperation.objects.count() + 1}",
        "business_date": TODAY,
        "now": NOON,
        "actor": CLERK,
    }
    return operations.take_at_desk(**values | changes)


def give_back(line: DeskOperation, cashier: User, **changes: object) -> DeskOperation:
    values: dict = {
        "payment_id": line.payment_id,
        "cashier_id": cashier.pk,
        "reason": "ошибка в сумме",
        "business_date": TODAY,
        "now": NOON,
        "actor": CLERK,
    }
    return operations.return_at_desk(**values | changes)


def move(cashier: User, kind: str, amount: str, request_id: str = "m1") -> DeskOperation:
    return operations.move_cash(
        cashier_id=cashier.pk,
        kind=kind,
        amount=Decimal(amount),
        comment="инкассация",
        request_id=request_id,
        now=NOON,
        actor=CLERK,
    )


def close(shift: CashShift, counted: str, comment: str = "") -> CashShift:
    return operations.close_shift(
        shift_id=shift.pk,
        counted=Decimal(counted),
        comment=comment,
        now=NOON + timedelta(hours=8),
        actor=CLERK,
    )


def money(account: Account) -> Decimal:
    return queries.get_balance(account.pk).money


def broken() -> list[str]:
    return [each.name for each in desk_queries.invariants() if find_violations(each)]


class TestShift:
    def test_one_at_a_time(self, cashier: User, shift: CashShift) -> None:
        with pytest.raises(UnableToUseDesk):
            opened(cashier)
        close(shift, "1000.00")
        assert opened(cashier).pk != shift.pk

    def test_two_cashiers_have_two(self, shift: CashShift) -> None:
        assert opened(a_cashier("second")).pk != shift.pk

    @pytest.mark.parametrize("opening", ["-0.01", "0.001", "9999999999999.00"])
    def test_what_lies_in_the_drawer_is_money(self, cashier: User, opening: str) -> None:
        with pytest.raises(UnableToUseDesk):
            opened(cashier, opening)
        assert not CashShift.objects.exists()

    def test_nothing_without_a_shift(self, cashier: User, bob: Account) -> None:
        for act in (lambda: take(cashier, bob), lambda: move(cashier, "put_in", "1.00")):
            with pytest.raises(UnableToUseDesk):
                act()
        assert (money(bob), Payment.objects.count()) == (0, 0)

    def test_nothing_after_a_day(self, cashier: User, shift: CashShift, bob: Account) -> None:
        late = NOON + timedelta(hours=24)
        with pytest.raises(UnableToUseDesk):
            take(cashier, bob, now=late)
        assert take(cashier, bob, now=late - timedelta(seconds=1)).number == 1


class TestTaken:
    def test_it_is_credited_and_numbered(
        self, cashier: User, shift: CashShift, alice: Account, bob: Account
    ) -> None:
        first = take(cashier, alice, "500.50", tendered=Decimal("1000.00"))
        second = take(cashier, bob, "10.00", method="card", slip="RRN 17")
        assert (first.label, second.label) == (f"{shift.pk}-1", f"{shift.pk}-2")
        assert (money(alice), money(bob)) == (Decimal("500.50"), Decimal("10.00"))
        assert [one.gateway for one in Payment.objects.order_by("pk")] == [
            "cash_desk",
            "card_terminal",
        ]
        assert broken() == []

    def test_the_same_form_again_is_the_same_payment(
        self, cashier: User, shift: CashShift, bob: Account
    ) -> None:
        lines = {take(cashier, bob, request_id="one").pk for _ in range(3)}
        assert (len(lines), money(bob)) == (1, Decimal("500.00"))

    @pytest.mark.parametrize(
        "change", [{"amount": Decimal(600)}, {"method": "card"}, {"account_id": "alice"}]
    )
    def test_the_same_form_with_something_else_is_refused(
        self, cashier: User, shift: CashShift, bob: Account, alice: Account, change: dict
    ) -> None:
        if "account_id" in change:
            change = {"account_id": alice.pk}
        take(cashier, bob, request_id="one")
        with pytest.raises(UnableToUseDesk):
            take(cashier, bob, request_id="one", **change)
        assert (money(bob), money(alice), Payment.objects.count()) == (500, 0, 1)

    def test_a_repeat_after_the_shift_was_closed_finds_its_line(
        self, cashier: User, shift: CashShift, bob: Account
    ) -> None:
        line = take(cashier, bob, request_id="one")
        close(shift, "1500.00")
        assert take(cashier, bob, request_id="one") == line
        with pytest.raises(UnableToUseDesk):
            take(cashier, bob, request_id="two")

    @pytest.mark.parametrize("amount", ["0.00", "-1.00", "0.001"])
    def test_a_wrong_amount(
        self, cashier: User, shift: CashShift, bob: Account, amount: str
    ) -> None:
        with pytest.raises(UnableToUseDesk) as refusal:
            take(cashier, bob, amount)
        assert refusal.value.field == "amount"
        assert not DeskOperation.objects.exists()

    def test_less_given_than_paid(self, cashier: User, shift: CashShift, bob: Account) -> None:
        with pytest.raises(UnableToUseDesk) as refusal:
            take(cashier, bob, tendered=Decimal("499.99"))
        assert refusal.value.field == "tendered"
        assert money(bob) == 0

    def test_not_for_a_closed_account(self, cashier: User, shift: CashShift, bob: Account) -> None:
        Account.objects.filter(pk=bob.pk).update(closed_on=TODAY)
        with pytest.raises(UnableToUseDesk):
            take(cashier, bob)
        assert money(bob) == 0

    def test_not_for_another_currency(self, cashier: User, shift: CashShift, bob: Account) -> None:
        Account.objects.filter(pk=bob.pk).update(currency="USD")
        with pytest.raises(UnableToUseDesk):
            take(cashier, bob)


class TestGivenBack:
    def test_on_its_day(self, cashier: User, shift: CashShift, bob: Account) -> None:
        line = take(cashier, bob)
        back = give_back(line, cashier)
        assert (back.number, back.kind, back.amount) == (2, "returned", Decimal("500.00"))
        assert money(bob) == 0
        assert Payment.objects.get().state == "reversed"
        assert desk_queries.report_shift(shift).expected == Decimal("1000.00")
        assert broken() == []

    def test_not_the_day_after(self, cashier: User, shift: CashShift, bob: Account) -> None:
        line = take(cashier, bob)
        with pytest.raises(UnableToUseDesk):
            give_back(line, cashier, business_date=TODAY + timedelta(days=1))
        assert money(bob) == Decimal("500.00")

    def test_once(self, cashier: User, shift: CashShift, bob: Account) -> None:
        line = take(cashier, bob)
        give_back(line, cashier)
        with pytest.raises(UnableToUseDesk):
            give_back(line, cashier)
        assert DeskOperation.objects.count() == 2

    def test_out_of_the_drawer_of_who_gives_it(
        self, cashier: User, shift: CashShift, bob: Account
    ) -> None:
        line, senior = take(cashier, bob), a_cashier("senior")
        own = opened(senior)
        assert give_back(line, senior).shift_id == own.pk
        assert desk_queries.report_shift(own).expected == Decimal("500.00")
        assert broken() == []

    def test_without_a_drawer_out_of_the_one_it_is_in(
        self, cashier: User, shift: CashShift, bob: Account
    ) -> None:
        assert give_back(take(cashier, bob), a_cashier("senior")).shift_id == shift.pk

    def test_not_when_that_is_closed(self, cashier: User, shift: CashShift, bob: Account) -> None:
        line = take(cashier, bob)
        close(shift, "1500.00")
        with pytest.raises(UnableToUseDesk):
            give_back(line, a_cashier("senior"))
        assert money(bob) == Decimal("500.00")

    def test_not_more_than_lies_there(self, cashier: User, shift: CashShift, bob: Account) -> None:
        line = take(cashier, bob)
        move(cashier, "taken_out", "1200.00")
        with pytest.raises(UnableToUseDesk):
            give_back(line, cashier)
        assert (money(bob), Payment.objects.get().state) == (Decimal("500.00"), "posted")

    def test_a_card_payment_takes_no_cash(
        self, cashier: User, shift: CashShift, bob: Account
    ) -> None:
        line = take(cashier, bob, "5000.00", method="card")
        assert give_back(line, cashier).method == "card"
        assert desk_queries.report_shift(shift).expected == Decimal("1000.00")

    def test_only_what_the_desk_took(self, cashier: User, shift: CashShift, bob: Account) -> None:
        from accounts.operations import take_payment

        payment = take_payment(
            account_id=bob.pk,
            amount=Decimal(5),
            gateway="terminal",
            external_id="t1",
            paid_at=NOON,
            business_date=TODAY,
            now=NOON,
            actor=CLERK,
        )
        with pytest.raises(UnableToUseDesk):
            give_back(DeskOperation(payment=payment), cashier)


class TestDrawer:
    def test_money_goes_to_the_bank_once(self, cashier: User, shift: CashShift) -> None:
        assert move(cashier, "taken_out", "900.00") == move(cashier, "taken_out", "900.00")
        move(cashier, "put_in", "50.00", "m2")
        assert desk_queries.report_shift(shift).expected == Decimal("150.00")

    def test_no_more_than_there_is(self, cashier: User, shift: CashShift) -> None:
        with pytest.raises(UnableToUseDesk) as refusal:
            move(cashier, "taken_out", "1000.01")
        assert "1000.00" in str(refusal.value)
        assert not DeskOperation.objects.exists()


class TestClosed:
    def test_the_report_adds_up(
        self, cashier: User, shift: CashShift, alice: Account, bob: Account
    ) -> None:
        take(cashier, alice, "500.00")
        give_back(take(cashier, bob, "70.00"), cashier)
        take(cashier, bob, "30.50", method="card")
        move(cashier, "taken_out", "400.00")
        report = desk_queries.report_shift(close(shift, "1100.00"))
        cash, card = report.methods
        assert (cash.taken_count, cash.taken, cash.returned) == (2, Decimal(570), Decimal(70))
        assert (card.taken_count, card.total) == (1, Decimal("30.50"))
        assert (report.total.taken, report.total.total) == (Decimal("600.50"), Decimal("530.50"))
        assert (report.expected, report.shift.difference) == (Decimal(1100), Decimal(0))
        assert report.is_closed
        assert broken() == []

    def test_a_difference_needs_a_word(self, shift: CashShift) -> None:
        with pytest.raises(UnableToUseDesk) as refusal:
            close(shift, "990.00")
        assert refusal.value.field == "comment"
        closed = close(shift, "990.00", "разменная монета")
        assert (closed.expected, closed.difference) == (Decimal("1000.00"), Decimal("-10.00"))
        assert broken() == []

    def test_once(self, shift: CashShift) -> None:
        close(shift, "1000.00")
        with pytest.raises(UnableToUseDesk):
            close(shift, "1000.00")

    def test_lists(self, cashier: User, shift: CashShift, bob: Account) -> None:
        take(cashier, bob)
        close(shift, "1500.00")
        second = opened(a_cashier("second"))
        assert desk_queries.list_shifts() == [second, shift]
        assert desk_queries.list_shifts(before=second.pk) == [shift]
        assert desk_queries.list_shifts(cashier_id=cashier.pk) == [shift]
        assert desk_queries.get_shift(shift.pk, cashier_id=second.cashier_id) is None
        assert [one.number for one in desk_queries.list_operations(shift.pk)] == [1]


BREAKS = {
    "SHIFT_ADDS_UP": "UPDATE accounts_cashshift SET counted = 1",
    "NUMBERS_RUN_ON": "UPDATE accounts_deskoperation SET number = 2",
    "DESK_IS_PAID": "DELETE FROM accounts_deskoperation",
}


@pytest.mark.parametrize(("name", "statement"), BREAKS.items())
def test_a_broken_promise_is_found(
    cashier: User, shift: CashShift, bob: Account, name: str, statement: str
) -> None:
    take(cashier, bob)
    invariant = getattr(desk_queries, name)
    assert find_violations(invariant) == []
    with connection.cursor() as cursor:
        cursor.execute(statement)
    assert find_violations(invariant)
