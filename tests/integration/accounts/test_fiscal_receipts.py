"""Fiscal receipts against a real register: written with the money, told once, whatever the line does."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils.translation import override

from accounts import operations, queries
from accounts.domain.acquiring import Outcome
from accounts.gateways import atol
from accounts.models import Account, FiscalGateway, FiscalReceipt, Payment
from accounts.operations import acquiring, receipts
from accounts.queries import receipts as receipt_queries
from billing_project.kernel.invariants import Invariant, find_violations
from tests import people
from tests.people import CLERK, NOON, TODAY
from tests.register import FakeRegister, a_register

pytestmark = pytest.mark.django_db
VARIABLE = "RETEL_TEST_REGISTER_PASSWORD"


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRegister]:
    monkeypatch.setenv(VARIABLE, "secret")
    with a_register() as served:
        yield served


@pytest.fixture
def gateway(db: None, register: FakeRegister) -> FiscalGateway:
    return a_gateway(register.url)


@pytest.fixture
def account(gateway: FiscalGateway) -> Account:
    return people.open_account(people.person("Иванова", "Мария", email="maria@example.org"))


def a_gateway(url: str, **terms: object) -> FiscalGateway:
    values = {
        "legal_entity": people.ladoga(),
        "url": url,
        "login": "shop",
        "secret_variable": VARIABLE,
        "group_code": "group-1",
        "email": "kassa@example.org",
        "place": "https://lk.example.org",
        "active_from": date(2025, 1, 1),
    }
    return FiscalGateway.objects.create(**values | terms)


def pay(account: Account, amount: str = "500.00", **changes: object) -> Payment:
    values: dict = {
        "account_id": account.pk,
        "amount": Decimal(amount),
        "gateway": "terminal",
        "external_id": f"t-{Payment.objects.count() + 1}",
        "paid_at": NOON,
        "business_date": TODAY,
        "now": NOON,
        "actor": CLERK,
    }
    return operations.take_payment(**values | changes)


def send(minutes: float = 0) -> receipts.SentReceipts:
    return receipts.send_receipts(now=NOON + timedelta(minutes=minutes))


def send_until_done(register: FakeRegister, *, hours: int = 2) -> int:
    """Call as the schedule does, every minute; return after how many minutes nothing waits."""
    for minute in range(hours * 60):
        send(minute)
        if not FiscalReceipt.objects.exclude(state__in=["done", "failed"]).exists():
            return minute
    raise AssertionError(list(FiscalReceipt.objects.values_list("state", "error")))


def the_receipt() -> FiscalReceipt:
    return FiscalReceipt.objects.get()


def states() -> list[str]:
    return list(FiscalReceipt.objects.order_by("pk").values_list("state", flat=True))


def broken() -> list[str]:
    return [each.name for each in receipt_queries.invariants() if find_violations(each)]


def alarmed(minutes: int) -> list[str]:
    found = receipt_queries.alarms(now=NOON + timedelta(minutes=minutes))
    return [each.name for each in found if find_violations(each)]


class TestWritten:
    def test_with_the_payment_and_its_contact(self, account: Account) -> None:
        payment = pay(account)
        receipt = the_receipt()
        assert (receipt.payment_id, receipt.kind, receipt.state) == (payment.pk, "sell", "waiting")
        assert (receipt.amount, receipt.email) == (Decimal("500.00"), "maria@example.org")
        assert broken() == []

    def test_not_without_a_gateway(self) -> None:
        pay(people.open_account_for("Петров", "Олег"))
        assert not FiscalReceipt.objects.exists()
        assert broken() == []

    @pytest.mark.parametrize(
        "terms",
        [
            {"active_from": TODAY + timedelta(days=1)},
            {"active_to": TODAY},
            {"excepted": ["bank", "terminal"]},
        ],
        ids=["begins tomorrow", "ended today", "the terminal gives its own"],
    )
    def test_not_where_the_gateway_does_not_reach(self, terms: dict) -> None:
        a_gateway("http://127.0.0.1:1", **terms)
        pay(people.open_account_for("Петров", "Олег"))
        assert not FiscalReceipt.objects.exists()
        assert broken() == []

    def test_a_repeat_of_the_payment_writes_no_second(self, account: Account) -> None:
        for _ in range(3):
            pay(account, external_id="t-1")
        assert FiscalReceipt.objects.count() == 1

    def test_for_a_registry_in_one_statement(self, account: Account) -> None:
        other = people.open_account_for("Петров", "Олег")
        taken = operations.take_payments(
            source_sql="SELECT a.id, 10.50, 'bank', 'b' || a.id, %s::timestamptz, %s::date, ''"
            " FROM accounts_account a",
            params=[NOON, TODAY],
            now=NOON,
            actor=CLERK,
        )
        assert taken == 2
        found = FiscalReceipt.objects.order_by("account_id").values_list("account_id", "amount")
        assert list(found) == [(account.pk, Decimal("10.50")), (other.pk, Decimal("10.50"))]
        assert broken() == []

    @pytest.mark.parametrize(
        ("day", "terms", "code"),
        [
            (date(2026, 11, 2), {}, 12),
            (date(2025, 12, 31), {}, 6),
            (date(2026, 1, 1), {"method": "full_payment"}, 11),
            (date(2025, 6, 1), {"method": "full_payment"}, 4),
            (date(2026, 11, 2), {"tax_system": "usn_income"}, 1),
            (date(2026, 11, 2), {"tax_category": "none"}, 1),
        ],
    )
    def test_the_vat_is_that_of_the_day(self, day: date, terms: dict, code: int) -> None:
        a_gateway("http://127.0.0.1:1", **terms)
        pay(people.open_account_for("Петров", "Олег"), business_date=day)
        assert the_receipt().vat_code == code

    def test_a_rate_without_a_code_waits_for_a_person_not_the_payment(
        self, gateway: FiscalGateway, account: Account
    ) -> None:
        from tariffs.models import TaxRate

        TaxRate.objects.filter(category="standard").update(percent=Decimal("21.00"))
        pay(account)
        assert (the_receipt().state, the_receipt().vat_code) == ("failed", None)
        assert queries.get_balance(account.pk).money == Decimal("500.00")
        assert receipts.retry_receipts(receipt_ids=[the_receipt().pk], now=NOON, actor=CLERK) == []
        TaxRate.objects.filter(category="standard").update(percent=Decimal("22.00"))
        assert receipts.retry_receipts(receipt_ids=[the_receipt().pk], now=NOON, actor=CLERK)
        send_until_done(FakeRegister())
        assert (the_receipt().state, the_receipt().vat_code) == ("done", 12)

    def test_a_payment_that_is_rolled_back_leaves_none(self, account: Account) -> None:
        with pytest.raises(operations.UnableToTakePayment):
            pay(account, "0.001")
        assert not FiscalReceipt.objects.exists()

    def test_a_gateway_at_a_time(self, gateway: FiscalGateway) -> None:
        from django.db import IntegrityError, transaction

        with pytest.raises(IntegrityError), transaction.atomic():
            a_gateway("http://127.0.0.1:1", active_from=TODAY)


class TestGivenBack:
    def test_a_reversal_writes_the_return(self, account: Account) -> None:
        payment = pay(account)
        reverse(payment)
        sold, returned = FiscalReceipt.objects.order_by("pk")
        assert (returned.kind, returned.source, returned.amount) == (
            "sell_refund",
            "reversal",
            sold.amount,
        )
        assert returned.reason == "ошибка кассира"
        assert broken() == []

    def test_the_return_is_told_after_the_sale(
        self, account: Account, register: FakeRegister
    ) -> None:
        register.finishes_at_once = False
        reverse(pay(account))
        send()
        send(1)
        assert states() == ["sent", "waiting"]
        assert register.told("sell_refund") == []
        register.finish()
        register.finishes_at_once = True
        send_until_done(register)
        assert len(register.told("sell_refund")) == 1

    def test_no_return_of_what_was_never_told(self) -> None:
        account = people.open_account_for("Петров", "Олег")
        payment = pay(account)
        a_gateway("http://127.0.0.1:1", active_from=TODAY + timedelta(days=1))
        reverse(payment, day=TODAY + timedelta(days=2))
        assert not FiscalReceipt.objects.exists()
        assert broken() == []

    def test_a_refund_writes_one_per_refund(self, account: Account) -> None:
        payment = pay(account)
        for refund in (1, 2, 1):
            refunded(payment, refund, "100.00")
        assert FiscalReceipt.objects.filter(source="refund").count() == 2
        assert broken() == []
        refunded(payment, 3, "300.01")
        assert broken() == ["receipts of what was given back never exceed the payment"]

    def test_the_return_keeps_the_terms_of_an_ended_gateway(
        self, gateway: FiscalGateway, account: Account
    ) -> None:
        payment = pay(account)
        FiscalGateway.objects.update(active_to=TODAY + timedelta(days=1))
        reverse(payment, day=TODAY + timedelta(days=3))
        assert FiscalReceipt.objects.get(kind="sell_refund").gateway == gateway


class TestDisputed:
    """What the payer's bank took back."""

    NAME = "a refund or a lost dispute has its return receipt exactly if the payment has a receipt"

    @pytest.mark.parametrize("outcome", ["pending", "lost", "won"])
    def test_a_lost_dispute_has_its_receipt_once(self, account: Account, outcome: str) -> None:
        payment = pay(account)
        for _ in range(3):
            dispute(payment, outcome)
        told = FiscalReceipt.objects.filter(source="chargeback")
        expected = [("sell_refund", Decimal("200.00"))] if outcome == "lost" else []
        assert list(told.values_list("kind", "amount")) == expected
        assert broken() == []

    def test_of_a_payment_without_a_receipt_it_has_none(self, register: FakeRegister) -> None:
        payment = pay(people.open_account_for("Петров", "Олег"))
        a_gateway(register.url, active_from=TODAY)
        FiscalReceipt.objects.all().delete()
        dispute(payment, "lost")
        assert not FiscalReceipt.objects.exists()
        assert self.NAME not in broken()

    def test_the_register_is_told_after_the_sale(
        self, account: Account, register: FakeRegister
    ) -> None:
        dispute(pay(account), "lost")
        send_until_done(register)
        [body] = register.told("sell_refund")
        assert body["receipt"]["total"] == 200.0

    @pytest.mark.parametrize("wrong", [{"amount": 199}, {"source": "correction"}])
    def test_a_receipt_that_is_wrong_or_missing_is_found(
        self, account: Account, wrong: dict[str, object]
    ) -> None:
        dispute(pay(account), "lost")
        FiscalReceipt.objects.filter(source="chargeback").update(**wrong)
        assert broken() == [self.NAME]


