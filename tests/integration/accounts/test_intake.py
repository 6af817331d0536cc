"""The one intake: stored first, its effect once, doubt kept for a person, contradictions refused."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts import operations, queries
from accounts.domain.notices import AccountBy, Incoming, Reason, WrongNotice
from accounts.models import Account, NoticeConflict, Payment, PaymentNotice
from accounts.operations import intake
from accounts.queries import intake as intake_queries
from billing_project.kernel.models import Approval, StateChange
from billing_project.kernel.operations import UnableToDecide
from tests import people
from tests.checks import broken_promises
from tests.people import CLERK, NOON, TODAY

pytestmark = pytest.mark.django_db

BOSS = "staff:2"


@pytest.fixture
def bob() -> Account:
    return people.open_account_for("Бобров", "Борис")


@pytest.fixture
def eve() -> Account:
    return people.open_account_for("Евдокимова", "Ева")


def incoming(account: Account | None = None, **values: object) -> Incoming:
    told = {
        "gateway": "terminal:qiwi",
        "external_id": "T1",
        "amount": Decimal("100.00"),
        "paid_at": NOON,
        "business_date": TODAY,
        "account_hint": account.number if account else "",
        "raw": "<pay/>",
    }
    return Incoming(**{**told, **values})


def receive(account: Account | None = None, **values: object) -> PaymentNotice:
    return intake.receive(incoming=incoming(account, **values), now=NOON, actor="terminal:qiwi")


def money(account: Account) -> Decimal:
    return queries.get_balance(account.pk).money


def close(account: Account, on: date = TODAY) -> None:
    Account.objects.filter(pk=account.pk).update(closed_on=on)


def outcome(notice: PaymentNotice) -> tuple[str, str]:
    return notice.state, notice.reason


class TestReceive:
    def test_credits_and_keeps_the_message(self, bob: Account) -> None:
        notice = receive(bob)
        assert outcome(notice) == ("credited", "")
        assert (notice.raw, notice.account_id, notice.settled_at) == ("<pay/>", bob.pk, NOON)
        payment = Payment.objects.get()
        assert (payment.pk, payment.amount) == (notice.payment_id, Decimal("100.00"))
        assert (payment.gateway, payment.external_id) == ("terminal:qiwi", "T1")
        assert money(bob) == Decimal("100.00")

    def test_the_same_five_times_is_one(self, bob: Account) -> None:
        answers = {receive(bob).pk for _ in range(5)}
        assert len(answers) == 1
        assert money(bob) == Decimal("100.00")
        assert not NoticeConflict.objects.exists()

    @pytest.mark.parametrize("named", ["number", "telephone", "given"])
    def test_the_account_is_named_in_three_ways(self, bob: Account, named: str) -> None:
        people.order_mobile(bob, number="79215550101")
        ways = {
            "number": {"account_hint": f" {bob.number[:3]} {bob.number[3:]} "},
            "telephone": {
                "account_hint": "8 921 555-01-01",
                "account_by": AccountBy.IDENTIFIER,
                "paid_at": NOON + timedelta(minutes=1),
            },
            "given": {"account_id": bob.pk, "account_hint": "за интернет"},
        }
        notice = receive(**ways[named])
        assert outcome(notice) == ("credited", "")
        assert money(bob) == Decimal("100.00")
        assert notice.account_hint == ways[named]["account_hint"] if named == "given" else True

    def test_a_number_of_nobody_at_that_moment(self, bob: Account) -> None:
        people.order_mobile(bob, number="79215550101")
        early = {"paid_at": NOON - timedelta(days=1), "business_date": TODAY - timedelta(days=1)}
        notice = receive(account_hint="79215550101", account_by=AccountBy.IDENTIFIER, **early)
        assert outcome(notice) == ("unassigned", "account_unknown")

    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            ({"account_hint": "100000018"}, Reason.ACCOUNT_UNKNOWN),
            ({"account_hint": ""}, Reason.ACCOUNT_MISSING),
            ({"currency": "EUR"}, Reason.OTHER_CURRENCY),
            ({"business_date": TODAY - timedelta(days=61)}, Reason.DATE_IN_DOUBT),
            ({"business_date": TODAY + timedelta(days=2)}, Reason.DATE_IN_DOUBT),
        ],
    )
    def test_doubt_is_kept_with_an_alarm(
        self, bob: Account, values: dict[str, object], reason: str
    ) -> None:
        notice = receive(**{"account_hint": bob.number, **values})
        assert outcome(notice) == ("unassigned", reason)
        assert money(bob) == Decimal(0)
        assert not Payment.objects.exists()
        assert broken_promises(intake_queries.alarms(now=NOON)) == ["money that no account has"]
        # What the terminal knows no better gets the same answer.
        again = receive(**{"account_hint": bob.number, **values})
        assert again.pk == notice.pk

    def test_a_closed_account_is_known_and_not_credited(self, bob: Account) -> None:
        close(bob)
        notice = receive(bob)
        assert outcome(notice) == ("unassigned", "account_closed")
        assert notice.account_id == bob.pk
        assert money(bob) == Decimal(0)

    def test_an_account_that_closes_later_is_credited(self, bob: Account) -> None:
        close(bob, on=TODAY + timedelta(days=1))
        assert outcome(receive(bob)) == ("credited", "")

    def test_where_the_sender_gives_back_doubt_is_refused(self) -> None:
        notice = receive(account_hint="5", keeps_doubtful=False)
        assert outcome(notice) == ("refused", "account_unknown")
        assert broken_promises(intake_queries.alarms(now=NOON)) == []

    @pytest.mark.parametrize("amount", ["0.00", "-5.00"])
    def test_no_money_is_refused(self, bob: Account, amount: str) -> None:
        assert outcome(receive(bob, amount=Decimal(amount))) == ("refused", "amount_not_positive")

    def test_refused_by_the_door_is_on_record(self, bob: Account) -> None:
        notice = receive(bob, refused=Reason.AMOUNT_TOO_SMALL)
        assert outcome(notice) == ("refused", "amount_too_small")
        assert money(bob) == Decimal(0)

    @pytest.mark.parametrize(
        "values",
        [
            {"amount": Decimal("1.001")},
            {"amount": Decimal("1e13")},
            {"external_id": ""},
            {"external_id": "9" * 81},
            {"gateway": "g" * 25},
        ],
    )
    def test_what_is_no_notice(self, bob: Account, values: dict[str, object]) -> None:
        with pytest.raises(WrongNotice):
            incoming(bob, **values)

    def test_a_null_byte_in_the_message_is_left_out(self, bob: Account) -> None:
        assert receive(bob, raw="a\0b").raw == "ab"


class TestContradictions:
    @pytest.mark.parametrize("what", ["amount", "account"])
    def test_is_refused_loudly_and_changes_nothing(
        self, bob: Account, eve: Account, what: str
    ) -> None:
        first = receive(bob)
        changed = (
            {"amount": Decimal("900.00")} if what == "amount" else {"account_hint": eve.number}
        )
        for _ in range(5):
            with pytest.raises(intake.UnableToReceive) as caught:
                receive(bob, **changed)
            assert caught.value.notice.pk == first.pk
        assert (money(bob), money(eve)) == (Decimal("100.00"), Decimal(0))
        [conflict] = NoticeConflict.objects.all()
        assert (conflict.notice_id, conflict.raw) == (first.pk, "<pay/>")
        assert broken_promises(intake_queries.alarms(now=NOON)) == [
            "a payment's id came again with another amount or account"
        ]

    def test_is_over_once_a_person_saw_it(self, bob: Account) -> None:
        receive(bob)
        with pytest.raises(intake.UnableToReceive):
            receive(bob, amount=Decimal("1.00"))
        conflict_id = NoticeConflict.objects.get().pk
        told = {"conflict_id": conflict_id, "note": "Звонили", "now": NOON, "actor": CLERK}
        assert intake.see_conflict(**told) is True
        assert intake.see_conflict(**told) is False
        assert broken_promises(intake_queries.alarms(now=NOON)) == []

    def test_an_id_that_was_a_payment_past_the_intake(self, bob: Account, eve: Account) -> None:
        taken = {"gateway": "terminal:qiwi", "external_id": "T1", "paid_at": NOON}
        operations.take_payment(
            account_id=eve.pk, amount=Decimal("100.00"), business_date=TODAY, now=NOON,
            actor=CLERK, **taken,
        )  # fmt: skip
        assert outcome(receive(bob)) == ("refused", "other_payment")
        assert (money(bob), money(eve)) == (Decimal(0), Decimal("100.00"))

    def test_another_gateway_or_word_is_another_notice(self, bob: Account) -> None:
        receive(bob)
        receive(bob, gateway="terminal:elecsnet")
        assert money(bob) == Decimal("200.00")


class TestKilledBetween:
    def test_the_next_try_settles(self, bob: Account) -> None:
        stored = intake.store(incoming=incoming(bob), now=NOON, actor="t")
        assert outcome(stored) == ("received", "")
        assert money(bob) == Decimal(0)
        assert receive(bob).pk == stored.pk
        assert money(bob) == Decimal("100.00")

    def test_the_schedule_settles(self, bob: Account) -> None:
        intake.store(incoming=incoming(bob), now=NOON, actor="t")
        late = NOON + timedelta(minutes=11)
        assert broken_promises(intake_queries.alarms(now=NOON)) == []
        assert broken_promises(intake_queries.alarms(now=late)) == [
            "notices of money without their effect"
        ]
        done = intake.settle_waiting(now=late, actor="system:intake")
        assert (done.credited, done.unassigned, done.refused) == (1, 0, 0)
        assert money(bob) == Decimal("100.00")
        assert intake.settle_waiting(now=late, actor="system:intake").credited == 0
        assert receive(bob).state == "credited"
        assert broken_promises(intake_queries.alarms(now=late)) == []

    def test_paid_already_finds_the_payment(self, bob: Account) -> None:
        """The effect was committed, the notice's own row was not (another program's time-out)."""
        notice = receive(bob)
        again = replace(incoming(bob), paid_at=NOON + timedelta(days=3))
        answer = intake.receive(incoming=again, now=NOON + timedelta(days=3), actor="t")
        assert (answer.pk, answer.payment_id) == (notice.pk, notice.payment_id)


class TestDesk:
    def assign(self, notice: PaymentNotice, account: Account) -> PaymentNotice:
        later = NOON + timedelta(days=2)
        return intake.assign(
            notice_id=notice.pk, account_id=account.pk, now=later, actor=CLERK, note="по чеку"
        )

    def give_back(
        self, notice: PaymentNotice, *, limit: str = "1000", reason: str = "Ошибся"
    ) -> PaymentNotice | Approval:
        return intake.give_back(
            notice_id=notice.pk, reason=reason, limit=Decimal(limit), now=NOON, actor=CLERK
        )

    def test_assign_credits_on_the_day_of_the_decision(self, bob: Account) -> None:
        notice = receive()
        answer = self.assign(notice, bob)
        assert outcome(answer) == ("credited", "by_hand")
        assert (answer.note, answer.settled_by) == ("по чеку", CLERK)
        payment = Payment.objects.get()
        assert (payment.paid_at, payment.business_date) == (NOON, TODAY + timedelta(days=2))
        assert money(bob) == Decimal("100.00")
        assert self.assign(notice, bob).payment_id == payment.pk
        assert money(bob) == Decimal("100.00")
        # The sender's own repeat is no contradiction.
        assert receive().payment_id == payment.pk

    def test_assigned_to_somebody_else_meanwhile(self, bob: Account, eve: Account) -> None:
        notice = receive()
        self.assign(notice, bob)
        with pytest.raises(intake.UnableToAssign):
            self.assign(notice, eve)
        assert (money(bob), money(eve)) == (Decimal("100.00"), Decimal(0))

    def test_a_closed_account_takes_nothing(self, bob: Account) -> None:
        notice = receive()
        close(bob)
        with pytest.raises(intake.UnableToAssign, match="закрыт"):
            self.assign(notice, bob)

    def test_another_currency_takes_nothing(self, bob: Account) -> None:
        notice = receive(bob, currency="EUR")
        with pytest.raises(intake.UnableToAssign):
            self.assign(notice, bob)
        assert money(bob) == Decimal(0)

    def test_given_back_it_can_be_credited_no_more(self, bob: Account) -> None:
        notice = receive()
        assert outcome(self.give_back(notice)) == ("returned", "by_hand")
        with pytest.raises(intake.UnableToAssign):
            self.assign(notice, bob)
        assert receive().state == "returned"
        assert self.give_back(notice).state == "returned"
        assert money(bob) == Decimal(0)

    def test_give_back_needs_a_reason_and_money_that_waits(self, bob: Account) -> None:
        with pytest.raises(intake.UnableToGiveBack):
            self.give_back(receive(), reason="  ")
        with pytest.raises(intake.UnableToGiveBack):
            self.give_back(receive(bob, external_id="T2"))

    def test_above_the_limit_a_second_person_decides(self) -> None:
        notice = receive()
        asked = self.give_back(notice, limit="99.99")
        assert isinstance(asked, Approval)
        assert self.give_back(notice, limit="99.99").pk == asked.pk
        notice.refresh_from_db()
        assert notice.state == "unassigned"
        with pytest.raises(UnableToDecide):
            intake.approve_return(approval_id=asked.pk, now=NOON, actor=CLERK)
        answer = intake.approve_return(approval_id=asked.pk, now=NOON, actor=BOSS)
        assert outcome(answer) == ("returned", "by_hand")

    def test_assigned_while_the_return_waits(self, bob: Account) -> None:
        notice = receive()
        asked = self.give_back(notice, limit="0")
        self.assign(notice, bob)
        with pytest.raises(intake.UnableToGiveBack):
            intake.approve_return(approval_id=asked.pk, now=NOON, actor=BOSS)
        asked.refresh_from_db()
        assert asked.state == "pending"
        intake.refuse_return(approval_id=asked.pk, now=NOON, actor=BOSS)
        assert money(bob) == Decimal("100.00")

    def test_every_change_is_a_fact(self, bob: Account) -> None:
        self.assign(receive(), bob)
        facts = StateChange.objects.filter(model="accounts.paymentnotice").order_by("pk")
        assert [(fact.old, fact.new) for fact in facts] == [
            ("received", "unassigned"),
            ("unassigned", "credited"),
        ]


class TestPromises:
    def test_hold(self, bob: Account) -> None:
        receive(bob)
        receive(external_id="T2")
        assert broken_promises(intake_queries.intake_invariants()) == []

    def test_a_credited_notice_with_another_amount(self, bob: Account) -> None:
        notice = receive(bob)
        PaymentNotice.objects.filter(pk=notice.pk).update(amount=1)
        assert broken_promises(intake_queries.intake_invariants()) == [
            "a credited notice has its payment, with the same amount, account and id"
        ]

    def test_money_that_waits_and_is_credited(self, bob: Account) -> None:
        receive(external_id="T9")
        operations.take_payment(
            account_id=bob.pk, amount=Decimal("100.00"), gateway="terminal:qiwi",
            external_id="T9", paid_at=NOON, business_date=TODAY, now=NOON, actor=CLERK,
        )  # fmt: skip
        assert broken_promises(intake_queries.intake_invariants()) == [
            "money of a notice that is not credited is on no account"
        ]
