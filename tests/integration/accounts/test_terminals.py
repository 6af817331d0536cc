"""The check/pay protocol over HTTP: codes, once for one id, cancels while the money is there."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client

from accounts import operations, queries
from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from accounts.models import Account, NoticeConflict, Payment, PaymentNotice, Terminal
from accounts.operations import terminals
from accounts.queries.intake import intake_invariants
from tests import people
from tests.checks import broken_promises
from tests.machines import WHEN, Machine, terminal
from tests.people import CLERK, NOON, TODAY

pytestmark = pytest.mark.django_db


class Clock:
    now = NOON


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock.now)
    return clock


@pytest.fixture
def bob() -> Account:
    return people.open_account_for("Бобров", "Борис")


@pytest.fixture
def eve() -> Account:
    return people.open_account_for("Евдокимова", "Ева")


@pytest.fixture
def machine() -> Machine:
    return terminal(least=Decimal(10), most=Decimal(5000))[1]


def money(account: Account) -> Decimal:
    return queries.get_balance(account.pk).money


def charge(account: Account, amount: str, *, ref: int = 1) -> None:
    posting = Posting(
        account_id=account.pk, kind=Kind.FEE, ref=ref, amount=-Decimal(amount), business_date=TODAY
    )
    operations.post(postings=[posting], now=NOON, actor=CLERK)


class TestCheck:
    def test_creates_nothing(self, machine: Machine, bob: Account) -> None:
        answer = machine.ask("check", "1", account=bob.number, sum="10.45")
        assert answer == {"osmp_txn_id": "1", "sum": "10.45", "result": "0"}
        assert not PaymentNotice.objects.exists()
        assert not Payment.objects.exists()

    @pytest.mark.parametrize(
        ("account", "amount", "code"),
        [
            ("1000O0017", "100", "4"),
            ("12", "100", "4"),
            ("999999999", "100", "5"),
            ("bob", "9.99", "241"),
            ("bob", "0", "241"),
            ("bob", "5000.01", "242"),
            ("bob", "10", "0"),
            ("bob", "5000", "0"),
            ("bob", "10,5", "0"),
            ("bob", "", "0"),
        ],
    )
    def test_codes(
        self, machine: Machine, bob: Account, account: str, amount: str, code: str
    ) -> None:
        asked = bob.number if account == "bob" else account
        assert machine.ask("check", "1", account=asked, sum=amount)["result"] == code

    def test_a_closed_account_is_forbidden(self, machine: Machine, bob: Account) -> None:
        Account.objects.filter(pk=bob.pk).update(closed_on=TODAY)
        assert machine.ask("check", "1", account=bob.number)["result"] == "7"

    @pytest.mark.parametrize("typed", ["9215550101", "+7 (921) 555-01-01", "89215550101"])
    def test_telephones(self, bob: Account, typed: str) -> None:
        people.order_mobile(bob, number="79215550101")
        phones = terminal(account_by="identifier")[1]
        assert phones.ask("check", "1", account=typed)["result"] == "0"
        assert phones.ask("check", "1", account="9215550102")["result"] == "5"
        assert phones.ask("check", "1", account="ы?")["result"] == "4"
        assert phones.pay("1", typed)["result"] == "0"
        assert money(bob) == Decimal("100.00")


class TestPay:
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_five_times_is_one_with_the_same_number(
        self, machine: Machine, bob: Account, method: str
    ) -> None:
        machine.method = method
        answers = [machine.pay("77", bob.number) for _ in range(5)]
        notice = PaymentNotice.objects.get()
        wanted = {
            "osmp_txn_id": "77", "prv_txn": str(notice.pk), "sum": "100.00", "result": "0",
        }  # fmt: skip
        assert answers == [wanted] * 5
        assert money(bob) == Decimal("100.00")
        assert "txn_id=77" in notice.raw
        assert notice.raw.startswith(method.upper())

    def test_the_password_is_not_kept_with_the_message(
        self, machine: Machine, bob: Account
    ) -> None:
        machine.pay("1", bob.number)
        assert machine.password not in PaymentNotice.objects.get().raw

    def test_three_days_late_it_has_its_own_day(self, machine: Machine, bob: Account) -> None:
        machine.pay("1", bob.number, when="20261030235959")
        payment = Payment.objects.get()
        assert payment.business_date == date(2026, 10, 30)
        assert payment.paid_at.isoformat() == "2026-10-30T20:59:59+00:00"

    @pytest.mark.parametrize("changed", [{"account": "eve"}, {"amount": "100.01"}])
    def test_the_same_id_for_something_else(
        self, machine: Machine, bob: Account, eve: Account, changed: dict[str, str]
    ) -> None:
        first = machine.pay("1", bob.number)
        account = eve.number if "account" in changed else bob.number
        answer = machine.pay("1", account, changed.get("amount", "100.00"))
        assert (answer["result"], answer["prv_txn"]) == ("300", first["prv_txn"])
        assert (money(bob), money(eve)) == (Decimal("100.00"), Decimal(0))
        assert NoticeConflict.objects.count() == 1

    @pytest.mark.parametrize(
        ("account", "amount", "code", "reason"),
        [
            ("bob", "9.99", "241", "amount_too_small"),
            ("bob", "5001", "242", "amount_too_large"),
            ("x" * 9, "100", "4", "account_format"),
        ],
    )
    def test_refused_and_on_record(
        self, machine: Machine, bob: Account, account: str, amount: str, code: str, reason: str
    ) -> None:
        asked = bob.number if account == "bob" else account
        assert [machine.pay("1", asked, amount)["result"] for _ in range(2)] == [code] * 2
        notice = PaymentNotice.objects.get()
        assert (notice.state, notice.reason) == ("refused", reason)
        assert money(bob) == Decimal(0)

    def test_for_nobody_is_kept(self, machine: Machine) -> None:
        assert machine.pay("1", "999999999")["result"] == "0"
        assert PaymentNotice.objects.get().state == "unassigned"

    def test_for_nobody_where_the_terminal_gives_back(self) -> None:
        machine = terminal(keeps_unknown=False)[1]
        assert machine.pay("1", "999999999")["result"] == "5"
        assert PaymentNotice.objects.get().state == "refused"

    def test_a_stopped_terminal_takes_nothing_new(self, machine: Machine, bob: Account) -> None:
        machine.pay("1", bob.number)
        Terminal.objects.update(is_active=False)
        assert machine.ask("check", "2", account=bob.number)["result"] == "7"
        assert machine.pay("2", bob.number)["result"] == "7"
        # What was paid before is answered as before.
        assert machine.pay("1", bob.number)["result"] == "0"
        assert money(bob) == Decimal("100.00")
        assert PaymentNotice.objects.count() == 1

    def test_a_fault_is_not_final(
        self, machine: Machine, bob: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Killed between store and effect: the machine asks again, and is credited once."""

        def fall(**_values: Any) -> None:
            raise OperationalError

        with monkeypatch.context() as broken:
            broken.setattr("accounts.operations.intake.receiving.take_payment", fall)
            assert machine.pay("1", bob.number)["result"] == "1"
            assert machine.ask("status", "1")["result"] == "1"
        assert PaymentNotice.objects.get().state == "received"
        assert money(bob) == Decimal(0)
        assert machine.pay("1", bob.number)["result"] == "0"
        assert money(bob) == Decimal("100.00")


