"""
Rows of text columns and a recipe, to usage: the part that all formats but the oldest share.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from accounts.domain.identifiers import subscriber_key
from rating.domain.suspense import SuspenseReason
from rating.formats.checks import Check, check_rows
from rating.formats.keys import SEPARATOR, hash_texts
from rating.formats.networks import put_in_front, visited_codes
from rating.formats.numbers import read_numbers
from rating.formats.parsed import (
    BadLine,
    Bools,
    Columns,
    Ints,
    ParsedUsage,
    Parts,
    SourceSettings,
    make_columns,
    no_parts,
)
from rating.formats.quantities import first_filled, read_quantity
from rating.formats.recipe import Condition, Recipe
from rating.formats.times import Moments, read_epoch, read_local_times, read_zoned_times
from tariffs.domain.deck import UsageKind

_TO_A_NUMBER = (UsageKind.VOICE, UsageKind.SMS)
_FULL = 6


class Records(Protocol):
    """Readable records as text columns; those that are not stand in `bad`."""

    @property
    def frame(self) -> pl.DataFrame: ...
    @property
    def bad(self) -> list[BadLine]: ...
    @property
    def line(self) -> Ints: ...
    def keep(self, wanted: npt.NDArray[np.bool_]) -> Any: ...
    def bad_line(self, row: int, reason: SuspenseReason, detail: str) -> BadLine: ...


def interpret(records: Records, recipe: Recipe, settings: SourceSettings) -> ParsedUsage:
    """Return what the records say; the columns are those of `recipe.columns`."""
    sequence = _sequence(records.frame, recipe)
    chargeable = _Reading(records.frame, recipe, settings).chargeable
    not_charged = len(chargeable) - int(chargeable.sum())
    kept = records.keep(chargeable)
    reading = _Reading(kept.frame, recipe, settings)
    good, bad = check_rows(kept, reading.checks())
    parsed = ParsedUsage(
        columns=reading.columns(kept.line), bad=[*records.bad, *bad], not_charged=not_charged
    )
    parsed.sequence = sequence
    return _set_parts_apart(parsed, reading, good)


def meets(frame: pl.DataFrame, condition: Condition) -> Bools:
    """Return which rows meet the condition."""
    texts = frame[condition.column].fill_null("").str.strip_chars()
    answer = texts.is_in(list(condition.values)).to_numpy()
    return ~answer if condition.negated else answer


@dataclass(frozen=True)
class _Reading:
    """Rows under a recipe; each property is worked out once."""

    frame: pl.DataFrame
    recipe: Recipe
    settings: SourceSettings

    @cached_property
    def chargeable(self) -> Bools:
        """Which records cost anything; a part without length still says something of its call."""
        free = np.zeros(self.frame.height, bool)
        for condition in self.recipe.not_charged:
            free |= meets(self.frame, condition)
        free &= ~self.is_part
        if self.recipe.context and self.settings.incoming_contexts:
            contexts = tuple(self.settings.incoming_contexts)
            free |= meets(self.frame, Condition(self.recipe.context, contexts))
        direction = self.recipe.direction
        if direction:
            is_home = self.visited == 0
            free |= self.is_incoming & (is_home if direction.pays_roaming else True)
        answer: Bools = ~free
        return answer

    @cached_property
    def is_incoming(self) -> Bools:
        direction = self.recipe.direction
        if direction is None:
            return np.zeros(self.frame.height, bool)
        return meets(self.frame, direction.incoming)

    @cached_property
    def visited(self) -> Ints:
        return visited_codes(self.frame, self.recipe.roaming)

    @cached_property
    def kind(self) -> Ints:
        rule = self.recipe.kind
        if rule.constant is not None:
            return np.full(self.frame.height, int(rule.constant), np.int64)
        texts = self.frame[rule.column].fill_null("").str.strip_chars()
        known = {value: int(kind) for value, kind in rule.values.items()}
        return texts.replace_strict(known, default=0, return_dtype=pl.Int64).to_numpy()

    @cached_property
    def quantity(self) -> tuple[Ints, Bools]:
        value, known = np.zeros(self.frame.height, np.int64), np.zeros(self.frame.height, bool)
        for kind, terms in self.recipe.quantity.items():
            found, is_count = read_quantity(self.frame, terms)
            rows = self.kind == int(kind)
            value[rows], known[rows] = found[rows], is_count[rows]
        return value, known

    @cached_property
    def moment(self) -> Moments:
        rule = self.recipe.started_at
        zone = rule.zone or self.settings.time_zone
        seconds, known = _read_times(self._time_texts, way=rule.way, zone=zone)
        if not rule.minus:
            return seconds, known
        passed = self.frame[rule.minus].str.strip_chars().cast(pl.Int64, strict=False)
        return seconds - passed.fill_null(0).to_numpy(), known

    @cached_property
    def _time_texts(self) -> pl.Series:
        rule = self.recipe.started_at
        if not rule.is_joined:
            return first_filled(self.frame, rule.columns)
        texts = [pl.col(name).fill_null("").str.strip_chars() for name in rule.columns]
        return self.frame.select(at=pl.concat_str(texts, separator=" "))["at"]

    @cached_property
    def _forwarded_by(self) -> pl.Series:
        """Who sent the call on: filled, and not the number that was called in the end."""
        if not self.recipe.forwarded_by:
            return pl.repeat("", self.frame.height, dtype=pl.String, eager=True)
        sender = first_filled(self.frame, self.recipe.forwarded_by)
        is_same = sender == first_filled(self.frame, self.recipe.other_number)
        return sender.set(is_same, "")

    @cached_property
    def _other_text(self) -> pl.Series:
        """The other side: who was called, of a call received who called."""
        if not self.recipe.other_number:
            return pl.repeat("", self.frame.height, dtype=pl.String, eager=True)
        called = first_filled(self.frame, self.recipe.other_number)
        if self.recipe.direction is None:
            return called
        caller = first_filled(self.frame, self.recipe.subscriber.columns)
        return called.zip_with(pl.Series(~self.is_incoming), caller)

    @cached_property
    def _payer_text(self) -> pl.Series:
        """Who pays: who called, who sent the call on, of a call received who was called."""
        caller = first_filled(self.frame, self.recipe.subscriber.columns)
        sender = self._forwarded_by
        payer = caller.zip_with(sender == "", sender)
        if self.recipe.direction is None:
            return payer
        called = first_filled(self.frame, self.recipe.other_number)
        return payer.zip_with(pl.Series(~self.is_incoming), called)

    @cached_property
    def subscriber(self) -> tuple[Ints, Bools]:
        rule, texts = self.recipe.subscriber, self._payer_text
        key, length, is_number = self._numbers(texts)
        known = is_number & (length > _FULL)
        is_login = np.full(len(texts), rule.kind == "login")
        if rule.kind == "auto":
            is_login = self.kind == UsageKind.SESSION
        logins = np.flatnonzero(is_login)
        if len(logins):
            some = texts.gather(logins)
            if rule.strip_realm:
                some = some.str.extract(r"^(?:[^\\]*\\)?([^@]*)").fill_null("")
            key, known = key.copy(), known.copy()
            key[logins], known[logins] = login_keys(some)
        return key, known

    @cached_property
    def other(self) -> tuple[Ints, Ints, Bools]:
        """The number that finds the zone, its length, and whether it is one where one is needed."""
        number, length, is_number = self._numbers(self._other_text)
        needed = np.isin(self.kind, _TO_A_NUMBER)
        number, length = np.where(needed, number, 0), np.where(needed, length, 0)
        code = self.visited
        number, length = put_in_front(number, length, code=code, is_received=self.is_incoming)
        return number, length, (is_number | ~needed) & (code >= 0)

    def _numbers(self, texts: pl.Series) -> tuple[Ints, Ints, Bools]:
        for prefix in self.recipe.strip_prefixes:
            rest = texts.str.strip_prefix(prefix)
            texts = rest.zip_with(rest.str.len_bytes() > 1, texts)
        return read_numbers(texts, area_code=self.settings.area_code)

    @cached_property
    def _identity(self) -> pl.Series:
        """The first of the record's identities that is filled, else all that is looked at."""
        frame = self.frame.select(pl.all().fill_null(""))
        told = _together(self.recipe.columns)
        for names in reversed(self.recipe.record_id):
            told = pl.when(pl.col(names[0]) != "").then(_together(names)).otherwise(told)
        return frame.select(key=told)["key"]

    @cached_property
    def is_part(self) -> Bools:
        partial = self.recipe.partial
        if partial is None:
            return np.zeros(self.frame.height, bool)
        return meets(self.frame, partial.is_part)

    @cached_property
    def is_last(self) -> Bools:
        partial = self.recipe.partial
        if partial is None or partial.last is None:
            return np.zeros(self.frame.height, bool)
        return self.is_part & meets(self.frame, partial.last)

    @cached_property
    def part_number(self) -> tuple[Ints, Bools]:
        """The number of each part within its call, from 0, and whether it is one."""
        partial = self.recipe.partial
        if partial is None or partial.is_running:
            return np.zeros(self.frame.height, np.int64), np.ones(self.frame.height, bool)
        if not partial.number:
            # Below zero, where no number of the switch's own is.
            return -self.moment[0], self.moment[1]
        number = self.frame[partial.number].str.strip_chars().cast(pl.Int64, strict=False)
        value = number.fill_null(-1).to_numpy() - partial.first_number
        return value, (value >= 0) | ~self.is_part

    @cached_property
    def key(self) -> Ints:
        """Keys of the records; a piece out of suspense is a record of its own."""
        texts = self._identity
        partial = self.recipe.partial
        if partial and not partial.is_running and self.settings.is_excerpt:
            number = pl.Series(self.part_number[0]).cast(pl.String)
            texts = texts.zip_with(pl.Series(~self.is_part), texts + SEPARATOR + "part" + number)
        return hash_texts(texts)

    def checks(self) -> tuple[Check, ...]:
        """What must be right, with the reason if not and the column that is shown."""
        recipe = self.recipe
        shown = next(iter(recipe.quantity.values()))[0].columns[0]
        other = (recipe.other_number or recipe.subscriber.columns)[0]
        number = recipe.partial.number if recipe.partial and recipe.partial.number else shown
        visited = recipe.roaming.columns[0] if recipe.roaming else other
        kind = recipe.kind.column or shown
        return (
            (self.kind > 0, SuspenseReason.UNKNOWN_KIND, kind),
            (self.quantity[1], SuspenseReason.BAD_DURATION, shown),
            (self.moment[1], SuspenseReason.BAD_TIME, recipe.started_at.columns[0]),
            (self.subscriber[1], SuspenseReason.BAD_SUBSCRIBER, recipe.subscriber.columns[0]),
            (self.visited >= 0, SuspenseReason.BAD_NUMBER, visited),
            (self.other[2], SuspenseReason.BAD_NUMBER, other),
            (self.part_number[1], SuspenseReason.MALFORMED_LINE, number),
        )

    def columns(self, line: Ints) -> Columns:
        """Return everything that was read."""
        return make_columns(
            line=line,
            record_key=self.key,
            subscriber_key=self.subscriber[0],
            started_at=self.moment[0],
            kind=self.kind,
            number_b=self.other[0],
            number_b_length=self.other[1],
            quantity=self.quantity[0],
        )


