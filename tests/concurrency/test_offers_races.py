"""Packages bought, nights, payments, pauses and ends at one moment: each once, nothing lost."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import queries as accounts_queries
from accounts.models import Consent, PackageAssignment
from billing_project.invariants import broken_promises
from invoicing import operations
from invoicing.models import BilledPeriod, Pause
from tests.concurrency.together import failures, together
from tests.integration.invoicing.household import (
    ACTOR,
    at,
    bill,
    charge,
    connect,
    make_account,
    make_version,
    pay,
)
from tests.integration.invoicing.offers import buy, charged, make_package, pause

pytestmark = pytest.mark.django_db(transaction=True)
JAN = date(2026, 1, 1)
DAY = date(2026, 1, 10)
REFUSALS = (
    operations.UnableToBuy,
    operations.UnableToChangePause,
    operations.UnableToChangePlan,
    operations.UnableToTerminate,
)


def test_one_package_is_bought_once_however_often_it_is_asked_for() -> None:
    service = connect(make_account(), make_version())
    package = make_package("93.00")
    answers = together([lambda: buy(service, package, on=DAY)] * 6)
    refused = failures(answers)
    assert len(refused) == 5
    assert {type(one) for one in refused} == {operations.UnableToBuy}
    assert PackageAssignment.objects.count() == 1
    assert Consent.objects.filter(withdrawn_at=None).count() == 1
    assert broken_promises() == []


def test_prepaid_money_buys_no_more_than_there_is() -> None:
    account = make_account(kind="prepaid")
    services = [connect(account, make_version("0.00")) for _ in range(5)]
    package = make_package("30.00", fee_period="once")
    pay(account, "100.00", on=DAY)
    answers = together(
        [lambda service=service: buy(service, package, on=DAY) for service in services]
    )
    assert len(failures(answers)) == 2
    balance = accounts_queries.get_balance(account.pk)
    assert (balance.money, balance.held) == (Decimal("10.00"), Decimal("0.00"))
    assert broken_promises() == []


def test_purchase_night_and_payment_meet_without_a_deadlock() -> None:
    account = make_account(kind="prepaid")
    service = connect(account, make_version("31.00"))
    pay(account, "1000.00", on=JAN)
    packages = [make_package("31.00", fee_period="day") for _ in range(4)]
    for number, package in enumerate(packages):
        works = [
            lambda package=package: buy(service, package, on=DAY),
            lambda: charge(date(2026, 1, 11)),
            lambda: charge(date(2026, 1, 11)),
            lambda number=number: pay(account, f"{number + 1}.00", on=DAY),
            lambda: bill(date(2026, 2, 1)),
        ]
        assert failures(together(works)) == []
    charge(date(2026, 1, 11))
    days = BilledPeriod.objects.filter(what="package").values_list("kind", "period_start")
    assert len(days) == len(set(days)) == 8
    balance = accounts_queries.get_balance(account.pk)
    assert balance.money == Decimal("1010.00") - charged(service)
    assert broken_promises() == []


@pytest.mark.parametrize("_round", range(4))
def test_pause_change_and_end_of_one_service(_round: int) -> None:
    service = connect(make_account(), make_version("310.00"))
    other = make_version("620.00")
    charge(JAN)

    def change() -> object:
        return operations.schedule(
            subscription_id=service.pk,
            plan_version_id=other.pk,
            on=DAY,
            now=at(DAY),
            actor=ACTOR,
            door="portal",
        )

    def end() -> object:
        return operations.terminate_service(
            subscription_id=service.pk, now=at(DAY, 14), actor=ACTOR
        )

    works = [lambda: pause(service, on=DAY), change, end, lambda: charge(date(2026, 1, 11))]
    answers = together(works)
    assert [one for one in failures(answers) if not isinstance(one, REFUSALS)] == []
    service.refresh_from_db()
    assert service.state == "terminated"
    assert not Pause.objects.filter(state__in=["scheduled", "running"]).exists()
    charge(date(2026, 2, 2))
    assert charged(service) == Decimal("100.00")
    assert broken_promises() == []
