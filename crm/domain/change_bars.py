"""
Accounts by what they would pay more or less, drawn as columns side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

WIDTH: Final = 760
HEIGHT: Final = 160
#: What is not nothing is never invisible.
LEAST: Final = 2
GAP: Final = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """A bin: accounts, and where its column stands; `tone` is less, none or more."""

    low: str | None
    high: str | None
    accounts: int
    change: Decimal
    tone: str
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        """Where its label stands."""
        return self.x + self.width // 2


def draw_changes(bins: Sequence[dict[str, Any]]) -> tuple[Bar, ...]:
    """
    Draw the histogram of `rating.domain.whatif.histogram`.

    >>> rows = [{"low": "-10.00", "high": "0.00", "accounts": 1, "change": "-5.00"},
    ...         {"low": "0.00", "high": "0.00", "accounts": 4, "change": "0.00"}]
    >>> [(bar.tone, bar.x, bar.y, bar.height) for bar in draw_changes(rows)]
    [('less', 3, 120, 40), ('none', 383, 0, 160)]
    """
    most = max((row["accounts"] for row in bins), default=0)
    place = WIDTH // max(len(bins), 1)
    bars = []
    for number, row in enumerate(bins):
        count = row["accounts"]
        height = max(LEAST, count * HEIGHT // most) if count else 0
        bars.append(
            Bar(
                low=row["low"],
                high=row["high"],
                accounts=count,
                change=Decimal(row["change"]),
                tone=_tone(row),
                x=number * place + GAP // 2,
                y=HEIGHT - height,
                width=place - GAP,
                height=height,
            )
        )
    return tuple(bars)


def _tone(row: dict[str, Any]) -> str:
    if row["low"] == row["high"]:
        return "none"
    return "less" if row["low"] is None or row["low"].startswith("-") else "more"
