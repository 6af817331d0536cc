"""
What a format makes of a file: columns of usage, and the lines that are none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rating.domain.suspense import SuspenseReason

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int8]
Lines = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


class UnreadableFile(Exception):
    """The file as a whole is none of its format; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """
    What a format needs to know of the source.

    `time_zone` is that of the file's local times; `area_code` stands before local numbers of
    seven to five digits ("812"); `incoming_contexts` mark calls that came in from other networks.
    `mapping` is the source's own document, as its format understands it (docs/formats.md). An
    excerpt is some lines of a file in UTF-8, out of suspense: nothing is asked of it as a whole.
    """

    time_zone: str = "Europe/Moscow"
    area_code: str = ""
    incoming_contexts: frozenset[str] = frozenset()
    mapping: Mapping[str, Any] = field(default_factory=dict)
    is_excerpt: bool = False


DEFAULTS: Final = SourceSettings()


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


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """
    Partial records: pieces of calls that the switch cut up, or reports of calls still going on.

    `columns.record_key` is the key of the whole call, `number` tells its parts apart. Pieces add up
    to the call; reports (`is_running`) count from its beginning, the newest says all.
    """

    columns: Columns
    number: Ints
    is_last: Bools
    is_running: Bools

    def __len__(self) -> int:
        return len(self.columns)


def no_parts() -> Parts:
    """Return no partial records."""
    none = np.zeros(0, np.int64)
    return Parts(no_columns(), none, none.astype(bool), none.astype(bool))


@dataclass(frozen=True, slots=True, eq=False)
class Corrected:
    """Records that take the place of ones delivered before, with their numbers, above 0."""

    columns: Columns
    number: Ints

    def __len__(self) -> int:
        return len(self.number)


def none_corrected() -> Corrected:
    """Return no corrected records."""
    return Corrected(no_columns(), np.zeros(0, np.int64))


@dataclass(slots=True, eq=False)
class ParsedUsage:
    """
    Usage of a file; records = rows of `columns`, `parts`, `corrected` + `bad` + `not_charged`.

    `ended` are keys of calls, reported on before, that ended with a record of `columns`.
    `sequence` are the switch's running numbers of all records that bear one.
    """

    columns: Columns
    bad: list[BadLine] = field(default_factory=list)
    not_charged: int = 0
    parts: Parts = field(default_factory=no_parts)
    ended: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    sequence: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    corrected: Corrected = field(default_factory=none_corrected)

    @property
    def records(self) -> int:
        """How many lines of the file are records, good or bad."""
        read = len(self.columns) + len(self.parts) + len(self.corrected)
        return read + len(self.bad) + self.not_charged


DTYPES = {"line": np.int32, "kind": np.int8, "number_b_length": np.int8}


def make_columns(**arrays: npt.NDArray[np.generic]) -> Columns:
    """Return Columns with each array in the type it is kept in."""
    return Columns(
        **{name: a.astype(DTYPES.get(name, np.int64), copy=False) for name, a in arrays.items()}
    )


def some_of(columns: Columns, rows: npt.NDArray[Any]) -> Columns:
    """Return the records at these positions, or where the mask is true."""
    return Columns(*(getattr(columns, column.name)[rows] for column in fields(Columns)))


def no_columns() -> Columns:
    """Return no usage."""
    return make_columns(**{column.name: np.empty(0, np.int64) for column in fields(Columns)})


def joined_columns(parts: Iterable[Columns]) -> Columns:
    """Put columns one after the other; there must be some."""
    found = list(parts)
    return Columns(
        *(
            np.concatenate([getattr(part, column.name) for part in found])
            for column in fields(Columns)
        )
    )


def joined(parts: Iterable[ParsedUsage]) -> ParsedUsage:
    """Put the parts of a file together, in their order."""
    found = list(parts)
    if not found:
        return ParsedUsage(no_columns())
    return ParsedUsage(
        columns=joined_columns(part.columns for part in found),
        bad=[line for part in found for line in part.bad],
        not_charged=sum(part.not_charged for part in found),
        parts=Parts(
            joined_columns(part.parts.columns for part in found),
            np.concatenate([part.parts.number for part in found]),
            np.concatenate([part.parts.is_last for part in found]),
            np.concatenate([part.parts.is_running for part in found]),
        ),
        ended=np.concatenate([part.ended for part in found]),
        sequence=np.concatenate([part.sequence for part in found]),
        corrected=Corrected(
            joined_columns(part.corrected.columns for part in found),
            np.concatenate([part.corrected.number for part in found]),
        ),
    )
