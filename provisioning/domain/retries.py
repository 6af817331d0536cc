"""
When to try again: doubling pauses with a jitter, and an end.
"""

from datetime import datetime, timedelta
from typing import Final

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(minutes=15)
#: After so many tries (about three hours) an order is left to a person.
MAX_ATTEMPTS: Final = 20
#: An order being sent for longer than this was abandoned by its worker.
ABANDONED_AFTER: Final = timedelta(minutes=2)


def next_try(*, attempts: int, now: datetime, jitter: int) -> datetime | None:
    """
    Return when to try after `attempts` failures (1 or more), or None to give up.

    `jitter` (0 to 999 thousandths) spreads the tries over the second half of the pause, so that a thousand
    orders refused together don't come back together.

    >>> from datetime import UTC
    >>> next_try(attempts=1, now=datetime(2026, 1, 1, tzinfo=UTC), jitter=0).second
    2
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    pause: timedelta = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
    return now + pause / 2 + pause * jitter / 2000
