"""Mapping documents: what they can say, what is wrong with them, and what comes of files."""

from copy import deepcopy
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.identifiers import subscriber_key
from rating.formats import FORMATS, ParsedUsage, UnreadableFile
from rating.formats.documents import check_document
from rating.formats.networks import put_in_front
from rating.formats.numbers import read_numbers
from rating.formats.quantities import read_term
from rating.formats.recipe import Term
from tests.unit.rating.switches import FIXED, SOFTSWITCH, parse, sample, told, told_parts, troubles

COLUMNS = "id type a b at length visited dir via part last seq".split()
PLAIN: dict[str, Any] = {
    "columns": {name: place for place, name in enumerate(COLUMNS)},
    "usage": {
        "kind": "voice",
        "subscriber": {"column": "a"},
        "started_at": {"column": "at"},
        "quantity": {"column": "length"},
        "other_number": "b",
        "record_id": ["id"],
    },
}
IVANOV = 79215550101
CALL = (1, IVANOV, 100000, 1, 79031234567, 55)


def line(**changes: str) -> str:
    call = {
        "id": "1",
        "a": "79215550101",
        "b": "89031234567",
        "at": "2026-11-20 10:00:00",
        "length": "55",
        **changes,
    }
    return ",".join(call.get(name, "") for name in COLUMNS)


def mapping(file: dict[str, Any] | None = None, **usage: Any) -> dict[str, Any]:
    return {**PLAIN, **({"file": file} if file else {}), "usage": {**PLAIN["usage"], **usage}}


def read(*lines: str, source: dict[str, Any] | None = None, **usage: Any) -> ParsedUsage:
    return parse("mapping", "\n".join(lines) + "\n", mapping=mapping(**usage), **(source or {}))


def test_a_call_is_read() -> None:
    assert told(read(line())) == [CALL]


