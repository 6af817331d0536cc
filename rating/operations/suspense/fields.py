"""
The fields of a suspended record's line by their names, for people who correct them.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rating.formats import FORMATS
from rating.formats.freeswitch_csv import TEMPLATES
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
    if file.source.format in NAMES:
        return Fields(NAMES[file.source.format])
    mapping = file.source.mapping
    if file.source.format == "freeswitch_csv":
        template = TEMPLATES.get(mapping.get("template", "example"), "")
        return Fields(tuple(mapping.get("columns") or template.split()))
    if file.source.format == "mapping":
        return _mapped(file, mapping.get("file", {}))
    lead = _lead(file)
    return _named(lead[0], max(_DELIMITERS, key=lead[0].count)) if lead else Fields(())


def _mapped(file: UsageFile, described: Mapping[str, Any]) -> Fields:
    """Return what the source's own document says; lines of fixed width have no delimiter."""
    delimiter = described.get("delimiter", ",")
    lead = _lead(file)
    if described.get("type") != "csv" or not described.get("header") or not lead:
        return Fields((), delimiter)
    return _named(lead[-1], delimiter)


def _lead(file: UsageFile) -> list[str]:
    return header_of(file).decode("utf-8", "replace").splitlines()


def _named(line: str, delimiter: str) -> Fields:
    names = next(csv.reader([line], delimiter=delimiter), [])
    return Fields(tuple(name.strip() for name in names), delimiter)
