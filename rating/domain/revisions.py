"""
Priced rows priced again: as usage for the core, and which of them came out another way.

A record that has a price keeps its subscription; what is looked up anew is the plan, the prices and
the zone. Revisions: even ones are prices, odd ones reversals of the one before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rating.domain.compiled import CompiledCatalogue
from rating.domain.intake import Intake, joined
from rating.domain.resolving import resolve
from rating.domain.subscribers import History, padded
from rating.domain.usage import FOREVER, Bools, Ints, PricedColumns, Reason, UsageColumns

#: Short numbers (03, 112) may begin with zeros, which a number as an integer doesn't show.
_LONGEST_SHORT: Final = 10**6
_MOST_ZEROS: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class PricedRows:
    """
    Rows of the sub-ledger; arrays of one length, `amount` in minor units, moments in seconds.

    Names and order are those of the columns that are read; `number_length` is 0 where only the
    number as an integer is known.
    """

    account_id: Ints
    started_at: Ints
    record_key: Ints
    source_id: Ints
    revision: Ints
    batch_id: Ints
    file_id: Ints
    subscription_id: Ints
    kind: Ints
    other_number: Ints
    zone_id: Ints
    band_id: Ints
    plan_version_id: Ints
    deck_version_id: Ints
    quantity: Ints
    billed: Ints
    allowance_id: Ints
    allowance_used: Ints
    amount: Ints
    number_length: Ints

    @classmethod
    def of(cls, columns: Sequence[Ints]) -> "PricedRows":
        """Return rows out of the columns that are read, all but the last."""
        values = [*columns, np.zeros(len(columns[0]), np.int64)]
        return cls(**dict(zip((field.name for field in fields(cls)), values, strict=True)))

    def __len__(self) -> int:
        return len(self.record_key)

    def some(self, rows: npt.NDArray[Any]) -> "PricedRows":
        """Return the rows at these positions, or where the mask is true."""
        return PricedRows(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def is_priced(self) -> Bools:
        """Whether there is a price in force; a record delivered just now has revision -1 or odd."""
        answer: Bools = self.revision % 2 == 0
        return answer


@dataclass(frozen=True, slots=True, eq=False)
class CorrectedUsage:
    """Records delivered to take the place of earlier ones of their key, with their numbers."""

    intake: Intake
    number: Ints

    def __len__(self) -> int:
        return len(self.number)

    def some(self, rows: npt.NDArray[Any]) -> "CorrectedUsage":
        """Return those at these positions, or where the mask is true."""
        return CorrectedUsage(self.intake.some(rows), self.number[rows])


def joined_corrected(parts: Sequence[CorrectedUsage]) -> CorrectedUsage:
    """Put the corrected records of files together, in their order; there may be none."""
    types = (field.name for field in fields(Intake))
    if not parts:
        none: Any = np.zeros(0, np.int64)
        return CorrectedUsage(Intake(*(none for _ in types)), none)
    return CorrectedUsage(
        joined([part.intake for part in parts]), np.concatenate([part.number for part in parts])
    )


def highest(corrected: CorrectedUsage) -> Bools:
    """Return which of them count: of each record the highest number, delivered first."""
    intake, number = corrected.intake, corrected.number
    order = np.lexsort((np.arange(len(number)), -number, intake.record_key, intake.source_id))
    key, source = intake.record_key[order], intake.source_id[order]
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (key[1:] != key[:-1]) | (source[1:] != source[:-1])
    answer = np.empty(len(order), np.bool_)
    answer[order] = is_first
    return answer


def no_rows() -> PricedRows:
    """Return no rows."""
    return PricedRows(*(np.zeros(0, np.int64) for _ in fields(PricedRows)))


def joined_rows(*parts: PricedRows) -> PricedRows:
    """Put rows one after the other."""
    return PricedRows(
        *(
            np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(PricedRows)
        )
    )


def in_order(rows: PricedRows) -> PricedRows:
    """Order by the start, then by record key: the order in which every run prices."""
    return rows.some(np.lexsort((rows.source_id, rows.record_key, rows.started_at)))


def by_subscription(catalogue: CompiledCatalogue, rows: PricedRows) -> CompiledCatalogue:
    """Return the catalogue with the rows' subscriptions as their own, everlasting identifiers."""
    subscribers = catalogue.subscribers
    subscription, first = np.unique(rows.subscription_id, return_index=True)
    count = len(subscription)
    identifiers = History(
        keys=subscription,
        first=np.arange(count + 1, dtype=np.int64),
        start=np.full(count, -FOREVER, np.int64),
        end=np.full(count, FOREVER, np.int64),
        depth=1,
    )
    known = subscribers.plans.keys
    place = np.searchsorted(known, subscription)
    place[place == len(known)] = 0
    is_known = known[place] == subscription if len(known) else np.zeros(count, np.bool_)
    own = replace(
        subscribers,
        identifiers=identifiers,
        identifier_place=padded(np.where(is_known, place, -1)),
        subscription_id=padded(subscription),
        account_id=padded(rows.account_id[first]),
    )
    return replace(catalogue, subscribers=own)


