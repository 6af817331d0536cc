"""Files as switches write them: what is charged to whom; and what may happen to any file."""

import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rating.formats
from accounts.domain.identifiers import subscriber_key
from rating.formats import FORMATS, SourceSettings, UnreadableFile
from rating.formats.plugin import collect
from rating.formats.rows import read_blocks
from tests.unit.rating.switches import (
    FIXED,
    SAMPLES,
    SOFTSWITCH,
    parse,
    sample,
    told,
    told_parts,
    troubles,
)

IVANOV = 79215550101
CALL = (1, IVANOV, 100005, 1, 79031234567, 55)
HELP = (3, IVANOV, 100005, 1, 101, 30)
LOGIN = subscriber_key("ivanov")

#: format, sample, settings, records, not charged
CASES: list[tuple[str, str, dict[str, Any], list[tuple[int, ...]], int]] = [
    *(
        ("asterisk", f"asterisk_{width}.csv", {}, [CALL, HELP], 1)
        for width in (16, 17, 18, 19, 20, 21)
    ),
    (
        "asterisk",
        "asterisk_14.csv",
        {
            "mapping": {
                "columns": "accountcode src dst dcontext clid channel dstchannel lastapp lastdata"
                " start answer end duration billsec".split()
            }
        },
        [CALL, HELP],
        1,
    ),
    (
        "asterisk",
        "asterisk_custom.csv",
        {"mapping": {"template": "cdr_custom"}},
        [CALL, HELP],
        1,
    ),
    (
        "asterisk",
        "asterisk_17.csv",
        {"mapping": {"loguniqueid": True, "usegmtime": True}},
        [(1, IVANOV, 130005, *CALL[3:]), (3, IVANOV, 130005, *HELP[3:])],
        1,
    ),
    ("freeswitch_csv", "freeswitch_example.csv", {}, [CALL, (*HELP[:4], 112, 30)], 1),
    (
        "freeswitch_csv",
        "freeswitch_sql.csv",
        {"mapping": {"template": "sql"}},
        [CALL, (*HELP[:4], 112, 30)],
        1,
    ),
    (
        "freeswitch_csv",
        "freeswitch_asterisk.csv",
        {"mapping": {"template": "asterisk", "subscriber": "accountcode"}},
        [CALL, (*HELP[:4], 112, 30)],
        1,
    ),
    (
        "freeswitch_csv",
        "freeswitch_example.csv",
        {"incoming_contexts": frozenset({"default"})},
        [],
        3,
    ),
    ("freeswitch_json", "freeswitch_call.cdr.json", {}, [CALL], 0),
    ("freeswitch_json", "freeswitch_lines.json", {}, [CALL, HELP], 2),
    (
        "freeswitch_json",
        "freeswitch_lines.json",
        {"mapping": {"charged_direction": "both", "subscriber": "variables.accountcode"}},
        [CALL, HELP, (4, *CALL[1:])],
        1,
    ),
    (
        "cisco_cucm",
        "cucm_cdr",
        {
            "mapping": {"strip_prefixes": ["9"]},
            "incoming_contexts": frozenset({"GW-INCOMING"}),
        },
        [
            (3, *CALL[1:]),
            (5, IVANOV, 100005, 1, 112, 30),
            (6, 79215550102, 100005, 1, 79161112233, 120),
        ],
        2,
    ),
    (
        "radius_detail",
        "radius_detail",
        {},
        [(28, LOGIN, 100000, 4, 0, 5000 + 7000 + 2**32)],
        1,
    ),
    ("radius_csv", "radacct.csv", {}, [(2, LOGIN, 100000, 4, 0, 5000 + 7000 + 2**32)], 0),
    (
        "mapping",
        "softswitch_cp1251.csv",
        {"mapping": SOFTSWITCH},
        [
            (3, *CALL[1:]),
            (4, IVANOV, 100500, 2, 79031234567, 1),
            (5, IVANOV, 100600, 1, 103, 30),
        ],
        0,
    ),
    (
        "mapping",
        "fixed_width.txt",
        {"mapping": FIXED, "area_code": "812"},
        [(2, *CALL[1:]), (3, IVANOV, 100600, 1, 101, 30)],
        1,
    ),
]
EACH = pytest.mark.parametrize(
    ("code", "name", "settings", "records", "not_charged"),
    CASES,
    ids=[f"{case[1]}-{number}" for number, case in enumerate(CASES)],
)


