"""
The fields of a suspended record's line by their names, for people who correct them.
"""

import csv
from dataclasses import dataclass
from typing import Final

from rating.formats import FORMATS
from rating.models import UsageFile
from rating.operations.suspense.reading import header_of

#: Columns of formats whose files don't name them.
NAMES: Final = {
    "asterisk": (
        "accountcode",
        "src",
        "dst",
        "dcontext",
        "clid",
        "channel",
        "dstchannel",
        "lastapp",
        "lastdata",
        "start",
        "answer",
        "end",
        "duration",
        "billsec",
        "disposition",
        "amaflags",
        "uniqueid",
        "userfield",
        "peeraccount",
        "linkedid",
        "sequence",
    ),
}
_DELIMITERS: Final = ",;\t|"


@dataclass(frozen=True, slots=True)
class Fields:
    """The names of a line's fields in their order, and what stands between them."""

    names: tuple[str, ...]
    delimiter: str = ","

    def position(self, column: str) -> int | None:
        """Return the place of a column given by its name, or by its number from 1."""
        if column in self.names:
            return self.names.index(column)
        return int(column) - 1 if column.isdecimal() and int(column) > 0 else None


def fields_of(file: UsageFile) -> Fields:
    """Return the fields of a file's lines; no names where nobody knows them."""
    if file.source is None or file.source.format not in FORMATS:
        return Fields(())
    known = NAMES.get(file.source.format)
    if known:
        return Fields(known)
    header = header_of(file).decode("utf-8", "replace").splitlines()
    if not header:
        return Fields(())
    delimiter = max(_DELIMITERS, key=header[0].count)
    names = next(csv.reader([header[0]], delimiter=delimiter), [])
    return Fields(tuple(name.strip() for name in names), delimiter)
