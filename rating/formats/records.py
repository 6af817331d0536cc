"""
Records that are no lines of columns (JSON, RADIUS detail): texts by name, with the line of each.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from rating.domain.suspense import SuspenseReason
from rating.formats.parsed import BadLine, Ints
from rating.formats.rows import kept_text, unpaired

#: Cut off here a record of JSON could not be read again; the longest are some ten thousand.
MOST_KEPT: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Found:
    """One record: the number of its first line, itself as one line, and its fields."""

    line: int
    raw: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class TextRecords:
    """Readable records of a file as text columns."""

    frame: pl.DataFrame
    line: Ints
    raw: list[str]
    bad: list[BadLine] = field(default_factory=list)

    def keep(self, wanted: npt.NDArray[np.bool_]) -> "TextRecords":
        """Return some of the records."""
        raw = [self.raw[row] for row in np.flatnonzero(wanted).tolist()]
        frame = self.frame.filter(pl.Series(wanted, dtype=pl.Boolean))
        return TextRecords(frame, self.line[wanted], raw, self.bad)

    def changed(self, change: Callable[[str], str]) -> "TextRecords":
        """Return the records with each text changed."""
        columns = {s.name: [change(text) for text in s.to_list()] for s in self.frame}
        frame = pl.DataFrame(columns, schema=self.frame.schema)
        return TextRecords(frame, self.line, self.raw, self.bad)

    def bad_line(self, row: int, reason: SuspenseReason, detail: str) -> BadLine:
        """Describe one of the records as bad."""
        return BadLine(int(self.line[row]), reason, detail[:200], kept_record(self.raw[row]))


def make_records(
    found: Iterable[Found], *, columns: Iterable[str], bad: list[BadLine]
) -> TextRecords:
    """Return records as columns; a field that a record lacks is empty."""
    records = list(found)
    frame = pl.DataFrame(
        {name: [unpaired(record.fields.get(name, "")) for record in records] for name in columns},
        schema=dict.fromkeys(columns, pl.String),
    )
    line = np.array([record.line for record in records], np.int64)
    return TextRecords(frame, line, [record.raw for record in records], bad)


def kept_record(raw: str) -> str:
    """Return a record as the suspense keeps it."""
    return kept_text(raw, most=MOST_KEPT)
