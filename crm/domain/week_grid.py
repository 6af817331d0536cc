"""
Tariff times drawn as a week: which band is in force when, day by day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tariffs.domain.deck import DAY, Band, Deck

#: The drawing's width is a day: so many units an hour.
HOUR: Final = 20
ROW: Final = 26
#: The row after the seven days of the week: how it is on holidays.
HOLIDAY: Final = 8


@dataclass(frozen=True, slots=True)
class Part:
    """Part of a day in one band; `band` is its place in the deck, -1 = none is in force."""

    x: int
    width: int
    band: int
    letter: str


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day (1 Monday … 7, 8 = a holiday) and its parts; `y` is its place in the drawing."""

    day: int
    y: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class WeekGrid:
    """The whole drawing."""

    rows: tuple[DayRow, ...]
    bands: tuple[str, ...]

    @property
    def width(self) -> int:
        """A day of 24 hours."""
        return 24 * HOUR

    @property
    def height(self) -> int:
        """All rows."""
        return len(self.rows) * ROW


def letter_of(place: int) -> str:
    """
    Return the letter that names a band in the drawing.

    >>> letter_of(0), letter_of(26), letter_of(-1)
    ('A', 'A1', '—')
    """
    if place < 0:
        return "—"
    return chr(ord("A") + place % 26) + (str(place // 26) if place >= 26 else "")


def draw_week(deck: Deck) -> WeekGrid:
    """
    Draw the week of a deck; bands of certain dates are left out, a holiday's row only if it differs.

    >>> night = Band("night", from_second=0, to_second=28_800, priority=1)
    >>> deck = Deck(1, None, None, None, "UTC", bands=(Band("any"), night), rates=())
    >>> [(part.x, part.width, part.letter) for part in draw_week(deck).rows[0].parts]
    [(0, 160, 'B'), (160, 320, 'A')]
    """
    week = [_row(deck, day, is_holiday=False) for day in range(1, 8)]
    feasts = [_row(deck, day, is_holiday=True) for day in range(1, 8)]
    if [row.parts for row in week] != [row.parts for row in feasts]:
        week.append(DayRow(HOLIDAY, 7 * ROW, feasts[0].parts))
    return WeekGrid(tuple(week), tuple(letter_of(place) for place in range(len(deck.bands))))


def _row(deck: Deck, day: int, *, is_holiday: bool) -> DayRow:
    always = [band for band in deck.bands if not band.is_dated]
    starts = deck.cuts
    parts: list[Part] = []
    for start, end in zip(starts, [*starts[1:], DAY], strict=True):
        band = _band(deck.bands, always, day=day, second=start, is_holiday=is_holiday)
        x, width = _x(start), _x(end) - _x(start)
        if parts and parts[-1].band == band:
            last = parts.pop()
            x, width = last.x, last.width + width
        parts.append(Part(x, width, band, letter_of(band)))
    return DayRow(day, (day - 1) * ROW, tuple(parts))


def _band(
    listed: Sequence[Band], always: Sequence[Band], *, day: int, second: int, is_holiday: bool
) -> int:
    holding = [
        band for band in always if band.holds(weekday=day, is_holiday=is_holiday, second=second)
    ]
    found = max(holding, key=lambda band: band.priority, default=None)
    return listed.index(found) if found else -1


def _x(second: int) -> int:
    return second * HOUR // 3600
