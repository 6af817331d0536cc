"""
Leading digits out of the number patterns of `phonenumbers`.

The metadata describes numbers by regular expressions of a small kind: digits, classes, `\\d`,
groups, alternatives and counts. Here they become the prefixes that they begin with.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

_DIGITS = "0123456789"
_TOKEN = re.compile(r"\(\?:|\(|\)|\||\[[\d-]+\]|\\d|\d|\{\d+(?:,\d+)?\}|\?")


class UnreadablePattern(ValueError):
    """The pattern uses something that this reader doesn't know."""


def heads(pattern: str, *, length: int) -> set[str]:
    """
    Return the first digits, `length` or all of them, of the numbers that a pattern matches.

    >>> sorted(heads("8(?:4[12]|9)\\\\d{5}", length=2))
    ['84', '89']
    """
    tokens = _TOKEN.findall(pattern)
    if "".join(tokens) != pattern:
        raise UnreadablePattern(pattern)
    reader = _Reader(tokens, length)
    found = reader.alternatives()
    if reader.position != len(tokens):
        raise UnreadablePattern(pattern)
    return found


def shortest_own(mine: Iterable[str], others: Iterable[str]) -> set[str]:
    """
    Return the shortest prefixes of mine under which nothing of the others lies.

    >>> sorted(shortest_own({"90", "91", "70"}, {"71", "80"}))
    ['70', '9']
    """
    ends = set(others)
    taken: set[str] = set()
    level = ends
    while level:
        taken |= level
        level = {head[:-1] for head in level if head} - taken
    found = set()
    for head in mine:
        for size in range(1, len(head) + 1):
            if head[:size] in ends:
                break
            if head[:size] not in taken:
                found.add(head[:size])
                break
    return found


@dataclass(slots=True)
class _Reader:
    """Reads tokens from the left; every set it returns holds at most `length` digits a string."""

    tokens: list[str]
    length: int
    position: int = 0

    def alternatives(self) -> set[str]:
        found = self._sequence()
        while self._peek() == "|":
            self.position += 1
            found |= self._sequence()
        return found

    def _sequence(self) -> set[str]:
        found = {""}
        while self._peek() not in {"", "|", ")"}:
            part = self._atom()
            for optional in self._counts():
                found = self._joined(found, part | {""} if optional else part)
        return found

    def _atom(self) -> set[str]:
        token = self._peek()
        self.position += 1
        if token in {"(?:", "("}:
            inside = self.alternatives()
            self.position += 1
            return inside
        return {digit for digit in _DIGITS if re.fullmatch(token, digit)}

    def _counts(self) -> Iterator[bool]:
        """Yield once per repetition, True for one that may be absent."""
        sign = self._peek()
        least = most = 1
        if sign == "?":
            least = 0
        elif sign.startswith("{"):
            counts = [int(count) for count in sign[1:-1].split(",")]
            least, most = counts[0], counts[-1]
        if sign == "?" or sign.startswith("{"):
            self.position += 1
        for number in range(min(most, self.length)):
            yield number >= least

    def _joined(self, starts: set[str], ends: set[str]) -> set[str]:
        full = {start for start in starts if len(start) >= self.length}
        return full | {(start + end)[: self.length] for start, end in product(starts - full, ends)}

    def _peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""
