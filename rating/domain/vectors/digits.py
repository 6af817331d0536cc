"""
Numbers of any characters as digits, position by position, so that prefixes stay prefixes.
"""

from collections.abc import Iterable

from rating.domain.usage import MAX_DIGITS
from rating.domain.vectors.fields import UnableToRead

_DIGITS = "0123456789"


class Digits:
    """Where other characters than digits occur, they take digits that nobody uses there."""

    def __init__(self, texts: Iterable[str]) -> None:
        columns: dict[int, set[str]] = {}
        for text in texts:
            for position, sign in enumerate(text[:MAX_DIGITS]):
                columns.setdefault(position, set()).add(sign)
        self._tables = {position: _table(signs) for position, signs in columns.items()}

    def prefix(self, text: str) -> str:
        """Return a prefix as digits; one that is too long for the core is refused."""
        if not 0 < len(text) <= MAX_DIGITS:
            message = f"destinations: the prefix {text!r}"
            raise UnableToRead(message)
        return self.number(text)

    def number(self, text: str) -> str:
        """Return a number as digits; no prefix reaches beyond where it is cut off."""
        return "".join(self._tables[place][sign] for place, sign in enumerate(text[:MAX_DIGITS]))


def _table(signs: set[str]) -> dict[str, str]:
    table = {sign: sign for sign in signs if sign in _DIGITS}
    free = [digit for digit in _DIGITS if digit not in table]
    others = sorted(signs - table.keys())
    if len(others) > len(free):
        message = f"destinations: too many different characters: {''.join(sorted(signs))!r}"
        raise UnableToRead(message)
    return table | dict(zip(others, free, strict=False))
