"""Samples of what switches write, sources that read them, and what is in them in a few words."""

from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from rating.formats import FORMATS, ParsedUsage, Parts, SourceSettings

SAMPLES = Path(__file__).parent / "samples"
DAY = datetime(2026, 11, 20, tzinfo=UTC)

SOFTSWITCH: Mapping[str, Any] = {
    "file": {
        "type": "csv",
        "encoding": "cp1251",
        "delimiter": ";",
        "header": True,
        "skip_lines": 1,
        "trailer": {"begins_with": "ИТОГО", "count": 1},
    },
    "columns": {
        "id": "номер",
        "type": "тип",
        "a": "абонент",
        "b": "кому",
        "at": "начало",
        "length": "длительность",
    },
    "usage": {
        "kind": {"column": "type", "values": {"ВЫЗОВ": "voice", "СМС": "sms"}},
        "subscriber": {"column": "a"},
        "started_at": {"column": "at", "format": "%d.%m.%Y %H:%M:%S"},
        "quantity": {
            "voice": {"column": "length", "unit": "hh:mm:ss"},
            "sms": {"column": "one", "unit": "messages"},
        },
        "other_number": "b",
        "record_id": ["id"],
    },
    "constants": {"one": "1"},
}
FIXED: Mapping[str, Any] = {
    "file": {
        "type": "fixed",
        "skip_lines": 1,
        "length": 62,
        "trailer": {"begins_with": "TRL", "count": [4, 10]},
    },
    "columns": {
        "seq": [0, 6],
        "a": [6, 21],
        "b": [21, 39],
        "at": [39, 53],
        "length": [53, 59],
        "type": [59, 62],
    },
    "usage": {
        "kind": "voice",
        "subscriber": {"column": "a"},
        "started_at": {"column": "at", "format": "%Y%m%d%H%M%S", "zone": "Europe/Moscow"},
        "quantity": {"column": "length"},
        "other_number": "b",
        "record_id": ["seq", "at"],
        "direction": {"column": "type", "incoming": ["MTC"]},
        "sequence": "seq",
    },
}


def parse(format_code: str, data: bytes | str, **settings: Any) -> ParsedUsage:
    """Parse bytes, text, or the sample of a name."""
    if isinstance(data, str):
        data = data.encode()
    return FORMATS[format_code].parse(BytesIO(data), SourceSettings(**settings))


def sample(name: str) -> bytes:
    """Return the bytes of a sample."""
    return (SAMPLES / name).read_bytes()


def told(parsed: ParsedUsage) -> list[tuple[int, ...]]:
    """Line, subscriber, Moscow hhmmss of 20 November, kind, number, quantity of the records."""
    return _told(parsed.columns)


def told_parts(parts: Parts) -> list[tuple[int, ...]]:
    """The same of partial records, with the part's number and whether it is the last."""
    return [
        (*row, number, last)
        for row, number, last in zip(
            _told(parts.columns), parts.number.tolist(), parts.is_last.tolist(), strict=True
        )
    ]


def _told(columns: Any) -> list[tuple[int, ...]]:
    midnight = int(DAY.timestamp()) - 3 * 3600
    return [
        (line, who, _clock(at - midnight), kind, other, quantity)
        for line, who, at, kind, other, quantity in zip(
            columns.line.tolist(),
            columns.subscriber_key.tolist(),
            columns.started_at.tolist(),
            columns.kind.tolist(),
            columns.number_b.tolist(),
            columns.quantity.tolist(),
            strict=True,
        )
    ]


def _clock(seconds: int) -> int:
    return seconds // 3600 * 10000 + seconds // 60 % 60 * 100 + seconds % 60


def troubles(parsed: ParsedUsage) -> list[tuple[int, str]]:
    """Lines and reasons of what can't be usage."""
    return sorted((bad.line, bad.reason.value) for bad in parsed.bad)
