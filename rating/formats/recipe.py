"""
A recipe: which columns of a record say what, and how they are to be read.

Made from a source's mapping document, or written by a format for its switch. Where several columns
are named for one thing, the first that is filled counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tariffs.domain.deck import UsageKind

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether a column has one of some values; with `negated` none of them. "" is an empty one."""

    column: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class KindRule:
    """The kind of usage: one for all, or by the value of a column."""

    constant: UsageKind | None = None
    column: str = ""
    values: Mapping[str, UsageKind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PartyRule:
    """The subscriber: a number, a login, or (`auto`) a login for sessions only."""

    columns: Names
    kind: str = "auto"
    strip_realm: bool = False


@dataclass(frozen=True, slots=True)
class TimeRule:
    """
    The start: by `way` iso, a strptime format, or seconds, milliseconds, microseconds since 1970.

    Columns with `is_joined` are put together with a blank; `minus` names a column of seconds that
    passed before.
    """

    columns: Names
    way: str = "iso"
    zone: str = ""
    is_joined: bool = False
    minus: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """A counted thing: columns of which the first filled counts, and their unit."""

    columns: Names
    unit: str
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class Direction:
    """Which records came from other networks; charged only while roaming, if `pays_roaming`."""

    incoming: Condition
    pays_roaming: bool = False


@dataclass(frozen=True, slots=True)
class Roaming:
    """The visited network: nothing or a `home` prefix in its column is no roaming."""

    columns: Names
    home: Names = ()
    codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Partial:
    """
    Which records are parts of a call, and which part is the last.

    `is_running`: parts count from the call's beginning. Pieces are numbered from `first_number`; not
    numbered, they are told apart by their starts, and are all there when the last is.
    """

    is_part: Condition
    last: Condition | None = None
    number: str = ""
    first_number: int = 1
    is_running: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to read a record; see docs/formats.md for what each key means."""

    kind: KindRule
    subscriber: PartyRule
    started_at: TimeRule
    quantity: Mapping[UsageKind, tuple[Term, ...]]
    other_number: Names = ()
    record_id: tuple[Names, ...] = ()
    not_charged: tuple[Condition, ...] = ()
    context: str = ""
    direction: Direction | None = None
    forwarded_by: Names = ()
    roaming: Roaming | None = None
    partial: Partial | None = None
    sequence: str = ""
    strip_prefixes: Names = ()

    @property
    def columns(self) -> Names:
        """All columns that are looked at, each once, in the order of the recipe."""
        named = [self.kind.column, *self.subscriber.columns, *self.started_at.columns]
        named += [self.started_at.minus, *self.other_number, *self.forwarded_by]
        named += [name for terms in self.quantity.values() for t in terms for name in t.columns]
        named += [name for names in self.record_id for name in names]
        named += [self.context, self.sequence, *(c.column for c in self._conditions())]
        named += self.roaming.columns if self.roaming else ()
        named += [self.partial.number] if self.partial else []
        return tuple(dict.fromkeys(name for name in named if name))

    def _conditions(self) -> list[Condition]:
        found = list(self.not_charged)
        found += [self.direction.incoming] if self.direction else []
        if self.partial:
            found += [c for c in (self.partial.is_part, self.partial.last) if c]
        return found
