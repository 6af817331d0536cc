"""Two runs over the same accounts at once: each fee and each bill is there once."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection, transaction

from accounts.models import Subscription
from billing_project.kernel.invariants import find_violations
from invoicing import operations, queries
from invoicing.models import Bill, BilledPeriod, PlanChange
from tests.integration.invoicing.household import (
    ACTOR,
    at,
    bill,
    charge,
    connect,
    ledger,
    make_account,
    make_version,
)

pytestmark = pytest.mark.django_db(transaction=True)
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


def at_once(work, *, times: int) -> list[int]:
    def run(_number: int) -> int:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_rivals_share_the_work_and_nothing_is_done_twice() -> None:
    version = make_version("310")
    for _ in range(12):
        connect(make_account(), version)
    charged = at_once(lambda: charge(FEBRUARY), times=3)
    assert sum(charged) == BilledPeriod.objects.count() == 24
    issued = at_once(lambda: bill(FEBRUARY), times=3)
    assert sum(issued) == Bill.objects.count() == 12
    assert Counter(Bill.objects.values_list("number", flat=True)) == Counter(range(1, 13))
    assert [one.name for one in queries.invariants() if find_violations(one)] == []


def wait_for_a_waiter() -> None:
    """Return once another connection waits for a lock; give up silently after two seconds."""
    for _look in range(40):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
            if cursor.fetchone():
                return
        time.sleep(0.05)


def closing(work):
    """Return the work as a thread may do it: with its own connection, closed at the end."""

    def run():
        try:
            return work()
        finally:
            connection.close()

    return run


def test_what_is_being_charged_when_a_service_ends_is_given_back() -> None:
    service = connect(make_account(), make_version("310"))
    charge(JANUARY)

    def end() -> Decimal:
        return operations.terminate_service(
            subscription_id=service.pk, now=at(date(2026, 1, 31), 23), actor=ACTOR
        )

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert charge(FEBRUARY) == 1
            ended = pool.submit(closing(end))
            wait_for_a_waiter()
        assert ended.result() == 310
    assert [amount for _kind, amount in ledger(service.account)] == [-310, -310, 310]


def test_ending_a_service_and_changing_its_plan_lock_in_one_order() -> None:
    service = connect(make_account(), make_version("310"))
    operations.schedule(
        subscription_id=service.pk,
        plan_version_id=make_version("620").pk,
        on=JANUARY,
        now=at(JANUARY),
        actor=ACTOR,
    )
    execute = closing(lambda: operations.execute_due(business_date=FEBRUARY, now=at(FEBRUARY)))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Subscription.objects.select_for_update(no_key=True).get(pk=service.pk)
            executed = pool.submit(execute)
            wait_for_a_waiter()
            PlanChange.objects.select_for_update(no_key=True, nowait=True).get()
            operations.terminate_service(
                subscription_id=service.pk, now=at(date(2026, 1, 31), 23), actor=ACTOR
            )
        assert executed.result() == 0
    assert PlanChange.objects.get().state == "cancelled"
