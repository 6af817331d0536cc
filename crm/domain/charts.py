"""
Charts as geometry: stacked columns in a field of 1000 × 240, lengths of bars in thousandths.

Words, colours and the table beside a chart are the template's.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

WIDTH: Final = 1000
HEIGHT: Final = 240
#: What is not nothing is never invisible.
LEAST: Final = 2
#: So much of a column's place stays empty.
GAP: Final = Decimal("0.25")
#: More series than this can't be told apart: the smallest become one.
MOST_SERIES: Final = 7

Number = int | Decimal
#: (key of the column, series) -> how much.
Values = Mapping[tuple[Any, Any], Number]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a column: which series, its value, and where it stands."""

    series: int
    value: Number
    x: Decimal
    y: Decimal
    width: Decimal
    height: Decimal


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key (an hour, a day), its parts from below, its total."""

    key: Hashable
    parts: tuple[Part, ...]
    values: tuple[Number, ...]
    total: Number


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns under one scale; `ticks` are its values from the top down to 0."""

    columns: tuple[Column, ...]
    series: tuple[Hashable, ...]
    ticks: tuple[Number, ...]
    total: Number

    @property
    def lines(self) -> list[Decimal]:
        """Where the lines of the ticks lie, from the top."""
        last = len(self.ticks) - 1
        return [Decimal(HEIGHT) * place / last for place in range(len(self.ticks))]


def chart(
    values: Values,
    *,
    keys: Sequence[Hashable],
    other: Hashable = "",
) -> Chart:
    """
    Chart the values by (key of the column, series), a column per key; negative ones count as 0.

    Series come by size, the largest below; beyond MOST_SERIES they are put together as `other`.

    >>> found = chart({(0, "a"): 30, (1, "a"): 60, (1, "b"): 20}, keys=[0, 1])
    >>> [(part.series, int(part.y), int(part.height)) for part in found.columns[1].parts]
    [(0, 96, 144), (1, 48, 48)]
    >>> found.ticks, found.total
    ((100, 75, 50, 25, 0), 110)
    """
    inside = {place: value for place, value in values.items() if place[0] in set(keys)}
    series = _series(inside, other)
    rows = [_row(inside, key, series, other=other) for key in keys]
    top = nice_top(max((sum(row) for row in rows), default=0))
    width = Decimal(WIDTH) / max(len(keys), 1)
    columns = tuple(
        _column(key, row, x=width * place, width=width, top=top)
        for place, (key, row) in enumerate(zip(keys, rows, strict=True))
    )
    total = sum((column.total for column in columns), 0)
    return Chart(columns, series, _ticks(top), total)


def bar(value: Number, highest: Number) -> int:
    """
    Return the length of a bar in thousandths of the highest.

    >>> bar(5, 20), bar(1, 100_000), bar(0, 5), bar(3, 0)
    (250, 4, 0, 0)
    """
    if value <= 0 or highest <= 0:
        return 0
    return max(2 * LEAST, int(value * WIDTH / highest))


def nice_top(highest: Number) -> int:
    """
    Return a round number that holds the highest: 1, 2, 4 or 6 times a power of ten.

    >>> [nice_top(n) for n in (0, 1, 3, 7, 80, 130, 410, 999)]
    [4, 4, 4, 10, 100, 200, 600, 1000]
    """
    top: int = 4
    for power in range(20):
        for step in (1, 2, 4, 6):
            top = int(step * 10**power)
            if top >= max(highest, 4):
                return top
    return top


def _ticks(top: int) -> tuple[Number, ...]:
    parts = 4 if top % 4 == 0 else 2
    return tuple(top * place // parts for place in range(parts, -1, -1))


def _series(values: Values, other: Hashable) -> tuple[Hashable, ...]:
    sums: dict[Hashable, Number] = {}
    for (_key, name), value in values.items():
        sums[name] = sums.get(name, 0) + max(value, 0)
    found = sorted(sums, key=lambda name: (-sums[name], str(name)))
    if len(found) <= MOST_SERIES:
        return tuple(found)
    return (*found[: MOST_SERIES - 1], other)


def _row(
    values: Values,
    key: Hashable,
    series: tuple[Hashable, ...],
    *,
    other: Hashable,
) -> list[Number]:
    row: dict[Hashable, Number] = dict.fromkeys(series, 0)
    for (column, name), value in values.items():
        if column == key:
            place = name if name in row else other
            row[place] = row.get(place, 0) + max(value, 0)
    return list(row.values())


def _column(
    key: Hashable, row: Sequence[Number], *, x: Decimal, width: Decimal, top: int
) -> Column:
    parts = []
    bottom = Decimal(HEIGHT)
    for series, value in enumerate(row):
        if not value:
            continue
        height = max(Decimal(LEAST), Decimal(value) * HEIGHT / top)
        bottom -= height
        part = Part(
            series,
            value,
            x=_short(x + width * GAP / 2),
            y=_short(max(bottom, Decimal(0))),
            width=_short(width * (1 - GAP)),
            height=_short(height),
        )
        parts.append(part)
    return Column(key, tuple(parts), tuple(row), sum(row, 0))


def _short(length: Decimal) -> Decimal:
    return length.quantize(Decimal("0.1"))
