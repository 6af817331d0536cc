"""
One history out of many: items of several sources, newest first, paged by key.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Final, NamedTuple, Self

#: kinds by which the history can be narrowed.
KINDS: Final = ("note", "money", "service", "access", "message", "bill", "network")

_APART: Final = "~"


class BadKey(ValueError):
    """The text is not a key of the history."""


class Key(NamedTuple):
    """Place in the history: moment, source, row of the source. Compared in that order."""

    at: datetime
    source: str
    id: int

    def __str__(self) -> str:
        return _APART.join((self.at.isoformat(), self.source, str(self.id)))

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the key written as `str(key)`; raise BadKey."""
        parts = text.split(_APART)
        try:
            at = datetime.fromisoformat(parts[0])
            key = cls(at=at, source=parts[1], id=int(parts[2]))
        except (ValueError, IndexError) as error:
            raise BadKey(text) from error
        # Days at the ends of the calendar can't be told in another zone.
        if at.tzinfo is None or not date.min.year < at.year < date.max.year:
            raise BadKey(text)
        return key


@dataclass(frozen=True, slots=True)
class Item:
    """
    One thing that happened, ready to be shown. `amount` is signed as the account sees it, unless
    `moves_money` is false: a bill or a promise credits nothing and carries no sign;
    `actor` and `on_behalf_of` are plain values (`staff:12`); `state` is a code.
    """

    key: Key
    kind: str
    title: str
    text: str = ""
    amount: Decimal | None = None
    currency: str = "RUB"
    moves_money: bool = True
    actor: str = ""
    on_behalf_of: str = ""
    state: str = ""
    state_name: str = ""
    details: tuple[str, ...] = field(default=())
    #: The cash desk's line of a payment, which has a receipt to print; 0 for others.
    desk_line: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Items, newest first, and the key to ask for older ones with; None at the very first."""

    items: tuple[Item, ...]
    older: Key | None


def merge(streams: Iterable[Sequence[Item]], *, limit: int) -> Page:
    """
    Merge streams that are each sorted newest first.

    Each stream must hold at least limit + 1 items, or all there are.
    """
    newest_first = heapq.merge(*streams, key=lambda item: item.key, reverse=True)
    taken = tuple(islice(newest_first, limit + 1))
    items = taken[:limit]
    return Page(items=items, older=items[-1].key if len(taken) > limit else None)
