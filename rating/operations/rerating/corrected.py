"""
Corrected records on their way into the books: which of them count, and whose place they take.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np
from django.utils.translation import gettext as _

from rating import queries
from rating.domain.allowances import no_counters
from rating.domain.engine import price_columns
from rating.domain.intake import find_keys
from rating.domain.resolving import resolve
from rating.domain.revisions import (
    CorrectedUsage,
    PricedRows,
    highest,
    joined_rows,
    no_rows,
)
from rating.domain.suspense import OF_PRICING, SuspenseReason
from rating.domain.usage import Bools, Ints, Reason
from rating.models import UsageCorrection, UsageFile
from rating.operations.reading import NEWEST, OLDEST, Problem
from rating.queries import corrected as corrections
from rating.queries.rerating import NO_END, Windows

#: A correction may move a record by so much.
FARTHEST: Final = 31 * 86_400


@dataclass(frozen=True, slots=True, eq=False)
class Delivered:
    """
    Corrected records that count; arrays of one length.

    `records` are to be priced in the place of `present`, the newest revisions of the same records
    (-1: there is none). `is_withdrawn` ones only take that back.
    """

    records: PricedRows
    present: PricedRows
    is_withdrawn: Bools
    number: Ints
    file: Ints
    line: Ints

    def __len__(self) -> int:
        return len(self.number)

    def some(self, rows: Bools) -> "Delivered":
        """Return some of them."""
        return Delivered(
            self.records.some(rows),
            self.present.some(rows),
            self.is_withdrawn[rows],
            self.number[rows],
            self.file[rows],
            self.line[rows],
        )

    def windows(self) -> Windows:
        """Return the usage that they may displace: from the earlier place on, and from the new."""
        both = joined_rows(self.records, self.present.some(self.present.is_priced))
        return Windows(
            both.account_id, both.subscription_id, both.started_at, np.full(len(both), NO_END)
        )


@dataclass(slots=True, eq=False)
class Sorted:
    """Corrected records sorted out; counts by position of the file."""

    delivered: Delivered
    duplicates: Ints
    withdrawn: Ints
    problems: list[Problem] = field(default_factory=list)


def none_delivered() -> Delivered:
    """Return no corrected records."""
    none = np.zeros(0, np.int64)
    return Delivered(no_rows(), no_rows(), none.astype(np.bool_), none, none, none)


def sort_out(
    corrected: CorrectedUsage,
    *,
    files: Sequence[UsageFile],
    batch_id: int,
    catalogue: queries.Catalogue,
    now: datetime,
) -> Sorted:
    """
    Tell which corrected records count: the highest of each, if it is higher than what is known.

    Those that can't be priced are problems, and change nothing. What an earlier run of the batch
    has written already is left out of `delivered`.
    """
    none = np.zeros(len(files), np.int64)
    found = Sorted(none_delivered(), none, none.copy())
    corrected = _in_time(corrected, found, now=now)
    is_high = highest(corrected)
    is_new, is_own = _compared(corrected, batch_id)
    intake = corrected.intake
    found.duplicates += np.bincount(
        intake.file[~is_high | ~(is_new | is_own)], minlength=len(files)
    )
    withdrawn = is_high & (is_new | is_own) & (intake.quantity == 0)
    found.withdrawn += np.bincount(intake.file[withdrawn], minlength=len(files))
    fresh = corrected.some(is_high & is_new)
    fresh, account, subscription = _priceable(fresh, found, catalogue=catalogue)
    if len(fresh):
        found.delivered = _delivered(fresh, account=account, subscription=subscription, files=files)
    return found


def _in_time(corrected: CorrectedUsage, found: Sorted, *, now: datetime) -> CorrectedUsage:
    started = corrected.intake.started_at
    has_time = (started >= int((now - OLDEST).timestamp())) & (
        started <= int((now + NEWEST).timestamp())
    )
    for row in np.flatnonzero(~has_time).tolist():
        found.problems.append(
            _problem(
                corrected,
                row,
                reason=SuspenseReason.BAD_TIME,
                detail=_("too long ago or in the future"),
            )
        )
    return corrected.some(has_time)


def _problem(
    corrected: CorrectedUsage, row: int, *, reason: SuspenseReason, detail: str = ""
) -> Problem:
    intake = corrected.intake
    return Problem(
        file=int(intake.file[row]),
        line=int(intake.line[row]),
        reason=reason,
        detail=detail,
        started_at=int(intake.started_at[row]),
    )


def _compared(corrected: CorrectedUsage, batch_id: int) -> tuple[Bools, Bools]:
    """Return which are higher than what is known, and which this batch has written itself."""
    intake, number = corrected.intake, corrected.number
    is_new = np.ones(len(number), np.bool_)
    is_own = np.zeros(len(number), np.bool_)
    for source_id in np.unique(intake.source_id).tolist():
        key, known, _batch = corrections.corrected_before(source_id)
        rows = np.flatnonzero(intake.source_id == source_id)
        place = find_keys(intake.record_key[rows], key)
        rows, place = rows[place >= 0], place[place >= 0]
        is_new[rows] = number[rows] > known[place]
        # A higher one of another batch may have come while this one was at rest.
        own = corrections.corrected_by(batch_id, source_id=source_id)
        told = zip(intake.record_key[rows].tolist(), number[rows].tolist(), strict=True)
        is_own[rows] = [one in own for one in told]
    return is_new, is_own


def _priceable(
    corrected: CorrectedUsage, found: Sorted, *, catalogue: queries.Catalogue
) -> tuple[CorrectedUsage, Ints, Ints]:
    """Set apart what has no price by itself; return the rest with account and subscription."""
    order = np.argsort(corrected.intake.started_at, kind="stable")
    corrected = corrected.some(order)
    usage = corrected.intake.usage()
    compiled = catalogue.compiled
    priced, _after = price_columns(usage, catalogue=compiled, counters=no_counters())
    # What is withdrawn needs no price, only somebody to take it back from.
    is_known = resolve(usage, compiled).identifier >= 0
    good = np.where(usage.quantity == 0, is_known, priced.reason == Reason.PRICED)
    for row in np.flatnonzero(~good).tolist():
        reason = OF_PRICING[Reason(int(priced.reason[row]))]
        found.problems.append(_problem(corrected, row, reason=reason))
        if usage.quantity[row] == 0:
            found.withdrawn[corrected.intake.file[row]] -= 1
    return corrected.some(good), priced.account_id[good], priced.subscription_id[good]


def _delivered(
    corrected: CorrectedUsage, *, account: Ints, subscription: Ints, files: Sequence[UsageFile]
) -> Delivered:
    intake = corrected.intake
    file_ids = np.array([file.pk for file in files], np.int64)
    usage = intake.usage()
    none = np.zeros(len(usage), np.int64)
    blank = PricedRows(
        account_id=account,
        started_at=usage.started_at,
        record_key=usage.record_key,
        source_id=usage.source_id,
        revision=none - 1,
        batch_id=none,
        file_id=file_ids[intake.file],
        subscription_id=subscription,
        kind=usage.kind,
        other_number=usage.number_b,
        zone_id=none,
        band_id=none,
        plan_version_id=none,
        deck_version_id=none,
        quantity=usage.quantity,
        billed=none,
        allowance_id=none,
        allowance_used=none,
        amount=none,
        number_length=usage.number_b_length,
    )
    present = _present(blank)
    return Delivered(
        records=_with_revision(blank, revision=present.revision),
        present=present,
        is_withdrawn=usage.quantity == 0,
        number=corrected.number,
        file=intake.file.astype(np.int64),
        line=intake.line.astype(np.int64),
    )


def _with_revision(rows: PricedRows, *, revision: Ints) -> PricedRows:
    return replace(rows, revision=revision)


def _present(records: PricedRows) -> PricedRows:
    """Return the newest revisions of the records wherever they are; -1 where there is none."""
    account, first = records.account_id.copy(), records.started_at - FARTHEST
    last = records.started_at + FARTHEST
    place, known_account, started = corrections.places_of_corrected(
        records.source_id, records.record_key
    )
    account[place], first[place], last[place] = known_account, started, started
    found = _filled(
        records,
        *corrections.newest_of(
            account_id=account,
            source_id=records.source_id,
            record_key=records.record_key,
            first=first,
            last=last,
        ),
    )
    lost = np.flatnonzero(found.revision < 0)
    lost = lost[~np.isin(lost, place)]
    if not len(lost):
        return found
    # Delivered for another subscriber at first, or never before.
    other, rows = corrections.newest_anywhere(
        source_id=records.source_id[lost],
        record_key=records.record_key[lost],
        first=int(first[lost].min()),
        last=int(last[lost].max()),
    )
    return _filled(found, lost[other], rows)


def _filled(base: PricedRows, place: Ints, rows: PricedRows) -> PricedRows:
    """Return the base with some rows put in, in its order."""
    both = joined_rows(base, rows)
    chosen = np.arange(len(base), dtype=np.int64)
    chosen[place] = len(base) + np.arange(len(rows))
    return both.some(chosen)


def note(delivered: Delivered, *, batch_id: int) -> None:
    """Write which corrected records were accepted and what is their newest revision now."""
    records, present = delivered.records, delivered.present
    has_price = present.is_priced
    revision = present.revision + np.where(delivered.is_withdrawn, has_price, 1 + has_price)
    # What was taken back stays where it was.
    stays = delivered.is_withdrawn & (present.revision >= 0)
    account = np.where(stays, present.account_id, records.account_id)
    started = np.where(stays, present.started_at, records.started_at)
    UsageCorrection.objects.bulk_create(
        UsageCorrection(
            source_id=int(records.source_id[row]),
            record_key=int(records.record_key[row]),
            correction=int(delivered.number[row]),
            account_id=int(account[row]),
            started_at=datetime.fromtimestamp(int(started[row]), UTC),
            revision=int(revision[row]),
            is_withdrawn=bool(delivered.is_withdrawn[row]),
            batch_id=batch_id,
            file_id=int(records.file_id[row]),
            line=int(delivered.line[row]),
        )
        for row in range(len(delivered))
    )
