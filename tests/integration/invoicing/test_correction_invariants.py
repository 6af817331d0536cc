"""Each promise about corrections sees its violation planted."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing_project.kernel.invariants import find_violations
from dunning import queries as dunning_queries
from invoicing import queries
from invoicing.models import Bill, ParkedBill
from invoicing.operations import bill_runs
from invoicing.operations import compensation as compensations
from invoicing.operations.notes import counter_note
from invoicing.operations.voiding import VoidOrder, void_bill
from tests.checks import broken_promises
from tests.integration.dunning.test_disputes import accept, dispute
from tests.integration.invoicing.corrected import AGENT, TODAY, billed, line_of, note
from tests.integration.invoicing.household import (
    at,
    bill,
    break_rules,
    charge,
    connect,
    make_account,
    make_entity,
    make_version,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_life_of_corrections() -> None:
    """Notes, an answered one, a void and reissued bill, disputes, an outage, an issued run."""
    first, second, third = billed(), billed(), billed()
    made = note(first, (line_of(first), "10.00"))
    counter_note(
        note_id=made.pk,
        reason="По ошибке",
        request_id="c",
        limit=Decimal(1000),
        business_date=TODAY,
        now=at(TODAY),
        actor=AGENT,
    )
    accept(dispute(first, "30.00"), "20.00")
    dispute(second, "40.00")
    order = VoidOrder(third.pk, "Ошибка", {line_of(third).pk: Decimal("90.00")})
    void_bill(order=order, limit=Decimal(1000), business_date=TODAY, now=at(TODAY), actor=AGENT)
    _an_outage()
    connect(make_account(opened_on=date(2026, 2, 1)), make_version(), on=date(2026, 2, 1))
    _a_run(date(2026, 3, 1))


def _an_outage() -> None:
    rule = compensations.save_rule(
        name_ru="П", name_en="R", unit="hour", percent=Decimal(5), from_minutes=1
    )
    record = compensations.OutageRecord(
        title_ru="Авария",
        title_en="Outage",
        started_at=at(TODAY, 1),
        ended_at=at(TODAY, 3),
        selection={"service": "mobile"},
        rule_id=rule.pk,
        request_id="o",
    )
    outage = compensations.record_outage(record=record, now=at(TODAY), actor=AGENT)
    compensations.approve_outage(
        outage_id=outage.pk,
        limit=Decimal(0),
        business_date=TODAY,
        now=at(TODAY),
        actor="staff:2",
    )
    assert compensations.apply_outage(outage_id=outage.pk, now=at(TODAY)) == 3


def _a_run(on: date) -> None:
    charge(date(2026, 2, 1))
    run = bill_runs.start_run(
        legal_entity_id=make_entity().pk, business_date=on, now=at(on), actor=AGENT
    )
    bill_runs.draft_all(now=at(on))
    bill_runs.approve_run(run_id=run.pk, accepts_suspense=False, now=at(on), actor=AGENT)
    assert bill_runs.issue_all(issued_on=on, now=at(on)).bills == 4


def test_after_all_that_every_promise_holds() -> None:
    assert broken_promises([*queries.invariants(), *dunning_queries.invariants()]) == []


BROKEN = {
    "lines of a note add up to it": (
        "invoicing_note",
        "UPDATE invoicing_note SET gross = gross + 1, net = net + 1 WHERE kind = 'debit_note'",
    ),
    "credits never exceed their line": (
        "invoicing_noteline",
        "UPDATE invoicing_noteline SET gross = 1000, net = 1000 - tax WHERE kind = 'credit_note'",
    ),
    "numbers of notes without holes": (
        "invoicing_numberseries",
        "UPDATE invoicing_numberseries SET last = last + 1 WHERE document = 'credit_note'",
    ),
    "notes are posted": (
        "invoicing_noteline",
        "UPDATE invoicing_noteline SET gross = 9.99, net = 9.99 - tax"
        " WHERE note_id = (SELECT min(id) FROM invoicing_note)",
    ),
    "a counter-note answers all of its note": (
        "invoicing_note",
        "UPDATE invoicing_note SET kind = 'credit_note' WHERE counters_id IS NOT NULL",
    ),
    "an accepted dispute was given back": (
        "invoicing_dispute",
        "UPDATE invoicing_dispute SET accepted = 19.99 WHERE state = 'accepted'",
    ),
    "no more is disputed than charged": (
        "invoicing_dispute",
        "UPDATE invoicing_dispute SET amount = 100.01, charged = 100.01 WHERE state = 'open'",
    ),
    "a void bill charges nothing": (
        "invoicing_billvoid",
        "UPDATE invoicing_billvoid SET bill_id = (SELECT min(id) FROM invoicing_bill)",
    ),
    "a bill issued anew is posted": (
        "invoicing_billline",
        "UPDATE invoicing_billline l SET gross = l.gross + 1, net = l.net + 1"
        " FROM invoicing_bill b WHERE b.id = l.bill_id AND b.replaces_id IS NOT NULL",
    ),
    "compensation is posted": (
        "invoicing_compensation",
        "UPDATE invoicing_compensation SET amount = amount + 0.01",
    ),
    "a draft became the bill it showed": (
        "invoicing_draftbill",
        "UPDATE invoicing_draftbill SET gross = gross + 1",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_is_seen(name: str) -> None:
    table, sql = BROKEN[name]
    break_rules(table, sql)
    assert f"invoicing: {name}" in broken_promises(queries.invariants())


def test_a_bill_of_a_parked_account_is_seen() -> None:
    found = Bill.objects.order_by("pk").first()
    ParkedBill.objects.create(
        account=found.account,
        period_start=found.period_start,
        period_end=found.period_end,
        gross=found.gross,
        parked_at=at(TODAY),
    )
    assert broken_promises(queries.invariants()) == ["invoicing: a parked account gets no bill"]


def test_a_floor_that_forgets_a_dispute_is_seen() -> None:
    break_rules("accounts_accountbalance", "UPDATE accounts_accountbalance SET floor = 0")
    broken = broken_promises(dunning_queries.invariants())
    assert "the floor is the credit limit, the open promise and what is disputed" in broken


def test_every_promise_of_corrections_has_its_violation_here() -> None:
    from invoicing.queries.correction_invariants import list_told

    assert {name for name, _sql, _why in list_told()} == {*BROKEN, "a parked account gets no bill"}


def test_a_note_between_bills_is_carried_once() -> None:
    bill(date(2026, 4, 1) + timedelta(days=1))
    promise = next(
        each for each in queries.invariants() if "opens with the former closing" in each.name
    )
    assert find_violations(promise) == []
