"""
FreeRADIUS' table `radacct` as CSV with a first line of names: a row per session.

A session with a stop time is usage: bytes up and down together, from its start. One without is
still going on: a partial record.
"""

from collections.abc import Collection, Mapping
from typing import Any, BinaryIO, Final

from rating.formats import radius
from rating.formats.delimited import header_of_lines, parse_lines, raw_of_lines
from rating.formats.documents import Shape, read_recipe
from rating.formats.parsed import DEFAULTS, ParsedUsage, SourceSettings, UnreadableFile
from rating.formats.plugin import Format
from tariffs.domain.deck import UsageKind

COLUMNS: Final = (
    "acctuniqueid",
    "acctsessionid",
    "nasipaddress",
    "username",
    "acctstarttime",
    "acctstoptime",
    "acctinputoctets",
    "acctoutputoctets",
)


def parse(stream: BinaryIO, settings: SourceSettings) -> ParsedUsage:
    """Return the usage of a file. Raises UnreadableFile."""
    wrong = check(settings.mapping)
    if wrong:
        raise UnreadableFile("; ".join(wrong))
    shape = _shape(stream, settings.mapping)
    recipe = read_recipe(_usage(settings.mapping))
    return parse_lines(stream, settings, shape=shape, recipe=recipe)


def header_of(stream: BinaryIO, settings: SourceSettings = DEFAULTS) -> bytes:
    """Return the first line."""
    return header_of_lines(stream, shape=Shape({}, has_header=True))


def raw_of(stream: BinaryIO, numbers: Collection[int], _settings: SourceSettings) -> dict[int, str]:
    """Return lines by their numbers."""
    return raw_of_lines(stream, numbers, shape=Shape({}))


def check(mapping: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the options of a source."""
    return radius.OPTIONS(mapping, "")


def _shape(stream: BinaryIO, mapping: Mapping[str, Any]) -> Shape:
    """Exports are parted by commas, semicolons or tabs: the first line tells."""
    first = header_of(stream)
    delimiter = max(",;\t", key=lambda mark: first.count(mark.encode()))
    named = mapping.get("subscriber", "username")
    columns = [*COLUMNS, *([named] if isinstance(named, str) else named)]
    return Shape({name: name for name in columns}, delimiter=delimiter, has_header=True)


def _usage(mapping: Mapping[str, Any]) -> dict[str, Any]:
    kind = mapping.get("kind", UsageKind.SESSION.code)
    return {
        "kind": kind,
        "subscriber": {
            "column": mapping.get("subscriber", "username"),
            "as": "login" if kind == UsageKind.SESSION.code else "number",
            "strip_realm": mapping.get("strip_realm", False),
        },
        "started_at": {"column": "acctstarttime"},
        "quantity": [
            {"column": "acctinputoctets", "unit": "bytes", "may_be_empty": True},
            {"column": "acctoutputoctets", "unit": "bytes", "may_be_empty": True},
        ],
        "record_id": [["acctuniqueid"], ["acctsessionid", "nasipaddress", "username"]],
        "partial": {"is_part": {"column": "acctstoptime", "in": NO_TIME}, "counts": "running"},
    }


NO_TIME: Final = ["", "NULL", "\\N", "0000-00-00 00:00:00"]
FORMAT: Final = Format("radius_csv", "RADIUS radacct CSV", parse, header_of, raw_of, check)
