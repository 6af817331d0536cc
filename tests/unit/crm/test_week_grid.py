"""The week's drawing: parts of days, letters, holidays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain.change_bars import HEIGHT, WIDTH, draw_changes
from crm.domain.week_grid import HOLIDAY, HOUR, draw_week, letter_of
from rating.domain.whatif import histogram
from tariffs.domain.deck import DAY, Band, Deck, UsageKind


def deck(*bands: Band) -> Deck:
    return Deck(1, UsageKind.VOICE, None, None, "UTC", bands=bands, rates=())  # type: ignore[arg-type]


WEEKEND = Band("weekend", weekdays=frozenset({6, 7}), priority=5)
NIGHT = Band("night", from_second=72_000, to_second=28_800, priority=1)
ANY = Band("any")


def drawn(*bands: Band, day: int = 1) -> list[tuple[int, int, str]]:
    rows = draw_week(deck(*bands)).rows
    return [(part.x // HOUR, part.width // HOUR, part.letter) for part in rows[day - 1].parts]


@pytest.mark.parametrize(
    ("bands", "day", "expected"),
    [
        ((ANY,), 1, [(0, 24, "A")]),
        ((ANY, NIGHT), 3, [(0, 8, "B"), (8, 12, "A"), (20, 4, "B")]),
        ((ANY, NIGHT, WEEKEND), 6, [(0, 24, "C")]),
        ((ANY, NIGHT, WEEKEND), 5, [(0, 8, "B"), (8, 12, "A"), (20, 4, "B")]),
        ((NIGHT,), 1, [(0, 8, "A"), (8, 12, "—"), (20, 4, "A")]),
        ((), 1, [(0, 24, "—")]),
        ((ANY, Band("may", dates=frozenset({"05-09"}), priority=9)), 1, [(0, 24, "A")]),
    ],
)
def test_a_day(bands: tuple[Band, ...], day: int, expected: list[tuple[int, int, str]]) -> None:
    assert drawn(*bands, day=day) == expected


def test_a_holiday_has_a_row_where_it_differs() -> None:
    feast = Band("feast", on_holidays=True, priority=9)
    assert [row.day for row in draw_week(deck(ANY)).rows] == [1, 2, 3, 4, 5, 6, 7]
    rows = draw_week(deck(ANY, feast)).rows
    assert rows[-1].day == HOLIDAY
    assert [part.letter for part in rows[-1].parts] == ["B"]


def test_letters_go_on_after_the_alphabet() -> None:
    assert [letter_of(place) for place in (0, 25, 26, 27, -1)] == ["A", "Z", "A1", "B1", "—"]


HOURS = st.integers(0, 23).map(lambda hour: hour * 3600)
BANDS = st.builds(
    Band,
    code=st.sampled_from("abc"),
    weekdays=st.frozensets(st.integers(1, 7)),
    from_second=HOURS,
    to_second=HOURS.map(lambda second: second or DAY),
    priority=st.integers(0, 3),
)


@given(st.lists(BANDS, max_size=4))
def test_every_day_is_whole(bands: list[Band]) -> None:
    for row in draw_week(deck(*bands)).rows:
        ends = [0]
        for part in row.parts:
            assert part.x == ends[-1]
            ends.append(part.x + part.width)
        assert ends[-1] == 24 * HOUR


@given(st.lists(st.integers(-90_000, 90_000), min_size=1, max_size=40))
def test_bars_stay_in_the_drawing(changes: list[int]) -> None:
    import numpy as np

    bars = draw_changes(histogram(np.array(changes, np.int64)))
    assert sum(bar.accounts for bar in bars) == len(changes)
    assert max(bar.height for bar in bars) == HEIGHT
    for bar in bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert bar.y + bar.height == HEIGHT
        assert (bar.height > 0) == (bar.accounts > 0)
