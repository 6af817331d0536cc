"""Corrections and bills raced on real connections: numbers without holes, nothing given twice."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from itertools import cycle, pairwise
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.urls import reverse

from accounts import operations as accounts
from accounts import queries as accounts_queries
from accounts.domain.kinds import Kind
from accounts.models import Account, Subscription
from billing_project.kernel.invariants import find_violations
from dunning import queries as dunning_queries
from dunning.operations import decide_accounts
from dunning.operations import disputes as disputing
from dunning.operations.disputes import UnableToDispute
from invoicing import operations, queries
from invoicing.models import Bill, BillLine, BillRun, Dispute, DraftBill, Note, PlanChange
from invoicing.operations import bill_runs
from invoicing.operations.notes import UnableToCorrect
from tests.concurrency.together import failures, together
from tests.integration.crm.conftest import signed_in, staff
from tests.integration.dunning.test_disputes import accept, dispute
from tests.integration.invoicing.corrected import AGENT, TODAY, billed, line_of, note
from tests.integration.invoicing.household import (
    ACTOR,
    at,
    bill,
    charge,
    connect,
    ledger,
    make_account,
    make_entity,
    make_version,
)

pytestmark = pytest.mark.django_db(transaction=True)
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
WORKERS = 6


def all_promises() -> list[str]:
    names = [*queries.invariants(), *dunning_queries.invariants(), *accounts_queries.invariants()]
    return [each.name for each in names if find_violations(each)]


@pytest.mark.parametrize("size", [24, pytest.param(600, marks=pytest.mark.long)])
def test_six_workers_issue_bills_and_notes_with_numbers_without_holes(size: int) -> None:
    """Two of the six fall after they wrote: what they numbered is given back, not lost."""
    version = make_version("310")
    ids = [connect(make_account(), version).account_id for _ in range(size)]
    charge(JANUARY)
    ranges = list(pairwise([0, *ids[size // WORKERS :: size // WORKERS], 2**62]))
    assert len(ranges) == WORKERS
    works: list[Callable[[], int]] = [
        partial(bill, FEBRUARY, account_from=low, account_to=high) for low, high in ranges
    ]
    answers = together([partial(_fall_after, work) for work in works[:2]] + works[2:])
    assert [str(each) for each in answers] == ["fallen"] * 2 + [str(size // WORKERS)] * 4
    assert sorted(together(works)) == [0] * 4 + [size // WORKERS] * 2
    bills = list(Bill.objects.order_by("number"))
    assert [each.number for each in bills] == list(range(1, size + 1))

    def correct(mine: list[Bill]) -> int:
        for each in mine:
            note(each, (each.lines.get(), "1.00"), request_id=f"n{each.pk}")
        return len(mine)

    shares = [bills[place:24:WORKERS] for place in range(WORKERS)]
    assert together([partial(correct, mine) for mine in shares]) == [4] * WORKERS
    assert sorted(Note.objects.values_list("number", flat=True)) == list(range(1, 25))
    assert all_promises() == []


def _fall_after(work: Callable[[], int]) -> int:
    with transaction.atomic():
        work()
        raise RuntimeError("fallen")


def test_rivals_credit_a_line_no_further_than_it_goes() -> None:
    january = billed()
    line = line_of(january)
    works = [partial(note, january, (line, "20.00"), request_id=f"r{n}") for n in range(8)]
    answers = together(works)
    assert len([each for each in answers if isinstance(each, Note)]) == 5
    assert {type(each) for each in failures(answers)} == {UnableToCorrect}
    assert sorted(Note.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5]
    assert ledger(january.account, Kind.CREDIT_NOTE) == [("CREDIT_NOTE", Decimal("20.00"))] * 5
    assert all_promises() == []


def test_one_form_sent_by_many_makes_one_note_and_one_dispute() -> None:
    january = billed()
    line = line_of(january)
    made = together([partial(note, january, (line, "20.00"), request_id="same")] * 6)
    assert len({each.pk for each in made}) == 1
    raised = together([partial(dispute, january, "30.00")] * 6)
    assert len({each.pk for each in raised}) == Dispute.objects.count() == 1
    assert accounts_queries.get_balance(january.account_id).floor == Decimal("30.00")
    assert all_promises() == []


def test_a_dispute_is_decided_once() -> None:
    january = billed()
    made = dispute(january)
    works = [
        partial(accept, made, "100.00"),
        partial(accept, made, "50.00"),
        partial(disputing.reject, dispute_id=made.pk, answer="Нет", now=at(TODAY), actor=AGENT),
        partial(disputing.withdraw, dispute_id=made.pk, now=at(TODAY), actor="subscriber:7"),
    ]
    answers = together(works)
    assert len(failures(answers)) == 3
    assert {type(each) for each in failures(answers)} == {UnableToDispute}
    given = {"accepted": 1}.get(Dispute.objects.get().state, 0)
    assert Note.objects.count() == given
    assert accounts_queries.get_balance(january.account_id).floor == 0
    assert all_promises() == []


def test_two_issue_one_run() -> None:
    version = make_version("310")
    for _ in range(10):
        connect(make_account(), version)
    charge(JANUARY)
    run = bill_runs.start_run(
        legal_entity_id=make_entity().pk, business_date=FEBRUARY, now=at(FEBRUARY), actor=AGENT
    )
    together([partial(bill_runs.draft, run_id=run.pk, now=at(FEBRUARY))] * 3)
    assert DraftBill.objects.count() == 10
    bill_runs.finish_drafting(run_id=run.pk, now=at(FEBRUARY))
    bill_runs.approve_run(run_id=run.pk, accepts_suspense=False, now=at(FEBRUARY), actor=AGENT)
    work = partial(bill_runs.issue, run_id=run.pk, issued_on=FEBRUARY, now=at(FEBRUARY))
    issued = together([work] * 3)
    assert failures(issued) == []
    assert sum(each.bills for each in issued) == Bill.objects.count() == 10
    assert sum(each.left for each in issued) == 0
    assert BillRun.objects.get().state == "issued"
    assert all_promises() == []


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the doors' clock says; the day of each race."""
    clock = SimpleNamespace(now=at(JANUARY))
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock.now)
    return clock


