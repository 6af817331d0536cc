"""
Which suspended records are meant: the filters of a list, as a value that can be stored.
"""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

#: Digits of a number that are compared, so that 8 921 … finds +7 921 … too.
DIGITS_COMPARED = 10
LEAST_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """What a person gives up alone: an estimate of money, and a number of records."""

    money: Decimal
    records: int


@dataclass(frozen=True, slots=True)
class Selection:
    """
    Suspended records by state and, where given, reason, source, file, day, text, or one by its id.

    `day` is the business day on which they were suspended; `text` stands in the record.
    """

    state: str = "waiting"
    reason: str = ""
    source_id: int = 0
    file_id: int = 0
    day: date | None = None
    text: str = ""
    record_id: int = 0

    def as_json(self) -> dict[str, Any]:
        """
        Return plain values, what isn't asked for left out.

        >>> Selection(reason="no_rate", day=date(2026, 11, 20)).as_json()
        {'state': 'waiting', 'reason': 'no_rate', 'day': '2026-11-20'}
        """
        values = {name: value for name, value in asdict(self).items() if value}
        return {**values, "day": self.day.isoformat()} if self.day else values

    @classmethod
    def of_json(cls, values: dict[str, Any]) -> "Selection":
        """Return what `as_json` gave."""
        day = values.get("day")
        return cls(**{**values, "day": date.fromisoformat(day) if day else None})

    @property
    def digits(self) -> str:
        """
        The last digits of the text if it is a telephone number, however written; else nothing.

        >>> Selection(text="+7 (921) 555-01-02").digits, Selection(text="1.77").digits
        ('9215550102', '')
        """
        digits = "".join(sign for sign in self.text if sign.isdecimal())
        is_number = not self.text.translate(str.maketrans("", "", "+()- 0123456789"))
        is_enough = is_number and self.text.isascii() and len(digits) >= LEAST_DIGITS
        return digits[-DIGITS_COMPARED:] if is_enough else ""
