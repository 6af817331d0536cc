"""Money from outside at the same moment: one effect for one id, and everybody the same answer."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.utils import timezone

from accounts import queries
from accounts.domain.notices import Incoming
from accounts.models import Account, NoticeConflict, Payment, PaymentNotice
from accounts.models.ledger import LedgerEntry
from accounts.operations import intake
from accounts.operations.intake import UnableToAssign, UnableToReceive
from accounts.operations.terminals import registries
from tests import people
from tests.checks import broken_promises
from tests.concurrency.together import failures, together
from tests.machines import Machine, terminal

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bob() -> Account:
    return people.open_account_for("Бобров", "Борис")


def money(account: Account) -> Decimal:
    return queries.get_balance(account.pk).money


def stamp() -> str:
    return f"{timezone.localtime():%Y%m%d%H%M%S}"


def client_of(machine: Machine) -> Machine:
    """Another machine of the same terminal: a connection of its own."""
    return Machine(machine.code, machine.password)


def incoming(account: Account, *, external_id: str = "1", amount: str = "10.00") -> Incoming:
    now = timezone.now()
    return Incoming(
        gateway="g", external_id=external_id, amount=Decimal(amount), paid_at=now,
        business_date=timezone.localdate(now), account_hint=account.number,
    )  # fmt: skip


def test_one_id_from_twenty_clients(bob: Account) -> None:
    machine, when = terminal()[1], stamp()
    pay = [partial(client_of(machine).pay, "1", bob.number, "100.00", when) for _ in range(20)]
    answers = together(pay)
    assert failures(answers) == []
    assert {tuple(sorted(answer.items())) for answer in answers} == {
        tuple(sorted(answers[0].items()))
    }
    assert answers[0]["result"] == "0"
    assert (money(bob), LedgerEntry.objects.count()) == (Decimal("100.00"), 1)
    assert broken_promises(queries.invariants()) == []


def test_one_id_with_two_amounts(bob: Account) -> None:
    """One of the two is credited; whoever said the other is refused, whoever was first."""

    def say(amount: str) -> str:
        asked = incoming(bob, amount=amount)
        try:
            return str(intake.receive(incoming=asked, now=timezone.now(), actor="t").amount)
        except UnableToReceive:
            return "refused"

    answers = together([partial(say, amount) for amount in ("10.00", "20.00") * 8])
    assert failures(answers) == []
    [credited] = {answer for answer in answers if answer != "refused"}
    assert answers.count(credited) == answers.count("refused") == 8
    assert money(bob) == Decimal(credited)
    assert NoticeConflict.objects.count() == 1


def test_pay_and_cancel_from_twenty_clients(bob: Account) -> None:
    machine, when = terminal()[1], stamp()
    for txn_id in ("1", "2", "3"):
        works = [partial(client_of(machine).pay, txn_id, bob.number, "9.00", when)] * 10
        works += [partial(client_of(machine).ask, "cancel", txn_id)] * 10
        answers = together(works)
        assert failures(answers) == []
        is_standing = client_of(machine).ask("status", txn_id)["result"] == "0"
        cancelled = [answer["result"] == "0" for answer in answers[10:]]
        assert any(cancelled) == (not is_standing)
    standing = Payment.objects.filter(state="posted").count()
    assert money(bob) == Decimal(9) * standing
    assert broken_promises(queries.invariants()) == []


def test_registry_machines_and_the_schedule_at_once(bob: Account) -> None:
    row, machine = terminal()
    when, today, now = stamp(), timezone.localdate(), timezone.now()
    lines = [f"{n};{when};{bob.number};1.00\n" for n in range(60)]
    registry = registries.receive_registry(
        terminal_id=row.pk, on=today, data="".join(lines).encode(), file_name="r", now=now,
        actor="staff:1",
    )  # fmt: skip

    def machines(first: int) -> None:
        own = client_of(machine)
        for n in range(first, 60, 3):
            assert own.pay(str(n), bob.number, "1.00", when)["result"] == "0"

    def take() -> None:
        registries.take_missing(registry_id=registry.pk, now=timezone.now(), actor="staff:1")

    def settle() -> None:
        intake.settle_waiting(now=timezone.now() + timedelta(seconds=1), actor="system:intake")

    works = [partial(machines, first) for first in range(3)] + [take, take, settle, settle]
    assert failures(together(works)) == []
    settle()
    assert money(bob) == Decimal("60.00")
    assert PaymentNotice.objects.count() == Payment.objects.count() == 60
    assert broken_promises(queries.invariants()) == []


def test_one_notice_assigned_to_two_accounts_and_given_back(bob: Account) -> None:
    eve = people.open_account_for("Евдокимова", "Ева")
    nobody = incoming(bob, external_id="9")
    asked = Incoming(
        gateway="g", external_id="9", amount=nobody.amount, paid_at=nobody.paid_at,
        business_date=nobody.business_date,
    )  # fmt: skip
    notice = intake.receive(incoming=asked, now=timezone.now(), actor="t")
    now = timezone.now()

    def assign(account: Account) -> str:
        try:
            intake.assign(notice_id=notice.pk, account_id=account.pk, now=now, actor="staff:1")
        except UnableToAssign:
            return "refused"
        return account.number

    def give_back() -> str:
        try:
            intake.give_back(
                notice_id=notice.pk, reason="Ошибка", limit=Decimal(100), now=now, actor="staff:2"
            )
        except intake.UnableToGiveBack:
            return "refused"
        return "returned"

    works = [partial(assign, bob), partial(assign, eve), give_back] * 4
    answers = together(works)
    assert failures(answers) == []
    [outcome] = {answer for answer in answers if answer != "refused"}
    assert answers.count(outcome) == 4
    assert money(bob) + money(eve) == (Decimal(0) if outcome == "returned" else Decimal("10.00"))
    assert broken_promises(queries.invariants()) == []