def dispute(payment: Payment, outcome: str) -> None:
    acquiring.write_chargeback(
        payment_id=payment.pk,
        external_id="письмо 7",
        claimed=Decimal(200),
        outcome={"pending": Outcome.PENDING, "lost": Outcome.FAILED, "won": Outcome.SUCCEEDED}[
            outcome
        ],
        now=NOON,
        actor=CLERK,
    )


def reverse(payment: Payment, day: date = TODAY) -> None:
    operations.reverse_payment(
        payment_id=payment.pk, reason="ошибка кассира", business_date=day, now=NOON, actor=CLERK
    )


def refunded(payment: Payment, refund_id: int, amount: str) -> int:
    return receipts.write_given_back(
        payment_id=payment.pk,
        source="refund",
        source_id=refund_id,
        amount=Decimal(amount),
        business_date=TODAY,
        now=NOON,
        actor=CLERK,
    )


class TestTold:
    def test_what_the_register_is_told(self, account: Account, register: FakeRegister) -> None:
        pay(account, "500.50")
        assert send() == receipts.SentReceipts(later=1)
        [body] = register.told()
        receipt = body["receipt"]
        assert body["external_id"] == f"retel-{the_receipt().pk}-1"
        assert body["timestamp"] == "02.11.2026 12:00:00"
        assert receipt["client"] == {"email": "maria@example.org"}
        assert receipt["company"]["inn"] == "7830002293"
        assert receipt["items"][0]["vat"] == {"type": "vat122"}
        assert receipt["items"][0]["payment_method"] == "advance"
        assert receipt["payments"] == [{"type": 1, "sum": 500.5}]
        assert receipt["total"] == 500.5

    @pytest.mark.parametrize(
        ("contact", "client"),
        [
            ({"phone": "+7 921 555-01-01"}, {"phone": "+79215550101"}),
            ({"phone": "79215550101", "email": "a@b.ru"}, {"email": "a@b.ru"}),
            ({}, {"email": "kassa@example.org"}),
        ],
    )
    def test_who_gets_the_copy(
        self, gateway: FiscalGateway, register: FakeRegister, contact: dict, client: dict
    ) -> None:
        pay(people.open_account(people.person("Петров", "Олег", **contact)), gateway="cash_desk")
        send()
        [body] = register.told()
        assert body["receipt"]["client"] == client
        assert body["receipt"]["payments"][0]["type"] == 0

    def test_the_fiscal_document_is_kept(self, account: Account, register: FakeRegister) -> None:
        pay(account)
        assert send_until_done(register) == 1
        receipt = the_receipt()
        assert (receipt.fn_number, receipt.document_number) == ("9999078900001234", "1")
        assert (receipt.document_sign, receipt.uuid) == ("3000000001", "uuid-1")
        assert receipt_queries.qr_of(receipt) == (
            "t=20261102T1200&s=500.00&fn=9999078900001234&i=1&fp=3000000001&n=1"
        )
        assert broken() == []

    def test_one_token_for_all(self, account: Account, register: FakeRegister) -> None:
        for _ in range(5):
            pay(account)
        send_until_done(register)
        assert register.count("token") == 1

    def test_a_token_that_is_too_old_is_renewed(
        self, account: Account, register: FakeRegister
    ) -> None:
        pay(account)
        send()
        register.expire_token()
        pay(account)
        send_until_done(register)
        assert states() == ["done", "done"]
        assert (register.count("token"), len(register.told())) == (2, 2)

    def test_a_wrong_password_refuses_nothing_and_alarms(
        self, account: Account, register: FakeRegister, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(VARIABLE, "wrong")
        pay(account)
        send()
        assert (the_receipt().state, register.told()) == ("waiting", [])
        assert "Неверный логин" in the_receipt().error
        monkeypatch.setenv(VARIABLE, "secret")
        send_until_done(register)
        assert states() == ["done"]


#: What happens to the first try, and whether it took the receipt.
FAULTS = ["die", "lost", "busy", "busy_taken", "throttle", "nonsense"]


class TestNeverTwice:
    @pytest.mark.parametrize("fault", FAULTS)
    def test_one_receipt_whatever_happens_to_the_answer(
        self, account: Account, register: FakeRegister, fault: str
    ) -> None:
        register.faults = [fault, fault]
        pay(account)
        send_until_done(register)
        assert states() == ["done"]
        assert len(register.told()) == 1
        assert broken() == []

    def test_an_unknown_outcome_is_asked_about_before_sending_again(
        self, account: Account, register: FakeRegister
    ) -> None:
        register.faults = ["die"]
        pay(account)
        send()
        assert the_receipt().state == "unknown"
        send(1)
        assert (register.count("sell"), register.count("report")) == (1, 1)
        assert the_receipt().state == "done"

    def test_an_answer_that_does_not_come_in_time(
        self, account: Account, register: FakeRegister, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(atol, "ANSWER_SECONDS", 0.5)
        register.faults = ["hang"]
        pay(account)
        send()
        assert the_receipt().state == "unknown"
        register.released.set()
        monkeypatch.undo()
        monkeypatch.setenv(VARIABLE, "secret")
        send_until_done(register)
        assert (states(), len(register.told()), register.count("sell")) == (["done"], 1, 1)

    def test_a_register_that_knows_our_id_only_as_a_duplicate(
        self, account: Account, register: FakeRegister, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The service looks receipts up by its own id only: sending again answers with code 33."""
        real = register.report
        not_ours = (400, {"error": {"code": 5, "text": "Не UUID"}, "status": "fail"})
        monkeypatch.setattr(
            register, "report", lambda name: real(name) if name.startswith("uuid") else not_ours
        )
        register.faults = ["die"]
        pay(account)
        send_until_done(register)
        assert (states(), len(register.told()), register.count("sell")) == (["done"], 1, 2)

    def test_a_worker_killed_between_claim_and_answer(
        self, account: Account, register: FakeRegister, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def killed(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        pay(account)
        with monkeypatch.context() as patch:
            patch.setattr("accounts.operations.receipts.sending._note", killed)
            with pytest.raises(KeyboardInterrupt):
                send()
        assert (the_receipt().state, len(register.told())) == ("unknown", 1)
        assert send(1).total == 0  # its lease still runs
        send_until_done(register)
        assert (states(), register.count("sell")) == (["done"], 1)

    def test_an_answer_that_comes_after_the_lease_changes_nothing(
        self, account: Account, register: FakeRegister
    ) -> None:
        from accounts.domain.fiscal import Answer, Outcome
        from accounts.operations.receipts import sending

        pay(account)
        with sending._open_registers() as (_, terms):
            [late] = sending._claim(NOON, due=NOON, resting=set(), terms=terms, limit=10)
        send(10)
        refused = Answer(Outcome.REFUSED, error="поздно")
        sending._note([sending.decide_note(late, refused, now=NOON)], now=NOON)
        assert the_receipt().state != "failed"


class TestDown:
    def test_a_day_without_the_register(self, account: Account, register: FakeRegister) -> None:
        register.is_down = True
        for _ in range(10):
            pay(account)
        for minute in range(0, 24 * 60, 15):
            send(minute)
        assert states() == ["waiting"] * 10
        assert alarmed(24 * 60) == ["fiscal receipts not registered in time"]
        # It is left alone once it proves unreachable: no try per receipt.
        assert len(register.calls) < 24 * 4 * 8
        register.is_down = False
        for minute in range(24 * 60, 24 * 60 + 40):
            send(minute)
        assert states() == ["done"] * 10
        assert len(register.told()) == 10
        assert alarmed(25 * 60) == []

    def test_one_entity_whose_register_is_down_stops_no_other(
        self, account: Account, register: FakeRegister
    ) -> None:
        from accounts.models import LegalEntity

        other = LegalEntity.objects.create(
            name="Нева", full_name="ООО «Нева»", inn="7707083893", address="СПб", is_default=False
        )
        a_gateway("http://127.0.0.1:1/v4", legal_entity=other)
        neva = people.open_account_for("Петров", "Олег")
        neva.contract.legal_entity = other
        neva.contract.save()
        for _ in range(6):
            pay(neva)
        pay(account)
        for minute in range(5):
            send(minute)
        assert states() == ["waiting"] * 6 + ["done"]


class TestRefused:
    def test_people_send_it_anew_under_another_id(
        self, account: Account, register: FakeRegister
    ) -> None:
        register.faults = ["refuse"]
        pay(account)
        assert send().failed == 1
        assert (the_receipt().state, the_receipt().error) == ("failed", "HTTP 400 Плохой чек")
        assert alarmed(1) == ["fiscal receipts that were refused"]
        assert send(60).total == 0
        retried = receipts.retry_receipts(receipt_ids=[the_receipt().pk], now=NOON, actor=CLERK)
        assert retried == [the_receipt().pk]
        assert receipts.retry_receipts(receipt_ids=retried, now=NOON, actor=CLERK) == []
        send_until_done(register)
        assert [body["external_id"] for body in register.told()] == [f"retel-{retried[0]}-2"]
        assert alarmed(1) == []

    def test_a_register_that_fails_later(self, account: Account, register: FakeRegister) -> None:
        register.finishes_at_once = False
        pay(account)
        send()
        register.fail()
        send_until_done(register)
        assert (the_receipt().state, the_receipt().error) == (
            "failed",
            "HTTP 200 Смена превысила 24 часа",
        )

    def test_a_correction_stands_for_it(self, account: Account, register: FakeRegister) -> None:
        register.faults = ["refuse"]
        payment = pay(account)
        send()
        written = correct(payment)
        assert correct(payment) == written
        send_until_done(register)
        [body] = register.told("sell_correction")
        assert body["correction"]["correction_info"]["base_date"] == "02.11.2026"
        assert body["correction"]["vats"] == [{"type": "vat122", "sum": 500.0}]
        assert alarmed(1) == []
        assert receipt_queries.list_receipts(state="failed") == []

    def test_a_payment_from_before_the_gateway_can_be_corrected(
        self, register: FakeRegister
    ) -> None:
        account = people.open_account_for("Петров", "Олег")
        payment = pay(account)
        with override("en"), pytest.raises(operations.UnableToCorrectReceipt, match="no fiscal"):
            correct(payment)
        a_gateway(register.url, active_from=TODAY + timedelta(days=1))
        correct(payment)
        send_until_done(register)
        assert len(register.told("sell_correction")) == 1

    @pytest.mark.parametrize("state", ["waiting", "done", "reversed"])
    def test_what_needs_no_correction(
        self, account: Account, register: FakeRegister, state: str
    ) -> None:
        payment = pay(account)
        if state == "done":
            send_until_done(register)
        if state == "reversed":
            reverse(payment)
        with pytest.raises(operations.UnableToCorrectReceipt):
            correct(payment)
        assert not FiscalReceipt.objects.filter(kind="correction").exists()


def correct(payment: Payment) -> FiscalReceipt:
    return receipts.correct_receipt(
        payment_id=payment.pk, reason="не было связи", now=NOON, actor=CLERK
    )


class TestLists:
    def test_work_is_counted(self, account: Account, register: FakeRegister) -> None:
        register.faults = ["refuse"]
        pay(account)
        send()
        pay(account)
        now = NOON + timedelta(minutes=61)
        work = queries.count_receipt_work(now=now)
        assert (work.failed, work.waiting, work.overdue) == (1, 1, 1)
        assert [one.state for one in receipt_queries.list_receipts()] == ["waiting", "failed"]
        assert len(receipt_queries.list_receipts(state="waiting")) == 1
        newest = receipt_queries.list_receipts()[0]
        assert [one.state for one in receipt_queries.list_receipts(before=newest.pk)] == ["failed"]


BREAKS = {
    "PAYMENT_HAS_RECEIPT": "DELETE FROM accounts_fiscalreceipt",
    "RETURN_HAS_RECEIPT": "UPDATE accounts_payment SET state = 'reversed'",
    "DONE_IS_KNOWN": "UPDATE accounts_fiscalreceipt SET state = 'done'",
    "RETURNS_WITHIN_PAYMENT": "UPDATE accounts_fiscalreceipt SET kind = 'sell_refund', amount = 900",
}


@pytest.mark.parametrize(("name", "statement"), BREAKS.items())
def test_a_broken_promise_is_found(account: Account, name: str, statement: str) -> None:
    from django.db import connection

    invariant: Invariant = getattr(receipt_queries, name)
    pay(account)
    assert find_violations(invariant) == []
    with connection.cursor() as cursor:
        cursor.execute(statement)
    assert len(find_violations(invariant)) == 1