@pytest.mark.parametrize("rounds", [20, pytest.param(100, marks=pytest.mark.long)])
def test_a_bill_run_a_plan_change_a_payment_and_an_adjustment_at_once(
    rounds: int, clock: SimpleNamespace
) -> None:
    """One account, each month anew; the barrier lets all of them go at the same moment."""
    cheap, dear = make_version("310.00"), make_version("620.00")
    service = connect(make_account(opened_on=JANUARY), cheap)
    account, plans = service.account, cycle([dear, cheap])
    decide_accounts(account_ids=[account.pk], now=at(JANUARY), actor=ACTOR)
    month = JANUARY
    for number in range(rounds):
        month = (month + timedelta(days=31)).replace(day=1)
        clock.now = at(month)
        _race(service, number=number, on=month, to=next(plans).pk)
    assert all_promises() == []
    _check_numbers(account, rounds)
    posted = Counter(ledger(account, Kind.PAYMENT, Kind.ADJUSTMENT))
    assert posted == {("PAYMENT", Decimal(310)): rounds, ("ADJUSTMENT", Decimal(-7)): rounds}
    assert BillLine.objects.filter(account_id=account.pk, kind="adjustment").count() > 0
    assert not BillRun.objects.exclude(state__in=["issued", "cancelled"]).exists()
    # A change meets the one that waits, and is refused; most of them go through.
    assert PlanChange.objects.filter(state="executed").count() > rounds // 4


def _check_numbers(account: Account, rounds: int) -> None:
    numbers = Bill.objects.filter(account=account).order_by("pk").values_list("year", "number")
    # The month before each race is billed in it; numbers begin anew with the year.
    years = Counter(year for year, _number in numbers)
    assert sum(years.values()) == rounds
    assert list(numbers) == [
        (year, number) for year in sorted(years) for number in range(1, years[year] + 1)
    ]


def _race(service: Subscription, *, number: int, on: date, to: int) -> None:
    account, desk = service.account, signed_in(staff("accountant"))

    def change_plan() -> object:
        try:
            return operations.schedule(
                subscription_id=service.pk, plan_version_id=to, on=on, now=at(on, 9), actor=ACTOR
            )
        except operations.UnableToChangePlan:
            return None

    def pay() -> object:
        return accounts.take_payment(
            account_id=account.pk,
            amount=Decimal("310.00"),
            gateway="cash",
            external_id=f"p{number}",
            paid_at=at(on),
            business_date=on,
            now=at(on),
            actor=ACTOR,
        )

    def adjust() -> object:
        """An agent's form, sent through the CRM's door."""
        address = reverse("crm:adjust", args=[account.pk])
        form = {"amount": "-7.00", "reason": "Проверка", "request_id": f"a{number}"}
        answer = desk.post(address, form)
        assert answer.status_code == 302, answer.content.decode()
        return answer

    def run_bills() -> object:
        operations.execute_due(business_date=on, now=at(on), actor=ACTOR)
        charge(on)
        return bill(on)

    def run_with_drafts() -> object:
        run = bill_runs.start_run(
            legal_entity_id=make_entity().pk, business_date=on, now=at(on), actor=AGENT
        )
        bill_runs.draft(run_id=run.pk, now=at(on))
        if bill_runs.finish_drafting(run_id=run.pk, now=at(on)).state == BillRun.State.CANCELLED:
            return None  # the others had billed everything
        bill_runs.approve_run(run_id=run.pk, accepts_suspense=False, now=at(on), actor=AGENT)
        return bill_runs.issue(run_id=run.pk, issued_on=on, now=at(on))

    answers = together([run_bills, change_plan, pay, adjust, run_bills, run_with_drafts])
    assert failures(answers) == []
    decide_accounts(account_ids=[account.pk], now=at(on), actor=ACTOR)
