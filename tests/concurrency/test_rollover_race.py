"""What is left of an allowance moves on while usage of the ended period is priced: never both."""

from threading import Event

import pytest
from django.db import connection, transaction
from django.db.models import F

from accounts.models import Account
from rating.models import AllowanceUse
from rating.operations.batches import EVERYTHING, hold_sources
from rating.operations.limits import carry_over
from tests import people
from tests.concurrency.together import failures, together
from tests.integration.rating.test_allowance_periods import LAST, NIGHT, subscribe, use

pytestmark = pytest.mark.django_db(transaction=True)

WAITERS = """
    SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
     WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted
"""


@pytest.fixture
def alice() -> Account:
    return people.open_account_for("Смирнова", "Алиса", kind="postpaid", credit_limit="300.00")


def test_late_usage_and_rollover_do_not_take_the_same_units(alice: Account) -> None:
    service, allowance = subscribe(alice, "79215550111", rollover="first")
    use(service, allowance, 1000)
    began, seen = Event(), []

    def price() -> None:
        with hold_sources([EVERYTHING]):
            left = AllowanceUse.objects.get(subscription_id=service.pk)
            taken = left.granted + left.carried - left.used
            began.set()
            seen.append(_wait_for_a_waiter())
            with transaction.atomic():
                AllowanceUse.objects.filter(pk=left.pk).update(used=F("used") + taken)

    def move() -> int:
        assert began.wait(10)
        return carry_over(business_date=LAST, now=NIGHT)

    answers = together([price, move])
    assert failures(answers) == []
    assert seen == [True]
    assert answers[1] == 0
    row = AllowanceUse.objects.get(subscription_id=service.pk)
    assert (row.used, row.carried) == (6000, 0)


def _wait_for_a_waiter() -> bool:
    """Whether somebody waits for the lock, within five seconds."""
    with connection.cursor() as cursor:
        for _try in range(100):
            cursor.execute(WAITERS)
            if cursor.fetchone()[0]:
                return True
            cursor.execute("SELECT pg_sleep(0.05)")
    return False
