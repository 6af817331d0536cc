"""A month's charges are topped up to the plan's minimum when the cycle is over."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from accounts.domain.kinds import Kind
from billing_project.kernel.invariants import find_violations
from billing_project.kernel.periods import Period
from invoicing import operations, queries
from invoicing.domain.commitment import Counted, true_up
from invoicing.domain.proration import Convention
from invoicing.models import Bill, BilledPeriod, BillLine, ParkedBill
from invoicing.operations import cycles, minimums
from tariffs.models import MoveRule
from tests.integration.invoicing.household import (
    ACTOR,
    at,
    bill,
    break_rules,
    charge,
    connect,
    ledger,
    make_account,
    make_version,
)

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


def top_up(on: date) -> int:
    return minimums.charge_minimums(business_date=on, now=at(on, 23), actor=ACTOR)


def topped() -> list[tuple[date, date, Decimal, Decimal]]:
    rows = BilledPeriod.objects.filter(what="minimum").order_by("account_id", "period_start")
    return list(rows.values_list("period_start", "period_end", "fee", "amount"))


def use(service, amount: str, *, on: date) -> None:
    """Priced usage of a service, as the load writes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_name = 'rating_pricedusage' AND is_nullable = 'NO'"
            "   AND column_default IS NULL AND is_identity = 'NO' AND is_generated = 'NEVER'"
        )
        values = {name: "now" if "time" in kind else 0 for name, kind in cursor.fetchall()}
        values |= {
            "account_id": service.account_id,
            "subscription_id": service.pk,
            "started_at": at(on),
            "amount": Decimal(amount),
            "kind": 1,
        }
        names = ", ".join(values)
        cursor.execute(
            f"INSERT INTO rating_pricedusage ({names}) VALUES ({', '.join(['%s'] * len(values))})",
            list(values.values()),
        )


@pytest.mark.parametrize(
    ("fee", "used", "expected"),
    [
        ("120", "0", "180.00"),
        ("120", "50.50", "129.50"),
        ("120", "180", "0.00"),
        ("310", "0", "0.00"),
    ],
)
def test_what_is_missing_is_charged_once_when_the_cycle_is_over(fee, used, expected) -> None:
    service = connect(make_account(), make_version(fee, minimum=Decimal(300)))
    charge(JANUARY)
    use(service, used, on=date(2026, 1, 20))
    use(service, "1000", on=FEBRUARY)
    assert top_up(date(2026, 1, 31)) == 0
    charge(FEBRUARY)
    assert top_up(FEBRUARY) == 1
    assert topped() == [(JANUARY, FEBRUARY, Decimal(300), Decimal(expected))]
    assert top_up(FEBRUARY) == 0
    assert top_up(date(2026, 2, 2)) == 0


def test_it_is_a_line_of_the_cycles_bill_and_parks_nothing() -> None:
    account = make_account()
    connect(account, make_version("120", minimum=Decimal(300)))
    for day in (JANUARY, FEBRUARY):
        charge(day)
        top_up(day)
        bill(day)
    found = Bill.objects.get(account=account)
    assert (found.period_start, found.gross) == (JANUARY, Decimal("300.00"))
    titles = list(BillLine.objects.filter(bill=found).values_list("title_en", "gross"))
    assert [(title[:14], gross) for title, gross in titles] == [
        ("Recurring fee ", Decimal("120.00")),
        ("Top-up to the ", Decimal("180.00")),
    ]
    assert not ParkedBill.objects.exists()
    assert all(not find_violations(one) for one in queries.invariants())


