"""
How often anybody may try to sign in.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

WINDOW: Final = timedelta(minutes=15)
CODE_LIFE: Final = timedelta(minutes=10)
TRIES_PER_CODE: Final = 5


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many tries in WINDOW by one subject, and from one address."""

    by_subject: int
    by_address: int


#: Failed tries with a password or a code, and codes asked for.
FAILURES: Final = Limit(by_subject=5, by_address=30)
CODES: Final = Limit(by_subject=3, by_address=10)


def is_too_often(limit: Limit, *, by_subject: int, by_address: int) -> bool:
    """
    Whether one more try is one too many, the tries before it given.

    >>> is_too_often(CODES, by_subject=2, by_address=9)
    False
    >>> is_too_often(CODES, by_subject=3, by_address=0)
    True
    """
    return by_subject >= limit.by_subject or by_address >= limit.by_address
