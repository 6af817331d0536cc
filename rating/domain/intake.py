"""
From the usage of a batch's files to the records that will be priced: once each, in order of time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from rating.domain.usage import Bools, Ints, UsageColumns

Lines = npt.NDArray[np.int32]
Small = npt.NDArray[np.int8]


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


def joined(parts: Sequence[Intake]) -> Intake:
    """Put the usage of files together, in their order."""
    names = (field.name for field in fields(Intake))
    return Intake(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def first_deliveries(source_id: npt.NDArray[np.int16], record_key: Ints) -> Bools:
    """Return which records come for the first time; what is given first counts as first."""
    if not len(record_key):
        return np.zeros(0, np.bool_)
    is_one_source = source_id.min() == source_id.max()
    order = (
        np.argsort(record_key, kind="stable")
        if is_one_source
        else np.lexsort((record_key, source_id))
    )
    key, source = record_key[order], source_id[order]
    is_first = np.empty(len(order), np.bool_)
    is_first[0] = True
    is_first[1:] = (key[1:] != key[:-1]) | (source[1:] != source[:-1])
    answer = np.empty(len(order), np.bool_)
    answer[order] = is_first
    return answer


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
    return intake.some(np.lexsort((intake.record_key, intake.started_at)))