@pytest.mark.parametrize("timing", ["advance", "arrears"])
@pytest.mark.parametrize(
    ("terms", "count"), [({}, "actual"), ({"proration": "month_30"}, "fixed_30")]
)
def test_a_broken_cycle_has_its_part_of_the_minimum(timing, terms, count) -> None:
    account = make_account()
    version = make_version("120", minimum=Decimal(300), fee_timing=timing, **terms)
    service = connect(account, version, on=date(2026, 1, 16))
    charge(date(2026, 1, 16))
    charge(FEBRUARY)
    top_up(FEBRUARY)
    expected = true_up(
        Decimal(300),
        [Counted("fee", Decimal(120), is_prorated=True)],
        active=Period(date(2026, 1, 16), FEBRUARY),
        cycle=Period(JANUARY, FEBRUARY),
        convention=Convention(count),
    )
    assert [row[3] for row in topped()] == [expected.amount]
    operations.terminate_service(subscription_id=service.pk, now=at(date(2026, 2, 10)), actor=ACTOR)
    charge(MARCH)
    top_up(MARCH)
    part = Period(FEBRUARY, date(2026, 2, 11))
    expected = true_up(
        Decimal(300),
        [Counted("fee", Decimal(120), is_prorated=True)],
        active=part,
        cycle=Period(FEBRUARY, MARCH),
        convention=Convention(count),
    )
    assert topped()[1][3] == expected.amount


def test_each_plan_of_a_cycle_counts_for_its_days_and_a_day_fee_is_one_stretch() -> None:
    former = make_version("1", fee_period="day", minimum=Decimal(310))
    following = make_version("0", minimum=Decimal(620))
    MoveRule.objects.create(to_plan=following.plan, timing="now")
    service = connect(make_account(), former)
    charge(date(2026, 1, 10))
    day = date(2026, 1, 11)
    operations.schedule(
        subscription_id=service.pk, plan_version_id=following.pk, on=day, now=at(day), actor=ACTOR
    )
    charge(FEBRUARY)
    top_up(FEBRUARY)
    # 100 for ten days and 420 for twenty-one, less ten days of 1.
    assert topped() == [(JANUARY, FEBRUARY, Decimal("520.00"), Decimal("510.00"))]


def test_two_months_have_two_minimums_and_a_short_period_its_part() -> None:
    account = make_account()
    connect(account, make_version("31", minimum=Decimal(310)))
    charge(JANUARY)
    cycles.change_cycle(
        account_id=account.pk,
        cycle_day=10,
        months=2,
        on=date(2026, 1, 5),
        now=at(JANUARY),
        actor=ACTOR,
    )
    for day in (FEBRUARY, date(2026, 2, 10), date(2026, 4, 10)):
        charge(day)
        top_up(day)
    minimum = [row[2] for row in topped()]
    # Nine of 62 days (10 December to 10 February) of two months.
    assert minimum == [Decimal("310.00"), Decimal("90.00"), Decimal("620.00")]


def test_nothing_is_looked_at_without_a_minimum(django_assert_num_queries) -> None:
    connect(make_account(), make_version("310"))
    charge(JANUARY)
    with django_assert_num_queries(1):
        assert top_up(FEBRUARY) == 0


def test_it_is_posted_as_a_fee_with_its_reason() -> None:
    account = make_account()
    connect(account, make_version("120", minimum=Decimal(300)))
    charge(JANUARY)
    top_up(FEBRUARY)
    assert ledger(account, Kind.FEE) == [("FEE", Decimal(-120)), ("FEE", Decimal(-180))]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT business_date, explanation ->> 'what', explanation ->> 'fee'"
            "  FROM accounts_ledgerentry WHERE amount = -180"
        )
        assert cursor.fetchone() == (date(2026, 1, 31), "minimum", "300.00")


@pytest.mark.parametrize(
    "fault", ["amount = fee + 1", "period_end = period_end - 1", "amount = -1"]
)
def test_a_wrong_top_up_is_found(fault) -> None:
    connect(make_account(), make_version("120", minimum=Decimal(300)))
    charge(JANUARY)
    top_up(FEBRUARY)
    assert all(not find_violations(one) for one in queries.invariants())
    break_rules(
        "invoicing_billedperiod",
        f"UPDATE invoicing_billedperiod SET {fault} WHERE what = 'minimum'",
    )
    broken = [one.name for one in queries.invariants() if find_violations(one)]
    assert "invoicing: a top-up is within its minimum" in broken
