"""The end of a service gives back what was charged for days to come."""

from datetime import date
from decimal import Decimal

import pytest

from invoicing import operations, queries
from invoicing.models import BilledPeriodCredit, PlanChange
from invoicing.operations import splits
from tests.integration.invoicing.household import (
    ACTOR,
    at,
    charge,
    connect,
    ledger,
    make_account,
    make_version,
)

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


def terminate(service, on: date) -> Decimal:
    return operations.terminate_service(subscription_id=service.pk, now=at(on), actor=ACTOR)


def test_unused_days_are_given_back_the_last_day_is_not() -> None:
    service = connect(make_account(), make_version("310"))
    charge(JANUARY)
    assert terminate(service, date(2026, 1, 10)) == Decimal("210.00")
    assert [amount for _kind, amount in ledger(service.account)] == [-310, 210]
    credit = BilledPeriodCredit.objects.get()
    assert (credit.period_start, credit.period_end) == (date(2026, 1, 11), FEBRUARY)
    assert charge(FEBRUARY) == 0


def test_charge_and_credit_come_to_the_days_used_whatever_the_fee() -> None:
    service = connect(make_account(), make_version("299.99", proration="fixed_30"))
    charge(JANUARY)
    terminate(service, date(2026, 1, 20))
    assert sum(amount for _kind, amount in ledger(service.account)) == Decimal("-199.99")


def test_before_the_nights_charge_nothing_is_given_back_and_the_night_charges_the_rest() -> None:
    service = connect(make_account(), make_version("310"))
    assert terminate(service, date(2026, 1, 10)) == 0
    charge(date(2026, 1, 10))
    assert ledger(service.account) == [("FEE", Decimal("-100.00"))]


def test_a_service_ends_once() -> None:
    service = connect(make_account(), make_version("310"))
    charge(JANUARY)
    terminate(service, date(2026, 1, 10))
    with pytest.raises(operations.UnableToTerminate):
        terminate(service, date(2026, 1, 11))
    assert len(ledger(service.account)) == 2


def test_a_change_of_plan_that_waits_is_cancelled() -> None:
    service = connect(make_account(), make_version("310"))
    operations.schedule(
        subscription_id=service.pk,
        plan_version_id=make_version("450").pk,
        on=JANUARY,
        now=at(JANUARY),
        actor=ACTOR,
    )
    terminate(service, date(2026, 1, 10))
    assert PlanChange.objects.get().state == "cancelled"


def test_days_given_back_are_not_given_back_again() -> None:
    service = connect(make_account(), make_version("310"))
    charge(JANUARY)
    for day, given_back in ((date(2026, 1, 21), "110.00"), (date(2026, 1, 11), "100.00")):
        cut = operations.Cut(service.pk, day)
        found = operations.split_periods(
            cuts=[
                cut,
            ],
            business_date=day,
            now=at(day),
            actor=ACTOR,
        )
        assert found == Decimal(given_back)
    assert sum(amount for _kind, amount in ledger(service.account)) == Decimal("-100.00")


def quote(service, on: date) -> Decimal:
    return queries.quote_termination(subscription_id=service.pk, on=on)


def test_what_is_quoted_is_what_is_given_back() -> None:
    service = connect(make_account(), make_version("299.99", proration="fixed_30"))
    assert quote(service, date(2026, 1, 9)) == 0
    charge(JANUARY)
    told = quote(service, date(2026, 1, 10))
    assert told > 0
    assert not BilledPeriodCredit.objects.exists()
    assert terminate(service, date(2026, 1, 10)) == told
    assert quote(service, date(2026, 1, 10)) == 0


def test_a_period_partly_given_back_is_quoted_for_the_rest() -> None:
    service = connect(make_account(), make_version("310"))
    charge(JANUARY)
    cut = splits.Cut(service.pk, date(2026, 1, 21))
    given = splits.split_periods(
        cuts=[cut], business_date=date(2026, 1, 5), now=at(date(2026, 1, 5)), actor=ACTOR
    )
    assert given == Decimal("110.00")
    assert quote(service, date(2026, 1, 10)) == Decimal("100.00")
    assert terminate(service, date(2026, 1, 10)) == Decimal("100.00")
