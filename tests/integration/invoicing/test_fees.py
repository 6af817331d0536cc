"""Recurring fees: which periods are charged, for how much, once."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import operations as accounts
from accounts import queries as accounts_queries
from accounts.domain.kinds import Kind
from invoicing.models import BilledPeriod
from tests.integration.invoicing.household import (
    ACTOR,
    at,
    charge,
    connect,
    days_from,
    ledger,
    make_account,
    make_version,
)

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


def periods(subscription) -> list[tuple[date, date, Decimal]]:
    rows = BilledPeriod.objects.filter(subscription=subscription).order_by("period_start", "id")
    return list(rows.values_list("period_start", "period_end", "amount"))


def test_a_month_in_advance_is_charged_on_its_first_day() -> None:
    service = connect(make_account(), make_version())
    assert charge(JANUARY) == 1
    assert periods(service) == [(JANUARY, FEBRUARY, Decimal("310.00"))]
    assert ledger(service.account) == [("FEE", Decimal("-310.00"))]
    assert accounts_queries.get_balance(service.account_id).money == Decimal("-310.00")


def test_the_first_charge_runs_from_activation_to_the_end_of_the_cycle() -> None:
    service = connect(make_account(), make_version(), on=date(2026, 1, 22))
    charge(date(2026, 1, 22))
    charge(FEBRUARY)
    assert periods(service) == [
        (date(2026, 1, 22), FEBRUARY, Decimal("100.00")),
        (FEBRUARY, MARCH, Decimal("310.00")),
    ]


def test_a_second_run_charges_nothing() -> None:
    service = connect(make_account(), make_version())
    charge(JANUARY)
    assert charge(JANUARY) == 0
    assert charge(date(2026, 1, 31)) == 0
    assert ledger(service.account) == [("FEE", Decimal("-310.00"))]


def test_missed_nights_are_caught_up_period_by_period() -> None:
    service = connect(make_account(cycle_day=31), make_version(), on=JANUARY)
    assert charge(date(2026, 4, 1)) == 4
    assert [(start, end) for start, end, _amount in periods(service)] == [
        (JANUARY, date(2026, 1, 31)),
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2026, 2, 28), date(2026, 3, 31)),
        (date(2026, 3, 31), date(2026, 4, 30)),
    ]
    dates = {
        entry.business_date
        for entry in accounts_queries.list_entries(account_id=service.account_id, limit=10)
    }
    assert dates == {date(2026, 3, 31)}


def test_night_by_night_comes_to_the_same_as_catching_up() -> None:
    version = make_version("9.99", fee_period="day")
    nightly, late = (connect(make_account(), version) for _ in range(2))
    for day in days_from(JANUARY, 10):
        charge(day, account_from=nightly.account_id, account_to=nightly.account_id + 1)
    charge(date(2026, 1, 10), account_from=late.account_id, account_to=late.account_id + 1)
    assert periods(nightly) == periods(late)
    assert len(periods(nightly)) == 10
    assert ledger(nightly.account) == [("FEE", Decimal("-9.99"))] * 10


def test_arrears_are_charged_when_the_cycle_has_ended() -> None:
    service = connect(make_account(), make_version(fee_timing="arrears"), on=date(2026, 1, 11))
    assert charge(date(2026, 1, 31)) == 0
    assert charge(FEBRUARY) == 1
    assert periods(service) == [(date(2026, 1, 11), FEBRUARY, Decimal("210.00"))]


def test_a_period_ends_where_the_plan_changes() -> None:
    before, after = make_version("310"), make_version("620")
    service = connect(make_account(), before)
    accounts.set_plan(
        subscription_id=service.pk,
        plan_version_id=after.pk,
        active_from=at(date(2026, 1, 11), 0),
        now=at(JANUARY),
        actor=ACTOR,
    )
    charge(date(2026, 1, 11))
    assert periods(service) == [
        (JANUARY, date(2026, 1, 11), Decimal("100.00")),
        (date(2026, 1, 11), FEBRUARY, Decimal("420.00")),
    ]


def test_an_ended_service_is_charged_to_its_last_day_and_no_further() -> None:
    service = connect(make_account(), make_version("31"))
    accounts.end_service(subscription_id=service.pk, now=at(date(2026, 1, 10)), actor=ACTOR)
    assert charge(FEBRUARY) == 1
    assert periods(service) == [(JANUARY, date(2026, 1, 11), Decimal("10.00"))]


def test_a_pause_is_billed_at_zero_so_that_no_day_is_skipped() -> None:
    service = connect(make_account(), make_version("10", fee_period="day"))
    charge(JANUARY)
    accounts.suspend_service(subscription_id=service.pk, now=at(JANUARY, 20), actor=ACTOR)
    charge(date(2026, 1, 2))
    accounts.resume_service(subscription_id=service.pk, now=at(date(2026, 1, 3), 1), actor=ACTOR)
    charge(date(2026, 1, 3))
    assert [amount for *_days, amount in periods(service)] == [10, 0, 10]
    assert ledger(service.account) == [("FEE", Decimal(-10))] * 2


def test_a_service_that_is_only_ordered_pays_nothing() -> None:
    account = make_account()
    accounts.order_service(
        account=account, service="mobile", plan_version=make_version(), now=at(JANUARY), actor=ACTOR
    )
    assert charge(MARCH) == 0
    assert ledger(account) == []


def test_only_accounts_of_the_range_are_charged() -> None:
    version = make_version()
    inside, outside = (connect(make_account(), version) for _ in range(2))
    charge(JANUARY, account_from=inside.account_id, account_to=outside.account_id)
    assert (len(periods(inside)), len(periods(outside))) == (1, 0)


def test_the_entry_explains_itself() -> None:
    version = make_version()
    service = connect(make_account(), version, on=date(2026, 1, 22))
    charge(date(2026, 1, 22))
    (entry,) = accounts_queries.list_entries(account_id=service.account_id, limit=1)
    assert entry.kind == Kind.FEE
    assert entry.about_subscription_id == service.pk
    assert entry.ref == BilledPeriod.objects.get().pk
    told = entry.explanation
    assert (told["plan_version"], told["days"], told["cycle_days"]) == (version.pk, 10, 31)
    assert (told["period_start"], told["period_end"]) == ("2026-01-22", "2026-02-01")
    assert (told["fee"], told["plan_ru"]) == ("310.00", version.plan.name_ru)


@pytest.mark.parametrize(
    ("start", "end", "previous"),
    [
        pytest.param("2026-02-01", "2026-03-01", "2026-01-31", id="gap"),
        pytest.param("2026-01-15", "2026-02-15", "2026-01-15", id="follows nothing"),
        pytest.param("2026-03-01", "2026-04-01", None, id="second first period"),
        pytest.param("2026-01-01", "2026-02-01", None, id="the same again"),
    ],
)
def test_the_database_refuses_a_broken_chain(start, end, previous) -> None:
    service = connect(make_account(), make_version())
    charge(JANUARY)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO invoicing_billedperiod (account_id, subscription_id, plan_version_id,
                   kind, period_start, period_end, previous_end, amount, charged_on)
               VALUES (%s, %s, 1, 'fee', %s, %s, %s, 1, '2026-01-01')""",
            [service.account_id, service.pk, start, end, previous],
        )


def test_a_billed_period_never_changes() -> None:
    connect(make_account(), make_version())
    charge(JANUARY)
    with pytest.raises(IntegrityError), transaction.atomic():
        BilledPeriod.objects.update(amount=0)