# What a document says beyond the plain one, a line, and the record or trouble that comes of it.
SAYS: list[tuple[str, dict[str, Any], dict[str, str], Any]] = [
    (
        "kind by value",
        {"kind": {"column": "type", "values": {"S": "sms", "V": "voice"}}},
        {"type": "S", "length": "2"},
        (1, IVANOV, 100000, 2, 79031234567, 2),
    ),
    ("kind unknown", {"kind": {"column": "type", "values": {"S": "sms"}}}, {}, "unknown_kind"),
    (
        "data have no other number",
        {"kind": "data", "quantity": {"column": "length", "unit": "KB"}},
        {"b": "internet.mts.ru", "length": "3"},
        (1, IVANOV, 100000, 3, 0, 3072),
    ),
    (
        "a session has a login",
        {"kind": "session"},
        {"a": "Ivanov"},
        (1, subscriber_key("ivanov"), 100000, 4, 0, 55),
    ),
    (
        "a call may have a login",
        {"subscriber": {"column": "a", "as": "login"}},
        {"a": "ivanov"},
        (1, subscriber_key("ivanov"), *CALL[2:]),
    ),
    ("no login", {"kind": "session"}, {"a": " "}, "bad_subscriber"),
    (
        "the first filled of two",
        {"subscriber": {"column": ["via", "a"]}},
        {"via": "79215550102"},
        (1, 79215550102, *CALL[2:]),
    ),
    (
        "seconds since 1970",
        {"started_at": {"column": "at", "epoch": "seconds"}},
        {"at": "1795158000"},
        CALL,
    ),
    (
        "microseconds",
        {"started_at": {"column": "at", "epoch": "microseconds"}},
        {"at": "1795158000999999"},
        CALL,
    ),
    ("no moment", {"started_at": {"column": "at", "epoch": "seconds"}}, {"at": "0"}, "bad_time"),
    ("iso with an offset", {}, {"at": "2026-11-20T07:00:00Z"}, CALL),
    (
        "a zone of its own",
        {"started_at": {"column": "at", "zone": "Asia/Yekaterinburg"}},
        {"at": "2026-11-20 12:00:00"},
        CALL,
    ),
    (
        "a pattern with an offset",
        {"started_at": {"column": "at", "format": "%d/%m/%y %H%M%S %z"}},
        {"at": "20/11/26 090000 +0200"},
        CALL,
    ),
    (
        "date and time apart",
        {"started_at": {"column": ["type", "at"], "join": True, "format": "%Y%m%d %H:%M:%S"}},
        {"type": "20261120", "at": "10:00:00"},
        CALL,
    ),
    (
        "the end and the length",
        {"started_at": {"column": "at", "minus": "length"}},
        {"at": "2026-11-20 10:00:55"},
        CALL,
    ),
    (
        "a sum",
        {"kind": "data", "quantity": [{"column": "length"}, {"column": "part", "unit": "MB"}]},
        {"part": "1"},
        (*CALL[:3], 3, 0, 55 + 2**20),
    ),
    (
        "a term that may be empty",
        {"quantity": [{"column": "length"}, {"column": "part", "may_be_empty": True}]},
        {},
        CALL,
    ),
    ("a term that may not", {"quantity": [{"column": "part"}]}, {}, "bad_duration"),
    ("a counter that is broken", {}, {"length": "1" * 15}, (*CALL[:5], 111111111111111)),
    ("a counter beyond reason", {}, {"length": "9" * 16}, "bad_duration"),
    (
        "not charged",
        {"not_charged": [{"column": "type", "in": ["FREE"]}, {"column": "length", "in": ["0"]}]},
        {"length": "0"},
        None,
    ),
    ("charged", {"not_charged": [{"column": "type", "in": ["FREE"]}]}, {"type": "PAID"}, CALL),
    ("not charged unless", {"not_charged": [{"column": "type", "not_in": ["PAID"]}]}, {}, None),
    ("not charged if filled", {"not_charged": [{"column": "type"}]}, {"type": "x"}, None),
    (
        "from another network",
        {"direction": {"column": "dir", "incoming": ["MT"]}},
        {"dir": "MT"},
        None,
    ),
    ("a prefix of the exchange", {"strip_prefixes": ["9", "#31#"]}, {"b": "989031234567"}, CALL),
    ("a hidden number", {"strip_prefixes": ["9", "#31#"]}, {"b": "#31#89031234567"}, CALL),
    ("forwarded", {"forwarded_by": "via"}, {"via": "79215550102"}, (1, 79215550102, *CALL[2:])),
    ("not forwarded", {"forwarded_by": "via"}, {"via": "89031234567"}, CALL),
    ("forwarded by nobody", {"forwarded_by": "via"}, {}, CALL),
    ("forwarded by a desk", {"forwarded_by": "via"}, {"via": "201"}, "bad_subscriber"),
    # Roaming: 28 and the country code of the network stand before the number called.
    ("at home", {"roaming": {"column": "visited", "home": ["250"]}}, {"visited": "25001"}, CALL),
    ("nowhere", {"roaming": {"column": "visited"}}, {}, CALL),
    (
        "in Germany",
        {"roaming": {"column": "visited", "home": ["250"]}},
        {"visited": "26201"},
        (*CALL[:4], 2826279031234567, 55),
    ),
    (
        "in a network of its own code",
        {"roaming": {"column": "visited", "codes": {"DEUD": "301", "DE": "300"}}},
        {"visited": "DEUD1"},
        (*CALL[:4], 2830179031234567, 55),
    ),
    ("in no network known", {"roaming": {"column": "visited"}}, {"visited": "DE"}, "bad_number"),
    (
        "help abroad is help",
        {"roaming": {"column": "visited"}},
        {"visited": "26201", "b": "112"},
        (*CALL[:4], 112, 55),
    ),
    (
        "data abroad",
        {"roaming": {"column": "visited"}, "kind": "data"},
        {"visited": "26201"},
        (*CALL[:3], 3, 28262, 55),
    ),
    (
        "a call received abroad is paid by who was called",
        {
            "roaming": {"column": "visited"},
            "direction": {"column": "dir", "incoming": ["MT"], "pays_roaming": True},
        },
        {"visited": "26201", "dir": "MT", "a": "84951234567", "b": "79215550101"},
        (*CALL[:4], 8326274951234567, 55),
    ),
    (
        "a call received at home is paid by nobody",
        {
            "roaming": {"column": "visited", "home": ["250"]},
            "direction": {"column": "dir", "incoming": ["MT"], "pays_roaming": True},
        },
        {"visited": "25002", "dir": "MT", "a": "84951234567", "b": "79215550101"},
        None,
    ),
]


