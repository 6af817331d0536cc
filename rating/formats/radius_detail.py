"""
FreeRADIUS `detail` files: accounting requests as blocks of attributes.

    Sat Nov 21 10:05:00 2026
        Acct-Status-Type = Stop
        User-Name = "ivanov"
        …

A session's Stop is its usage: bytes up and down together, octets with their gigawords, from the
moment when it began. Start and Interim-Update say how far it has come: they are partial records.
A record out of suspense is its block on one line, tabs in place of line ends.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from rating.domain.suspense import SuspenseReason
from rating.formats import radius
from rating.formats.interpreting import interpret
from rating.formats.parsed import BadLine, ParsedUsage, SourceSettings, UnreadableFile
from rating.formats.plugin import Format, no_header
from rating.formats.records import Found, kept_record, make_records
from rating.formats.rows import readable, refuse_other_encodings

_ATTRIBUTE: Final = re.compile(r"([A-Za-z0-9_.-]+)\s*(?::=|\+=|=)\s*(.*)")
_ZONE_NAME: Final = re.compile(r"\s+([A-Z]{2,5})$")
_UTC_NAMES: Final = ("UTC", "GMT")
_STAMPS: Final = ("%b %d %Y %H:%M:%S", "%a %b %d %H:%M:%S %Y", "%Y-%m-%dT%H:%M:%S%z")


def parse(stream: BinaryIO, settings: SourceSettings) -> ParsedUsage:
    """Return the usage of a file. Raises UnreadableFile if it is no text."""
    wrong = check(settings.mapping)
    if wrong:
        raise UnreadableFile("; ".join(wrong))
    bad: list[BadLine] = []
    zone = ZoneInfo(settings.time_zone)
    found = [_with_moment(block, zone) for block in _blocks(stream, bad)]
    recipe = radius.recipe_of(settings.mapping)
    records = make_records(found, columns=recipe.columns, bad=bad)
    return interpret(records, recipe, settings)


def raw_of(stream: BinaryIO, numbers: Collection[int], _settings: SourceSettings) -> dict[int, str]:
    """Return blocks by the numbers of their first lines, each on one line."""
    return {
        block.line: kept_record(block.raw) for block in _blocks(stream, []) if block.line in numbers
    }


def _blocks(stream: BinaryIO, bad: list[BadLine]) -> Iterator[Found]:
    """Yield the blocks: a line without indent and those with one below it, or all on one line."""
    first = 0
    pieces: list[str] = []
    for number, line in enumerate(_lines(stream), start=1):
        if line[:1] in ("\t", " ") and pieces:
            pieces.append(line.strip())
            continue
        if pieces:
            yield from _block(first, pieces, bad)
        first, pieces = number, [piece.strip() for piece in line.split("\t") if piece.strip()]
    if pieces:
        yield from _block(first, pieces, bad)


def _lines(stream: BinaryIO) -> Iterator[str]:
    for number, line in enumerate(stream):
        if not number:
            refuse_other_encodings(line)
        yield readable(line.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n"))


def _block(line: int, pieces: list[str], bad: list[BadLine]) -> Iterator[Found]:
    """Yield a block, or set it aside: without a status it is no accounting request."""
    raw = "\t".join(pieces)
    fields = {"Header": pieces[0]}
    for piece in pieces[1:]:
        match = _ATTRIBUTE.fullmatch(piece)
        if match:
            fields.setdefault(match[1], _value(match[2]))
    if "Acct-Status-Type" in fields:
        yield Found(line, raw, fields)
    else:
        detail = _("no Acct-Status-Type")
        bad.append(BadLine(line, SuspenseReason.MALFORMED_LINE, detail, kept_record(raw)))


def _value(text: str) -> str:
    """Return an attribute's value without quotes and escapes."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return text


def _with_moment(block: Found, zone: ZoneInfo) -> Found:
    """Add the moment of the request, as the client had it, in seconds since 1970."""
    fields = block.fields
    moment = _moment(fields.get("Event-Timestamp", ""), zone)
    if moment is None:
        received = _whole(fields.get("Timestamp", "")) or _moment(fields["Header"], zone)
        moment = (
            None
            if received is None
            else received - (_whole(fields.get("Acct-Delay-Time", "")) or 0)
        )
    return Found(block.line, block.raw, {**fields, radius.MOMENT: str(moment or "")})


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None


def _moment(text: str, zone: ZoneInfo) -> int | None:
    """Return a time as FreeRADIUS prints it; a zone's name other than UTC is the source's zone."""
    if _whole(text) is not None:
        return _whole(text)
    named = _ZONE_NAME.search(text)
    plain = _ZONE_NAME.sub("", text)
    for stamp in _STAMPS:
        try:
            moment = datetime.strptime(" ".join(plain.split()), stamp)  # noqa: DTZ007
        except ValueError:
            continue
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC if named and named[1] in _UTC_NAMES else zone)
        return int(moment.timestamp())
    return None


def check(mapping: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the options of a source."""
    return radius.OPTIONS(mapping, "")


FORMAT: Final = Format("radius_detail", "RADIUS detail", parse, no_header, raw_of, check)
