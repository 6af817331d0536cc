"""
Cisco CUCM's CDR files: the first line names the columns, the second says their types.

A call is charged from dateTimeConnect (seconds since 1970, UTC) for its duration; one without
duration is not. Who forwarded the call pays for it: `lastRedirectDn`, if it is not the number that
was called in the end; else who called. `origDeviceName` tells calls that came in from other
networks: the names of those gateways and trunks are the source's incoming contexts. Numbers behind
an outside line's digit are read without it (option `strip_prefixes`).
"""

from collections.abc import Collection, Mapping
from io import BytesIO
from typing import Any, BinaryIO, Final

from rating.formats import schema
from rating.formats.delimited import header_of_lines, parse_lines, raw_of_lines
from rating.formats.documents import Shape, read_recipe
from rating.formats.parsed import DEFAULTS, ParsedUsage, SourceSettings, UnreadableFile
from rating.formats.plugin import Format
from tariffs.domain.deck import UsageKind

COLUMNS: Final = (
    "globalCallID_callManagerId",
    "globalCallID_callId",
    "origLegCallIdentifier",
    "dateTimeConnect",
    "callingPartyNumber",
    "originalCalledPartyNumber",
    "finalCalledPartyNumber",
    "lastRedirectDn",
    "duration",
    "pkid",
    "origDeviceName",
)
_OPTIONS: Final = schema.record(
    {
        "subscriber": schema.one_of(COLUMNS),
        "strip_prefixes": schema.many(schema.text),
        "forwarder_pays": schema.flag,
    }
)
_SHAPE: Final = Shape({name: name for name in COLUMNS}, has_header=True)


def parse(stream: BinaryIO, settings: SourceSettings) -> ParsedUsage:
    """Return the usage of a file. Raises UnreadableFile."""
    wrong = check(settings.mapping)
    if wrong:
        raise UnreadableFile("; ".join(wrong))
    recipe = read_recipe(_usage(settings.mapping))
    return parse_lines(_without_types(stream), settings, shape=_SHAPE, recipe=recipe)


def header_of(stream: BinaryIO, settings: SourceSettings = DEFAULTS) -> bytes:
    """Return the line with the names; the types are not needed."""
    return header_of_lines(stream, shape=_SHAPE)


def raw_of(stream: BinaryIO, numbers: Collection[int], _settings: SourceSettings) -> dict[int, str]:
    """Return lines by their numbers."""
    return raw_of_lines(stream, numbers, shape=_SHAPE)


def check(mapping: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the options of a source."""
    return _OPTIONS(mapping, "")


def _without_types(stream: BinaryIO) -> BinaryIO:
    """Blank the line of types, so that the others keep their numbers."""
    names, types = stream.readline(), stream.readline()
    first = types.split(b",", 1)[0].strip(b' "\r\n').upper()
    if first.startswith((b"INTEGER", b"VARCHAR", b"UNIQUEIDENTIFIER")):
        return BytesIO(names + b"\n" + stream.read())
    stream.seek(0)
    return stream


def _usage(mapping: Mapping[str, Any]) -> dict[str, Any]:
    usage: dict[str, Any] = {
        "kind": UsageKind.VOICE.code,
        "subscriber": {"column": mapping.get("subscriber", "callingPartyNumber"), "as": "number"},
        "started_at": {"column": "dateTimeConnect", "epoch": "seconds"},
        "quantity": {"column": "duration"},
        "other_number": ["finalCalledPartyNumber", "originalCalledPartyNumber"],
        "record_id": [
            ["pkid"],
            ["globalCallID_callId", "globalCallID_callManagerId", "origLegCallIdentifier"],
        ],
        "not_charged": [{"column": "duration", "in": ["0"]}],
        "context": "origDeviceName",
        **{key: mapping[key] for key in ("strip_prefixes",) if key in mapping},
    }
    if mapping.get("forwarder_pays", True):
        usage["forwarded_by"] = "lastRedirectDn"
    return usage


FORMAT: Final = Format("cisco_cucm", "Cisco CUCM", parse, header_of, raw_of, check)
