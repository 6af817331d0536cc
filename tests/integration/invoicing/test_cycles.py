"""Cycles of one or two months, on any day, changed by a short period: bills and fees follow."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import queries as accounts_queries
from accounts.domain.calendars import Anchor
from accounts.models import Account, AccountCycle
from billing_project.kernel.invariants import find_violations
from billing_project.kernel.periods import Period
from invoicing import queries
from invoicing.models import Bill, BilledPeriod, BillingPolicy
from invoicing.operations import cycles
from invoicing.queries.cycles import UnableToChangeCycle, get_cycle_quote, may_change_own
from tests.integration.invoicing.household import (
    ACTOR,
    at,
    bill,
    charge,
    connect,
    days_from,
    ledger,
    make_account,
    make_version,
)

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


def change(account: Account, *, day: int, on: date, months: int = 1, **more: object):
    return cycles.change_cycle(
        account_id=account.pk, cycle_day=day, months=months, on=on, now=at(on), actor=ACTOR, **more
    )


def nights(first: date, number: int) -> None:
    for day in days_from(first, number):
        charge(day)
        bill(day)


def fees(account: Account) -> list[tuple[date, date, Decimal]]:
    rows = BilledPeriod.objects.filter(account=account).order_by("period_start")
    return list(rows.values_list("period_start", "period_end", "amount"))


def bills(account: Account) -> list[tuple[date, date, Decimal]]:
    rows = Bill.objects.filter(account=account).order_by("period_start")
    return list(rows.values_list("period_start", "period_end", "gross"))


def assert_books() -> None:
    for invariant in (*accounts_queries.invariants(), *queries.invariants()):
        if "accountcycle" in invariant.sql or "billedperiod" in invariant.sql:
            assert not find_violations(invariant), invariant.name


def test_two_months_cost_two_fees_and_are_one_bill() -> None:
    account = make_account()
    change(account, day=1, months=2, on=date(2026, 1, 20))
    connect(account, make_version("310"))
    nights(JANUARY, 91)
    april = date(2026, 4, 1)
    assert fees(account) == [
        (JANUARY, FEBRUARY, Decimal("310.00")),
        (FEBRUARY, april, Decimal("620.00")),
        (april, date(2026, 6, 1), Decimal("620.00")),
    ]
    assert bills(account) == [
        (JANUARY, FEBRUARY, Decimal("310.00")),
        (FEBRUARY, april, Decimal("620.00")),
    ]


@pytest.mark.parametrize(
    ("terms", "bridge"),
    [
        # The short period is a part of the new cycle, 10 January to 10 February.
        pytest.param({}, "90.00", id="actual days"),
        pytest.param({"proration": "month_30"}, "93.00", id="months of thirty"),
        pytest.param({"fee_timing": "arrears"}, "90.00", id="in arrears"),
    ],
)
def test_a_new_day_begins_after_a_short_period(terms, bridge) -> None:
    account = make_account()
    connect(account, make_version("310", **terms))
    charge(JANUARY)
    quote = change(account, day=10, on=date(2026, 1, 20))
    assert (quote.bridge, quote.bridge_fee) == (
        Period(FEBRUARY, date(2026, 2, 10)),
        Decimal(bridge),
    )
    nights(date(2026, 1, 2), 68)
    tenth, march = date(2026, 2, 10), date(2026, 3, 10)
    expected = [
        (JANUARY, FEBRUARY, Decimal("310.00")),
        (FEBRUARY, tenth, Decimal(bridge)),
        (tenth, march, Decimal("310.00")),
    ]
    assert fees(account)[:3] == expected
    assert bills(account) == expected
    assert_books()


def test_what_was_agreed_for_later_is_replaced() -> None:
    account = make_account()
    change(account, day=10, on=date(2026, 1, 5))
    change(account, day=20, months=2, on=date(2026, 1, 6))
    rows = AccountCycle.objects.filter(account=account).order_by("starts_on")
    assert [(row.starts_on, row.until, row.cycle_day, row.months) for row in rows] == [
        (date(1900, 1, 1), FEBRUARY, 1, 1),
        (FEBRUARY, None, 20, 2),
    ]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [({"day": 32}, "cycle_day"), ({"day": 5, "months": 3}, "months"), ({"day": 1}, "cycle_day")],
)
def test_what_makes_no_cycle_is_refused(wanted, field) -> None:
    account = make_account()
    with pytest.raises(UnableToChangeCycle) as refused:
        change(account, on=date(2026, 1, 5), **wanted)
    assert refused.value.field == field
    assert not AccountCycle.objects.exists()


def test_another_offer_than_was_shown_is_refused() -> None:
    account = make_account()
    shown = get_cycle_quote(
        account_id=account.pk, anchor=Anchor.DAY, cycle_day=10, months=1, on=JANUARY
    ).as_json()
    connect(account, make_version("310"))
    with pytest.raises(UnableToChangeCycle):
        change(account, day=10, on=JANUARY, agreed=shown)
    assert not AccountCycle.objects.exists()


def test_a_subscriber_changes_it_once_a_cycle_where_allowed() -> None:
    account = make_account()
    with pytest.raises(UnableToChangeCycle):
        change(account, day=10, on=date(2026, 1, 5), is_own=True)
    BillingPolicy.objects.create(legal_entity=account.contract.legal_entity, own_cycle_change=True)
    change(account, day=10, on=date(2026, 1, 5), is_own=True)
    with pytest.raises(UnableToChangeCycle):
        change(account, day=20, on=date(2026, 1, 25), is_own=True)
    assert not may_change_own(account, on=date(2026, 2, 5))
    assert may_change_own(account, on=date(2026, 2, 10))


def test_an_anniversary_counts_from_the_day_of_opening() -> None:
    account = make_account(opened_on=date(2026, 1, 17))
    change(account, day=1, months=2, on=date(2026, 1, 20), anchor=Anchor.ANNIVERSARY)
    connect(account, make_version("310"), on=date(2026, 1, 20))
    charge(date(2026, 3, 17))
    assert [row[:2] for row in fees(account)] == [
        (date(2026, 1, 20), FEBRUARY),
        (FEBRUARY, date(2026, 3, 17)),
        (date(2026, 3, 17), date(2026, 5, 17)),
    ]


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    day=st.integers(1, 31),
    timing=st.sampled_from(["advance", "arrears"]),
    history=st.lists(
        st.tuples(st.integers(1, 40), st.integers(1, 31), st.sampled_from([1, 2])), max_size=3
    ),
)
def test_no_day_is_charged_twice_or_missed_whatever_changes(day, timing, history) -> None:
    account = make_account(cycle_day=day)
    connect(account, make_version("310", fee_timing=timing))
    today = JANUARY
    for later, wanted, months in history:
        for each in days_from(today, later):
            charge(each)
        today = days_from(today, later + 1)[-1]
        try:
            change(account, day=wanted, months=months, on=today)
        except UnableToChangeCycle:
            continue
    nights(today, 100)
    rows = fees(account)
    assert rows[0][0] == JANUARY
    assert all(former[1] == row[0] for former, row in pairwise(rows))
    calendar = accounts_queries.calendars.calendar_of(account)
    assert all(calendar.cycle_on(row[0]).days == Period(*row[:2]) for row in rows[1:])
    assert_books()


def test_a_gap_in_a_calendar_is_found() -> None:
    account = make_account()
    change(account, day=10, on=date(2026, 1, 5))
    AccountCycle.objects.filter(account=account, until=None).update(starts_on=date(2026, 2, 2))
    broken = [one.name for one in accounts_queries.invariants() if find_violations(one)]
    assert broken == ["accounts: calendars have no gap"]


def test_a_day_in_two_cycles_is_refused_by_the_database() -> None:
    account = make_account()
    change(account, day=10, on=date(2026, 1, 5))
    with connection.cursor() as cursor, pytest.raises(Exception, match="no_overlap"):
        cursor.execute(
            "UPDATE accounts_accountcycle SET until = '2026-03-01' WHERE until IS NOT NULL"
        )


def test_the_ledger_has_each_fee_once() -> None:
    account = make_account()
    connect(account, make_version("310"))
    charge(JANUARY)
    change(account, day=10, on=date(2026, 1, 20))
    charge(date(2026, 2, 10))
    assert charge(date(2026, 2, 10)) == 0
    assert [amount for _, amount in ledger(account)] == [-310, -90, -310]
