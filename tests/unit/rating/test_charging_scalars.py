"""One number, one key: equal to what the columns of files make of the same text."""

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rating.domain.dialled import read_dialled
from rating.domain.record_keys import SEPARATOR, hash_text, record_key
from rating.formats import keys
from rating.formats.numbers import read_numbers

DIGITS = st.text("0123456789", min_size=0, max_size=19)
HEADS = st.sampled_from(
    ["", "+", "+7", "8", "810", "00", "7", "0", "+7101", "-", "++", "01", "112"]
)


def by_columns(text: str, area_code: str) -> str | None:
    """What the files' reader makes of the text."""
    value, length, is_number = read_numbers(pl.Series([text]), area_code=area_code)
    return str(int(value[0])).zfill(int(length[0])) if is_number[0] else None


@given(HEADS, DIGITS, st.sampled_from(["", "812", "8152", "81554"]))
@example("", "9215550101", "")
@example("", "5550101", "812")
@example("", "00000000000", "")
@example("", "0", "")
@example("", "", "812")
@example("810", "000000000", "")
def test_a_number_is_read_as_in_files(head: str, digits: str, area_code: str) -> None:
    text = head + digits
    assert read_dialled(text, area_code=area_code) == by_columns(text, area_code)


@pytest.mark.parametrize("text", ["tel:112", "7921 555", "٣٣٣٣٣٣٣٣٣٣٣", "+", "79215550101x"])
def test_other_texts_are_no_numbers(text: str) -> None:
    assert read_dialled(text) is None
    assert by_columns(text, "") is None


@given(st.text(max_size=40))
@example("")
@example("12345678")
@example("x" * 17)
def test_a_key_is_that_of_files(text: str) -> None:
    assert hash_text(text) == int(keys.hash_texts(pl.Series([text]))[0])


def test_keys_are_made_as_the_format_makes_them() -> None:
    assert SEPARATOR == keys.SEPARATOR
    assert record_key("retel_csv", ["a-1"]) == hash_text("a-1")
    assert record_key("asterisk", ["1700.1"]) == hash_text(f"1700.1{SEPARATOR}")
    assert record_key("asterisk", ["1700.1", "7"]) == hash_text(f"1700.1{SEPARATOR}7")
    assert record_key("radius_csv", ["a", "b"]) == hash_text(f"a{SEPARATOR}b")
