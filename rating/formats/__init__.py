"""
Formats of usage files: a file's bytes to columns. A new one is a module here and a line below.

Each has `parse(stream, settings) -> ParsedUsage` and `header_of(stream) -> bytes`, the line without
which single lines of the file can't be read again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final

from rating.formats import asterisk, retel_csv
from rating.formats.parsed import (
    BadLine,
    Columns,
    ParsedUsage,
    SourceSettings,
    UnreadableFile,
)

__all__ = [
    "FORMATS",
    "BadLine",
    "Columns",
    "Format",
    "ParsedUsage",
    "SourceSettings",
    "UnreadableFile",
]


@dataclass(frozen=True, slots=True)
class Format:
    """A format by its code, with a name for people."""

    name: str
    parse: Callable[[BinaryIO, SourceSettings], ParsedUsage]
    header_of: Callable[[BinaryIO], bytes]


FORMATS: Final = {
    "asterisk": Format("Asterisk Master.csv", asterisk.parse, asterisk.header_of),
    "retel_csv": Format("Retel CSV", retel_csv.parse, retel_csv.header_of),
}