class TestCancel:
    def test_takes_the_money_back_once(self, machine: Machine, bob: Account) -> None:
        paid = machine.pay("1", bob.number)
        answers = [machine.ask("cancel", "1") for _ in range(5)]
        assert {(a["result"], a["prv_txn"]) for a in answers} == {("0", paid["prv_txn"])}
        assert money(bob) == Decimal(0)
        assert Payment.objects.get().state == "reversed"
        # Paid again after that: nothing is credited, and the machine is told.
        again = machine.pay("1", bob.number)
        assert (again["result"], again["prv_txn"]) == ("300", paid["prv_txn"])
        assert machine.ask("status", "1")["result"] == "300"
        assert money(bob) == Decimal(0)

    def test_used_money_stays(self, machine: Machine, bob: Account) -> None:
        machine.pay("1", bob.number)
        charge(bob, "0.01")
        assert machine.ask("cancel", "1")["result"] == "7"
        assert money(bob) == Decimal("99.99")
        assert Payment.objects.get().state == "posted"
        word = PaymentNotice.objects.get(what="cancel")
        assert (word.state, word.reason, word.account_id) == ("refused", "money_used", bob.pk)
        # Asked again when the money is there, it is decided anew.
        machine.pay("2", bob.number)
        assert machine.ask("cancel", "1")["result"] == "0"
        assert money(bob) == Decimal("99.99")

    def test_held_money_is_used(self, machine: Machine, bob: Account) -> None:
        machine.pay("1", bob.number)
        assert operations.hold(account_id=bob.pk, amount=Decimal(5)) is not None
        assert machine.ask("cancel", "1")["result"] == "7"

    def test_in_time_only(self, machine: Machine, bob: Account, clock: Clock) -> None:
        machine.pay("1", bob.number)
        clock.now = NOON + timedelta(days=2)
        assert machine.ask("cancel", "1")["result"] == "7"
        clock.now = NOON + timedelta(days=1)
        assert machine.ask("cancel", "1")["result"] == "0"

    def test_before_its_payment_came(self, machine: Machine, bob: Account) -> None:
        assert machine.ask("cancel", "1")["result"] == "300"
        assert machine.pay("1", bob.number)["result"] == "0"
        assert money(bob) == Decimal("100.00")
        assert machine.ask("cancel", "1")["result"] == "0"
        assert money(bob) == Decimal(0)

    def test_of_money_that_waits(self, machine: Machine, bob: Account) -> None:
        machine.pay("1", "999999999")
        assert machine.ask("cancel", "1")["result"] == "0"
        notice = PaymentNotice.objects.get(what="payment")
        assert (notice.state, notice.reason) == ("returned", "cancelled")
        with pytest.raises(operations.intake.UnableToAssign):
            operations.intake.assign(notice_id=notice.pk, account_id=bob.pk, now=NOON, actor=CLERK)

    def test_of_a_payment_a_person_reversed(self, machine: Machine, bob: Account) -> None:
        machine.pay("1", bob.number)
        operations.reverse_payment(
            payment_id=Payment.objects.get().pk, reason="Ошибка", business_date=TODAY, now=NOON,
            actor=CLERK,
        )  # fmt: skip
        assert machine.ask("cancel", "1")["result"] == "300"
        assert money(bob) == Decimal(0)

    @pytest.mark.parametrize("values", [{"sum": "99.00"}, {"account": "100000025"}])
    def test_of_another_payment(
        self, machine: Machine, bob: Account, values: dict[str, str]
    ) -> None:
        machine.pay("1", bob.number)
        assert machine.ask("cancel", "1", **values)["result"] == "300"
        assert money(bob) == Decimal("100.00")

    def test_of_another_terminal(self, machine: Machine, bob: Account) -> None:
        machine.pay("1", bob.number)
        assert terminal("other")[1].ask("cancel", "1")["result"] == "300"
        assert money(bob) == Decimal("100.00")

    def test_of_one_left_without_effect(
        self, machine: Machine, bob: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as broken:
            broken.setattr("accounts.operations.terminals.asking.receive", 1)
            assert machine.pay("1", bob.number)["result"] == "1"
        row = Terminal.objects.get()
        asked = terminals.asking.incoming_of(row, _asked(bob), "")
        operations.intake.store(incoming=asked, now=NOON, actor="t")
        assert machine.ask("cancel", "1")["result"] == "0"
        assert money(bob) == Decimal(0)
        assert broken_promises(intake_invariants()) == []


def _asked(account: Account) -> terminals.asking.Asked:
    return terminals.asking.Asked(
        terminals.asking.Command.PAY, "1", account.number, Decimal("100.00"), NOON
    )


class TestStatus:
    def test_tells_and_changes_nothing(self, machine: Machine, bob: Account) -> None:
        assert machine.ask("status", "1")["result"] == "300"
        paid = machine.pay("1", bob.number)
        told = machine.ask("status", "1")
        assert (told["result"], told["prv_txn"], told["sum"]) == ("0", paid["prv_txn"], "100.00")
        assert PaymentNotice.objects.count() == 1


class TestMalformed:
    @pytest.mark.parametrize(
        "values",
        [
            {},
            {"command": "refund", "txn_id": "1"},
            {"command": "pay", "txn_id": "1"},
            {"command": "pay", "txn_id": "", "account": "1000", "sum": "1", "txn_date": WHEN},
            {"command": "pay", "txn_id": "1", "account": "1000", "sum": "1", "txn_date": ""},
            {"command": "pay", "txn_id": "1", "account": "1000", "sum": "1", "txn_date": "20261332"},
            {"command": "pay", "txn_id": "1", "account": "1000", "sum": "1",
             "txn_date": "20260230120000"},
            {"command": "pay", "txn_id": "1", "account": "1000", "sum": "1e3", "txn_date": WHEN},
            {"command": "pay", "txn_id": "1", "account": "1000", "sum": "-5", "txn_date": WHEN},
            {"command": "pay", "txn_id": "1", "account": "1000", "sum": "1.001", "txn_date": WHEN},
            {"command": "pay", "txn_id": "1", "account": "1000", "sum": "٣", "txn_date": WHEN},
            {"command": "pay", "txn_id": "1", "account": "1000", "sum": ["1", "2"],
             "txn_date": WHEN},
            {"command": "pay", "txn_id": "1" * 41, "account": "1", "sum": "1", "txn_date": WHEN},
            {"command": "pay", "txn_id": "<x/>", "account": "1", "sum": "1", "txn_date": WHEN},
            {"command": "pay", "txn_id": "1", "account": "9" * 121, "sum": "1", "txn_date": WHEN},
            {"command": "check", "txn_id": "1"},
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_is_answered_and_changes_nothing(
        self, machine: Machine, values: dict[str, Any], method: str
    ) -> None:
        machine.method = method
        answer = machine.send(**values)
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/xml; charset=utf-8"
        assert b"<result>300</result>" in answer.content
        assert not PaymentNotice.objects.exists()

    def test_other_methods(self, machine: Machine) -> None:
        machine.method = "put"
        assert machine.send(command="check").status_code == 405


class TestWhoTheyAre:
    def test_a_wrong_password_opens_nothing(self, machine: Machine, bob: Account) -> None:
        thief = Machine(machine.code, "guess")
        answer = thief.send(command="pay", txn_id="1", account=bob.number, sum="5000")
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Basic")
        assert not PaymentNotice.objects.exists()

    @pytest.mark.parametrize("header", ["", "Basic", "Basic ?", "Bearer x", "Basic OjpA/w=="])
    def test_no_password(self, machine: Machine, header: str) -> None:
        answer = Client().get("/terminals/qiwi/", HTTP_AUTHORIZATION=header)
        assert answer.status_code == 401

    def test_an_unknown_terminal(self, machine: Machine) -> None:
        assert Machine("nobody", machine.password).send().status_code == 401

    def test_the_eleventh_guess_waits_even_with_the_right_one(
        self, machine: Machine, bob: Account
    ) -> None:
        thief = Machine(machine.code, "guess")
        answers = [thief.send(command="check").status_code for _ in range(11)]
        assert answers == [401] * 10 + [429]
        assert machine.send(command="check").status_code == 429
        # Another terminal's machines at that address go on.
        assert terminal("other")[1].ask("check", "1", account=bob.number)["result"] == "0"

    def test_an_empty_password_is_none(self) -> None:
        terminal("bare", secret_variable="RETEL_TERMINAL_NOWHERE")
        assert Machine("bare", "").send(command="check").status_code == 401

    def test_a_password_in_the_environment(
        self, bob: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RETEL_TERMINAL_BARE", "s3cret")
        row, machine = terminal("bare", secret_variable="RETEL_TERMINAL_BARE")
        assert (machine.password, row.password_hash) == ("", "")
        machine.password = "s3cret"
        assert machine.ask("check", "1", account=bob.number)["result"] == "0"

    @pytest.mark.parametrize(
        ("networks", "status"),
        [("127.0.0.0/8", 200), ("10.0.0.0/8, 127.0.0.1", 200), ("203.0.113.0/24", 403),
         ("2001:db8::/32", 403), ("", 200)],
    )  # fmt: skip
    def test_addresses(self, bob: Account, networks: str, status: int) -> None:
        machine = terminal(networks=networks)[1]
        answer = machine.send(command="check", txn_id="1", account=bob.number)
        assert answer.status_code == status

    def test_a_password_renewed(self, machine: Machine, bob: Account) -> None:
        row = Terminal.objects.get()
        former = machine.password
        assert former not in row.password_hash
        machine.password = terminals.renew_password(terminal_id=row.pk)
        assert machine.ask("check", "1", account=bob.number)["result"] == "0"
        machine.password = former
        assert machine.send(command="check").status_code == 401

    @pytest.mark.parametrize(
        ("terms", "field"),
        [
            ({"networks": "203.0.113.0/24, here"}, "networks"),
            ({"code": "Big"}, "code"),
            ({"code": "qiwi"}, "code"),
            ({"columns": "txn_id;sum"}, "columns"),
            ({"least": Decimal(10), "most": Decimal(5)}, ""),
        ],
    )
    def test_what_is_no_terminal(self, machine: Machine, terms: dict[str, Any], field: str) -> None:
        with pytest.raises(terminals.UnableToKeepTerminal) as caught:
            terminals.add_terminal(**{"code": "new", "name": "New", **terms})
        assert caught.value.field == field
        assert Terminal.objects.count() == 1


class TestCommand:
    def test_makes_one_and_prints_its_password_once(
        self, bob: Account, capsys: pytest.CaptureFixture[str]
    ) -> None:
        call_command("terminal", "add", "elecsnet", "Элекснет")
        password = capsys.readouterr().out.strip()
        assert Machine("elecsnet", password).pay("1", bob.number)["result"] == "0"
        call_command("terminal", "password", "elecsnet")
        renewed = capsys.readouterr().out.strip()
        assert Machine("elecsnet", password).send().status_code == 401
        assert Machine("elecsnet", renewed).pay("1", bob.number)["result"] == "0"

    @pytest.mark.parametrize("words", [("add", "qiwi", "X"), ("password", "nobody")])
    def test_refuses(self, machine: Machine, words: tuple[str, ...]) -> None:
        with pytest.raises(CommandError):
            call_command("terminal", *words)
