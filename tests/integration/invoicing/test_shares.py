"""A payment for a consolidated bill: split to the kopeck, once, and taken back with all its shares."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import operations as accounts
from accounts import queries as accounts_queries
from accounts.domain.notices import Incoming
from accounts.models import Account, Payment, User
from accounts.operations import cash_desk, intake
from billing_project.kernel.invariants import find_violations
from billing_project.kernel.models import BusinessEvent
from invoicing import operations, queries
from invoicing.domain.shares import Split, split_payment
from invoicing.models import ConsolidatedBill, ConsolidatedPayment, DebtPolicy, PaymentChoice
from invoicing.operations.choices import Target, UnableToChoose, choose, take_at_desk_for
from invoicing.operations.shares import (
    UnableToSplit,
    return_shares,
    reverse_payment,
    split_for_paper,
)
from invoicing.queries.open_debt import get_open
from tests.integration.invoicing.household import ACTOR, at, break_rules, pay
from tests.integration.invoicing.test_consolidation import Company, consolidate, month

pytestmark = pytest.mark.django_db
FEBRUARY = date(2026, 2, 1)
TODAY = date(2026, 2, 10)


class Billed:
    """ООО «Берег» with two branches: 100, 200 and 300 for January on one paper."""

    def __init__(self) -> None:
        company = Company()
        self.own = company.account
        self.units = [company.unit("Север"), company.unit("Юг")]
        fees = zip([self.own, *self.units], ("100.00", "200.00", "300.00"), strict=True)
        month(dict(fees))
        assert consolidate(FEBRUARY) == 1
        self.paper = ConsolidatedBill.objects.get()

    def paid(self, amount: str, *, account: Account | None = None) -> Payment:
        pay(account or self.own, amount, on=TODAY)
        return Payment.objects.latest("id")

    def split(self, payment: Payment) -> ConsolidatedPayment:
        return split_for_paper(
            payment_id=payment.pk, consolidated_id=self.paper.pk, business_date=TODAY,
            now=at(TODAY), actor=ACTOR,
        )  # fmt: skip

    def money(self) -> list[Decimal]:
        accounts_now = [self.own, *self.units]
        return [accounts_queries.get_balance(each.pk).money for each in accounts_now]


@pytest.fixture
def bereg(db: None) -> Billed:
    return Billed()


def broken() -> set[str]:
    promises = [*queries.invariants(), *accounts_queries.invariants()]
    return {one.name for one in promises if find_violations(one)}


def sums(*amounts: str) -> list[Decimal]:
    return [Decimal(amount) for amount in amounts]


@given(
    amount=st.integers(0, 10**7),
    wanted=st.lists(st.integers(-100, 10**6), max_size=8),
    how=st.sampled_from(Split),
)
def test_shares_add_up_and_nobody_gets_more_than_open(
    amount: int, wanted: list[int], how: Split
) -> None:
    paid, shares = Decimal(amount) / 100, [Decimal(each) / 100 for each in wanted]
    given_ = split_payment(paid, shares, how=how)
    total = sum((max(each, Decimal(0)) for each in shares), Decimal(0))
    assert sum(given_, Decimal(0)) == min(paid, total)
    assert all(0 <= part <= max(share, 0) for part, share in zip(given_, shares, strict=True))


SPLITS = [
    ("share", "600.00", sums("0", "0", "0")),
    ("share", "650.00", sums("50", "0", "0")),
    ("share", "60.00", sums("-90", "-180", "-270")),
    ("share", "0.05", sums("-99.99", "-199.98", "-299.98")),
    ("order", "150.00", None),
]


@pytest.mark.parametrize(("how", "amount", "left"), SPLITS)
def test_each_unit_gets_its_open_share(
    bereg: Billed, how: str, amount: str, left: list[Decimal] | None
) -> None:
    DebtPolicy.objects.create(legal_entity=bereg.paper.legal_entity, split=how)
    split = bereg.split(bereg.paid(amount))
    if left is not None:
        assert bereg.money() == left
    assert sum(bereg.money()) == Decimal(amount) - 600
    assert sum(share.amount for share in split.shares.all()) == split.amount
    assert broken() == set()
    assert BusinessEvent.objects.filter(kind="payment.split").count() == 1


def test_what_a_unit_paid_itself_is_not_asked_for_again(bereg: Billed) -> None:
    bereg.paid("250.00", account=bereg.units[1])
    bereg.split(bereg.paid("600.00"))
    assert bereg.money() == sums("250", "0", "0")


def test_the_same_payment_is_split_once(bereg: Billed) -> None:
    payment = bereg.paid("600.00")
    assert bereg.split(payment).pk == bereg.split(payment).pk
    assert bereg.money() == sums("0", "0", "0")


def test_only_the_payers_payment_is_split(bereg: Billed) -> None:
    strange = bereg.paid("10.00", account=bereg.units[0])
    with pytest.raises(UnableToSplit):
        bereg.split(strange)
    gone = bereg.paid("10.00")
    accounts.reverse_payment(
        payment_id=gone.pk, reason="x", business_date=TODAY, now=at(TODAY), actor=ACTOR
    )
    with pytest.raises(UnableToSplit):
        bereg.split(gone)
    assert not ConsolidatedPayment.objects.exists()


def test_taken_back_all_shares_come_back(bereg: Billed) -> None:
    before = bereg.money()
    payment = bereg.paid("600.00")
    split = bereg.split(payment)
    reverse_payment(
        payment_id=payment.pk, reason="x", business_date=TODAY, now=at(TODAY), actor=ACTOR
    )
    assert bereg.money() == before
    again = return_shares(split_id=split.pk, business_date=TODAY, now=at(TODAY), actor=ACTOR)
    assert (again, broken()) == (False, set())


def settle() -> tuple[int, int]:
    done = operations.settle_shares(business_date=TODAY, now=at(TODAY), actor=ACTOR)
    return done.split, done.returned


def test_a_payment_reversed_at_another_door_takes_its_shares_back_later(bereg: Billed) -> None:
    before = bereg.money()
    payment = bereg.paid("600.00")
    bereg.split(payment)
    accounts.reverse_payment(
        payment_id=payment.pk, reason="x", business_date=TODAY, now=at(TODAY), actor=ACTOR
    )
    assert (settle(), settle()) == ((0, 1), (0, 0))
    assert bereg.money() == before
    assert broken() == set()


def test_a_purpose_that_names_the_paper_is_split_once(bereg: Billed) -> None:
    number = bereg.paper.number_text
    assert queries.accounts_of_bills({number, "СВ-2026-000009"}) == {number: {bereg.own.pk}}
    for purpose in (f"Оплата по счету {number} от 01.02.2026", f"Оплата {number} и СВ-2026-7"):
        incoming = Incoming(
            gateway="bank", external_id=purpose, amount=Decimal("300.00"), paid_at=at(TODAY),
            business_date=TODAY, account_hint=bereg.own.number, account_id=bereg.own.pk,
            comment=purpose,
        )  # fmt: skip
        notice = intake.store(incoming=incoming, now=at(TODAY), actor=ACTOR)
        intake.settle(notice_id=notice.pk, now=at(TODAY), actor=ACTOR)
    assert (settle(), settle()) == ((2, 0), (0, 0))
    assert bereg.money() == sums("0", "0", "0")
    # These notices came by no statement.
    assert broken() == {"every notice of the bank stands in a statement"}


def test_at_the_desk_it_is_split_at_once(bereg: Billed) -> None:
    cashier = User.objects.create(login="cashier", kind=User.Kind.STAFF).pk
    cash_desk.open_shift(cashier_id=cashier, opening=Decimal(0), business_date=TODAY, now=at(TODAY))
    values = {
        "target": Target(consolidated_id=bereg.paper.pk), "cashier_id": cashier,
        "account_id": bereg.own.pk, "amount": Decimal("600.00"), "method": "cash",
        "request_id": "r", "business_date": TODAY, "now": at(TODAY), "actor": ACTOR,
    }  # fmt: skip
    line = take_at_desk_for(**values)
    assert take_at_desk_for(**values).pk == line.pk
    assert bereg.money() == sums("0", "0", "0")
    assert settle() == (0, 0)


class TestChoices:
    def test_pay_this_bill(self, bereg: Billed) -> None:
        unit = bereg.units[0]
        bill = unit.bills.get()
        payment = bereg.paid("50.00", account=unit)
        kept = choose(payment=payment, target=Target(bill_id=bill.pk), now=at(TODAY), actor=ACTOR)
        again = choose(payment=payment, target=Target(bill_id=bill.pk), now=at(TODAY), actor=ACTOR)
        assert kept == again
        [item] = get_open(unit.pk).items
        assert (item.chosen, item.open) == (Decimal(50), Decimal(150))
        assert broken() == set()

    def test_another_accounts_bill_is_refused(self, bereg: Billed) -> None:
        other = bereg.units[1].bills.get()
        payment = bereg.paid("50.00", account=bereg.units[0])
        for target in (
            Target(bill_id=other.pk),
            Target(plan_id=9),
            Target(subscription_id=9),
            Target(consolidated_id=bereg.paper.pk),
            Target(bill_id=other.pk, plan_id=9),
        ):
            with pytest.raises(UnableToChoose):
                choose(payment=payment, target=target, now=at(TODAY), actor=ACTOR)
        assert choose(payment=payment, target=Target(), now=at(TODAY), actor=ACTOR) is None
        assert not PaymentChoice.objects.exists()


FAULTS = [
    ("invoicing_consolidatedshare", "amount = amount + 1", "shares of a payment add up to it"),
    (
        "invoicing_consolidatedshare",
        "amount = amount + 1",
        "a share is moved as it is written",
    ),
]


@pytest.mark.parametrize(("table", "change", "promise"), FAULTS)
def test_a_planted_fault_is_found(bereg: Billed, table: str, change: str, promise: str) -> None:
    bereg.split(bereg.paid("600.00"))
    break_rules(table, f"UPDATE {table} SET {change} WHERE account_id = {bereg.units[0].pk}")
    assert f"invoicing: {promise}" in broken()


def test_a_choice_of_somebody_elses_bill_is_found(bereg: Billed) -> None:
    payment = bereg.paid("5.00", account=bereg.units[0])
    bill = bereg.units[0].bills.get()
    choose(payment=payment, target=Target(bill_id=bill.pk), now=at(TODAY), actor=ACTOR)
    other = bereg.units[1].bills.get().pk
    break_rules("invoicing_paymentchoice", f"UPDATE invoicing_paymentchoice SET bill_id = {other}")
    assert "invoicing: what a payment is for is the same account's" in broken()
