"""Vouchers for tests: a series in use, and the codes that the printer would get."""

import csv
import io
from datetime import date, datetime, timedelta
from decimal import Decimal

from accounts.models import VoucherSeries
from accounts.operations import vouchers
from tests.people import CLERK


def a_series(
    count: int = 3, *, now: datetime, today: date, **changes: object
) -> tuple[VoucherSeries, list[str]]:
    """A series of 300 each, in use for thirty days, and the codes of its cards."""
    kept: list[str] = []
    values: dict = {
        "code": "L26",
        "nominal": Decimal("300.00"),
        "count": count,
        "valid_from": today,
        "valid_until": today + timedelta(days=30),
        "keep": kept.append,
        "now": now,
        "actor": CLERK,
    }
    series = vouchers.issue_series(**values | changes)
    return vouchers.activate_series(series_id=series.pk, now=now, actor=CLERK), read(kept[0])


def read(listed: str) -> list[str]:
    """The codes of a printer's list."""
    return [row["code"] for row in csv.DictReader(io.StringIO(listed), delimiter=";")]
