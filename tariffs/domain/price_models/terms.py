"""
Terms of price models as they are stored: JSON read into exact numbers, every mistake named.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from numbers import Real
from typing import Any, Final

UNKNOWN: Final = "unknown"
MISSING: Final = "missing"
NOT_A_NUMBER: Final = "not_a_number"
NOT_A_LIST: Final = "not_a_list"
NOT_A_WORD: Final = "not_a_word"
NEGATIVE: Final = "negative"
NOT_POSITIVE: Final = "not_positive"
NOT_ASCENDING: Final = "not_ascending"
NO_RANGES: Final = "no_ranges"
NOT_OPEN: Final = "not_open"
NOT_MONTHLY: Final = "not_monthly"


class UnableToReadModel(ValueError):
    """Terms break a rule; `key` says where (`ranges.2.up_to`), `rule` is a word of this module."""

    def __init__(self, key: str, rule: str) -> None:
        self.key = key
        self.rule = rule
        super().__init__(f"{key}: {rule}")


class Terms:
    """A JSON object whose keys are taken one by one; what nobody takes is an error."""

    def __init__(self, values: object, *, at: str = "") -> None:
        if not isinstance(values, Mapping):
            raise UnableToReadModel(at or "terms", NOT_A_LIST)
        self._values = dict(values)
        self._at = f"{at}." if at else ""

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None

    def number(
        self, key: str, *, default: Fraction | None = None, positive: bool = False
    ) -> Fraction:
        """Take a number that is not negative; without a default it must be there."""
        value = self._values.pop(key, None)
        if value is None:
            if default is None:
                raise UnableToReadModel(self._at + key, MISSING)
            return default
        return exact(value, at=self._at + key, positive=positive)

    def optional(self, key: str, *, positive: bool = False) -> Fraction | None:
        """Take a number that may be absent."""
        value = self._values.pop(key, None)
        return None if value is None else exact(value, at=self._at + key, positive=positive)

    def word(self, key: str, *, among: tuple[str, ...]) -> str:
        """Take one of several words, the first by default."""
        value = self._values.pop(key, None) or among[0]
        if value not in among:
            raise UnableToReadModel(self._at + key, NOT_A_WORD)
        return str(value)

    def part(self, key: str) -> "Terms | None":
        """Take an object inside, if it is there."""
        value = self._values.pop(key, None)
        return None if value is None else Terms(value, at=self._at + key)

    def parts(self, key: str) -> "list[Terms]":
        """Take a list of objects."""
        return [
            Terms(value, at=f"{self._at}{key}.{place}")
            for place, value in enumerate(self._list(key), start=1)
        ]

    def numbers(self, key: str) -> tuple[Fraction, ...] | None:
        """Take a list of numbers, if it is there."""
        if self._values.get(key) is None:
            self._values.pop(key, None)
            return None
        return tuple(exact(value, at=self._at + key) for value in self._list(key))

    def close(self) -> None:
        """Raise UnableToReadModel if a key is left over."""
        for key in self._values:
            raise UnableToReadModel(self._at + key, UNKNOWN)

    def error(self, key: str, rule: str) -> UnableToReadModel:
        """Return the error of a key."""
        return UnableToReadModel(self._at + key, rule)

    def _list(self, key: str) -> list[Any]:
        value = self._values.pop(key, None)
        if not isinstance(value, list):
            raise UnableToReadModel(self._at + key, MISSING if value is None else NOT_A_LIST)
        return value


def exact(value: object, *, at: str, positive: bool = False) -> Fraction:
    """
    Return a number as it is written, not as binary floating point has it.

    >>> exact("0.1", at="price"), exact(2, at="price")
    (Fraction(1, 10), Fraction(2, 1))
    """
    if isinstance(value, bool) or not isinstance(value, (Real, str, Decimal)):
        raise UnableToReadModel(at, NOT_A_NUMBER)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise UnableToReadModel(at, NOT_A_NUMBER) from None
    if not number.is_finite():
        raise UnableToReadModel(at, NOT_A_NUMBER)
    if number < 0:
        raise UnableToReadModel(at, NEGATIVE)
    if positive and not number:
        raise UnableToReadModel(at, NOT_POSITIVE)
    return Fraction(number)
