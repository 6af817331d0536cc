"""One field of a line is put back and every other byte stays; rules and selections as values."""

import csv
import io
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.domain.corrections import Action, Rule
from rating.domain.record_fields import WHOLE_LINE, find_fields, put_field, take_field
from rating.domain.selections import Selection

TEXTS = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=12)
ROWS = st.lists(TEXTS, min_size=1, max_size=6)
QUOTING = st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC])
DELIMITERS = st.sampled_from([",", ";", "\t", "|"])


def written(row: list[str], quoting: int, delimiter: str) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=quoting, delimiter=delimiter, lineterminator="").writerow(row)  # type: ignore[arg-type]
    return line.getvalue()


def read(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [""])


@given(ROWS, QUOTING, DELIMITERS)
def test_fields_are_those_of_csv(row: list[str], quoting: int, delimiter: str) -> None:
    line = written(row, quoting, delimiter)
    taken = [take_field(line, n, delimiter=delimiter) for n in range(len(row))]
    assert taken == row
    assert take_field(line, len(row), delimiter=delimiter) is None


@given(ROWS, QUOTING, DELIMITERS, TEXTS, st.data())
def test_only_that_field_changes(
    row: list[str], quoting: int, delimiter: str, value: str, data: st.DataObject
) -> None:
    line = written(row, quoting, delimiter)
    place = data.draw(st.integers(0, len(row) - 1))
    changed = put_field(line, place, value, delimiter=delimiter)
    expected = [value if n == place else text for n, text in enumerate(row)]
    assert read(changed, delimiter) == (expected if changed else [""])
    found = find_fields(line, delimiter)
    assert found is not None
    assert changed.startswith(line[: found[place].start])
    assert changed.endswith(line[found[place].end :])


@given(TEXTS)
def test_any_line_is_looked_at_without_a_crash(line: str) -> None:
    places = find_fields(line)
    if places is not None:
        assert places[-1].end == len(line)
        assert all(a.end + 1 == b.start for a, b in pairwise(places))
    assert take_field(line, WHOLE_LINE) == line


@pytest.mark.parametrize("position", [-2, 3, 100])
def test_no_such_field(position: int) -> None:
    assert take_field("a,b,c", position) is None
    with pytest.raises(ValueError, match=str(position)):
        put_field("a,b,c", position, "x")


def test_an_open_quote_has_no_fields() -> None:
    assert find_fields('a,"b,c') is None
    assert take_field('a,"b,c', 0) is None


@given(
    st.builds(
        Selection,
        state=st.sampled_from(["waiting", "recycled", "written_off"]),
        reason=st.sampled_from(["", "no_rate"]),
        source_id=st.integers(0, 5),
        file_id=st.integers(0, 5),
        day=st.none() | st.dates(date(2020, 1, 1)),
        text=TEXTS,
        record_id=st.integers(0, 2**60),
    )
)
def test_a_selection_comes_back_from_json(selection: Selection) -> None:
    assert Selection.of_json(selection.as_json()) == selection


@pytest.mark.parametrize("action", list(Action))
def test_a_rule_comes_back_from_json(action: Action) -> None:
    rule = Rule(action, "src", "^8", "7")
    assert Rule.of_json(rule.as_json()) == rule


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+7 (921) 555-01-02", "9215550102"),
        ("89215550102", "9215550102"),
        ("12345", "12345"),
        ("1234", ""),
        ("921a", ""),
        ("٠١٢٣٤٥", ""),
        ("", ""),
    ],
)
def test_digits_of_a_number_however_written(text: str, digits: str) -> None:
    assert Selection(text=text).digits == digits
