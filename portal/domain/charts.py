"""
The bars of a month: heights in percent of the highest day.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

#: Height of the drawing; a day with money is never invisible.
HEIGHT = 100
LEAST = 2


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: its amount and where its bar stands, in hundredths of the height from the top."""

    day: date
    amount: Decimal
    x: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class MonthChart:
    """The days of a month with money spent on them, `total` in all and at most `highest` a day."""

    bars: tuple[Bar, ...]
    days: int
    first: date
    last: date
    total: Decimal
    highest: Decimal

    @property
    def width(self) -> int:
        """Ten units a day."""
        return self.days * 10


def chart_month(spent: Mapping[date, Decimal], *, on: date) -> MonthChart:
    """
    Chart what was spent by day in the month of `on`; days of other months are left out.

    >>> chart = chart_month({date(2026, 11, 2): Decimal(50), date(2026, 11, 3): Decimal(100)},
    ...                     on=date(2026, 11, 22))
    >>> [(bar.x, bar.y, bar.height) for bar in chart.bars], chart.total, chart.width
    ([(10, 50, 50), (20, 0, 100)], Decimal('150'), 300)
    """
    length = monthrange(on.year, on.month)[1]
    first = on.replace(day=1)
    inside = {
        day: spent[day] for day in sorted(spent) if day.replace(day=1) == first and spent[day] > 0
    }
    highest = max(inside.values(), default=Decimal(0))
    bars = tuple(_bar(day, amount, highest=highest) for day, amount in inside.items())
    return MonthChart(
        bars, length, first, first.replace(day=length), sum(inside.values(), Decimal(0)), highest
    )


def _bar(day: date, amount: Decimal, *, highest: Decimal) -> Bar:
    height = max(LEAST, int(amount * HEIGHT / highest))
    return Bar(day, amount, x=(day.day - 1) * 10, y=HEIGHT - height, height=height)
