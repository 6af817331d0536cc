"""Disputes: frozen from dunning until decided, given back once, never more than was charged."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import queries as accounts_queries
from accounts.domain.kinds import Kind
from accounts.models import Adjustment
from billing_project.kernel import operations as kernel
from billing_project.kernel.models import Approval, BusinessEvent
from dunning import queries
from dunning.models import ServiceAccess
from dunning.operations import decide_accounts, disputes
from dunning.operations.disputes import Claim, UnableToDispute
from invoicing import queries as invoicing_queries
from invoicing.domain.disputes import CLAIM_DAYS, Charged, Obstacle, find_obstacle
from invoicing.models import Bill, Dispute, Note
from invoicing.operations.disputes import assign, say
from invoicing.queries.disputes import queue, sum_frozen
from tests.checks import broken_promises
from tests.integration.invoicing.corrected import (
    AGENT,
    CHIEF,
    FEBRUARY,
    TODAY,
    billed,
    line_of,
    note,
)
from tests.integration.invoicing.household import at, bill, charge, connect, make_account, pay, post
from tests.integration.invoicing.household import make_version as version

pytestmark = pytest.mark.django_db
SUBSCRIBER = "subscriber:7"
_HUNDRED = Decimal("100.00")


def dispute(found: Bill, amount: str | None = None, *, on: date = TODAY, **changes: object):
    values = {"reason": "Не звонил", "request_id": "r1", "bill_line_id": line_of(found).pk}
    claim = Claim(
        account_id=found.account_id,
        amount=None if amount is None else Decimal(amount),
        **(values | changes),
    )
    return disputes.raise_dispute(claim=claim, business_date=on, now=at(on), actor=SUBSCRIBER)


def accept(of: Dispute, amount: str, *, limit: str = "1000", answer: str = "Вы правы"):
    return disputes.accept(
        dispute_id=of.pk,
        amount=Decimal(amount),
        answer=answer,
        limit=Decimal(limit),
        business_date=TODAY,
        now=at(TODAY),
        actor=AGENT,
    )


def approve(approval: Approval, actor: str = CHIEF):
    return disputes.approve(
        approval_id=approval.pk, business_date=TODAY, now=at(TODAY), actor=actor
    )


def balance(found: Bill):
    return accounts_queries.get_balance(found.account_id)


def all_promises() -> list[str]:
    return broken_promises([*queries.invariants(), *invoicing_queries.invariants()])


class TestFrozen:
    def test_the_amount_is_frozen_until_decided(self) -> None:
        january = billed()
        made = dispute(january)
        assert (made.state, made.amount, made.due_on) == ("open", _HUNDRED, date(2026, 3, 12))
        assert (balance(january).floor, balance(january).money) == (_HUNDRED, Decimal("-410.00"))
        assert sum_frozen([january.account_id]) == {january.account_id: _HUNDRED}
        assert all_promises() == []

    def test_disputed_money_does_not_restrict_and_rejected_money_does(self) -> None:
        account = make_account(kind="prepaid")
        service = connect(account, version("0"))
        post(account, "-100.00", on=date(2026, 1, 5))
        pay(account, "10.00", on=date(2026, 1, 6))
        bill(FEBRUARY)
        january = Bill.objects.get(account=account)
        decide_accounts(account_ids=[account.pk], now=at(TODAY), actor="system:test")
        before = ServiceAccess.objects.get(pk=service.pk).level
        made = dispute(january)
        assert (before, ServiceAccess.objects.get(pk=service.pk).level) == (
            "bar_long_distance",
            "open",
        )
        disputes.reject(dispute_id=made.pk, answer="Звонок был", now=at(TODAY), actor=AGENT)
        assert ServiceAccess.objects.get(pk=service.pk).level == "bar_long_distance"
        assert balance(january).floor == 0
        assert broken_promises(queries.invariants()) == []

    def test_promises_limits_and_disputes_add_up_in_the_floor(self) -> None:
        january = billed()
        january.account.credit_limit = Decimal("50.00")
        january.account.save(update_fields=["credit_limit"])
        made = dispute(january, "30.00")
        assert balance(january).floor == Decimal("80.00")
        disputes.withdraw(dispute_id=made.pk, now=at(TODAY), actor=SUBSCRIBER)
        assert balance(january).floor == Decimal("50.00")


class TestAccept:
    @pytest.mark.parametrize("amount", ["100.00", "0.01", "37.50"])
    def test_wholly_or_in_part_by_a_credit_note(self, amount: str) -> None:
        january = billed()
        made = accept(dispute(january), amount)
        given_back = Decimal(amount)
        assert (made.state, made.accepted, made.note.gross) == ("accepted", given_back, given_back)
        assert (balance(january).money, balance(january).floor) == (given_back - 410, 0)
        assert made.note.lines.get().bill_line == line_of(january)
        assert BusinessEvent.objects.get(kind="dispute.accepted").data["amount"] == amount
        assert all_promises() == []

    @pytest.mark.parametrize("amount", ["40.01", "0", "-1.00"])
    def test_not_more_than_is_in_dispute(self, amount: str) -> None:
        january = billed()
        made = dispute(january, "40.00")
        with pytest.raises(UnableToDispute):
            accept(made, amount)
        assert (Note.objects.count(), balance(january).floor) == (0, Decimal("40.00"))

    def test_once(self) -> None:
        january = billed()
        made = dispute(january)
        accept(made, "10.00")
        for again in (
            lambda: accept(made, "10.00"),
            lambda: disputes.reject(dispute_id=made.pk, answer="x", now=at(TODAY), actor=AGENT),
            lambda: disputes.withdraw(dispute_id=made.pk, now=at(TODAY), actor=SUBSCRIBER),
        ):
            with pytest.raises(UnableToDispute):
                again()
        assert Note.objects.count() == 1

    def test_above_the_limit_it_stays_frozen_until_a_second_person_decides(self) -> None:
        january = billed()
        made = dispute(january)
        asked = accept(made, "100.00", limit="99.99")
        assert isinstance(asked, Approval)
        assert (balance(january).floor, Note.objects.count()) == (_HUNDRED, 0)
        with pytest.raises(UnableToDispute):
            accept(made, "50.00")
        with pytest.raises(UnableToDispute):
            disputes.reject(dispute_id=made.pk, answer="Нет", now=at(TODAY), actor=AGENT)
        with pytest.raises(kernel.UnableToDecide):
            approve(asked, actor=AGENT)
        closed = approve(asked)
        assert (closed.state, closed.accepted, balance(january).floor) == ("accepted", 100, 0)
        assert all_promises() == []

    def test_refused_by_the_second_person_it_may_be_accepted_for_less(self) -> None:
        january = billed()
        made = dispute(january)
        asked = accept(made, "100.00", limit="10.00")
        kernel.refuse(approval_id=asked.pk, now=at(TODAY), actor=CHIEF)
        assert accept(made, "9.00", limit="10.00").accepted == 9
        assert balance(january).money == Decimal("-401.00")

    def test_an_answer_is_given(self) -> None:
        made = dispute(billed())
        with pytest.raises(UnableToDispute) as refused:
            accept(made, "1.00", answer=" ")
        assert refused.value.field == "answer"


class TestCharges:
    """Charges that are on no bill yet."""

    def entry(self, amount: str = "-60.00", kind: Kind = Kind.ONE_OFF) -> tuple[Bill, int]:
        january = billed()
        post(january.account, amount, on=date(2026, 2, 3), kind=kind)
        newest = accounts_queries.list_entries(account_id=january.account_id)[0]
        assert newest.amount == Decimal(amount)
        return january, newest.id

    def raise_entry(self, found: Bill, entry_id: int, **changes: object) -> Dispute:
        return dispute(found, bill_line_id=None, entry_id=entry_id, **changes)

    def test_given_back_by_an_adjustment(self) -> None:
        january, entry_id = self.entry()
        made = accept(self.raise_entry(january, entry_id), "20.00")
        assert (made.note, made.accepted, made.entry_on) == (None, 20, date(2026, 2, 3))
        assert Adjustment.objects.get(pk=made.adjustment_id).amount == 20
        with pytest.raises(UnableToDispute):
            self.raise_entry(january, entry_id, request_id="r2", amount="40.01")
        assert self.raise_entry(january, entry_id, request_id="r3").amount == 40
        assert all_promises() == []

    def test_a_second_person_above_the_limit(self) -> None:
        january, entry_id = self.entry()
        made = self.raise_entry(january, entry_id)
        asked = accept(made, "60.00", limit="10")
        assert Adjustment.objects.count() == 0
        assert approve(asked).accepted == 60
        assert Adjustment.objects.get().actor == AGENT

    def test_billed_meanwhile_it_is_given_back_by_a_note(self) -> None:
        january, entry_id = self.entry()
        made = self.raise_entry(january, entry_id)
        charge(date(2026, 2, 1))
        bill(date(2026, 3, 1))
        closed = accept(made, "60.00")
        assert (closed.note.bill.period_start, closed.adjustment_id) == (FEBRUARY, None)
        assert all_promises() == []

    @pytest.mark.parametrize("kind", [Kind.PAYMENT, Kind.ADJUSTMENT, Kind.TAX])
    def test_what_is_no_charge_is_not_disputed(self, kind: Kind) -> None:
        sign = "" if kind is Kind.PAYMENT else "-"
        january, entry_id = self.entry(f"{sign}60.00", kind)
        with pytest.raises(UnableToDispute):
            self.raise_entry(january, entry_id)

    def test_anothers_charge_is_not_found(self) -> None:
        _january, entry_id = self.entry()
        with pytest.raises(UnableToDispute):
            self.raise_entry(billed(), entry_id)


class TestRefusals:
    def test_a_line_is_disputed_once_at_a_time_and_again_for_what_is_left(self) -> None:
        january = billed()
        first = dispute(january, "30.00")
        with pytest.raises(UnableToDispute):
            dispute(january, "10.00", request_id="r2")
        accept(first, "30.00")
        assert dispute(january, request_id="r3").amount == 70
        assert all_promises() == []

    def test_a_form_sent_twice_is_one_dispute(self) -> None:
        january = billed()
        assert dispute(january) == dispute(january)
        assert (Dispute.objects.count(), balance(january).floor) == (1, _HUNDRED)

    @pytest.mark.parametrize("changes", [{"reason": " "}, {"amount": "100.01"}, {"amount": "0"}])
    def test_what_is_wrong_in_the_form_names_its_field(self, changes: dict) -> None:
        with pytest.raises(UnableToDispute) as refused:
            dispute(billed(), **changes)
        assert refused.value.field == next(iter(changes))

    def test_nothing_is_left_of_a_line_credited_in_full(self) -> None:
        january = billed()
        note(january, (line_of(january), "100.00"))
        with pytest.raises(UnableToDispute):
            dispute(january)

    def test_subscribers_have_half_a_year(self) -> None:
        january = billed()
        late = january.issued_on + timedelta(days=CLAIM_DAYS + 1)
        with pytest.raises(UnableToDispute):
            dispute(january, on=late, claim_days=CLAIM_DAYS)
        assert dispute(january, on=late).state == "open"


class TestTalk:
    def test_the_subscriber_is_told_what_staff_writes_but_not_notes_among_colleagues(self) -> None:
        made = dispute(billed())
        say(dispute_id=made.pk, text="Проверяем", now=at(TODAY), actor=AGENT)
        say(dispute_id=made.pk, text="Странно", now=at(TODAY), actor=AGENT, is_internal=True)
        say(dispute_id=made.pk, text="Жду", now=at(TODAY), actor=SUBSCRIBER)
        told = BusinessEvent.objects.filter(kind="dispute.answered")
        assert [event.data["reason"] for event in told] == ["Проверяем"]
        with pytest.raises(UnableToDispute):
            say(dispute_id=made.pk, text=" ", now=at(TODAY), actor=AGENT)

    def test_the_queue_is_filtered(self) -> None:
        first, second = dispute(billed()), dispute(billed(), on=TODAY + timedelta(days=9))
        closed = dispute(billed())
        disputes.withdraw(dispute_id=closed.pk, now=at(TODAY), actor=SUBSCRIBER)
        assign(dispute_id=second.pk, to=AGENT)
        assert queue() == [first, second, closed]
        assert queue(state="open") == [first, second]
        assert queue(state="open", assignee=AGENT) == [second]
        assert queue(state="open", assignee="-") == [first]
        assert queue(overdue_on=first.due_on + timedelta(days=1)) == [first]
        assert queue(after=first.pk) == [second, closed]


@settings(max_examples=200, deadline=None)
@given(
    left=st.decimals(0, 1000, places=2),
    amount=st.decimals(-10, 1100, places=2),
    age=st.integers(0, 400),
)
def test_a_dispute_is_let_in_exactly_within_what_is_left_and_in_time(
    left: Decimal, amount: Decimal, age: int
) -> None:
    day = date(2026, 1, 1)
    found = find_obstacle(
        Charged(left, day), amount=amount, on=day + timedelta(days=age), claim_days=CLAIM_DAYS
    )
    assert (found is None) == (0 < amount <= left and age <= CLAIM_DAYS)
    assert (found is Obstacle.NOTHING_LEFT) == (left == 0)