def login_keys(logins: pl.Series) -> tuple[Ints, Bools]:
    """Return the keys of logins, and whether there is one."""
    logins = logins.fill_null("").str.strip_chars()
    distinct = logins.unique()
    keys = [subscriber_key(login) if login else 0 for login in distinct]
    key = logins.replace_strict(distinct, keys, return_dtype=pl.Int64).to_numpy()
    return key, (logins != "").to_numpy()


def _together(names: tuple[str, ...]) -> pl.Expr:
    return pl.concat_str([pl.col(name) for name in names], separator=SEPARATOR)


def _read_times(texts: pl.Series, *, way: str, zone: str) -> Moments:
    if way == "iso":
        return read_zoned_times(texts, time_zone=zone)
    if way in ("seconds", "milliseconds", "microseconds"):
        return read_epoch(texts, unit=way)
    return read_local_times(texts, time_zone=zone, pattern=way)


def _sequence(frame: pl.DataFrame, recipe: Recipe) -> Ints:
    if not recipe.sequence:
        return np.zeros(0, np.int64)
    numbers = frame[recipe.sequence].str.strip_chars().cast(pl.Int64, strict=False).drop_nulls()
    return numbers.filter(numbers >= 0).to_numpy().astype(np.int64)


def _set_parts_apart(parsed: ParsedUsage, reading: _Reading, good: Bools) -> ParsedUsage:
    """Leave whole records in the columns, and parts in the parts."""
    columns, partial = parsed.columns, reading.recipe.partial
    is_part = reading.is_part & good
    if partial is None or reading.settings.is_excerpt:
        parsed.columns = some(columns, good)
        return parsed
    parsed.columns = some(columns, good & ~is_part)
    parsed.parts = no_parts()
    if partial.is_running:
        parsed.ended = parsed.columns.record_key
    if is_part.any():
        parsed.parts = Parts(
            columns=some(columns, is_part),
            number=reading.part_number[0][is_part],
            is_last=reading.is_last[is_part],
            is_running=np.full(int(is_part.sum()), partial.is_running),
        )
    return parsed


def some(columns: Columns, rows: Bools) -> Columns:
    """Return the rows where the mask is true."""
    return make_columns(
        **{name: getattr(columns, name)[rows] for name in Columns.__dataclass_fields__}
    )
