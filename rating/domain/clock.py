"""
Local time of columns of moments: offsets of a time zone, days, weekdays, holidays, months.

Everything is looked up in arrays made once, from 1990 to 2070; real elapsed time stays UTC.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from rating.domain.usage import FOREVER, Ints
from tariffs.domain.deck import DAY

FIRST_DAY: Final = date(1990, 1, 1)
LAST_DAY: Final = date(2070, 1, 1)
_EPOCH: Final = date(1970, 1, 1)
#: Day number, since 1970, of the first day in the tables.
DAY_ZERO: Final = (FIRST_DAY - _EPOCH).days
DAYS: Final = (LAST_DAY - FIRST_DAY).days
#: Seven weekdays, and the seven again as holidays.
DAY_TYPES: Final = 14
_WEEKDAY_OF_EPOCH: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class ZoneClock:
    """
    Offsets of a time zone: `offsets[i]` seconds hold from `starts[i]` up to `starts[i + 1]`.
    """

    starts: Ints
    offsets: Ints

    def read(self, moments: Ints) -> tuple[Ints, Ints]:
        """Return local seconds since 1970-01-01 local, and the moment the offset changes next."""
        if not len(moments):
            return moments, moments
        low, high = np.searchsorted(self.starts, (moments.min(), moments.max()), side="right") - 1
        if low == high:
            changes = np.broadcast_to(self.starts[low + 1], moments.shape)
            return moments + self.offsets[low], changes
        place = np.searchsorted(self.starts, moments, side="right") - 1
        return moments + self.offsets[place], self.starts[place + 1]


@lru_cache(maxsize=64)
def zone_clock(name: str) -> ZoneClock:
    """Return the offsets of a time zone by its IANA name."""
    zone = ZoneInfo(name)
    moment = _midnight(FIRST_DAY)
    starts, offsets = [-FOREVER], [_offset(zone, moment)]
    half_day = DAY // 2
    for later in range(moment + half_day, _midnight(LAST_DAY) + 1, half_day):
        if _offset(zone, later) != offsets[-1]:
            starts.append(change_between(zone, later - half_day, later))
            offsets.append(_offset(zone, later))
    return ZoneClock(np.array([*starts, FOREVER], np.int64), np.array(offsets, np.int64))


def change_between(zone: ZoneInfo, before: int, after: int) -> int:
    """Return the first moment in (before, after] with the offset of `after`."""
    wanted = _offset(zone, after)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == wanted:
            after = middle
        else:
            before = middle
    return after


def _offset(zone: ZoneInfo, moment: int) -> int:
    offset = datetime.fromtimestamp(moment, zone).utcoffset() or timedelta(0)
    return int(offset.total_seconds())


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def local_midnight(day: date, zone_name: str) -> int:
    """Return the moment at which the day begins in a time zone."""
    zone = ZoneInfo(zone_name)
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def day_types(holidays: Iterable[date]) -> Ints:
    """Return for each day of the tables: weekday 0 (Monday) to 6, plus 7 on a holiday."""
    types = (np.arange(DAY_ZERO, DAY_ZERO + DAYS) + _WEEKDAY_OF_EPOCH) % 7
    for day in holidays:
        if FIRST_DAY <= day < LAST_DAY:
            types[(day - FIRST_DAY).days] += 7
    return types.astype(np.int64)


@lru_cache(maxsize=1)
def month_numbers() -> Ints:
    """Return for each day of the tables its month as the number yyyymm."""
    days = np.arange(DAY_ZERO, DAY_ZERO + DAYS).astype("datetime64[D]")
    months = days.astype("datetime64[M]").astype(np.int64)
    return (months // 12 + 1970) * 100 + months % 12 + 1


def table_day(local_seconds: Ints) -> Ints:
    """Return the row of the day tables for local seconds since 1970, clipped to the tables."""
    return np.clip(local_seconds // DAY - DAY_ZERO, 0, DAYS - 1)
