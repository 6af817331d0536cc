"""Deposits: apart from the balance, and back against the final bill."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from accounts import operations as accounts
from accounts import queries as accounts_queries
from accounts.domain.kinds import Contra, Kind
from accounts.models import CreditClass, Deposit
from accounts.operations.deposits import UnableToKeepDeposit, return_deposit, take_deposit
from accounts.queries.deposits import sum_deposits
from billing_project.kernel.invariants import find_violations
from invoicing import operations
from invoicing.models import Bill
from invoicing.operations.settlement import settle_deposits
from tests.integration.invoicing.household import (
    ACTOR,
    at,
    bill,
    charge,
    connect,
    ledger,
    make_account,
    make_version,
    pay,
)

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


def settle(on: date) -> int:
    return settle_deposits(business_date=on, now=at(on, 23), actor=ACTOR)


def take(account, amount: str = "500", request_id: str = "one", **more: object) -> Deposit:
    return take_deposit(
        account_id=account.pk, amount=Decimal(amount), request_id=request_id,
        business_date=JANUARY, now=at(JANUARY), actor=ACTOR, **more,
    )  # fmt: skip


def money(account) -> Decimal:
    return accounts_queries.get_balance(account.pk).money


@pytest.mark.parametrize(("percent", "kept"), [("100", "500.00"), ("50", "250.00"), ("0", None)])
def test_an_order_takes_what_the_plan_asks_of_the_credit_class(percent, kept) -> None:
    account = make_account()
    CreditClass.objects.update_or_create(
        code=account.credit_class, defaults={"deposit_percent": Decimal(percent)}
    )
    service = connect(account, make_version("310", deposit=Decimal(500)))
    held = Deposit.objects.filter(account=account).first()
    if kept is None:
        assert held is None
        assert ledger(account) == []
        return
    assert (held.amount, held.subscription_id) == (Decimal(kept), service.pk)
    assert ledger(account) == [("DEPOSIT", -Decimal(kept))]
    assert sum_deposits(account.pk) == Decimal(kept)


def test_a_prepaid_account_needs_the_money() -> None:
    account = make_account(kind="prepaid")
    version = make_version("310", deposit=Decimal(500))
    pay(account, "499.99", on=JANUARY)
    with pytest.raises(accounts.UnableToOrder):
        connect(account, version)
    assert not account.subscriptions.exists()
    assert not Deposit.objects.exists()
    pay(account, "0.01", on=JANUARY)
    connect(account, version)
    balance = accounts_queries.get_balance(account.pk)
    assert (balance.money, balance.available) == (0, 0)


def test_a_request_takes_it_once() -> None:
    account = make_account()
    assert take(account) == take(account)
    assert ledger(account) == [("DEPOSIT", Decimal(-500))]
    with pytest.raises(UnableToKeepDeposit):
        take(account, "600")
    for wrong in ("0", "-1", "0.001"):
        with pytest.raises(UnableToKeepDeposit):
            take(account, wrong, request_id=wrong)


def test_it_is_given_back_once() -> None:
    account = make_account()
    kept = take(account)
    back = {"deposit_id": kept.pk, "business_date": FEBRUARY, "now": at(FEBRUARY), "actor": ACTOR}
    with pytest.raises(UnableToKeepDeposit):
        return_deposit(reason=" ", **back)
    kept = return_deposit(reason="asked for", **back)
    assert (kept.state, kept.debt, kept.returned_on) == ("returned", Decimal(500), FEBRUARY)
    with pytest.raises(UnableToKeepDeposit):
        return_deposit(reason="again", **back)
    assert money(account) == 0


@pytest.mark.parametrize("is_final", [True, False])
def test_it_pays_the_final_bill_and_the_rest_stays(is_final) -> None:
    account = make_account()
    service = connect(account, make_version("310", deposit=Decimal(500)))
    pay(account, "500", on=JANUARY)
    charge(JANUARY)
    day = date(2026, 1, 10)
    operations.terminate_service(
        subscription_id=service.pk, now=at(day), actor=ACTOR, is_final=is_final
    )
    assert settle(day) == 0
    ends = date(2026, 1, 11) if is_final else FEBRUARY
    bill(date(2026, 1, 11))
    assert Bill.objects.count() == is_final
    bill(FEBRUARY)
    final = Bill.objects.get()
    assert (final.period_end, final.gross, final.closing) == (ends, Decimal(100), Decimal(100))
    assert settle(ends) == 1
    assert settle(ends) == 0
    kept = Deposit.objects.get()
    assert (kept.state, kept.debt) == ("returned", Decimal("100.00"))
    assert money(account) == Decimal("400.00")


def test_the_final_bill_waits_for_the_last_service() -> None:
    account = make_account()
    services = [connect(account, make_version("310")) for _ in range(2)]
    charge(JANUARY)
    for number, service in enumerate(services):
        day = date(2026, 1, 10 + number)
        operations.terminate_service(
            subscription_id=service.pk, now=at(day), actor=ACTOR, is_final=True
        )
        bill(date(2026, 1, 11 + number))
    assert list(Bill.objects.values_list("period_end", flat=True)) == [date(2026, 1, 12)]
    # Who comes back has the rest of the cycle, and no day twice.
    connect(account, make_version("310"), on=date(2026, 1, 20))
    charge(date(2026, 1, 20))
    charge(FEBRUARY)
    bill(FEBRUARY)
    spans = Bill.objects.order_by("period_start").values_list("period_start", "period_end")
    assert list(spans) == [(JANUARY, date(2026, 1, 12)), (date(2026, 1, 12), FEBRUARY)]


def test_a_deposit_of_the_account_waits_for_all_services() -> None:
    account = make_account()
    take(account)
    services = [connect(account, make_version("0")) for _ in range(2)]
    for number, service in enumerate(services):
        assert settle(JANUARY) == 0
        day = date(2026, 1, 10 + number)
        operations.terminate_service(subscription_id=service.pk, now=at(day), actor=ACTOR)
    bill(FEBRUARY)
    assert settle(FEBRUARY) == 1


def test_it_is_on_the_bill_and_in_the_trial_balance_but_not_sold() -> None:
    account = make_account()
    connect(account, make_version("310", deposit=Decimal(500)))
    charge(JANUARY)
    bill(FEBRUARY)
    found = Bill.objects.get()
    assert (found.gross, found.adjustments) == (Decimal(310), Decimal(-500))
    sides = accounts_queries.trial_balance(first=JANUARY, last=FEBRUARY)
    kept = [line for line in sides if line.contra == Contra.DEPOSITS]
    assert [(line.kind, line.amount) for line in kept] == [(Kind.DEPOSIT, Decimal(-500))]


@pytest.mark.parametrize(
    "fault",
    [
        "UPDATE accounts_deposit SET amount = amount + 1",
        "DELETE FROM accounts_deposit",
        "UPDATE accounts_deposit SET state = 'returned', debt = 0, returned_on = '2026-01-02'",
    ],
)
def test_a_deposit_that_the_ledger_does_not_know_is_found(fault) -> None:
    take(make_account())
    assert all(not find_violations(one) for one in accounts_queries.invariants())
    with connection.cursor() as cursor:
        cursor.execute(fault)
    broken = [one.name for one in accounts_queries.invariants() if find_violations(one)]
    assert broken == ["accounts: deposits are on the ledger"]
