"""Lines of a deck's file: every fault by line, column and rule; zones of what is left."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariffs.domain.deck_lines import MOST_ERRORS, LineRule, UnableToReadLines, same_division
from tariffs.domain.deck_reading import read_amount, read_day, read_lines

HEADER = ["prefix", "destination", "price"]
DAY = date(2026, 12, 1)
BANDS = ["day", "night"]


def read(*rows, header=HEADER, bands=()):
    numbered = list(enumerate(rows, start=2))
    return read_lines(header, numbered, bands=bands, valid_from=DAY)


def faults(*rows, **words):
    with pytest.raises(UnableToReadLines) as refusal:
        read(*rows, **words)
    return [(one.line, one.column, one.rule) for one in refusal.value.errors]


def test_a_line_says_where_and_how_much() -> None:
    header = [*HEADER, "class", "unit", "connection_fee", "first_increment", "next_increment"]
    header += ["min_units", "grace_units", "free_units", "valid_from"]
    row = [
        "+4930, 49",
        "Берлин",
        "1,25",
        "local",
        "60",
        "0.5",
        "30",
        "6",
        "10",
        "3",
        "5",
        "01.12.2026",
    ]
    lines = read(row, header=header)
    destination, zone_class, prices = lines.entries["4930"]
    assert lines.entries["49"] == (destination, zone_class, prices)
    assert (destination, zone_class) == ("Берлин", "local")
    assert (prices.prices, prices.fees) == ((Decimal("1.25"),), (Decimal("0.5"),))
    assert prices.counting == (30, 6, 5, 10, 3)


def test_what_is_left_out_has_its_usual_value() -> None:
    (entry,) = read(["49", "Berlin", "20"]).entries.values()
    assert entry[1] == "international"
    assert (entry[2].unit, entry[2].counting, entry[2].fees) == (60, (60, 60, 0, 0, 0), (0,))


def test_the_next_increment_is_the_first_where_none_is_said() -> None:
    lines = read(["49", "Berlin", "20", "1"], header=[*HEADER, "first_increment"])
    assert lines.entries["49"][2].counting[:2] == (1, 1)


def test_headers_may_be_russian_in_any_order_and_case() -> None:
    lines = read(["2", "Берлин", "49"], header=["Цена", "НАПРАВЛЕНИЕ", " Код "])
    assert lines.entries["49"][0] == "Берлин"


@pytest.mark.parametrize(
    ("cell", "prefixes"),
    [
        ("49", ["49"]),
        ("+49", ["49"]),
        ("4930,4931; 4932", ["4930", "4931", "4932"]),
        ("4908-4911", ["4908", "4909", "4910", "4911"]),
        ("008-010", ["008", "009", "010"]),
    ],
)
def test_a_cell_may_hold_several_prefixes(cell, prefixes) -> None:
    assert list(read([cell, "x", "1"]).entries) == prefixes


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("", LineRule.EMPTY),
        ("49a", LineRule.NOT_A_PREFIX),
        ("1" * 16, LineRule.NOT_A_PREFIX),
        ("٤٩", LineRule.NOT_A_PREFIX),
        ("49.0", LineRule.NOT_A_PREFIX),
        ("+49 30", LineRule.NOT_A_PREFIX),
        ("49,,7", LineRule.NOT_A_PREFIX),
        ("49-490", LineRule.BAD_RANGE),
        ("4911-4908", LineRule.BAD_RANGE),
        ("490000-499999", LineRule.BAD_RANGE),
    ],
)
def test_what_is_no_prefix_is_refused(cell, rule) -> None:
    assert faults([cell, "x", "1"]) == [(2, "prefix", rule)]


@pytest.mark.parametrize(
    ("column", "cell", "rule"),
    [
        ("price", "", LineRule.EMPTY),
        ("price", "-", LineRule.NOT_A_NUMBER),
        ("price", "free", LineRule.NOT_A_NUMBER),
        ("price", "1 000", LineRule.NOT_A_NUMBER),
        ("price", "1.2.3", LineRule.NOT_A_NUMBER),
        ("price", "NaN", LineRule.NOT_A_NUMBER),
        ("price", "-1", LineRule.NEGATIVE),
        ("price", "0.0000001", LineRule.TOO_PRECISE),
        ("price", "1000000", LineRule.TOO_LARGE),
        ("connection_fee", "0.00001", LineRule.TOO_PRECISE),
        ("unit", "0", LineRule.NOT_WHOLE),
        ("unit", "1.5", LineRule.NOT_WHOLE),
        ("first_increment", "-6", LineRule.NOT_WHOLE),
        ("grace_units", "1073741825", LineRule.TOO_LARGE),
        ("class", "lunar", LineRule.UNKNOWN_CLASS),
        ("valid_from", "1 декабря", LineRule.NOT_A_DATE),
        ("valid_from", "2026-11-30", LineRule.OTHER_DATE),
        ("destination", "=1+1", LineRule.BAD_TEXT),
        ("destination", "a\x00b", LineRule.BAD_TEXT),
        ("destination", "", LineRule.EMPTY),
        ("destination", "x" * 121, LineRule.BAD_TEXT),
    ],
)
def test_a_wrong_cell_is_named(column, cell, rule) -> None:
    row = {"prefix": "49", "destination": "Berlin", "price": "1", column: cell}
    good = {"prefix": "7", "destination": "Россия", "price": "1"}
    rows = [[one.get(name, "") for name in row] for one in (good, row)]
    assert faults(*rows, header=list(row)) == [(3, column, rule)]


def test_all_faults_are_told_at_once_and_lines_without_cells_are_none() -> None:
    rows = [["49", "", "x"], ["", "", ""], ["7", "Россия", "1"], ["7", "Россия", "-1"]]
    assert faults(*rows) == [
        (2, "price", LineRule.NOT_A_NUMBER),
        (2, "destination", LineRule.EMPTY),
        (5, "price", LineRule.NEGATIVE),
    ]


def test_the_same_fault_in_two_lines_is_told_in_both() -> None:
    assert [line for line, _, _ in faults(["1", "x", "?"], ["2", "x", "?"])] == [2, 3]


def test_there_is_an_end_to_faults() -> None:
    assert len(faults(*[[str(number), "x", "?"] for number in range(500)])) == MOST_ERRORS


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (["prefix", "price"], [("destination", LineRule.MISSING_COLUMN)]),
        ([*HEADER, "colour"], [("colour", LineRule.UNKNOWN_COLUMN)]),
        ([*HEADER, "цена"], [("price", LineRule.COLUMN_TWICE)] * 2),
        ([*HEADER[:2], "price_day"], [("price_night", LineRule.MISSING_COLUMN)]),
        (
            [*HEADER[:2], "price_day", "price_night", "price_noon"],
            [("price_noon", LineRule.UNKNOWN_BAND)],
        ),
        ([*HEADER, "connection_fee_noon"], [("connection_fee_noon", LineRule.UNKNOWN_BAND)]),
        ([*HEADER, ""], []),
    ],
)
def test_the_header_is_checked_first(header, expected) -> None:
    row = ["49", "Berlin", "1"]
    if not expected:
        assert read(row, header=header, bands=BANDS).count == 1
        return
    found = faults(row, header=header, bands=BANDS)
    assert found == [(1, column, rule) for column, rule in expected]


def test_each_band_has_its_price_and_may_leave_it_out() -> None:
    header = ["prefix", "destination", "price_night", "price_day", "connection_fee_day"]
    lines = read(["49", "x", "1", "2", "3"], ["7", "y", "-", "5", ""], header=header, bands=BANDS)
    assert lines.bands == ("day", "night")
    assert lines.entries["49"][2].prices == (2, 1)
    assert lines.entries["49"][2].fees == (3, 0)
    assert lines.entries["7"][2].prices == (5, None)
    assert faults(["49", "x", "-", "-", ""], header=header, bands=BANDS) == [
        (2, "price_day", LineRule.EMPTY)
    ]


def test_prefixes_stand_once() -> None:
    rows = [["49", "Germany", "1"], ["7", "Россия", "1"], ["49", "Germany", "1"]]
    assert faults(*rows) == [(4, "prefix", LineRule.DUPLICATE)]
    assert faults(["49,49", "Germany", "1"], ["*", "*", "1"], ["*", "*", "1"]) == [
        (2, "prefix", LineRule.DUPLICATE),
        (4, "prefix", LineRule.DUPLICATE),
    ]


@pytest.mark.parametrize(
    ("inner", "is_refused"),
    [
        (["4930", "Germany", "1"], False),
        (["4930", "Berlin", "2"], False),
        (["4930", "Germany", "2"], True),
        (["31", "Germany", "2"], False),
    ],
)
def test_a_destination_inside_itself_at_another_price_contradicts(inner, is_refused) -> None:
    rows = [["49", "Germany", "1"], inner]
    if is_refused:
        assert faults(*rows) == [(3, "prefix", LineRule.CONTRADICTION)]
    else:
        assert read(*rows).count == 2


def test_a_file_without_lines_is_refused() -> None:
    assert faults() == [(1, "prefix", LineRule.NO_LINES)]


def test_prefixes_of_one_destination_and_price_are_a_zone() -> None:
    lines = read(
        ["49", "Germany", "1"], ["4915", "Germany mobile", "3"], ["4916", "Germany mobile", "3.0"],
        ["4917", "Germany mobile", "4"], ["*", "*", "9"],
    )  # fmt: skip
    groups = [(one.destination, one.prefixes) for one in lines.groups()]
    assert groups == [
        ("Germany", ("49",)),
        ("Germany mobile", ("4915", "4916")),
        ("Germany mobile", ("4917",)),
    ]
    assert lines.rest is not None
    assert lines.rest.prices == (9,)


def test_the_division_is_the_same_while_every_zone_has_one_price() -> None:
    lines = read(["49", "Germany", "1"], ["4915", "Mobile", "3"], ["4916", "Mobile", "3"])
    former = {
        prefix: (1 + (entry[0] == "Mobile"), *entry[:2]) for prefix, entry in lines.entries.items()
    }
    assert same_division(lines, former)
    split = read(["49", "Germany", "1"], ["4915", "Mobile", "3"], ["4916", "Mobile", "4"])
    assert not same_division(split, former)
    finer = {**former, "4916": (3, "Mobile", "international")}
    assert same_division(lines, finer)
    assert same_division(split, finer)
    assert not same_division(lines, {**former, "7": (9, "Россия", "international")})
    assert not same_division(lines, {**former, "49": (1, "Deutschland", "international")})


@given(st.decimals(min_value=0, max_value=999_999, places=6), st.sampled_from(".,"))
def test_amounts_are_read_as_they_are_written(amount, point) -> None:
    assert read_amount(f"{amount:f}".replace(".", point)) == amount


@given(st.dates(min_value=date(1900, 1, 1)))
def test_days_are_read_either_way(day) -> None:
    assert read_day(day.isoformat()) == read_day(f"{day:%d.%m.}{day.year:04d}") == day


def test_another_day_is_told_once_and_hides_no_other_fault() -> None:
    header = [*HEADER, "valid_from"]
    rows = [
        ["49", "DE", "1", "2026-11-30"],
        ["33", "FR", "2", "2026-11-30"],
        ["1", "US", "x", "2026-11-30"],
        ["44", "GB", "3", "2026-11-29"],
    ]
    assert faults(*rows, header=header) == [
        (2, "valid_from", LineRule.OTHER_DATE),
        (4, "price", LineRule.NOT_A_NUMBER),
        (5, "valid_from", LineRule.OTHER_DATE),
    ]
