"""Master.csv: what is charged, from when, and what broken lines do to their neighbours."""

from datetime import UTC, datetime
from io import BytesIO

import pytest

from rating.domain.suspense import SuspenseReason
from rating.formats import FORMATS, ParsedUsage, SourceSettings, UnreadableFile
from rating.formats.rows import raw_lines, read_blocks


def line(**changes: str) -> str:
    call = {
        "src": "79215550101",
        "dst": "89031234567",
        "dcontext": "internal",
        "clid": '""Иванов"" <79215550101>',
        "answer": "2026-11-20 10:00:05",
        "billsec": "55",
        "disposition": "ANSWERED",
        "uniqueid": "1763778000.1",
        "tail": '"uniq"',
        **changes,
    }
    return (
        '"","{src}","{dst}","{dcontext}","{clid}","SIP/a-1","SIP/b-2","Dial","SIP/b,60",'
        '"2026-11-20 10:00:00","{answer}","2026-11-20 10:01:00",60,{billsec},"{disposition}",'
        '"DOCUMENTATION","{uniqueid}",""'
    ).format(**call)


def parse(*lines: str, **settings: object) -> ParsedUsage:
    return parse_bytes("\n".join(lines).encode() + b"\n", **settings)


def parse_bytes(data: bytes, **settings: object) -> ParsedUsage:
    return FORMATS["asterisk"].parse(BytesIO(data), SourceSettings(**settings))


def troubles(parsed: ParsedUsage) -> list[tuple[int, str]]:
    return sorted((bad.line, bad.reason.value) for bad in parsed.bad)


def test_a_call_is_charged_from_its_answer_for_its_billsec() -> None:
    columns = parse(line()).columns
    moment = datetime(2026, 11, 20, 7, 0, 5, tzinfo=UTC)
    assert columns.started_at.tolist() == [int(moment.timestamp())]
    assert (columns.quantity.tolist(), columns.kind.tolist()) == ([55], [1])
    assert columns.subscriber_key.tolist() == [79215550101]
    assert (columns.number_b.tolist(), columns.number_b_length.tolist()) == ([79031234567], [11])


def test_gmt_times_are_those_of_a_source_in_utc() -> None:
    moment = parse(line(), time_zone="UTC").columns.started_at.item()
    assert moment - parse(line()).columns.started_at.item() == 3 * 3600


def test_the_hour_that_comes_twice_is_the_first_of_the_two() -> None:
    found = parse(line(answer="2026-10-25 02:30:00"), time_zone="Europe/Berlin").columns
    assert found.started_at.tolist() == [int(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp())]


def test_the_hour_that_is_missing_is_a_bad_time() -> None:
    parsed = parse(line(answer="2026-03-29 02:30:00"), time_zone="Europe/Berlin")
    assert troubles(parsed) == [(1, "bad_time")]


def test_unanswered_calls_are_counted_and_not_charged() -> None:
    parsed = parse(line(), line(disposition="NO ANSWER", answer=""), line(disposition="BUSY"))
    assert (len(parsed.columns), parsed.not_charged, parsed.records) == (1, 2, 3)
    assert parsed.bad == []


def test_calls_from_other_networks_are_not_charged() -> None:
    parsed = parse(line(), line(dcontext="from-trunk"), incoming_contexts=frozenset({"from-trunk"}))
    assert (len(parsed.columns), parsed.not_charged) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "reason", "detail"),
    [
        ({"billsec": "-5"}, "bad_duration", "billsec: -5"),
        ({"billsec": "x"}, "bad_duration", "billsec: x"),
        ({"answer": "2026-13-45 00:00:00"}, "bad_time", "answer: 2026-13-45 00:00:00"),
        ({"answer": ""}, "bad_time", "answer: "),
        ({"src": "100"}, "bad_subscriber", "src: 100"),
        ({"dst": "0A12"}, "bad_number", "dst: 0A12"),
    ],
)
def test_a_bad_field_suspends_its_line_only(
    changes: dict[str, str], reason: str, detail: str
) -> None:
    parsed = parse(line(), line(**changes), line())
    assert parsed.columns.line.tolist() == [1, 3]
    [bad] = parsed.bad
    assert (bad.line, bad.reason, bad.detail) == (2, SuspenseReason(reason), detail)
    assert bad.raw == line(**changes)


def test_an_open_quote_does_not_swallow_the_lines_after_it() -> None:
    broken = line(dcontext='inter"nal')
    parsed = parse(line(), broken, line(uniqueid="2"), broken, line(uniqueid="3"))
    assert parsed.columns.line.tolist() == [1, 3, 5]
    assert troubles(parsed) == [(2, "malformed_line"), (4, "malformed_line")]


