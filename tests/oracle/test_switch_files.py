"""The plain readers give what the product's formats give, good lines and bad ones."""

from io import BytesIO
from pathlib import Path

import pytest

from accounts.domain.identifiers import subscriber_key
from rating.formats.asterisk import parse as parse_asterisk
from rating.formats.parsed import ParsedUsage, SourceSettings
from rating.formats.retel_csv import parse as parse_retel_csv
from tariffs.domain.deck import UsageKind
from tests.oracle.plain_rating import Record
from tests.oracle.switch_files import Intake, Source, in_order, key_number, read_files

NUMBERS = (
    "+79215550101",
    "89215550102",
    "9215550103",
    "5550104",
    "112",
    "81049301234567",
    "0049301234567",
    "380441234567",
    "01",
    "0",
    "1",
    "",
    "12345678",
    "abc",
    "+7921555010a",
    "++79215550101",
    "1234567890123456",
    "+123456789012345",
    "00",
    "0010",
    "79215550105",
)
TIMES = (
    "2026-05-05 12:00:00",
    "2026-10-25 02:30:00",
    "2026-03-29 02:30:00",
    "2026-05-05T12:00:00",
    "2026-05-05 12:60:00",
    "2026-02-30 12:00:00",
    "",
    "yesterday",
    "2026-05-05 12:00",
)
LENGTHS = ("0", "61", "-1", "", "1.5", "x", "999999999")


def asterisk_line(
    *,
    src: str = "79215550101",
    dst: str = "79215550102",
    at: str = TIMES[0],
    length: str = "60",
    disposition: str = "ANSWERED",
    context: str = "out",
    unique: str = "u",
    sequence: str = "1",
) -> str:
    cells = [
        "",
        src,
        dst,
        context,
        '""A"" <1>',
        "SIP/1",
        "SIP/2",
        "Dial",
        "x,y",
        at,
        at,
        at,
        "70",
        length,
        disposition,
        "3",
        unique,
        "",
        "",
        "",
        sequence,
    ]
    return ",".join(f'"{cell}"' for cell in cells)


def asterisk_lines() -> list[str]:
    varied = [
        *(asterisk_line(dst=number) for number in NUMBERS),
        *(asterisk_line(src=number) for number in NUMBERS),
        *(asterisk_line(at=at) for at in TIMES),
        *(asterisk_line(length=length) for length in LENGTHS),
        asterisk_line(disposition="NO ANSWER"),
        asterisk_line(context="from-outside"),
    ]
    return [line.replace('"u"', f'"u{place}"') for place, line in enumerate(varied)] + [
        asterisk_line(unique="", dst="79215550109"),
        "a,b,c",
        '"never closed',
    ]


@pytest.mark.parametrize("area_code", ["", "812"])
def test_asterisk(tmp_path: Path, area_code: str) -> None:
    data = "\n".join(asterisk_lines()).encode() + b"\nb\xff,d\n"
    path = tmp_path / "Master.csv"
    path.write_bytes(data)
    zone = "Europe/Berlin"
    plain = read_files(
        [(Source("a", "asterisk", zone, area_code, frozenset({"from-outside"})), path)]
    )
    settings = SourceSettings(
        time_zone=zone, area_code=area_code, incoming_contexts=frozenset({"from-outside"})
    )
    assert_same(parse_asterisk(BytesIO(data), settings), plain)


def test_retel_csv(tmp_path: Path) -> None:
    def line(place: int, **cells: str) -> str:
        row = {
            "id": f"r{place}",
            "kind": "sms",
            "who": "79215550101",
            "at": TIMES[0],
            "units": "1",
            "other": "79215550102",
        } | cells
        return ",".join(row.values())

    changes = [
        *({"other": number} for number in NUMBERS),
        *({"who": number} for number in NUMBERS),
        *({"at": at} for at in (*TIMES, "2026-05-05T12:00:00Z", "2026-05-05T12:00:00+05:00")),
        *({"units": length} for length in (*LENGTHS, "1000000000000000")),
        *({"kind": kind, "other": ""} for kind in ("voice", "data", "session", "telex", "")),
        {"kind": "session", "who": "Ivanov", "other": ""},
        {"id": ""},
        {"id": "r0"},
    ]
    lines = [line(place, **change) for place, change in enumerate(changes)]
    head = "record_id,kind,subscriber,started_at,quantity,other_number"
    data = "\n".join([head, *lines, "x,y"]).encode()
    path = tmp_path / "usage.csv"
    path.write_bytes(data)
    plain = read_files([(Source("r", "retel_csv", "Europe/Berlin"), path)])
    settings = SourceSettings(
        time_zone="Europe/Berlin", area_code="", incoming_contexts=frozenset()
    )
    assert_same(parse_retel_csv(BytesIO(data), settings), plain)


def assert_same(parsed: ParsedUsage, plain: Intake) -> None:
    columns = parsed.columns
    found = {
        (*rest, str(number).zfill(length) if length else "")
        for *rest, number, length in zip(
            columns.subscriber_key.tolist(),
            columns.started_at.tolist(),
            columns.kind.tolist(),
            columns.quantity.tolist(),
            columns.number_b.tolist(),
            columns.number_b_length.tolist(),
            strict=True,
        )
    }
    expected = {
        (subscriber_key(r.subscriber), r.at, int(UsageKind.from_code(r.kind)), r.quantity, r.number)
        for r in plain.records
    }
    assert found == expected
    assert len(columns) == len(plain.records) + plain.duplicates
    assert len(parsed.bad) == sum(plain.refused.values())
    assert parsed.not_charged == plain.not_charged


def test_records_of_one_second_come_in_the_order_of_their_keys() -> None:
    rows = [(5, key, Record("7001", 5, "sms", key, 1)) for key in ("a", "b", "c", "d")]
    expected = sorted(("a", "b", "c", "d"), key=key_number)
    assert [record.number for record in in_order(rows)] == expected
