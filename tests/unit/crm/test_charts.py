"""Charts as geometry: nothing sticks out, nothing is lost, periods meet."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain.charts import HEIGHT, LEAST, MOST_SERIES, WIDTH, bar, chart, nice_top
from crm.domain.line_changes import mark_change
from crm.domain.spans import span_of

VALUES = st.dictionaries(
    st.tuples(st.integers(0, 9), st.sampled_from("abcdefghijkl")),
    st.integers(0, 10**7),
    max_size=60,
)


@given(VALUES)
def test_columns_hold_everything_and_stay_inside(values: dict[tuple[int, str], int]) -> None:
    found = chart(values, keys=range(10), other="rest")
    assert found.total == sum(values.values())
    assert len(found.series) <= MOST_SERIES
    assert [column.key for column in found.columns] == list(range(10))
    for column in found.columns:
        assert column.total == sum(part.value for part in column.parts) == sum(column.values)
        for part in column.parts:
            assert part.x >= 0
            assert part.x + part.width <= WIDTH + Decimal("0.1")
            assert part.height >= LEAST
            assert 0 <= part.y <= HEIGHT - Decimal(LEAST) + Decimal("0.1")


@given(VALUES)
def test_larger_values_are_never_lower(values: dict[tuple[int, str], int]) -> None:
    found = chart(values, keys=range(10))
    parts = [part for column in found.columns for part in column.parts]
    parts.sort(key=lambda part: part.value)
    heights = [part.height for part in parts]
    assert heights == sorted(heights)


@pytest.mark.parametrize("values", [{}, {(99, "a"): 5}, {(0, "a"): 0}, {(0, "a"): -5}])
def test_nothing_is_drawn_as_nothing(values: dict[tuple[int, str], int]) -> None:
    found = chart(values, keys=[0, 1])
    assert found.total == 0
    assert [column.parts for column in found.columns] == [(), ()]
    assert found.ticks[-1] == 0


def test_series_come_by_size_and_the_least_are_put_together() -> None:
    values = {(0, name): 10 - place for place, name in enumerate("abcdefghij")}
    found = chart(values, keys=[0], other="rest")
    assert found.series == ("a", "b", "c", "d", "e", "f", "rest")
    assert found.columns[0].values == (10, 9, 8, 7, 6, 5, 4 + 3 + 2 + 1)


@given(st.decimals(0, 10**12, allow_nan=False, places=2))
def test_the_top_holds_the_highest_and_is_not_far(highest: Decimal) -> None:
    top = nice_top(highest)
    assert top >= highest
    assert top <= max(4, highest * Decimal("2.5"))


@given(st.integers(-5, 10**9), st.integers(-5, 10**9))
def test_bars_are_between_nothing_and_full(value: int, highest: int) -> None:
    length = bar(min(value, highest), highest)
    assert 0 <= length <= WIDTH
    assert (length > 0) == (min(value, highest) > 0)


@given(st.dates(), st.sampled_from(["day", "week", "month"]))
def test_spans_meet_without_gap_or_overlap(on: date, length: str) -> None:
    span = span_of(length, on)
    if date(2, 1, 8) < on < date(9998, 11, 1):
        assert span.first <= on < span.end
        assert span_of(length, span.end).first == span.end
        assert span_of(length, span.before).end == span.first
    assert span.days[0] == span.first
    assert span.days[-1] == span.last == span.end - timedelta(days=1)


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_change_is_marked_whole(before: str, after: str) -> None:
    found = mark_change(before, after)
    assert found.head + found.old + found.tail == before
    assert found.head + found.new + found.tail == after


def test_what_is_far_from_the_change_is_cut() -> None:
    found = mark_change("a" * 100 + "1" + "b" * 100, "a" * 100 + "2" + "b" * 100)
    assert (found.old, found.new) == ("1", "2")
    assert found.head.startswith("…aaa")
    assert found.tail.endswith("bbb…")
    assert len(found.head) == len(found.tail) == 29
