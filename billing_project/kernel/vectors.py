"""
What comes of a case of another engine's that is run through ours (`manage.py check_vectors`).
"""

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """What came of a case."""

    AGREE = "agree"
    DISAGREE = "disagree"
    UNSUPPORTED = "unsupported"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a case by its name, and what differs, isn't known or can't be read."""

    name: str
    result: Result
    reasons: tuple[str, ...] = ()


def name_of(case: object) -> str:
    """Return what the case calls itself, `?` if nothing."""
    return str(case.get("id", "?")) if isinstance(case, dict) else "?"


def compared(name: str, differences: tuple[str, ...]) -> Verdict:
    """Return the verdict on a case that was computed."""
    return Verdict(name, Result.DISAGREE if differences else Result.AGREE, differences)
