"""
Running numbers that switches give their files and records.
"""

import re

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def number_in_name(name: str, pattern: str) -> int | None:
    """Return the number that the group `seq` of the pattern finds in a file's name, if it does."""
    try:
        found = re.search(pattern, name) if pattern else None
        text = found["seq"] if found else ""
    except (re.error, IndexError):
        return None
    return int(text) if text and text.isdecimal() else None


def unwrapped(number: int, *, last: int | None, modulus: int) -> int:
    """
    Return a number that begins anew at `modulus` as one that doesn't.

    It is the one nearest to the last that came, so files may overtake each other.

    >>> unwrapped(1, last=9999, modulus=10_000)
    10001
    """
    if modulus <= 0:
        return number
    if last is None:
        # One turn ahead, for files of the turn before that may come late.
        return number % modulus + modulus
    turn = round((last - number) / modulus)
    return max(number + turn * modulus, number % modulus)


def runs_of(numbers: Ints) -> list[tuple[int, int]]:
    """
    Return first and last of each run of numbers without a hole.

    >>> runs_of(np.array([3, 1, 2, 7, 2]))
    [(1, 3), (7, 7)]
    """
    distinct = np.unique(numbers)
    if not len(distinct):
        return []
    breaks = np.flatnonzero(np.diff(distinct) > 1)
    first = distinct[np.concatenate([[0], breaks + 1])]
    last = distinct[np.concatenate([breaks, [len(distinct) - 1]])]
    return list(zip(first.tolist(), last.tolist(), strict=True))
