"""
Moments as files write them, to seconds since 1970.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from rating.formats.parsed import Ints

LOCAL: Final = "%Y-%m-%d %H:%M:%S"
#: Seconds since 1970, and whether the text was a time.
Moments = tuple[Ints, npt.NDArray[np.bool_]]
_PER_SECOND: Final = {"seconds": 1, "milliseconds": 1_000, "microseconds": 1_000_000}
OFFSET: Final = "%Y-%m-%dT%H:%M:%S%z"


def read_local_times(texts: pl.Series, *, time_zone: str, pattern: str = LOCAL) -> Moments:
    """
    Return the moments of local times, and whether each is one.

    The hour that comes twice in autumn is taken for the first of the two, always; the one that is
    missing in spring is no time at all.
    """
    moments = texts.str.to_datetime(pattern, strict=False, time_unit="ms")
    if isinstance(moments.dtype, pl.Datetime) and moments.dtype.time_zone:
        # The pattern reads an offset: these are moments already.
        return _seconds(moments)
    zoned = moments.dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")
    return _seconds(zoned)


def read_epoch(texts: pl.Series, *, unit: str = "seconds") -> Moments:
    """Return moments given as seconds, milliseconds or microseconds since 1970; 0 is none."""
    value = texts.str.extract(r"^(\d{1,18})(?:\.\d*)?$").cast(pl.Int64, strict=False).fill_null(0)
    seconds = value.to_numpy() // _PER_SECOND[unit]
    return seconds, seconds > 0


def read_zoned_times(texts: pl.Series, *, time_zone: str) -> Moments:
    """As `read_local_times`, and also ISO 8601 with an offset (`2026-11-22T10:00:00+03:00`, `Z`)."""

    def local(some: pl.Series) -> Moments:
        return read_local_times(some, time_zone=time_zone)

    # Files keep to one way of writing, so the way of the first line is tried first.
    has_offset = len(texts) > 0 and "T" in (texts[0] or "")
    order = (_with_offset, local, _mended) if has_offset else (local, _with_offset, _mended)
    seconds, known = order[0](texts)
    for way in order[1:]:
        others = np.flatnonzero(~known)
        if len(others):
            seconds, known = seconds.copy(), known.copy()
            seconds[others], known[others] = way(texts.gather(others))
    return seconds, known


def _with_offset(texts: pl.Series) -> Moments:
    return _seconds(texts.str.to_datetime(OFFSET, strict=False, time_unit="ms"))


def _mended(texts: pl.Series) -> Moments:
    """Read what has a blank for the T, or a Z."""
    return _with_offset(texts.str.replace("Z$", "+00:00").str.replace(" ", "T", literal=True))


def _seconds(moments: pl.Series) -> Moments:
    known = moments.is_not_null().to_numpy()
    return moments.dt.epoch("s").fill_null(0).to_numpy().astype(np.int64), known