@pytest.mark.parametrize(
    ("usage", "changes", "expected"), [case[1:] for case in SAYS], ids=[case[0] for case in SAYS]
)
def test_a_record_is_read_as_the_document_says(
    usage: dict[str, Any], changes: dict[str, str], expected: Any
) -> None:
    parsed = read(line(**changes), **usage)
    assert parsed.records == 1
    if expected is None:
        assert (parsed.not_charged, told(parsed), parsed.bad) == (1, [], [])
    elif isinstance(expected, str):
        assert (told(parsed), troubles(parsed)) == ([], [(1, expected)])
    else:
        assert (told(parsed), troubles(parsed)) == ([expected], [])


def test_contexts_of_the_source_are_not_charged() -> None:
    source = {"incoming_contexts": frozenset({"trunk"})}
    parsed = read(line(), line(dir="trunk"), context="dir", source=source)
    assert (told(parsed), parsed.not_charged) == ([CALL], 1)


def test_parts_are_told_from_whole_records() -> None:
    partial = {
        "is_part": {"column": "part"},
        "last": {"column": "last", "in": ["L"]},
        "number": "part",
    }
    parsed = read(
        line(),
        line(id="2", part="1", length="0"),
        line(id="2", part="2", last="L"),
        line(id="2", part="x"),
        partial=partial,
        not_charged=[{"column": "length", "in": ["0"]}],
    )
    assert told(parsed) == [CALL]
    assert told_parts(parsed.parts) == [
        (2, *CALL[1:5], 0, 0, False),
        (3, *CALL[1:], 1, True),
    ]
    assert troubles(parsed) == [(4, "malformed_line")]
    [key] = set(parsed.parts.columns.record_key.tolist())
    assert key != parsed.columns.record_key.item()
    assert parsed.records == 4


def test_pieces_without_numbers_are_told_apart_by_their_start() -> None:
    partial = {"is_part": {"column": "last"}, "last": {"column": "last", "in": ["L"]}}
    parsed = read(line(last="P"), line(last="L", at="2026-11-20 10:30:00"), partial=partial)
    assert parsed.parts.number.tolist() == [-1795158000, -1795159800]


def test_running_numbers_of_all_records_are_seen() -> None:
    lines = [
        line(id=n, seq=n, length=length) for n, length in (("7", "0"), ("9", "55"), ("x", "x"))
    ]
    parsed = read(*lines, sequence="seq", not_charged=[{"column": "length", "in": ["0"]}])
    assert parsed.sequence.tolist() == [7, 9]


def test_without_an_id_everything_that_counts_is_the_key() -> None:
    document = mapping()
    del document["usage"]["record_id"]
    text = "\n".join([line(), line(type="other"), line(length="56")])
    keys = parse("mapping", text, mapping=document).columns.record_key.tolist()
    assert keys[0] == keys[1] != keys[2]


def test_the_key_is_that_of_its_columns_wherever_they_stand() -> None:
    moved = deepcopy(PLAIN)
    moved["columns"] = {name: 11 - place for name, place in PLAIN["columns"].items()}
    text = ",".join(reversed(line().split(",")))
    there = parse("mapping", text, mapping=moved).columns.record_key.item()
    assert there == read(line()).columns.record_key.item()


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("quote", ['"', "'", ""])
def test_delimiters_and_quotes_are_the_sources(delimiter: str, quote: str) -> None:
    text = delimiter.join(quote + cell + quote for cell in line().split(","))
    parsed = read(text, file={"delimiter": delimiter, "quote": quote})
    assert (told(parsed), parsed.bad) == ([CALL], [])


def test_a_wrong_number_of_columns_is_malformed() -> None:
    parsed = read(line(), "1,2,3", "", line() + ",more", file={"length": 12})
    assert troubles(parsed) == [(2, "malformed_line"), (4, "malformed_line")]
    assert told(parsed) == [CALL]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("cp1251", "Пётр"), ("koi8-r", "Пётр"), ("cp866", "Пётр"), ("utf-8", "Пётр")],
)
def test_encodings_are_the_sources(encoding: str, name: str) -> None:
    document = mapping(
        file={"encoding": encoding}, kind={"column": "type", "values": {name: "voice"}}
    )
    parsed = parse("mapping", line(type=name).encode(encoding), mapping=document)
    assert told(parsed) == [CALL]


def test_bytes_of_another_encoding_suspend_their_line() -> None:
    data = line(type="Пётр").encode("cp1251") + b"\n" + line().encode()
    parsed = parse("mapping", data, mapping=mapping())
    assert (told(parsed), troubles(parsed)) == ([(2, *CALL[1:])], [(1, "wrong_encoding")])
    fixed = sample("fixed_width.txt").replace(b"MOC\n", "МО\n".encode("cp1251"), 1)
    broken = parse("mapping", fixed, mapping=FIXED)
    assert troubles(broken) == [(2, "wrong_encoding")]


