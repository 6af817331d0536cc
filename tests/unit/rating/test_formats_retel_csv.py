"""Retel's own CSV: header, kinds, subscribers by number or login, times with and without offset."""

from datetime import UTC, datetime
from io import BytesIO

import pytest
from django.utils import translation

from accounts.domain.identifiers import subscriber_key
from rating.formats import FORMATS, ParsedUsage, SourceSettings, UnreadableFile

HEADER = "record_id,kind,subscriber,started_at,quantity,other_number"
TEN = int(datetime(2026, 11, 20, 7, tzinfo=UTC).timestamp())


def parse(*lines: str, header: str = HEADER) -> ParsedUsage:
    data = "\n".join([header, *lines, ""]).encode()
    return FORMATS["retel_csv"].parse(BytesIO(data), SourceSettings())


def test_each_kind_is_read() -> None:
    columns = parse(
        "1,sms,79215550101,2026-11-20 10:00:00,2,89031234567",
        "2,data,+79215550101,2026-11-20 10:00:00,1048576,",
        "3,session,Ivanov,2026-11-20 10:00:00,500,",
        "4,voice,89215550101,2026-11-20 10:00:00,60,112",
    ).columns
    assert columns.kind.tolist() == [2, 3, 4, 1]
    assert columns.quantity.tolist() == [2, 1048576, 500, 60]
    number = 79215550101
    assert columns.subscriber_key.tolist() == [number, number, subscriber_key("ivanov"), number]
    assert columns.number_b.tolist() == [79031234567, 0, 0, 112]
    assert columns.line.tolist() == [2, 3, 4, 5]


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-20 10:00:00",
        "2026-11-20T10:00:00+03:00",
        "2026-11-20T07:00:00Z",
        "2026-11-20 12:00:00+05:00",
    ],
)
def test_times_with_and_without_offset(moment: str) -> None:
    assert parse(f"1,data,79215550101,{moment},1,").columns.started_at.tolist() == [TEN]


def test_columns_may_come_in_any_order_with_others_between() -> None:
    parsed = parse(
        "x,2026-11-20 10:00:00,,79215550101,7,data,1",
        header="cell,started_at,other_number,subscriber,quantity,kind,record_id",
    )
    assert parsed.columns.started_at.tolist() == [TEN]
    assert parsed.columns.quantity.tolist() == [7]


@pytest.mark.parametrize("header", ["", "a,b,c", HEADER.replace("quantity", "amount")])
def test_a_file_without_its_header_is_refused(header: str) -> None:
    with translation.override("en"), pytest.raises(UnreadableFile, match="not name the columns"):
        parse("1,sms,79215550101,2026-11-20 10:00:00,2,89031234567", header=header)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,fax,79215550101,2026-11-20 10:00:00,2,89031234567", "unknown_kind"),
        ("1,sms,79215550101,2026-11-20 10:00:00,-2,89031234567", "bad_duration"),
        ("1,data,79215550101,2026-11-20 10:00:00,1000000000000000,", "bad_duration"),
        ("1,sms,79215550101,yesterday,2,89031234567", "bad_time"),
        ("1,data,ivanov,2026-11-20 10:00:00,2,", "bad_subscriber"),
        ("1,session,,2026-11-20 10:00:00,2,", "bad_subscriber"),
        ("1,sms,79215550101,2026-11-20 10:00:00,2,", "bad_number"),
        ("1,sms,79215550101,2026-11-20 10:00:00,2", "malformed_line"),
        ("1,sms,79215550101,2026-11-20 10:00:00,2,112,7", "malformed_line"),
    ],
)
def test_a_bad_line_waits_and_the_next_is_read(line: str, reason: str) -> None:
    parsed = parse(line, "2,data,79215550101,2026-11-20 10:00:00,1,")
    assert [(bad.line, bad.reason.value) for bad in parsed.bad] == [(2, reason)]
    assert parsed.columns.line.tolist() == [3]


def test_the_record_id_is_the_key_and_else_the_whole_record() -> None:
    same, other = "79215550101,2026-11-20 10:00:00,1,", "79215550101,2026-11-20 10:00:00,2,"
    keys = parse(
        f"r,data,{same}", f"r,data,{other}", f",data,{same}", f",data,{same}", f",data,{other}"
    ).columns.record_key.tolist()
    assert keys[0] == keys[1]
    assert keys[2] == keys[3]
    assert len({keys[0], keys[2], keys[4]}) == 3


def test_an_empty_file_with_a_header_has_no_records() -> None:
    assert parse().records == 0


@pytest.mark.parametrize(
    ("told", "numbers", "bad"),
    [
        ("", [], 0),
        ("0", [], 0),
        ("3", [3], 0),
        (" 3 ", [3], 0),
        ("x", [], 1),
        ("-1", [], 1),
        ("10001", [], 1),
    ],
)
def test_a_correction_is_set_apart_with_its_number(told: str, numbers: list[int], bad: int) -> None:
    header = "record_id,kind,subscriber,started_at,quantity,other_number,correction"
    line = f"1,sms,79210000000,2026-11-20T10:00:00Z,1,79031234567,{told}"
    parsed = FORMATS["retel_csv"].parse(BytesIO(f"{header}\n{line}\n".encode()), SourceSettings())
    assert parsed.corrected.number.tolist() == numbers
    assert (len(parsed.columns), len(parsed.bad)) == (1 - len(numbers) - bad, bad)
    assert parsed.records == 1


def test_what_has_no_id_cannot_be_corrected() -> None:
    header = "record_id,kind,subscriber,started_at,quantity,other_number,correction"
    line = ",sms,79210000000,2026-11-20T10:00:00Z,1,79031234567,1"
    parsed = FORMATS["retel_csv"].parse(BytesIO(f"{header}\n{line}\n".encode()), SourceSettings())
    assert [one.detail for one in parsed.bad] == ["correction: 1"]
