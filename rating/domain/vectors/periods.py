"""
A rate's period as a tariff time.
"""

from datetime import date, datetime, timedelta
from typing import Final

from rating.domain.vectors.fields import Fields
from tariffs.domain.deck import DAY, Band

#: A window without any moment in it: a period that never holds.
NEVER: Final = ((datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2000-01-01")),)


def read_band(code: str, period: Fields | None) -> Band:
    """Return the tariff time of a period; none holds always. Lists that name nothing never do."""
    if period is None:
        return Band(code)
    names_nothing = any(period.is_empty_list(name) for name in ("weekdays", "dates", "windows"))
    from_second, to_second = _hours(period)
    weekdays, dates = period.listed("weekdays"), period.listed("dates")
    windows = tuple(_window(one, period) for one in period.listed("windows"))
    priority = int(period.take("priority", 0))
    period.close()
    return Band(
        code,
        weekdays=frozenset(weekdays),
        from_second=from_second,
        to_second=to_second,
        priority=priority,
        dates=frozenset(_day(text, period) for text in dates),
        windows=NEVER if names_nothing else windows,
    )


def _hours(period: Fields) -> tuple[int, int]:
    start, end = period.take("from"), period.take("to")
    if start is None and end is None:
        return 0, DAY
    seconds = [_second(text, period) for text in (start, end)]
    # From the end of the day on is the same as from its start, where it wraps around.
    return (0 if seconds[0] == DAY else seconds[0]), seconds[1]


def _second(text: object, period: Fields) -> int:
    parts = text.split(":") if isinstance(text, str) else []
    if len(parts) not in {2, 3} or not all(part.isdigit() for part in parts):
        raise period.wrong("from", text)
    hours, minutes, seconds = (int(part) for part in (*parts, "0")[:3])
    total = hours * 3600 + minutes * 60 + seconds
    if total > DAY:
        raise period.wrong("from", text)
    return total


def _day(text: object, period: Fields) -> str:
    if not isinstance(text, str):
        raise period.wrong("dates", text)
    try:
        date.fromisoformat(text if text.count("-") > 1 else f"2024-{text}")
    except ValueError:
        raise period.wrong("dates", text) from None
    return text


def _window(pair: object, period: Fields) -> tuple[datetime, datetime]:
    if not isinstance(pair, list) or len(pair) != 2:
        raise period.wrong("windows", pair)
    start, end = (_moment(text, period) for text in pair)
    return start, end


def _moment(text: object, period: Fields) -> datetime:
    if not isinstance(text, str):
        raise period.wrong("windows", text)
    day, _, clock = text.partition("T")
    is_end_of_day = clock.startswith("24:00")
    try:
        moment = datetime.fromisoformat(day if is_end_of_day else text)
    except ValueError:
        raise period.wrong("windows", text) from None
    if moment.tzinfo is not None:
        raise period.wrong("windows", text)
    return moment + timedelta(days=1) if is_end_of_day else moment
