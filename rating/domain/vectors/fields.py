"""
Reading a JSON object key by key; what nobody takes is an error.
"""

from collections.abc import Mapping
from fractions import Fraction
from numbers import Real
from typing import Any, Final

#: What says something about a case, a rate or an allowance and prices nothing.
REMARKS: Final = frozenset(
    {
        *("tags", "source", "evidence", "currency", "peer_assertion", "formula", "notes", "check"),
        *("title", "name", "description", "comment"),
    }
)


class UnableToRead(ValueError):
    """The case says what the core doesn't know, or nothing sensible; the text names the key."""


class Fields:
    """A JSON object whose keys are taken one by one; remarks may stay."""

    def __init__(self, values: object, *, at: str = "") -> None:
        if not isinstance(values, Mapping):
            message = f"{at or 'case'}: not an object"
            raise UnableToRead(message)
        self._values = dict(values)
        self._at = f"{at}." if at else ""

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def take(self, key: str, default: Any = None) -> Any:
        """Take a value; null is as good as absent."""
        value = self._values.pop(key, None)
        return default if value is None else value

    def text(self, key: str, default: str | None = None) -> str:
        """Take a text; without a default it must be there."""
        value = self.take(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, value)
        return value

    def number(self, *keys: str, default: Fraction | None = None) -> Fraction:
        """Take the first of the keys that is there, a number that is not negative."""
        found = self.optional(*keys)
        if found is None and default is None:
            raise self.wrong(keys[0], None)
        return default if found is None else found  # type: ignore[return-value]

    def optional(self, *keys: str) -> Fraction | None:
        """Take a number that may be absent."""
        values = [(key, self.take(key)) for key in keys if key in self]
        for key, value in values:
            if value is not None:
                return self._number(key, value)
        return None

    def _number(self, key: str, value: object) -> Fraction:
        if isinstance(value, bool) or not isinstance(value, (Real, str)):
            raise self.wrong(key, value)
        try:
            number = Fraction(str(value))
        except (ValueError, ZeroDivisionError):
            raise self.wrong(key, value) from None
        if number < 0:
            raise self.wrong(key, value)
        return number

    def part(self, key: str) -> "Fields | None":
        """Take an object inside, None if it is absent or empty."""
        value = self.take(key)
        return Fields(value, at=self._at + key) if value else None

    def parts(self, key: str) -> "list[Fields]":
        """Take a list of objects, empty if it is absent."""
        return [
            Fields(value, at=f"{self._at}{key}[{place}]")
            for place, value in enumerate(self.listed(key))
        ]

    def listed(self, key: str) -> list[Any]:
        """Take a list, empty if it is absent."""
        value = self.take(key, [])
        if not isinstance(value, list):
            raise self.wrong(key, value)
        return value

    def is_empty_list(self, key: str) -> bool:
        """Whether a list is there and names nothing."""
        return self._values.get(key) == []

    def rest(self) -> dict[str, Any]:
        """Take all that is left but remarks."""
        left = {key: value for key, value in self._values.items() if key not in REMARKS}
        self._values.clear()
        return left

    def close(self) -> None:
        """Raise UnableToRead if something is left that isn't a remark."""
        for key in self.rest():
            message = f"unknown key {self._at}{key}"
            raise UnableToRead(message)

    def wrong(self, key: str, value: object) -> UnableToRead:
        """Return the error of a value."""
        return UnableToRead(f"{self._at}{key}: {value!r}")


def whole(value: Fraction, *, at: str) -> int:
    """Return a number that must be whole."""
    if value.denominator != 1:
        message = f"{at}: {value} is not whole"
        raise UnableToRead(message)
    return value.numerator
