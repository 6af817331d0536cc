"""Where a debt is: its parts add up to it, the youngest first, and choices are honoured."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.domain.aging import OpenItem, age_debt
from invoicing.domain.allocation import Allocation, Chosen, Owed, allocate

ON = date(2026, 11, 22)
ZERO = Decimal(0)
MONEY = st.integers(0, 100_000).map(lambda kopecks: Decimal(kopecks) / 100)


def owed(bill_id: int, charged: str, *, days_ago: int = 0, **more: object) -> Owed:
    """Something of a bill that was to be paid so many days ago."""
    day = ON - timedelta(days=days_ago)
    return Owed(due_on=day, period_end=day, bill_id=bill_id, charged=Decimal(charged), **more)


BILLS = [owed(4, "100", days_ago=-5), owed(3, "100", days_ago=25)]
BILLS += [owed(2, "100", days_ago=55), owed(1, "100", days_ago=95)]
CASES = [
    ("50", "0", ["50", "0", "0", "0", "0"]),
    ("150", "0", ["100", "50", "0", "0", "0"]),
    ("150", "30", ["130", "20", "0", "0", "0"]),
    ("320", "0", ["100", "100", "100", "0", "20"]),
    ("450", "0", ["100", "100", "100", "0", "150"]),
    ("30", "30", ["30", "0", "0", "0", "0"]),
]


def opened(found: Allocation) -> dict[int, Decimal]:
    """Open sums by bill, without zeros."""
    sums: dict[int, Decimal] = {}
    for one in found.items:
        sums[one.owed.bill_id] = sums.get(one.owed.bill_id, ZERO) + one.open
    return {bill_id: amount for bill_id, amount in sums.items() if amount}


@pytest.mark.parametrize(("debt", "unbilled", "buckets"), CASES)
def test_the_youngest_charges_are_what_is_owed(
    debt: str, unbilled: str, buckets: list[str]
) -> None:
    found = allocate(Decimal(debt), unbilled=Decimal(unbilled), owed=BILLS)
    items = [OpenItem(one.owed.due_on, one.open) for one in found.items]
    items += [OpenItem(ON, found.unbilled), OpenItem(date(2000, 1, 1), found.older)]
    assert age_debt(items, [30, 60, 90], on=ON) == [Decimal(part) for part in buckets]


PAID = [
    # chosen, debt, what is open by bill: a hundred each was charged.
    ([Chosen(Decimal(100), bill_id=4)], "300", {1: 100, 2: 100, 3: 100}),
    ([Chosen(Decimal(40), bill_id=3)], "360", {1: 100, 2: 100, 3: 60, 4: 100}),
    # More than the bill asks for: the rest pays the oldest.
    ([Chosen(Decimal(150), bill_id=4)], "250", {1: 50, 2: 100, 3: 100}),
    # Less is paid in all than was chosen: what was chosen opens again.
    ([Chosen(Decimal(100), bill_id=2)], "380", {1: 100, 2: 80, 3: 100, 4: 100}),
    ([Chosen(Decimal(50), bill_id=9)], "350", {1: 50, 2: 100, 3: 100, 4: 100}),
]


@pytest.mark.parametrize(("chosen", "debt", "expected"), PAID)
def test_the_payers_choice_is_paid_first(
    chosen: list[Chosen], debt: str, expected: dict[int, int]
) -> None:
    found = allocate(Decimal(debt), unbilled=ZERO, owed=BILLS, chosen=chosen)
    assert opened(found) == expected


def test_a_service_is_paid_through_the_bills_the_oldest_first() -> None:
    lines = [
        owed(number, "50", days_ago=60 - number * 30, service_id=service)
        for number in (1, 2)
        for service in (7, 8)
    ]
    found = allocate(
        Decimal(130), unbilled=ZERO, owed=lines, chosen=[Chosen(Decimal(70), service_id=8)]
    )
    assert [(one.owed.bill_id, one.owed.service_id, one.open) for one in found.items] == [
        *((1, 7, Decimal(50)), (1, 8, ZERO)),
        *((2, 7, Decimal(50)), (2, 8, Decimal(30))),
    ]


def test_of_a_bill_services_are_paid_before_late_fees() -> None:
    bill = [owed(1, "10", is_late_fee=True), owed(1, "90", service_id=7)]
    found = allocate(Decimal(25), unbilled=ZERO, owed=bill)
    assert [one.open for one in found.items] == [Decimal(15), Decimal(10)]


@given(
    debt=MONEY,
    unbilled=MONEY,
    charged=st.lists(MONEY, max_size=6),
    choices=st.lists(st.tuples(MONEY, st.integers(1, 6)), max_size=4),
)
def test_the_parts_add_up_and_stay_within(
    debt: Decimal,
    unbilled: Decimal,
    charged: list[Decimal],
    choices: list[tuple[Decimal, int]],
) -> None:
    bills = [owed(n, str(sum_), days_ago=n * 20) for n, sum_ in enumerate(charged, start=1)]
    chosen = [Chosen(amount, bill_id=number) for amount, number in choices]
    found = allocate(debt, unbilled=unbilled, owed=bills, chosen=chosen)
    assert found.total == debt
    assert all(ZERO <= one.open <= one.owed.charged for one in found.items)
    assert all(ZERO <= one.chosen <= one.owed.charged for one in found.items)
    if debt <= sum((one.owed.charged - one.chosen for one in found.items), unbilled):
        # As long as the debt explains itself, what was chosen is paid.
        assert all(one.open <= one.owed.charged - one.chosen for one in found.items)