@EACH
def test_a_file_is_read_as_its_switch_wrote_it(
    code: str, name: str, settings: dict[str, Any], records: list[tuple[int, ...]], not_charged: int
) -> None:
    parsed = parse(code, sample(name), **settings)
    assert troubles(parsed) == []
    assert told(parsed) == records
    assert parsed.not_charged == not_charged
    assert len(set(parsed.columns.record_key.tolist())) == len(records)


@EACH
def test_records_out_of_suspense_are_read_like_those_of_the_file(
    code: str, name: str, settings: dict[str, Any], records: list[tuple[int, ...]], not_charged: int
) -> None:
    known, whole = FORMATS[code], SourceSettings(**settings)
    keys = parse(code, sample(name), **settings).columns.record_key.tolist()
    raw = known.raw_of(BytesIO(sample(name)), [row[0] for row in records], whole)
    assert sorted(raw) == [row[0] for row in records]
    assert not any("\n" in line or "\r" in line for line in raw.values())
    header = known.header_of(BytesIO(sample(name)), whole)
    lead = header.split(b"\n") if header else []
    data = b"\n".join([*lead, *(raw[row[0]].encode() for row in records)])
    again = parse(code, data, **settings, is_excerpt=True)
    assert [row[1:] for row in told(again)] == [row[1:] for row in records]
    assert again.columns.line.tolist() == [len(lead) + 1 + i for i in range(len(records))]
    assert again.columns.record_key.tolist() == keys
    assert (again.bad, len(again.parts)) == ([], 0)


@EACH
def test_line_ends_and_small_blocks_change_nothing(
    code: str,
    name: str,
    settings: dict[str, Any],
    records: list[tuple[int, ...]],
    not_charged: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = parse(code, sample(name), **settings).columns.record_key.tolist()
    monkeypatch.setitem(read_blocks.__kwdefaults__, "size", 300)
    unix = sample(name).replace(b"\r\n", b"\n")
    for data in (unix, unix.replace(b"\n", b"\r\n"), unix.rstrip(b"\n")):
        parsed = parse(code, data, **settings)
        assert (told(parsed), troubles(parsed)) == (records, [])
        assert parsed.columns.record_key.tolist() == keys


@EACH
def test_a_binary_file_is_refused(
    code: str, name: str, settings: dict[str, Any], records: list[tuple[int, ...]], not_charged: int
) -> None:
    with pytest.raises(UnreadableFile):
        parse(code, sample(name).decode("utf-8", "replace").encode("utf-16"), **settings)


def test_nothing_is_read_from_an_empty_file() -> None:
    for code in ("asterisk", "freeswitch_csv", "freeswitch_json", "radius_detail"):
        parsed = parse(code, b"")
        assert (parsed.records, parsed.bad) == (0, [])


@pytest.mark.parametrize("code", ["cisco_cucm", "radius_csv", "retel_csv"])
def test_a_file_without_its_first_line_is_refused(code: str) -> None:
    with pytest.raises(UnreadableFile):
        parse(code, b"1,2,3\n")


@pytest.mark.parametrize("code", sorted(FORMATS))
def test_what_a_format_does_not_understand_is_said(code: str) -> None:
    [*wrong] = FORMATS[code].check({"colour": "blue"})
    assert any("colour" in line for line in wrong)


def test_options_are_checked_before_a_file_is_read() -> None:
    for code, wrong in (
        ("asterisk", {"columns": ["src", "dst", "answer"]}),
        ("freeswitch_csv", {"columns": ["uuid", "billsec"]}),
        ("freeswitch_json", {"charged_direction": "sideways"}),
        ("cisco_cucm", {"subscriber": "nobody"}),
        ("radius_csv", {"kind": "voice"}),
        ("radius_detail", {"kind": "voice"}),
        ("mapping", {}),
    ):
        assert FORMATS[code].check(wrong), code
        with pytest.raises(UnreadableFile):
            parse(code, sample("radacct.csv"), mapping=wrong)


def test_a_format_is_a_file_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "morse.py").write_text(
        "from rating.formats import ParsedUsage\n"
        "from rating.formats.parsed import no_columns\n"
        "from rating.formats.plugin import Format\n"
        'FORMAT = Format("morse", "Morse", lambda stream, settings: ParsedUsage(no_columns()))\n'
    )
    folders = [*rating.formats.__path__, str(tmp_path)]
    monkeypatch.setattr(rating.formats, "__path__", folders)
    found = collect(folders, "rating.formats")
    monkeypatch.delitem(sys.modules, "rating.formats.morse")
    assert set(found) == {*FORMATS, "morse"}
    assert found["morse"].parse(BytesIO(b""), SourceSettings()).records == 0


