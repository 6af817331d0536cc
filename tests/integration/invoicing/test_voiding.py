"""A void bill stays, notes take it back; another in its place is carried by the next bill."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import queries as accounts_queries
from accounts.domain.kinds import Kind
from billing_project.kernel import operations as kernel
from billing_project.kernel.models import Approval, BusinessEvent
from invoicing import queries
from invoicing.models import Bill, BillNumber, BillVoid, Note
from invoicing.operations.notes import UnableToCorrect
from invoicing.operations.voiding import VoidOrder, approve_void, void_bill
from invoicing.queries.notes import list_lines_now
from tests.checks import broken_promises
from tests.integration.dunning.test_disputes import dispute
from tests.integration.invoicing.corrected import (
    AGENT,
    CHIEF,
    FEBRUARY,
    MARCH,
    TODAY,
    billed,
    line_of,
    note,
)
from tests.integration.invoicing.household import at, bill, charge, make_account, post

pytestmark = pytest.mark.django_db


def void(of: Bill, amounts: dict | None = None, *, limit: str = "10000", reason: str = "Ошибка"):
    order = VoidOrder(of.pk, reason, amounts)
    return void_bill(
        order=order, limit=Decimal(limit), business_date=TODAY, now=at(TODAY), actor=AGENT
    )


def money(of: Bill) -> Decimal:
    return accounts_queries.get_balance(of.account_id).money


def test_all_of_it_is_taken_back_and_the_bill_stays() -> None:
    january = billed()
    made = void(january)
    assert isinstance(made, BillVoid)
    assert (money(january), Note.objects.get().gross) == (0, 410)
    assert [line.left for line in list_lines_now(january.pk)] == [0, 0]
    assert Bill.objects.get() == january
    assert BusinessEvent.objects.filter(kind="bill.voided").count() == 1
    assert void(january) == made
    with pytest.raises(UnableToCorrect):
        note(january, (line_of(january), "1.00"), kind="debit_note")
    assert broken_promises(queries.invariants()) == []


def test_what_was_credited_before_and_lines_that_give_back_are_reckoned_with() -> None:
    account = make_account()
    post(account, "30.00", on=date(2026, 1, 7), kind=Kind.COMPENSATION, ref=77)
    january = billed(account)
    note(january, (january.lines.get(kind="one_off", gross=100), "100.00"))
    void(january)
    # The compensation itself was given on the ledger without an outage: only notes are looked at.
    assert money(january) == 0
    assert {each.kind for each in Note.objects.all()} == {"credit_note", "debit_note"}
    assert [line.left for line in list_lines_now(january.pk)] == [0, 0, 0]


def test_another_bill_in_its_place_has_a_number_of_its_own() -> None:
    january = billed()
    line = line_of(january)
    void(january, {line.pk: Decimal("61.00")})
    again = Bill.objects.get(replaces=january)
    assert (again.number, again.year, again.period_start) == (2, 2026, january.period_start)
    assert [(each.gross, each.tax) for each in again.lines.order_by("position")] == [
        (Decimal("310.00"), Decimal("55.90")),
        (Decimal("61.00"), Decimal("11.00")),
    ]
    assert (again.opening, again.gross, again.closing, money(january)) == (0, 371, 371, -371)
    assert BillNumber.objects.count() == 2
    assert broken_promises(queries.invariants()) == []


def test_a_line_left_out_is_not_on_it() -> None:
    january = billed()
    void(january, {line_of(january).pk: Decimal(0)})
    assert Bill.objects.get(replaces=january).lines.get().kind == "fee"


def test_the_next_bill_carries_both() -> None:
    january = billed()
    void(january, {line_of(january).pk: Decimal("61.00")})
    charge(FEBRUARY)
    assert bill(MARCH) == 1
    february = Bill.objects.get(period_start=FEBRUARY)
    assert (february.opening, february.gross, february.adjustments) == (410, 310, 39)
    assert february.closing == 681 == -money(january)
    assert february.number == 3
    assert broken_promises(queries.invariants()) == []


def test_the_bill_in_its_place_may_be_corrected_and_void_in_turn() -> None:
    january = billed()
    void(january, {})
    again = Bill.objects.get(replaces=january)
    note(again, (line_of(again), "40.00"))
    void(again)
    assert money(january) == 0
    assert broken_promises(queries.invariants()) == []


def test_above_the_limit_a_second_person_decides() -> None:
    january = billed()
    asked = void(january, {line_of(january).pk: Decimal("61.00")}, limit="409.99")
    assert isinstance(asked, Approval)
    assert void(january, limit="409.99") == asked
    assert (Note.objects.count(), BillVoid.objects.count()) == (0, 0)
    with pytest.raises(kernel.UnableToDecide):
        approve_void(approval_id=asked.pk, business_date=TODAY, now=at(TODAY), actor=AGENT)
    approve_void(approval_id=asked.pk, business_date=TODAY, now=at(TODAY), actor=CHIEF)
    assert Bill.objects.get(replaces=january).gross == 371


def test_not_while_a_line_is_in_dispute_nor_without_a_reason() -> None:
    january = billed()
    with pytest.raises(UnableToCorrect):
        void(january, reason=" ")
    dispute(january)
    with pytest.raises(UnableToCorrect):
        void(january)
    assert Note.objects.count() == 0
