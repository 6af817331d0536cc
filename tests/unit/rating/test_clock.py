"""Local time in columns against the time zone's own clock."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rating.domain.clock import (
    DAY_ZERO,
    day_types,
    local_midnight,
    month_numbers,
    table_day,
    zone_clock,
)
from tests.unit.rating.operators import TIME_ZONES, moment


@settings(deadline=None)
@given(st.sampled_from(TIME_ZONES), st.lists(st.integers(946_684_800, 2_500_000_000), min_size=1))
def test_local_time_is_that_of_the_zone(name: str, moments: list[int]) -> None:
    local, changes = zone_clock(name).read(np.array(moments, np.int64))
    expected = [
        int(datetime.fromtimestamp(at, ZoneInfo(name)).replace(tzinfo=ZoneInfo("UTC")).timestamp())
        for at in moments
    ]
    assert local.tolist() == expected
    assert np.all(changes > moments)


@pytest.mark.parametrize(
    ("at", "hour", "change"),
    [
        ("2026-03-29T00:59:59", 1, "2026-03-29T01:00:00"),
        ("2026-03-29T01:00:00", 3, "2026-10-25T01:00:00"),
        ("2026-10-25T00:59:59", 2, "2026-10-25T01:00:00"),
        ("2026-10-25T01:00:00", 2, "2027-03-28T01:00:00"),
    ],
)
def test_berlin_changes_its_clocks(at: str, hour: int, change: str) -> None:
    local, changes = zone_clock("Europe/Berlin").read(np.array([moment(at)]))
    assert int(local[0]) % 86400 // 3600 == hour
    assert int(changes[0]) == moment(change)


def test_days_have_weekday_holiday_and_month() -> None:
    types = day_types([date(2026, 5, 9)])
    days = [
        (day - date(1970, 1, 1)).days - DAY_ZERO for day in (date(2026, 5, 8), date(2026, 5, 9))
    ]
    assert types[days].tolist() == [4, 12]
    assert month_numbers()[days].tolist() == [202605, 202605]
    assert month_numbers()[table_day(np.array([moment("2025-12-31T23:59:59")]))].tolist() == [
        202512
    ]


def test_midnight_is_local() -> None:
    assert local_midnight(date(2026, 1, 1), "Europe/Moscow") == moment("2025-12-31T21:00:00")
