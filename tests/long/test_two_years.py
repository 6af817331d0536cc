"""Two years of a small operator: every month-end closed by the real night, books proven each time."""

from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Count

from accounts.models import Account
from billing_project.demo.seed import Wishes, seed_demo
from billing_project.invariants import broken_promises
from billing_project.kernel.models import JobRun
from billing_project.kernel.periods import cycle_of
from invoicing.models import Bill, NumberSeries

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]

LAST_DAY = date(2026, 10, 31)
DAYS = 730


def test_two_years_of_nights_leave_whole_books(tmp_path: Path, settings) -> None:
    settings.ARCHIVE_DIR = tmp_path / "archive"
    seeded = seed_demo(
        wishes=Wishes(
            subscribers=60,
            days=DAYS,
            seed=7,
            last_day=LAST_DAY,
            now=datetime(2026, 11, 1, 1, tzinfo=ZoneInfo("Europe/Moscow")),
            usage_dir=tmp_path / "usage",
        ),
        tell=lambda what: None,
    )

    assert broken_promises() == []
    nights = JobRun.objects.filter(job="nightly", step="books", state="done")
    assert nights.count() == 23  # the last month stays open for a night of its own
    assert seeded.usage.lines > 30_000
    assert _accounts_with_a_hole_in_their_bills() == []
    for series in NumberSeries.objects.filter(document="bill"):
        assert Bill.objects.filter(year=series.year).count() == series.last


def _accounts_with_a_hole_in_their_bills() -> list[str]:
    """Every account's bills follow each other, cycle by cycle, opening with the closing before."""
    faulty = []
    for account in Account.objects.annotate(bill_count=Count("bills")):
        bills = list(account.bills.order_by("period_start"))
        whole = account.bill_count >= 22 and all(
            (later.period_start, later.opening) == (earlier.period_end, earlier.closing)
            and later.period_end == cycle_of(later.period_start, cycle_day=account.cycle_day).end
            for earlier, later in pairwise(bills)
        )
        if not whole:
            faulty.append(account.number)
    return faulty
