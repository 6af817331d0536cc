"""Prefixes out of the metadata's number patterns."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tariffs.domain.number_patterns import UnreadablePattern, heads, shortest_own

CASES = [
    pytest.param("34", 2, {"34"}, id="digits"),
    pytest.param("3[4-6]\\d{5}", 2, {"34", "35", "36"}, id="class and count"),
    pytest.param("74576|(?:16|7[56])24", 9, {"74576", "1624", "7524", "7624"}, id="group"),
    pytest.param("5(?:0?1)2", 9, {"5012", "512"}, id="optional digit"),
    pytest.param("1\\d{0,1}", 9, {"1"} | {f"1{digit}" for digit in range(10)}, id="from to"),
    pytest.param("9{3,5}", 4, {"999", "9999"}, id="cut to length"),
]


@pytest.mark.parametrize(("pattern", "length", "expected"), CASES)
def test_heads_of_a_pattern(pattern: str, length: int, expected: set[str]) -> None:
    assert heads(pattern, length=length) == expected


@pytest.mark.parametrize("pattern", ["1(?=2)", "1+", "[^1]", "1)", "\\w"])
def test_what_is_not_understood_is_refused(pattern: str) -> None:
    with pytest.raises(UnreadablePattern):
        heads(pattern, length=3)


PATTERNS = st.recursive(
    st.sampled_from(["1", "2", "[2-4]", "\\d"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        inner.map(lambda one: f"(?:{one}){{1,2}}"),
        inner.map(lambda one: f"(?:{one})?"),
    ),
    max_leaves=4,
)


@settings(deadline=None, max_examples=50)
@given(pattern=PATTERNS)
def test_heads_agree_with_the_pattern_itself(pattern: str) -> None:
    texts = [f"{number:0{size}d}" for size in (1, 2, 3) for number in range(10**size)]
    matched = {text for text in ["", *texts] if re.fullmatch(pattern, text)}
    assert {head for head in heads(pattern, length=4) if len(head) <= 3} == matched


def test_the_shortest_prefix_without_others_under_it() -> None:
    assert shortest_own({"9001", "9002", "9110"}, {"9100", "7"}) == {"90", "911"}


def test_what_others_have_too_is_nobodys() -> None:
    assert shortest_own({"900", "91"}, {"900", "9"}) == set()
