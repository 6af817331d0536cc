"""Numbers as dialled become E.164 digits, or are none."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.formats.numbers import is_emergency, read_numbers


def read(text: str, area_code: str = "") -> str | None:
    value, length, is_number = read_numbers(pl.Series([text]), area_code=area_code)
    return str(value[0]).zfill(length[0]) if is_number[0] else None


@pytest.mark.parametrize(
    ("dialled", "expected"),
    [
        pytest.param("89215550101", "79215550101", id="eight and ten digits"),
        pytest.param("79215550101", "79215550101", id="seven and ten digits"),
        pytest.param("+79215550101", "79215550101", id="plus"),
        pytest.param("9215550101", "79215550101", id="ten digits"),
        pytest.param("8124440202", "78124440202", id="ten digits that begin with 8"),
        pytest.param("810493012345678", "493012345678", id="abroad through 8 10"),
        pytest.param("8101212555010", "1212555010", id="8 10 and ten digits stay foreign"),
        pytest.param("00493012345678", "493012345678", id="abroad through 00"),
        pytest.param("+81312345678", "81312345678", id="a plus keeps Japan Japan"),
        pytest.param("+3725551234", "3725551234", id="ten digits after a plus are foreign"),
        pytest.param("375291234567", "375291234567", id="twelve digits as they are"),
        pytest.param("112", "112", id="emergency"),
        pytest.param("05", "05", id="a short number keeps its zero"),
        pytest.param("01", "101", id="fire, as it was"),
        pytest.param("030", "103", id="ambulance, from an old mobile phone"),
        pytest.param("+7112", "112", id="emergency behind the country's code"),
        pytest.param("104", "104", id="gas"),
        pytest.param("010101", "010101", id="six digits are no 01"),
        pytest.param("0611", "0611", id="a service number keeps its zero"),
    ],
)
def test_it_reads_what_was_dialled(dialled: str, expected: str) -> None:
    assert read(dialled) == expected


@pytest.mark.parametrize(
    "dialled",
    "+7113|+8101|+01|+101|+7010||s|*98|1|+112|++79215550101|+-5|7 921 555|5550101|55501012|1234567890123456|"
    "+0921555010|79215550101x|00000000000|999999999999999999999999999999".split("|"),
)
def test_it_refuses_what_is_no_number(dialled: str) -> None:
    assert read(dialled) is None


def test_an_area_code_completes_local_numbers() -> None:
    assert read("4440202", area_code="812") == "78124440202"
    assert read("55501", area_code="81363") == "78136355501"
    assert read("112", area_code="812") == "112"


def test_nothing_is_read_from_nothing() -> None:
    value, _length, is_number = read_numbers(pl.Series("number", [], pl.String))
    assert (len(value), len(is_number)) == (0, 0)
    assert read_numbers(pl.Series([None], dtype=pl.String))[2].tolist() == [False]


@given(st.from_regex(r"\+?[0-9]{1,18}", fullmatch=True), st.sampled_from(["", "812", "81363"]))
def test_a_number_in_its_one_form_stays_as_it_is(dialled: str, area_code: str) -> None:
    once = read(dialled, area_code)
    if once is not None and len(once) > 6:
        assert read(f"+{once}", area_code) == once
    elif once is not None and not area_code:
        assert read(once) == once


def test_who_calls_for_help_is_known_from_each_notation() -> None:
    texts = "01 101 010 +7101 02 102 03 103 030 04 040 112 +7112 0611 79215550101".split()
    value, length, is_number = read_numbers(pl.Series(texts), area_code="81363")
    assert is_number.all()
    assert is_emergency(value, length).tolist() == [True] * 13 + [False] * 2
