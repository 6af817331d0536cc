"""
From the usage of a batch's files to the records that will be priced: once each, in order of time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rating.domain.usage import Ints, UsageColumns

Lines = npt.NDArray[np.int32]
Small = npt.NDArray[np.int8]
HOUR: Final = 3600

#: A record on disk: what an intake has, and its place among all records of the batch.
RECORD: Final = np.dtype(
    [
        ("ordinal", "<i8"),
        ("record_key", "<i8"),
        ("subscriber_key", "<i8"),
        ("started_at", "<i8"),
        ("number_b", "<i8"),
        ("quantity", "<i8"),
        ("file", "<i4"),
        ("line", "<i4"),
        ("source_id", "<i2"),
        ("kind", "i1"),
        ("number_b_length", "i1"),
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    """
    Usage of many files; arrays of one length, in the narrowest type that holds them.

    `file` is the position of the file in the batch, `line` the line there from 1; the others are as
    `UsageColumns` says.
    """

    file: Lines
    line: Lines
    source_id: npt.NDArray[np.int16]
    record_key: Ints
    subscriber_key: Ints
    started_at: Ints
    kind: Small
    number_b: Ints
    number_b_length: Small
    quantity: Ints

    def __len__(self) -> int:
        return len(self.record_key)

    def some(self, rows: npt.NDArray[Any]) -> "Intake":
        """Return the records at these positions, or where the mask is true."""
        return Intake(*(getattr(self, field.name)[rows] for field in fields(self)))

    def part(self, start: int, stop: int) -> "Intake":
        """Return the records from one position up to another."""
        return Intake(*(getattr(self, field.name)[start:stop] for field in fields(self)))

    def usage(self) -> UsageColumns:
        """Return what the core prices."""
        names = (field.name for field in fields(UsageColumns))
        return UsageColumns(*(getattr(self, name).astype(np.int64) for name in names))


def to_rows(intake: Intake, *, first_ordinal: int) -> npt.NDArray[Any]:
    """Return the records as RECORD rows, numbered from the ordinal on."""
    rows = np.empty(len(intake), RECORD)
    rows["ordinal"] = np.arange(first_ordinal, first_ordinal + len(intake))
    for field in fields(Intake):
        rows[field.name] = getattr(intake, field.name)
    return rows


def of_rows(rows: npt.NDArray[Any]) -> Intake:
    """Return RECORD rows as an intake in order of time."""
    ordered = rows.take(time_order(rows["started_at"].copy(), rows["record_key"].copy()))
    return Intake(*(ordered[field.name].copy() for field in fields(Intake)))


def time_order(started_at: Ints, record_key: Ints) -> Ints:
    """Return the order by start, then by record key: one sort, of as much of both as 63 bits hold."""
    if not len(started_at):
        return np.zeros(0, np.int64)
    since = started_at - started_at.min()
    room = 63 - int(since.max()).bit_length()
    # A key's sign is turned, so that its bits ascend as it does.
    key = record_key.view(np.uint64) ^ np.uint64(1 << 63)
    packed = (since << room) | (key >> np.uint64(64 - room)).view(np.int64)
    order = np.argsort(packed)
    ordered = packed[order]
    if (ordered[1:] == ordered[:-1]).any():
        return np.lexsort((record_key, started_at))
    return order


def joined(parts: Sequence[Intake]) -> Intake:
    """Put the usage of files together, in their order."""
    names = (field.name for field in fields(Intake))
    return Intake(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def find_keys(wanted: Ints, known: Ints) -> Ints:
    """Return the position of each wanted key among the known ones, -1 if it is not there."""
    if not len(known):
        return np.full(len(wanted), -1, np.int64)
    order = np.argsort(known, kind="stable")
    place = np.searchsorted(known, wanted, sorter=order)
    place[place == len(known)] = 0
    found = order[place]
    return np.where(known[found] == wanted, found, -1)


def chronological(intake: Intake) -> Intake:
    """Order by the start, then by record key, so that every run meets the same order."""
    return intake.some(time_order(intake.started_at, intake.record_key))


def hours_of(moments: Ints) -> list[int]:
    """
    Return the hours since 1970 in which the moments lie, each once, in order.

    >>> hours_of(np.array([7200, 3599, 7201]))
    [0, 2]
    """
    if not len(moments):
        return []
    hours = moments // HOUR
    first = int(hours.min())
    # All times of a batch lie within four years: counting is much cheaper than sorting.
    found: list[int] = (np.flatnonzero(np.bincount(hours - first)) + first).tolist()
    return found


def merged_hours(hours: Iterable[int], *, most: int = 48) -> list[tuple[int, int]]:
    """
    Return periods [first, stop) in seconds that cover the hours since 1970, at most so many.

    >>> merged_hours([5, 3, 4, 900], most=2)
    [(10800, 21600), (3240000, 3243600)]
    """
    found = np.unique(np.fromiter(hours, np.int64))
    if not len(found):
        return []
    gaps = np.diff(found) - 1
    # The widest gaps stay gaps.
    widest = np.sort(np.argsort(gaps, kind="stable")[::-1][: most - 1])
    breaks = widest[gaps[widest] > 0]
    firsts, lasts = np.append(0, breaks + 1), np.append(breaks, len(found) - 1)
    return [
        (int(found[first]) * HOUR, int(found[last] + 1) * HOUR)
        for first, last in zip(firsts, lasts, strict=True)
    ]
