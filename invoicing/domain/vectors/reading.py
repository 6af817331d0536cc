"""
Reading a case key by key: what isn't there or makes no sense is told by its place.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from numbers import Real
from typing import Any, Final, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from invoicing.domain.proration import ACTUAL, ACTUAL_SECONDS, FIXED_30, Convention

DAY_COUNTS: Final = (ACTUAL, FIXED_30, ACTUAL_SECONDS)
#: What every case says, whether its model looks at it or not.
EVERYWHERE: Final = frozenset(
    {
        *("day_count", "period_end", "rounding", "decimals", "credit_document"),
        *("termination_day", "change_day", "at", "sub", "type"),
    }
)
ROUNDINGS: Final = ("half_up", "half_even", "up", "down")


class UnableToRead(ValueError):
    """The case is broken: a key is missing, or its value is nothing sensible."""


class NotKnown(ValueError):
    """The case makes sense and asks for what the engine doesn't have."""


class Fields:
    """A JSON object; remembers which of its keys were asked for. null is as good as absent."""

    def __init__(self, values: object, *, at: str) -> None:
        if not isinstance(values, Mapping):
            message = f"{at}: not an object"
            raise UnableToRead(message)
        self._values = values
        self._at = at
        self._inner: list[Fields] = []
        self._seen: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return self.take(key) is not None

    def take(self, key: str) -> Any:
        """Return a value as it stands, or None."""
        self._seen.add(key)
        return self._values.get(key)

    def fail(self, key: str, why: str) -> NoReturn:
        """Raise UnableToRead for a key."""
        message = f"{self._at}.{key}: {why}"
        raise UnableToRead(message)

    def _given(self, key: str) -> Any:
        value = self.take(key)
        if value is None:
            self.fail(key, "is missing")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text, or a number as one; without a default it must be there."""
        value = default if key not in self and default is not None else self._given(key)
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            self.fail(key, f"{value!r} is no text")
        return str(value)

    def choice(self, key: str, among: tuple[str, ...], default: str | None = None) -> str:
        """Return one of some words; raise NotKnown for another."""
        value = self.text(key, default)
        if value not in among:
            message = f"{self._at}.{key}: {value}"
            raise NotKnown(message)
        return value

    def number(self, key: str, default: str | None = None) -> Decimal:
        """Return an amount, a percent, or a quantity."""
        if key not in self and default is not None:
            return Decimal(default)
        return read_number(self._given(key), at=f"{self._at}.{key}")

    def optional(self, key: str) -> Decimal | None:
        """Return a number that may be absent."""
        return self.number(key) if key in self else None

    def whole(self, key: str, default: int | None = None) -> int:
        """Return a whole number."""
        value = self.number(key, None if default is None else str(default))
        if value != int(value):
            self.fail(key, f"{value} is not whole")
        return int(value)

    def count(self, key: str, default: int | None = None) -> int:
        """Return a whole number of at least 1."""
        value = self.whole(key, default)
        if value < 1:
            self.fail(key, f"{value} is not positive")
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return yes or no."""
        value = self.take(key)
        if value is not None and not isinstance(value, bool):
            self.fail(key, f"{value!r} is not true or false")
        return default if value is None else value

    def day(self, key: str) -> date:
        """Return a day."""
        value = self.text(key)
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(key, f"{value!r} is no day")

    def instant(self, key: str) -> datetime:
        """Return an instant, of UTC where it names no zone; a day is its midnight."""
        moment = self.written(key)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def written(self, key: str) -> datetime:
        """Return a date and time as it is written."""
        value = self.text(key)
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            self.fail(key, f"{value!r} is no moment")

    def event(self, among: Iterable[str], *, checkpoint: str = "check") -> str:
        """
        Return what an event is. One of no known type that carries nothing is a moment to look at.
        """
        kind = self.text("type")
        if kind in among or kind == checkpoint:
            return kind
        if any(key in self for key in ("amount", "units", "invoice", "bucket")):
            message = f"{self._at}.type: {kind}"
            raise NotKnown(message)
        return checkpoint

    def period(self, start: str, end: str) -> tuple[date, date]:
        """Return two days, the second after the first."""
        days = self.day(start), self.day(end)
        if days[1] <= days[0]:
            self.fail(end, f"{days[1]} is not after {days[0]}")
        return days

    def part(self, key: str) -> "Fields":
        """Return an object inside, empty if it is absent."""
        value = self.take(key)
        return self._added(Fields({} if value is None else value, at=f"{self._at}.{key}"))

    def parts(self, key: str) -> "list[Fields]":
        """Return a list of objects, empty if it is absent."""
        return [
            self._added(Fields(value, at=f"{self._at}.{key}[{place}]"))
            for place, value in enumerate(self.items(key))
        ]

    def named(self, key: str) -> "dict[str, Fields]":
        """Return objects by name."""
        part = self.part(key)
        return {name: part.part(name) for name in part.names()}

    def names(self) -> list[str]:
        """Return the keys."""
        return list(self._values)

    def items(self, key: str) -> list[Any]:
        """Return a list of anything, empty if it is absent."""
        value = self.take(key)
        if value is not None and not isinstance(value, list):
            self.fail(key, "is no list")
        return value or []

    def numbers(self, key: str) -> list[Decimal]:
        """Return a list of numbers, empty if it is absent."""
        return [
            read_number(value, at=f"{self._at}.{key}[{place}]")
            for place, value in enumerate(self.items(key))
        ]

    def unread(self) -> list[str]:
        """Return the places that nobody asked for."""
        left = [f"{self._at}.{key}" for key in self._values if key not in self._seen]
        return left + [place for inner in self._inner for place in inner.unread()]

    def _added(self, inner: "Fields") -> "Fields":
        self._inner.append(inner)
        return inner


