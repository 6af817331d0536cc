"""The day of a change, that of termination, seconds: what the plan's version declares is charged."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from invoicing import operations, queries
from invoicing.models import BilledPeriod
from invoicing.queries.splits import quote_termination
from tariffs.models import MoveRule
from tests.integration.invoicing.household import (
    ACTOR,
    MOSCOW,
    at,
    charge,
    connect,
    ledger,
    make_account,
    make_version,
)

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


def total(account) -> Decimal:
    return sum((amount for _, amount in ledger(account)), Decimal(0))


@pytest.mark.parametrize("timing", ["advance", "arrears"])
@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        pytest.param({}, "-100.00", id="the last day is charged"),
        pytest.param({"bills_last_day": False}, "-90.00", id="the last day is not charged"),
        # From 10:00 on the first to 12:00 on the tenth.
        pytest.param({"proration": "seconds"}, "-90.83", id="seconds"),
        pytest.param({"proration": "seconds", "bills_last_day": False}, "-90.83", id="of any day"),
        pytest.param({"proration": "month_30"}, "-103.33", id="months of thirty days"),
        pytest.param({"fee_period": "day", "bills_last_day": False}, "-2790.00", id="days"),
    ],
)
def test_a_service_that_ends(terms, expected, timing) -> None:
    service = connect(make_account(), make_version("310", fee_timing=timing, **terms))
    charge(JANUARY)
    charge(date(2026, 1, 9))
    quoted = quote_termination(subscription_id=service.pk, on=date(2026, 1, 10))
    given = operations.terminate_service(
        subscription_id=service.pk, now=at(date(2026, 1, 10)), actor=ACTOR
    )
    if terms.get("proration") != "seconds":
        assert given == quoted
    charge(date(2026, 1, 11))
    assert total(service.account) == Decimal(expected)
    assert charge(FEBRUARY) == 0


def test_seconds_of_the_last_day_of_a_cycle_are_given_back() -> None:
    service = connect(make_account(), make_version("310", proration="seconds"))
    charge(JANUARY)
    now = datetime(2026, 1, 31, 18, tzinfo=MOSCOW)
    given = operations.terminate_service(subscription_id=service.pk, now=now, actor=ACTOR)
    assert given == Decimal("2.50")
    assert charge(FEBRUARY) == 0


def test_a_service_that_ends_on_its_first_day() -> None:
    service = connect(make_account(), make_version("310", bills_last_day=False))
    operations.terminate_service(subscription_id=service.pk, now=at(JANUARY), actor=ACTOR)
    assert charge(FEBRUARY) == 0
    assert ledger(service.account) == []


@pytest.mark.parametrize("timing", ["advance", "arrears"])
@pytest.mark.parametrize(("bills_change_day", "expected"), [(True, "-520.00"), (False, "-510.00")])
def test_the_day_of_a_change(bills_change_day, expected, timing) -> None:
    """310 a month up to the day of the change, 620 from it, or from the day after."""
    former = make_version("310", fee_timing=timing)
    following = make_version("620", fee_timing=timing, bills_change_day=bills_change_day)
    MoveRule.objects.create(to_plan=following.plan, timing="now")
    service = connect(make_account(), former)
    charge(JANUARY)
    day = date(2026, 1, 11)
    quote = queries.get_quote(subscription_id=service.pk, plan_version_id=following.pk, on=day)
    if timing == "advance":
        assert quote.settlement == -Decimal(expected) - 310
    operations.schedule(
        subscription_id=service.pk, plan_version_id=following.pk, on=day, now=at(day),
        actor=ACTOR, agreed=quote.as_json(),
    )  # fmt: skip
    forecast = queries.forecast_fee(subscription_id=service.pk, on=day)
    charge(date(2026, 1, 31))
    before = total(service.account)
    charge(FEBRUARY)
    if timing == "arrears":
        assert total(service.account) == Decimal(expected)
    else:
        assert before == Decimal(expected)
        assert forecast.period.start == FEBRUARY


def test_two_changes_on_a_day_leave_no_day_twice() -> None:
    versions = [make_version("310")] + [
        make_version(fee, bills_change_day=keeps) for fee, keeps in (("620", False), ("930", True))
    ]
    for version in versions[1:]:
        MoveRule.objects.create(to_plan=version.plan, timing="now")
    service = connect(make_account(), versions[0])
    charge(JANUARY)
    for hour, version in enumerate(versions[1:]):
        operations.schedule(
            subscription_id=service.pk, plan_version_id=version.pk, on=date(2026, 1, 11),
            now=at(date(2026, 1, 11), 12 + hour), actor=ACTOR,
        )  # fmt: skip
    charge(FEBRUARY)
    # Ten days of 310, twenty-one of 930, then a month of it.
    assert total(service.account) == Decimal("-1660.00")
    assert BilledPeriod.objects.filter(kind="fee").count() == 2


def test_thirty_days_a_month_add_up_over_a_change() -> None:
    versions = [make_version(fee, proration="month_30") for fee in ("300", "600")]
    MoveRule.objects.create(to_plan=versions[1].plan, timing="now")
    service = connect(make_account(cycle_day=15), versions[0], on=date(2026, 1, 15))
    charge(date(2026, 1, 15))
    day = date(2026, 2, 1)
    operations.schedule(
        subscription_id=service.pk, plan_version_id=versions[1].pk, on=day, now=at(day), actor=ACTOR
    )
    # Sixteen days of thirty by the former plan, fourteen by the new one.
    assert total(service.account) == Decimal("-440.00")
