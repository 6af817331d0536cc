"""
Two lines that differ somewhere: what changed, and enough around it to know the place.
"""

from dataclasses import dataclass
from typing import Final

AROUND: Final = 28
CUT: Final = "…"


@dataclass(frozen=True, slots=True)
class Change:
    """The text before the change, the change, and the text after it, cut where it is long."""

    head: str
    old: str
    new: str
    tail: str


def mark_change(before: str, after: str) -> Change:
    """
    Return where two lines differ.

    >>> mark_change('"1","9215550102",60', '"1","79215550102",60')
    Change(head='"1","', old='', new='7', tail='9215550102",60')
    """
    head = _common_start(before, after)
    rest_before, rest_after = before[len(head) :], after[len(head) :]
    tail = _common_start(rest_before[::-1], rest_after[::-1])[::-1]
    end = len(tail)
    return Change(
        head=_cut_start(head),
        old=rest_before[: len(rest_before) - end],
        new=rest_after[: len(rest_after) - end],
        tail=_cut_end(tail),
    )


def _common_start(one: str, other: str) -> str:
    same = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        same += 1
    return one[:same]


def _cut_start(text: str) -> str:
    return text if len(text) <= AROUND else CUT + text[-AROUND:]


def _cut_end(text: str) -> str:
    return text if len(text) <= AROUND else text[:AROUND] + CUT