def read_number(value: object, *, at: str) -> Decimal:
    """Return a number that is written as one, or as text."""
    try:
        if isinstance(value, bool) or not isinstance(value, (str, Real)):
            raise InvalidOperation
        number = Decimal(str(value))
    except InvalidOperation:
        message = f"{at}: {value!r} is no number"
        raise UnableToRead(message) from None
    if not number.is_finite():
        message = f"{at}: {value!r} is no number"
        raise UnableToRead(message)
    return number


@dataclass(frozen=True, slots=True)
class Case:
    """The parts of a case that its model reads."""

    currency: str
    zone: ZoneInfo
    conventions: Fields
    setup: Fields
    events: list[Fields]

    @property
    def convention(self) -> Convention:
        """How parts of a cycle are counted, and amounts rounded."""
        scale = self.conventions.optional("factor_scale")
        return Convention(
            day_count=self.conventions.choice("day_count", DAY_COUNTS, ACTUAL),
            factor_scale=None if scale is None else int(scale),
            mode=self.conventions.choice("rounding", ROUNDINGS, "half_up"),
            digits=self.conventions.whole("decimals", 2),
        )

    def local(self, fields: Fields, key: str) -> date:
        """Return a day of the case's zone; under `actual_seconds` an instant."""
        value = fields.text(key)
        counts_seconds = self.convention.day_count == ACTUAL_SECONDS
        if "T" not in value and not counts_seconds:
            return fields.day(key)
        if counts_seconds:
            return fields.instant(key).astimezone(UTC)
        moment = fields.written(key)
        return moment.replace(tzinfo=moment.tzinfo or self.zone).astimezone(self.zone).date()

    def unread(self) -> list[str]:
        """Return what no one asked for."""
        parts = [self.conventions, self.setup, *self.events]
        places = (place for part in parts for place in part.unread())
        return [place for place in places if place.rpartition(".")[2] not in EVERYWHERE]


def read_case(fields: Fields) -> Case:
    """Return a case's parts; raise UnableToRead."""
    name = fields.text("timezone", "UTC")
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fields.fail("timezone", f"{name!r} is not known")
    return Case(
        currency=fields.text("currency", "RUB"),
        zone=zone,
        conventions=fields.part("conventions"),
        setup=fields.part("setup"),
        events=fields.parts("events"),
    )
