"""
What a format makes of a file: columns of usage, and the lines that are none.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

from rating.domain.suspense import SuspenseReason

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int8]
Lines = npt.NDArray[np.int32]


class UnreadableFile(Exception):
    """The file as a whole is none of its format; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """
    What a format needs to know of the source.

    `time_zone` is that of the file's local times; `area_code` stands before local numbers of
    seven to five digits ("812"); `incoming_contexts` mark calls that came in from other networks.
    """

    time_zone: str = "Europe/Moscow"
    area_code: str = ""
    incoming_contexts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that can't be usage: its number from 1, why, what was found, and the line itself."""

    line: int
    reason: SuspenseReason
    detail: str
    raw: str


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """
    Usage records of a file, in its order; arrays of one length.

    `line` counts from 1. The others are as `rating.domain.usage.UsageColumns` says.
    """

    line: Lines
    record_key: Ints
    subscriber_key: Ints
    started_at: Ints
    kind: Small
    number_b: Ints
    number_b_length: Small
    quantity: Ints

    def __len__(self) -> int:
        return len(self.line)


@dataclass(slots=True, eq=False)
class ParsedUsage:
    """Usage of a file; records = rows of `columns` + `bad` + `not_charged`."""

    columns: Columns
    bad: list[BadLine] = field(default_factory=list)
    not_charged: int = 0

    @property
    def records(self) -> int:
        """How many lines of the file are records, good or bad."""
        return len(self.columns) + len(self.bad) + self.not_charged


DTYPES = {"line": np.int32, "kind": np.int8, "number_b_length": np.int8}


def make_columns(**arrays: npt.NDArray[np.generic]) -> Columns:
    """Return Columns with each array in the type it is kept in."""
    return Columns(**{name: a.astype(DTYPES.get(name, np.int64)) for name, a in arrays.items()})


def joined(parts: Iterable[ParsedUsage]) -> ParsedUsage:
    """Put the parts of a file together, in their order."""
    found = list(parts)
    names = [column.name for column in fields(Columns)]
    if not found:
        return ParsedUsage(make_columns(**{name: np.empty(0, np.int64) for name in names}))
    return ParsedUsage(
        columns=Columns(
            **{name: np.concatenate([getattr(p.columns, name) for p in found]) for name in names}
        ),
        bad=[line for part in found for line in part.bad],
        not_charged=sum(part.not_charged for part in found),
    )