@pytest.mark.parametrize("context", ['a"b"c', '"a"b', 'a""', '"",""'])
def test_quotes_in_the_wrong_place_do_not_touch_the_neighbours(context: str) -> None:
    parsed = parse(line(), line(dcontext=context), line(uniqueid="3"))
    assert {1, 3} <= set(parsed.columns.line.tolist())
    assert parsed.records == 3


@pytest.mark.parametrize(
    "torn", ['"a"b,c,"d"', '"","7921",89","x",1,"2', '""""l""', '"","Dial","x"y,"z"']
)
def test_a_torn_line_with_quotes_in_the_wrong_place_is_suspended(torn: str) -> None:
    parsed = parse(line(), torn, line(uniqueid="3"))
    assert parsed.columns.line.tolist() == [1, 3]
    assert troubles(parsed) == [(2, "malformed_line")]


@pytest.mark.parametrize("short", ["a,b,c", "x", ",".join("x" * 22)])
def test_a_wrong_number_of_columns_suspends_the_line(short: str) -> None:
    parsed = parse(short, line())
    assert parsed.columns.line.tolist() == [2]
    assert troubles(parsed) == [(1, "malformed_line")]


def test_sixteen_to_twenty_one_columns_are_a_record() -> None:
    sixteen = line().rsplit(",", 2)[0]
    most = line() + ',"","linked","7"'
    assert len(parse(sixteen, line(), most).columns) == 3
    assert troubles(parse(most + ",more")) == [(1, "malformed_line")]


def test_an_empty_sixteenth_column_is_no_missing_one() -> None:
    sixteen = line().rsplit(",", 3)[0] + ","
    assert sixteen.count(",") - 1 == 15  # one comma stands inside quotes
    assert len(parse(sixteen).columns) == 1


def test_other_encodings_suspend_their_line() -> None:
    data = f"{line()}\n{line(clid='Пётр')}\n".encode("cp1251") + line().encode() + b"\n"
    parsed = parse_bytes(data)
    assert parsed.columns.line.tolist() == [3]
    assert troubles(parsed) == [(1, "wrong_encoding"), (2, "wrong_encoding")]
    assert parsed.bad[0].raw.startswith('"","79215550101"')


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_a_file_of_another_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(UnreadableFile, match="UTF-8"):
        parse_bytes(line().encode(encoding))


def test_line_ends_and_a_byte_order_mark_do_not_matter() -> None:
    plain = parse(line(), line(uniqueid="2")).columns
    data = b"\xef\xbb\xbf" + f"{line()}\r\n\r\n{line(uniqueid='2')}".encode()
    other = parse_bytes(data)
    assert other.columns.record_key.tolist() == plain.record_key.tolist()
    assert (other.columns.line.tolist(), other.records) == ([1, 3], 2)


def test_nul_bytes_reach_no_database() -> None:
    data = line(billsec="-1").encode() + b"\n" + b"x" * 5000 + b"\n" + line(dst="1\x002").encode()
    parsed = parse_bytes(data)
    assert [bad.raw.count("\0") for bad in parsed.bad] == [0, 0, 0]
    assert "1\\x002" in parsed.bad[-1].raw


def test_the_record_key_is_uniqueid_and_sequence() -> None:
    most = ',"","linked","{}"'
    keys = parse(
        line(), line(billsec="99"), line() + most.format(1), line() + most.format(2)
    ).columns.record_key.tolist()
    assert keys[0] == keys[1]
    assert len({keys[0], keys[2], keys[3]}) == 3


def test_without_uniqueid_the_call_itself_is_the_key() -> None:
    bare = [text.rsplit(",", 2)[0] for text in (line(), line(), line(billsec="99"))]
    keys = parse(*bare).columns.record_key.tolist()
    assert keys[0] == keys[1] != keys[2]


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line(uniqueid=str(number), billsec=str(number - 3)) for number in range(50)]
    lines[20] = lines[20].replace("internal", 'inter"nal')
    whole = parse(*lines)
    monkeypatch.setitem(read_blocks.__kwdefaults__, "size", 300)
    parts = parse(*lines)
    assert parts.columns.line.tolist() == whole.columns.line.tolist()
    assert parts.columns.record_key.tolist() == whole.columns.record_key.tolist()
    assert troubles(parts) == troubles(whole) != []


@pytest.mark.parametrize("size", [1, 7, 16, 1000])
def test_lines_are_found_again_wherever_blocks_end(size: int) -> None:
    text = "\ufeffone\r\n\ntwo\nдва\nlast".encode()
    wanted = [5, 1, 4, 2, 9]
    found = raw_lines(BytesIO(text), wanted, size=size)
    assert found == {1: "one", 2: "", 4: "два", 5: "last"}