def test_every_sample_is_read_by_a_case() -> None:
    assert {case[1] for case in CASES} == {path.name for path in SAMPLES.iterdir()}


# Bad rows of each sort, by format: what is changed in the sample, and what comes of it.
BAD = [
    ("freeswitch_csv", "freeswitch_example.csv", '"55"', '"x"', (1, "bad_duration")),
    ("freeswitch_csv", "freeswitch_example.csv", "2026-11-20 10:00:05", "soon", (1, "bad_time")),
    ("freeswitch_csv", "freeswitch_example.csv", '"89031234567"', '"sip"', (1, "bad_number")),
    ("freeswitch_csv", "freeswitch_example.csv", '"79215550101"', '"100"', (1, "bad_subscriber")),
    ("freeswitch_csv", "freeswitch_example.csv", '"Иванов', '"Ив"анов', (1, "malformed_line")),
    (
        "freeswitch_json",
        "freeswitch_lines.json",
        '"billsec": "55"',
        '"billsec": "-1"',
        (1, "bad_duration"),
    ),
    (
        "freeswitch_json",
        "freeswitch_lines.json",
        '{"core-uuid"',
        '{core-uuid"',
        (1, "malformed_line"),
    ),
    ("freeswitch_json", "freeswitch_lines.json", "%2B79031234567", "nobody", (1, "bad_number")),
    ("cisco_cucm", "cucm_cdr", ",1795158005,", ",never,", (3, "bad_time")),
    ("cisco_cucm", "cucm_cdr", ',55,"SEP', ',5 5,"SEP', (3, "bad_duration")),
    ("cisco_cucm", "cucm_cdr", '"79215550101"', '"2001"', (3, "bad_subscriber")),
    ("cisco_cucm", "cucm_cdr", "1,1,1001,", "1,1001,", (3, "malformed_line")),
    (
        "radius_detail",
        "radius_detail",
        "Acct-Input-Octets = 5000",
        "Acct-Input-Octets = ?",
        (28, "bad_duration"),
    ),
    (
        "radius_detail",
        "radius_detail",
        "Acct-Status-Type = Stop",
        "Status = Stop",
        (28, "malformed_line"),
    ),
    (
        "radius_csv",
        "radacct.csv",
        "2026-11-20 10:00:00,2026",
        "2026-31-20 10:00:00,2026",
        (2, "bad_time"),
    ),
    ("radius_csv", "radacct.csv", ",ivanov,", ",,", (2, "bad_subscriber")),
    ("mapping", "fixed_width.txt", "20261120100005", "20261120990005", (2, "bad_time")),
    ("mapping", "fixed_width.txt", "    55MOC", "    55MO", (2, "malformed_line")),
]


@pytest.mark.parametrize(("code", "name", "old", "new", "trouble"), BAD)
def test_a_bad_record_is_suspended_and_its_neighbours_go_on(
    code: str, name: str, old: str, new: str, trouble: tuple[int, str]
) -> None:
    settings: dict[str, Any] = {"mapping": FIXED} if code == "mapping" else {}
    good, data = parse(code, sample(name), **settings), sample(name).decode()
    assert old in data
    parsed = parse(code, data.replace(old, new, 1), **settings)
    before = set(troubles(good))
    assert set(troubles(parsed)) - before == {trouble}
    assert parsed.records == good.records
    assert [r for r in told(good) if r[0] != trouble[0]] == told(parsed)
    [bad] = [bad for bad in parsed.bad if bad.line == trouble[0]]
    assert bad.raw
    assert bad.detail


def test_a_broken_record_of_json_does_not_swallow_the_next() -> None:
    lines = sample("freeswitch_lines.json").decode().splitlines()
    parsed = parse("freeswitch_json", "\n".join([lines[0][:200], lines[0], "[]", "7", lines[2]]))
    assert [row[0] for row in told(parsed)] == [2, 5]
    assert troubles(parsed) == [(1, "malformed_line"), (4, "malformed_line")]


def test_json_may_be_an_array() -> None:
    text = sample("freeswitch_lines.json").decode().strip().replace("\n", ",\n")
    parsed = parse("freeswitch_json", f"[{text}]")
    assert [row[1:] for row in told(parsed)] == [CALL[1:], HELP[1:]]