def usage_of(rows: PricedRows, catalogue: CompiledCatalogue) -> UsageColumns:
    """Return the rows, given in order, as usage for a catalogue of `by_subscription`."""
    usage = UsageColumns(
        record_key=rows.record_key,
        source_id=rows.source_id,
        subscriber_key=rows.subscription_id,
        started_at=rows.started_at,
        kind=rows.kind,
        number_b=rows.other_number,
        number_b_length=_digits(rows.other_number, rows.number_length),
        quantity=rows.quantity,
    )
    unsure = np.flatnonzero((rows.number_length == 0) & (rows.other_number < _LONGEST_SHORT))
    unsure = unsure[rows.other_number[unsure] > 0]
    return _with_zeros(usage, catalogue, rows=unsure, zone_id=rows.zone_id[unsure])


def _digits(number: Ints, known: Ints) -> Ints:
    powers = 10 ** np.arange(19, dtype=np.int64)
    counted = np.searchsorted(powers, number, side="right")
    return np.where(known > 0, known, np.where(number > 0, counted, 0))


def _with_zeros(
    usage: UsageColumns, catalogue: CompiledCatalogue, *, rows: Ints, zone_id: Ints
) -> UsageColumns:
    """Give short numbers the zeros in front that lead to the zone they were priced in."""
    length = usage.number_b_length.copy()
    left, zones = rows, zone_id
    for zeros in range(_MOST_ZEROS + 1):
        tried = replace(usage, number_b_length=length + zeros)
        some = UsageColumns(*(getattr(tried, field.name)[left] for field in fields(tried)))
        found = catalogue.tariffs.zone_id[resolve(some, catalogue).zone] == zones
        length[left[found]] += zeros
        left, zones = left[~found], zones[~found]
        if not len(left):
            break
    return replace(usage, number_b_length=length)


def is_changed(rows: PricedRows, priced: PricedColumns, *, same_parts: Bools) -> Bools:
    """
    Return which rows in force came out another way: the amount, the units, or what covered them.

    Another version, band or zone with the same outcome is no change.
    """
    differs: Bools = rows.amount != priced.amount
    differs |= rows.billed != priced.billed_units
    differs |= rows.allowance_used != priced.allowance_used
    differs |= rows.allowance_id != priced.allowance_id
    answer: Bools = (differs | ~same_parts) & (priced.reason == Reason.PRICED)
    return answer


def reversed_rows(rows: PricedRows, *, batch_id: int) -> PricedRows:
    """Return the rows that take back these prices."""
    return replace(
        rows,
        revision=rows.revision + 1,
        batch_id=np.full(len(rows), batch_id, np.int64),
        quantity=-rows.quantity,
        billed=-rows.billed,
        allowance_used=-rows.allowance_used,
        amount=-rows.amount,
    )


def repriced_rows(
    rows: PricedRows, priced: PricedColumns, *, band_id: Ints, batch_id: int
) -> PricedRows:
    """Return the rows with their new prices, revisions after what the records have now."""
    return replace(
        rows,
        account_id=priced.account_id,
        revision=rows.revision + 1 + rows.is_priced,
        batch_id=np.full(len(rows), batch_id, np.int64),
        zone_id=priced.zone_id,
        band_id=band_id,
        plan_version_id=priced.plan_version_id,
        deck_version_id=priced.deck_version_id,
        billed=priced.billed_units,
        allowance_id=priced.allowance_id,
        allowance_used=priced.allowance_used,
        amount=priced.amount,
    )


def part_of(priced: PricedColumns, rows: Ints) -> PricedColumns:
    """Return the prices at these positions, in ascending order; their uses with them."""
    place = np.full(len(priced), -1, np.int64)
    place[rows] = np.arange(len(rows))
    uses = priced.uses
    kept = place[uses.row] >= 0
    some = type(uses)(*(getattr(uses, field.name)[kept] for field in fields(uses)))
    columns = {
        field.name: getattr(priced, field.name)[rows]
        for field in fields(priced)
        if field.name != "uses" and isinstance(getattr(priced, field.name), np.ndarray)
    }
    return replace(priced, **columns, uses=replace(some, row=place[some.row]))
