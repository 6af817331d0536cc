"""
Time left when other time is taken out of it.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from billing_project.kernel.periods import Period

#: From a moment up to another, or without end.
OpenSpan = tuple[date, date | None]


def without(period: Period, cuts: Iterable[Period]) -> list[Period]:
    """
    Return what of a period none of the cuts covers, in order.

    >>> january = Period(date(2026, 1, 1), date(2026, 2, 1))
    >>> [rest.days for rest in without(january, [Period(date(2026, 1, 11), date(2026, 1, 21))])]
    [10, 11]
    """
    left: list[Period] = []
    start = period.start
    for cut in sorted(cuts):
        if start >= period.end:
            break
        if cut.start > start:
            left.append(Period(start, min(cut.start, period.end)))
        start = max(start, cut.end)
    if start < period.end:
        left.append(Period(start, period.end))
    return left


def active(span: OpenSpan, pauses: Sequence[OpenSpan]) -> list[OpenSpan]:
    """
    Return the parts of a span outside pauses, in order; a pause without end leaves nothing after.

    >>> active((date(2026, 1, 1), None), [(date(2026, 1, 5), date(2026, 1, 9))])
    [(datetime.date(2026, 1, 1), datetime.date(2026, 1, 5)), (datetime.date(2026, 1, 9), None)]
    """
    start, end = span
    parts: list[OpenSpan] = []
    for paused_from, paused_to in sorted(pauses, key=lambda pause: pause[0]):
        if end is not None and paused_from >= end:
            break
        if paused_from > start:
            parts.append((start, paused_from))
        if paused_to is None:
            return parts
        start = max(start, paused_to)
    if end is None or start < end:
        parts.append((start, end))
    return parts