def test_sessions_going_on_are_partial_records() -> None:
    parsed = parse("radius_detail", sample("radius_detail"))
    petrov = subscriber_key("petrov")
    assert told_parts(parsed.parts) == [
        (1, LOGIN, 100000, 4, 0, 0, 0, False),
        (12, LOGIN, 100000, 4, 0, 3000, 0, False),
        (44, petrov, 100500, 4, 0, 30, 0, False),
    ]
    stop = parsed.columns.record_key.tolist()
    assert parsed.parts.columns.record_key.tolist()[:2] == stop * 2
    assert parsed.ended.tolist() == stop
    assert (parsed.records, parsed.not_charged) == (5, 1)


def test_the_table_of_sessions_and_the_detail_name_a_session_alike() -> None:
    keys = [
        parse(code, sample(name)).columns.record_key.tolist()
        for code, name in (("radius_csv", "radacct.csv"), ("radius_detail", "radius_detail"))
    ]
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    ("stamp", "clock"),
    [
        ('Event-Timestamp = "Nov 20 2026 07:30:00 UTC"', 100000),
        ('Event-Timestamp = "Nov 20 2026 10:30:00 MSK"', 100000),
        ('Event-Timestamp = "Nov 20 2026 10:30:00"', 100000),
        ("Event-Timestamp = 1795159800", 100000),
        ("Timestamp = 1795159800", 100000),
        ("Timestamp = 1795159810\n\tAcct-Delay-Time = 10", 100000),
        ("Vendor = x", 100000),
    ],
)
def test_a_session_begins_its_length_before_the_request(stamp: str, clock: int) -> None:
    text = (
        'Fri Nov 20 10:30:00 2026\n\tAcct-Status-Type = Stop\n\tUser-Name = "ivanov"\n'
        f"\tAcct-Session-Time = 1800\n\tAcct-Session-Id = '1'\n\t{stamp}\n"
    )
    [row] = told(parse("radius_detail", text))
    assert row == (1, LOGIN, clock, 4, 0, 0)


@pytest.mark.parametrize("login", ["ivanov@ladoga.example", "LADOGA\\\\ivanov", "Ivanov"])
def test_a_realm_is_no_part_of_the_login_if_the_source_says_so(login: str) -> None:
    text = sample("radius_detail").decode().replace('"ivanov"', f'"{login}"')
    parsed = parse("radius_detail", text, mapping={"strip_realm": True})
    assert parsed.columns.subscriber_key.tolist() == [LOGIN]


def test_mobile_data_is_charged_to_the_number() -> None:
    mapping = {"kind": "data", "subscriber": "Calling-Station-Id"}
    text = (
        sample("radius_detail")
        .decode()
        .replace("NAS-Port-Type = Ethernet", "Calling-Station-Id = 79215550101")
    )
    parsed = parse("radius_detail", text, mapping=mapping)
    assert [row[1:4] for row in told(parsed)] == [(IVANOV, 100000, 3)]


def test_nineteen_columns_have_no_uniqueid() -> None:
    plain = parse("asterisk", sample("asterisk_16.csv")).columns.record_key.tolist()
    more = parse("asterisk", sample("asterisk_19.csv")).columns.record_key.tolist()
    assert more == plain


def test_the_userfield_is_no_uniqueid_where_the_source_says_so() -> None:
    text = (
        sample("asterisk_17.csv")
        .decode()
        .replace("1763622000.1", "note")
        .replace("1763622000.3", "note")
    )
    guessed = parse("asterisk", text).columns.record_key.tolist()
    assert guessed[0] == guessed[1]
    keys = parse("asterisk", text, mapping={"loguserfield": True}).columns.record_key.tolist()
    assert keys == parse("asterisk", sample("asterisk_16.csv")).columns.record_key.tolist()


@given(
    st.lists(st.sampled_from(sample("radius_detail").decode().split("\n\n")[:4]), max_size=6),
    st.integers(0, 6),
)
def test_detail_files_may_be_cut_between_blocks(blocks: list[str], cut: int) -> None:
    def keys(some: list[str]) -> list[int]:
        return parse("radius_detail", "\n\n".join(some) + "\n").columns.record_key.tolist()

    assert keys(blocks) == keys(blocks[:cut]) + keys(blocks[cut:])


@pytest.mark.parametrize("code", ["retel_csv", "radius_csv", "cisco_cucm"])
def test_a_header_that_ends_with_a_carriage_return_alone_is_refused(code: str) -> None:
    with pytest.raises(UnreadableFile):
        parse(code, "record_id,kind\rsubscriber,x\n1,2\n")


def test_half_a_surrogate_pair_stops_no_file() -> None:
    text = sample("freeswitch_call.cdr.json").decode().replace('"9a7f-1"', '"\\ud800a7f-1"')
    assert len(parse("freeswitch_json", text).columns) == 1
