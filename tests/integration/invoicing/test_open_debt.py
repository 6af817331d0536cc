"""The SQL that says where the debt is equals the plain rule, whatever the books are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account, Payment
from accounts.models.ledger import AccountBalance
from invoicing.domain.allocation import Chosen, Owed, allocate, unbilled_part
from invoicing.models import (
    Bill,
    BillLine,
    InstalmentCover,
    InstalmentPart,
    InstalmentPlan,
    PaymentChoice,
)
from invoicing.queries.open_debt import get_open, list_open
from tests.integration.invoicing.household import at, connect, make_account, make_version

pytestmark = pytest.mark.django_db
JANUARY = date(2026, 1, 1)
ZERO = Decimal("0.00")
_numbers = count(1)
KOPECKS = st.integers(0, 5000).map(lambda kopecks: Decimal(kopecks) / 100)


@dataclass(frozen=True)
class Line:
    """A line of a bill: of the service of this place, 0 none; or late fees."""

    gross: Decimal
    service: int = 0
    is_late_fee: bool = False


@dataclass(frozen=True)
class Books:
    """What is drawn: bills of months, a plan over the first of them, payments with their choices."""

    debt: Decimal
    bills: Sequence[Sequence[Line]] = ()
    covered: Decimal = ZERO
    parts: Sequence[tuple[int, Decimal]] = ()
    payments: Sequence[tuple[Decimal, str, int]] = ()
    expected: list[Owed] = field(default_factory=list)


LINES = st.lists(
    st.builds(
        Line,
        gross=st.integers(-1000, 5000).map(lambda kopecks: Decimal(kopecks) / 100),
        service=st.integers(0, 2),
        is_late_fee=st.booleans(),
    ),
    min_size=1,
    max_size=4,
)
BOOKS = st.builds(
    Books,
    debt=st.integers(1, 20_000).map(lambda kopecks: Decimal(kopecks) / 100),
    bills=st.lists(LINES, max_size=3),
    covered=KOPECKS,
    parts=st.lists(
        st.tuples(st.integers(0, 90), KOPECKS.map(lambda a: a + Decimal("0.01"))), max_size=3
    ),
    payments=st.lists(
        st.tuples(
            KOPECKS.map(lambda a: a + Decimal("0.01")),
            st.sampled_from(["", "bill", "service", "plan"]),
            st.integers(0, 2),
        ),
        max_size=4,
    ),
)


class World:
    """One account with two services; books are written into it and taken back."""

    def __init__(self) -> None:
        self.account: Account = make_account()
        version = make_version("1.00")
        self.services = [connect(self.account, version) for _ in range(2)]

    def write(self, books: Books) -> tuple[list[Bill], InstalmentPlan | None]:
        """Write the rows as they are, without the operations that make them."""
        AccountBalance.objects.filter(pk=self.account.pk).update(money=-books.debt)
        bills = [self._bill(month, lines) for month, lines in enumerate(books.bills, start=1)]
        plan = self._plan(books, bills) if books.parts else None
        for amount, what, which in books.payments:
            payment = self._payment(amount)
            target = self._target(what, which, bills=bills, plan=plan)
            if target:
                PaymentChoice.objects.create(
                    account=self.account,
                    payment=payment,
                    chosen_at=at(JANUARY),
                    actor="x",
                    **target,
                )
        return bills, plan

    def _bill(self, month: int, lines: Sequence[Line]) -> Bill:
        gross = sum((line.gross for line in lines), ZERO)
        start, end = date(2026, month, 1), date(2026, month + 1, 1)
        before = Bill.objects.filter(account=self.account).order_by("-period_start").first()
        opening = before.closing if before else ZERO
        bill = Bill.objects.create(
            account=self.account, legal_entity=self.account.contract.legal_entity,
            number=next(_numbers), year=2026, number_text=f"2026-{month}", period_start=start,
            period_end=end, issued_on=end, due_on=end + timedelta(days=20), opening=opening, net=gross,
            tax=ZERO, gross=gross, payments=ZERO, closing=opening + gross,
        )  # fmt: skip
        for position, line in enumerate(lines, start=1):
            BillLine.objects.create(
                bill=bill, account_id=self.account.pk, position=position, title_ru="", title_en="",
                kind="late_fee" if line.is_late_fee else "fee", tax_percent=0, net=line.gross,
                tax=ZERO, gross=line.gross, subscription_id=self.service_id(line.service) or None,
            )  # fmt: skip
        return bill

    def service_id(self, place: int) -> int:
        return self.services[place - 1].pk if place else 0

    def _plan(self, books: Books, bills: list[Bill]) -> InstalmentPlan:
        plan = InstalmentPlan.objects.create(
            account=self.account, debt=Decimal(1), currency="RUB", frozen=0, door="crm", actor="x",
            agreed_on=date(2026, 2, 10), agreed_at=at(JANUARY), request_id=str(next(_numbers)),
        )  # fmt: skip
        for number, (days, amount) in enumerate(books.parts, start=1):
            InstalmentPart.objects.create(
                plan=plan, account=self.account, number=number, amount=amount,
                due_on=date(2026, 2, 20) + timedelta(days=days),
            )  # fmt: skip
        if books.covered and bills:
            InstalmentCover.objects.create(
                plan=plan, account=self.account, bill=bills[0], amount=books.covered
            )
        return plan

    def _payment(self, amount: Decimal) -> Payment:
        return Payment.objects.create(
            account=self.account, amount=amount, currency="RUB", gateway="cash", actor="x",
            external_id=str(next(_numbers)), paid_at=at(JANUARY), business_date=JANUARY,
        )  # fmt: skip

    def _target(
        self, what: str, which: int, *, bills: list[Bill], plan: InstalmentPlan | None
    ) -> dict[str, object]:
        if what == "bill" and which < len(bills):
            return {"bill": bills[which]}
        if what == "service" and which:
            return {"subscription_id": self.service_id(which)}
        return {"plan": plan} if what == "plan" and plan else {}

    def plain(self, books: Books, bills: list[Bill], plan: InstalmentPlan | None) -> object:
        """The same by the plain rule."""
        owed = [
            item
            for place, (bill, lines) in enumerate(zip(bills, books.bills, strict=True))
            for item in self._owed(bill, lines, books.covered if plan and not place else ZERO)
        ]
        if plan:
            owed += [
                Owed(due_on=part.due_on, period_end=part.due_on, plan_id=plan.pk,
                     number=part.number, charged=part.amount)
                for part in plan.parts.all()
            ]  # fmt: skip
        chosen = []
        for amount, what, which in books.payments:
            target = self._target(what, which, bills=bills, plan=plan)
            if "bill" in target:
                chosen.append(Chosen(amount, bill_id=bills[which].pk))
            elif "plan" in target:
                chosen.append(Chosen(amount, plan_id=plan.pk if plan else 0))
            elif target:
                chosen.append(Chosen(amount, service_id=self.service_id(which)))
        # Payments are of before the last bill's end: none came since.
        closing = bills[-1].closing if bills else None
        unbilled = unbilled_part(books.debt, closing=closing, paid_since=ZERO)
        return allocate(books.debt, unbilled=unbilled, owed=owed, chosen=chosen)

    def _owed(self, bill: Bill, lines: Sequence[Line], covered: Decimal) -> list[Owed]:
        sums: dict[tuple[bool, int], Decimal] = {}
        for line in lines:
            key = (line.is_late_fee, self.service_id(line.service))
            sums[key] = sums.get(key, ZERO) + line.gross
        left = max(sum(sums.values(), ZERO), ZERO)
        found = []
        for (is_late_fee, service_id), gross in sorted(sums.items()):
            charged = max(min(gross, left), ZERO)
            left -= max(gross, ZERO)
            taken = min(charged, max(covered, ZERO))
            covered -= charged
            found.append(
                Owed(due_on=bill.due_on, period_end=bill.period_end, bill_id=bill.pk,
                     is_late_fee=is_late_fee, service_id=service_id, charged=charged - taken)
            )  # fmt: skip
        return found


@pytest.fixture
def world(db: None) -> World:
    return World()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(books=BOOKS)
def test_the_sql_equals_the_rule(world: World, books: Books) -> None:
    with transaction.atomic():
        bills, plan = world.write(books)
        found = get_open(world.account.pk, in_detail=True)
        plain = world.plain(books, bills, plan)
        transaction.set_rollback(True)
    ours = {
        (one.bill_id, one.service_id, one.plan_id, one.number, one.what == "late_fee"): one
        for one in found.items
        if one.what in {"bill", "late_fee", "part"}
    }
    assert found.total == books.debt
    assert sum(one.open for one in found.items if one.what == "unbilled") == plain.unbilled
    assert sum(one.open for one in found.items if one.what == "older") == plain.older
    assert {key: (one.charged, one.chosen, one.open) for key, one in ours.items()} == {
        (o.owed.bill_id, o.owed.service_id, o.owed.plan_id, o.owed.number, o.owed.is_late_fee): (
            o.owed.charged,
            o.chosen,
            o.open,
        )
        for o in plain.items
    }


def test_services_are_told_apart_only_when_asked(world: World) -> None:
    lines = [Line(Decimal(30), 1), Line(Decimal(20), 2)]
    world.write(Books(debt=Decimal(40), bills=[lines]))
    [whole] = get_open(world.account.pk).items
    assert (whole.what, whole.charged, whole.open) == ("bill", Decimal(50), Decimal(40))
    parts = get_open(world.account.pk, in_detail=True).items
    assert [(one.charged, one.open) for one in parts] == [
        (Decimal(30), Decimal(20)),
        (Decimal(20), Decimal(20)),
    ]


def test_who_owes_nothing_is_left_out(world: World) -> None:
    assert list_open([world.account.pk]) == {}
    assert get_open(world.account.pk).total == 0


def test_a_payment_taken_back_chooses_nothing(world: World) -> None:
    books = Books(
        debt=Decimal(50),
        bills=[[Line(Decimal(30))], [Line(Decimal(30))]],
        payments=[(Decimal(10), "bill", 1)],
    )
    world.write(books)
    assert [one.open for one in get_open(world.account.pk).items] == [Decimal(30), Decimal(20)]
    Payment.objects.update(state="reversed")
    assert [one.open for one in get_open(world.account.pk).items] == [Decimal(20), Decimal(30)]
