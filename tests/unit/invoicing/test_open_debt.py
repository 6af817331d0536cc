"""What a debt is made of: the parts add up, the youngest first."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.domain.aging import OpenItem, age_debt
from invoicing.domain.open_debt import BilledSum, open_items, unbilled_part

ON = date(2026, 11, 22)
MONEY = st.integers(0, 100_000).map(lambda kopecks: Decimal(kopecks) / 100)


def bill(days_ago: int, charged: str) -> BilledSum:
    """A bill that was to be paid so many days ago."""
    return BilledSum(ON - timedelta(days=days_ago), Decimal(charged))


BILLS = [bill(-5, "100"), bill(25, "100"), bill(55, "100"), bill(95, "100")]
CASES = [
    ("50", "0", ["50", "0", "0", "0", "0"]),
    ("150", "0", ["100", "50", "0", "0", "0"]),
    ("150", "30", ["130", "20", "0", "0", "0"]),
    ("320", "0", ["100", "100", "100", "0", "20"]),
    ("450", "0", ["100", "100", "100", "0", "150"]),
    ("30", "30", ["30", "0", "0", "0", "0"]),
]


@pytest.mark.parametrize(("debt", "unbilled", "buckets"), CASES)
def test_the_youngest_charges_are_what_is_owed(
    debt: str, unbilled: str, buckets: list[str]
) -> None:
    items = open_items(Decimal(debt), unbilled=Decimal(unbilled), bills=BILLS, on=ON)
    assert age_debt(items, [30, 60, 90], on=ON) == [Decimal(part) for part in buckets]


def test_what_no_bill_explains_is_older_than_all() -> None:
    [item] = open_items(Decimal(5), unbilled=Decimal(0), bills=[], on=ON)
    assert item.open == 5
    assert (ON - item.due).days > 10_000


UNBILLED = [
    ("500", None, "0", "500"),
    ("500", "300", "0", "200"),
    ("500", "300", "100", "300"),
    ("500", "300", "900", "500"),
    ("200", "300", "100", "0"),
    ("100", "300", "0", "0"),
    ("500", "-50", "0", "500"),
]


@pytest.mark.parametrize(("debt", "closing", "paid", "unbilled"), UNBILLED)
def test_what_came_after_the_last_bill_is_not_due(
    debt: str, closing: str | None, paid: str, unbilled: str
) -> None:
    found = unbilled_part(
        Decimal(debt),
        closing=None if closing is None else Decimal(closing),
        paid_since=Decimal(paid),
    )
    assert found == Decimal(unbilled)


@given(
    debt=MONEY.filter(bool),
    unbilled=MONEY,
    bills=st.lists(
        st.builds(BilledSum, st.dates(date(2020, 1, 1), date(2027, 1, 1)), MONEY), max_size=8
    ),
)
def test_the_parts_add_up_to_the_debt(
    debt: Decimal, unbilled: Decimal, bills: list[BilledSum]
) -> None:
    items: list[OpenItem] = list(open_items(debt, unbilled=unbilled, bills=bills, on=ON))
    assert sum(item.open for item in items) == debt
    assert all(item.open > 0 for item in items)
    assert sum(age_debt(items, [30, 60, 90], on=ON)) == debt
