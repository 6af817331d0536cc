"""
A rule that corrects many records alike: one field, and what becomes of its text.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What becomes of a field's text."""

    REPLACE = "replace"
    SET = "set"
    PREFIX = "prefix"


@dataclass(frozen=True, slots=True)
class Rule:
    """
    Change one column (its name, its number from 1, or "" for the whole line) of each record.

    REPLACE puts `value` for every match of the regular expression `pattern` (`${1}` is its first
    group), SET gives the field `value`, PREFIX puts `value` before its text.
    """

    action: Action
    column: str = ""
    pattern: str = ""
    value: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**asdict(self), "action": str(self.action)}

    @classmethod
    def of_json(cls, values: dict[str, Any]) -> "Rule":
        """Return what `as_json` gave."""
        return cls(**{**values, "action": Action(values["action"])})
