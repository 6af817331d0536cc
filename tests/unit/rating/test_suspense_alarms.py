"""When a reason's share grows beyond what is usual."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.domain.suspense_alarms import DayOfReason, Threshold, alarming, is_alarming

COUNTS = st.integers(0, 10_000)


def day(suspended: int, records: int, usual: int = 100, of: int = 10_000) -> DayOfReason:
    return DayOfReason(1, "no_rate", suspended, records, usual, of)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (day(31, 1000), True),
        (day(30, 1000), False),  # three times is not more than three times
        (day(9, 10), False),  # too few to speak of
        (day(10, 10), True),
        (day(11, 1000, 0), True),  # never before
        (day(10, 1000, 0), False),  # 1 % is not more than 1 %
        (day(11, 1000, 0, 0), True),  # a source without a past
        (day(0, 0, 0, 0), False),
        (day(500, 1000, 3000), False),
    ],
)
def test_when(one: DayOfReason, expected: bool) -> None:
    assert is_alarming(one, Threshold()) is expected


@given(COUNTS, st.integers(1, 10_000), COUNTS, st.integers(1, 10_000))
def test_more_of_it_never_calms(suspended: int, records: int, usual: int, of: int) -> None:
    suspended, usual = min(suspended, records), min(usual, of)
    calm = is_alarming(day(suspended, records, usual, of), Threshold())
    more = is_alarming(day(min(suspended + 1, records), records, usual, of), Threshold())
    assert more or not calm


def test_each_source_by_its_own_threshold() -> None:
    strict = Threshold(times=Decimal(1), least_percent=Decimal(0), least_records=1)
    days = [day(20, 1000), DayOfReason(2, "no_rate", 20, 1000, 100, 10_000)]
    assert alarming(days, {2: strict}) == [days[1]]
    assert alarming(days, {0: strict}) == days
    assert alarming(days, {}) == []
