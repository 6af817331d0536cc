"""Two runs over the same accounts at once: each fee and each bill is there once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection

from billing_project.kernel.invariants import find_violations
from invoicing import queries
from invoicing.models import Bill, BilledPeriod
from tests.integration.invoicing.household import (
    bill,
    charge,
    connect,
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