def trailer(**more: Any) -> dict[str, Any]:
    document = deepcopy(dict(SOFTSWITCH))
    document["file"]["trailer"].update(more)
    return document


def test_a_last_line_that_counts_otherwise_refuses_the_file() -> None:
    data = sample("softswitch_cp1251.csv").replace(b";3\n", b";4\n")
    with pytest.raises(UnreadableFile, match=r"4.*3"):
        parse("mapping", data, mapping=SOFTSWITCH)


@pytest.mark.parametrize("document", [SOFTSWITCH, trailer(on_difference="report")])
def test_a_file_without_its_last_line_is_refused(document: dict[str, Any]) -> None:
    lines = sample("softswitch_cp1251.csv").splitlines()
    with pytest.raises(UnreadableFile):
        parse("mapping", b"\n".join(lines[:-1]), mapping=document)


def test_a_last_line_that_counts_otherwise_may_be_reported() -> None:
    data = sample("softswitch_cp1251.csv").replace(b";3\n", b";4\n")
    parsed = parse("mapping", data, mapping=trailer(on_difference="report"))
    assert len(parsed.columns) == 3
    assert troubles(parsed) == [(6, "wrong_count")]
    assert parsed.bad[0].raw == "ИТОГО;4"


def test_bad_records_count_too() -> None:
    data = sample("fixed_width.txt").replace(b"20261120100005", b"20269920100005")
    assert parse("mapping", data, mapping=FIXED).records == 3


def test_a_header_that_lacks_a_column_refuses_the_file() -> None:
    data = sample("softswitch_cp1251.csv").replace("кому".encode("cp1251"), b"whom")
    with pytest.raises(UnreadableFile, match="кому"):
        parse("mapping", data, mapping=SOFTSWITCH)


# A change of the plain document, and what the check says of it.
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"columns": {}}, "columns: "),
    ({"columns": {"a": -1}}, "columns.a: "),
    ({"columns": {"a": "name"}}, "columns.a: "),
    ({"columns": {"a": [0, 5]}}, "columns.a: "),
    ({"colums": {}}, "colums: "),
    ({"usage": {}}, "usage.kind: "),
    ({"usage": 7}, "usage: "),
    ({"file": {"type": "xml"}}, "file.type: "),
    ({"file": {"encoding": "utf-16"}}, "file.encoding: "),
    ({"file": {"delimiter": "::"}}, "file.delimiter: "),
    ({"file": {"delimiter": ""}}, "file.delimiter: "),
    ({"file": {"header": "yes"}}, "file.header: "),
    ({"file": {"skip_lines": True}}, "file.skip_lines: "),
    ({"file": {"trailer": {"count": 1}}}, "file.trailer.begins_with: "),
    ({"file": {"type": "json"}}, "columns.id: "),
    ({"file": {"type": "fixed"}}, "columns.id: "),
    ({"kind": "fax"}, "usage.kind: "),
    ({"kind": {"column": "type"}}, "usage.kind.values: "),
    ({"kind": {"column": "type", "values": {"x": "fax"}}}, "usage.kind.values.x: "),
    ({"subscriber": "a"}, "usage.subscriber: "),
    ({"subscriber": {"column": "nobody"}}, "nobody"),
    ({"subscriber": {"column": "a", "as": "name"}}, "usage.subscriber.as: "),
    ({"started_at": {"column": "at", "zone": "Europe/Ladoga"}}, "usage.started_at.zone: "),
    ({"started_at": {"column": "at", "epoch": "days"}}, "usage.started_at.epoch: "),
    ({"started_at": {"column": "at", "epoch": "seconds", "format": "%s"}}, "usage.started_at: "),
    ({"quantity": {"column": "length", "unit": "fortnights"}}, "usage.quantity.unit: "),
    ({"quantity": {"fax": {"column": "length"}}}, "usage.quantity.fax: "),
    ({"quantity": []}, "usage.quantity: "),
    ({"other_number": [7]}, "usage.other_number.0: "),
    ({"not_charged": [{"column": "type", "in": "x"}]}, "usage.not_charged.0.in: "),
    ({"roaming": {"column": "visited", "codes": {"D": "49"}}}, "usage.roaming.codes.D: "),
    ({"partial": {"is_part": {"column": "part"}}}, "usage.partial.last: "),
    ({"record_id": []}, "usage.record_id: "),
    ({"forwarded_by": ""}, "usage.forwarded_by: "),
    ({"sequence": 1}, "usage.sequence: "),
]


