"""
The lines of a rate deck's file as values: what they say, what they may break, the zones they make.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

MOST_ERRORS: Final = 200
#: The prefix that stands for every number that no other line leads to.
REST: Final = "*"
#: A price that isn't there: the band is left to the ones below it.
NO_PRICE: Final = "-"
LONGEST_PREFIX: Final = 15


class LineRule(StrEnum):
    """What a line breaks; translated where it is shown."""

    NO_LINES = "no_lines"
    MISSING_COLUMN = "missing_column"
    UNKNOWN_COLUMN = "unknown_column"
    COLUMN_TWICE = "column_twice"
    UNKNOWN_BAND = "unknown_band"
    EMPTY = "empty"
    NOT_A_PREFIX = "not_a_prefix"
    BAD_RANGE = "bad_range"
    BAD_TEXT = "bad_text"
    UNKNOWN_CLASS = "unknown_class"
    NOT_A_NUMBER = "not_a_number"
    NEGATIVE = "negative"
    TOO_PRECISE = "too_precise"
    TOO_LARGE = "too_large"
    NOT_WHOLE = "not_whole"
    NOT_A_DATE = "not_a_date"
    OTHER_DATE = "other_date"
    DUPLICATE = "duplicate"
    CONTRADICTION = "contradiction"
    TOO_MANY_ZONES = "too_many_zones"


@dataclass(frozen=True, slots=True)
class LineError:
    """Where in the file, what rule, the cell as it stands there, and the other line if there is one."""

    line: int
    column: str
    rule: LineRule
    value: str = ""
    other_line: int = 0


class UnableToReadLines(ValueError):
    """The file has faults; `errors` are all of them, in the order of lines, up to MOST_ERRORS."""

    def __init__(self, errors: list[LineError]) -> None:
        self.errors = sorted(errors, key=lambda error: error.line)[:MOST_ERRORS]
        super().__init__(f"{len(errors)} faults")


@dataclass(frozen=True, slots=True)
class LinePrices:
    """
    What a line says apart from where it leads. Prices and fees in the order of the bands; None =
    not priced in that band. Lines with equal values are one object.
    """

    prices: tuple[Decimal | None, ...]
    fees: tuple[Decimal, ...]
    unit: int = 60
    first_increment: int = 60
    next_increment: int = 60
    min_units: int = 0
    grace_units: int = 0
    free_units: int = 0

    @property
    def counting(self) -> tuple[int, int, int, int, int]:
        """How it is counted: the part that terms of a zone hold."""
        steps = (self.first_increment, self.next_increment)
        return (*steps, self.free_units, self.min_units, self.grace_units)


@dataclass(frozen=True, slots=True)
class Group:
    """Prefixes of one destination and class with equal prices: a zone to be."""

    destination: str
    zone_class: str
    prices: LinePrices
    prefixes: tuple[str, ...]


@dataclass(slots=True)
class Lines:
    """A file that was read: prefix → (destination, class, prices); `rest` for all other numbers."""

    bands: tuple[str, ...]
    count: int = 0
    entries: dict[str, tuple[str, str, LinePrices]] = field(default_factory=dict)
    rest: LinePrices | None = None

    def groups(self) -> list[Group]:
        """Return the zones to be, by destination, class and first prefix."""
        found: dict[tuple[str, str, LinePrices], list[str]] = {}
        for prefix, entry in self.entries.items():
            found.setdefault(entry, []).append(prefix)
        groups = [Group(*entry, tuple(sorted(prefixes))) for entry, prefixes in found.items()]
        return sorted(
            groups, key=lambda group: (group.destination, group.zone_class, group.prefixes)
        )


def same_division(lines: Lines, former: Mapping[str, tuple[int, str, str]]) -> bool:
    """
    Whether zones that are there divide the numbers as the file does.

    `former` maps prefix to (zone, destination, class). A zone must have the file's name and class,
    and all its prefixes the same prices.
    """
    if lines.entries.keys() != former.keys():
        return False
    prices_of: dict[int, LinePrices] = {}
    for prefix, (zone_id, destination, zone_class) in former.items():
        name, kind, prices = lines.entries[prefix]
        if (name, kind) != (destination, zone_class):
            return False
        if prices_of.setdefault(zone_id, prices) != prices:
            return False
    return True
