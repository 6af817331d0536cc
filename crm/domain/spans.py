"""
The days of a chart: a day, a week from its Monday, a month; the ones before and after.
"""

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, timedelta
from typing import Final

DAY: Final = "day"
WEEK: Final = "week"
MONTH: Final = "month"


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `first` to before `end`."""

    length: str
    first: date
    end: date

    @property
    def last(self) -> date:
        """The last day of it."""
        return self.end - timedelta(days=1)

    @property
    def days(self) -> list[date]:
        """All its days."""
        return [self.first + timedelta(days=n) for n in range((self.end - self.first).days)]

    @property
    def before(self) -> date:
        """A day of the span before."""
        return self.first - timedelta(days=1)


def span_of(length: str, on: date) -> Span:
    """
    Return the day, week or month (any other word) with the given day in it.

    >>> span_of("week", date(2026, 11, 22)).first, span_of("month", date(2026, 12, 5)).end
    (datetime.date(2026, 11, 16), datetime.date(2027, 1, 1))
    """
    # Away from the ends of the calendar, where weeks and months have no room.
    on = min(max(on, date(MINYEAR + 1, 1, 1)), date(MAXYEAR - 1, 12, 1))
    if length == DAY:
        return Span(DAY, on, on + timedelta(days=1))
    if length == WEEK:
        monday = on - timedelta(days=on.weekday())
        return Span(WEEK, monday, monday + timedelta(days=7))
    first = on.replace(day=1)
    return Span(MONTH, first, (first + timedelta(days=31)).replace(day=1))