@pytest.mark.parametrize(("change", "said"), WRONG, ids=[case[1] for case in WRONG])
def test_what_is_wrong_is_said_by_its_key(change: dict[str, Any], said: str) -> None:
    of_document = {"columns", "colums", "usage", "file"} & change.keys()
    document = {**PLAIN, **change} if of_document else mapping(**change)
    wrong = FORMATS["mapping"].check(document)
    assert any(said in sentence for sentence in wrong), wrong
    with pytest.raises(UnreadableFile):
        parse("mapping", line(), mapping=document)


def test_parts_need_an_id_of_their_call_and_forwarding_a_number_called() -> None:
    partial = {"is_part": {"column": "part"}, "last": {"column": "last", "in": ["1"]}}
    document = mapping(partial=partial, forwarded_by="via")
    del document["usage"]["record_id"], document["usage"]["other_number"]
    assert [line.split(":")[0] for line in check_document(document)] == [
        "usage.record_id",
        "usage.other_number",
    ]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3), lambda some: st.lists(some, max_size=3) | st.dictionaries(st.sampled_from(["file", "columns", "usage", "kind", "column", "quantity", "trailer", "partial", "in"]), some, max_size=4), max_leaves=12))  # fmt: skip
def test_no_document_breaks_the_check(document: Any) -> None:
    assert all(isinstance(wrong, str) for wrong in check_document(document))
    assert check_document({**PLAIN, "usage": document, "columns": {"a": 1}})


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("55", "seconds", 55),
        ("1.5", "minutes", 90),
        ("1,5", "minutes", 90),
        ("0.01", "minutes", 1),
        ("1500", "milliseconds", 2),
        ("1000", "milliseconds", 1),
        ("0", "milliseconds", 0),
        ("2", "gigawords", 2**33),
        ("1", "MB", 1 << 20),
        ("0.5", "KB", 512),
        ("3", "kB", 3000),
        ("1:02:03", "hh:mm:ss", 3723),
        ("62:03", "hh:mm:ss", 3723),
        ("100:00:00", "hh:mm:ss", 360_000),
        ("1:62:03", "hh:mm:ss", None),
        ("1:02:63", "hh:mm:ss", None),
        ("55", "hh:mm:ss", None),
        ("-1", "seconds", None),
        ("+1", "seconds", None),
        ("1e3", "seconds", None),
        ("", "seconds", None),
        ("300000", "gigawords", None),
    ],
)
def test_units(text: str, unit: str, expected: int | None) -> None:
    value, known = read_term(pl.Series([text]), Term(("x",), unit))
    assert (value.item() if known.item() else None) == expected


@given(st.integers(0, 999), st.text("0123456789", min_size=7, max_size=15), st.booleans())
def test_a_number_abroad_keeps_its_network_in_front(
    code: int, digits: str, is_received: bool
) -> None:
    number, length, is_number = read_numbers(pl.Series([f"+{digits}"]))
    full, size = put_in_front(
        number, length, code=number * 0 + code, is_received=number * 0 + is_received > 0
    )
    if not is_number.item():
        return
    expected = f"{83 if is_received else 28}{code:03d}{digits[:13]}" if code else digits
    assert (str(full.item()), size.item()) == (expected, len(expected))
    assert size.item() <= 18


@given(
    st.lists(
        st.sampled_from([line(), line(id="2", length="x"), "", "1,2", line(a='"')]), max_size=8
    ),
    st.integers(0, 8),
)
def test_files_may_be_cut_between_lines(lines: list[str], cut: int) -> None:
    def outcome(some: list[str]) -> tuple[list[int], list[str], int]:
        parsed = read(*some)
        keys = parsed.columns.record_key.tolist()
        return keys, [bad.reason.value for bad in parsed.bad], parsed.records

    whole, first, rest = outcome(lines), outcome(lines[:cut]), outcome(lines[cut:])
    assert whole[0] == first[0] + rest[0]
    assert sorted(whole[1]) == sorted(first[1] + rest[1])
    assert whole[2] == first[2] + rest[2]
