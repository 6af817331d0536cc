"""
The order of time: what late and corrected records of a batch displace is priced again.

A batch prices its records with what others left of the allowances. Where one of them starts before
records that others priced, all of the subscription from there on is priced again, in order, and
what comes out another way is written as reversal and new price, in the same batch. So the books
are the same in whatever order files arrive. Run again after a kill it finds nothing left to do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from billing_project.kernel.operations import ensure_months
from rating import queries
from rating.domain.revisions import CorrectedUsage, joined_rows
from rating.domain.suspense import SuspenseReason
from rating.domain.usage import Bools, Ints
from rating.models import BatchSpan, UsageBatch, UsageFile
from rating.operations import writing
from rating.operations.reading import Problem
from rating.operations.rerating import corrected as corrections
from rating.operations.rerating.corrected import Delivered
from rating.operations.rerating.pricing import (
    Outcome,
    Work,
    from_totals_on,
    in_force,
    price_again,
    together,
)
from rating.operations.rerating.writing import withdraw, write_outcome
from rating.queries import rerating
from rating.queries.rerating import NO_END, Windows

#: Subscriptions put in order in one transaction.
AT_ONCE: Final = 2_000


@dataclass(slots=True, eq=False)
class Revised:
    """
    What became of corrected records: counts by position of the file, those that can't be priced,
    and the places (file, line) of those that were priced just now.
    """

    duplicates: Ints
    withdrawn: Ints
    problems: list[Problem] = field(default_factory=list)
    priced: list[tuple[int, int]] = field(default_factory=list)

    def count(self, delivered: Delivered, stuck: Bools) -> None:
        """Take in what was written of some corrected records, and which of them were not."""
        detail = _("Other usage of the service can't be priced again.")
        places = list(zip(delivered.file.tolist(), delivered.line.tolist(), strict=True))
        withdrawn, started = delivered.is_withdrawn.tolist(), delivered.records.started_at.tolist()
        for row, (file, line) in enumerate(places):
            if stuck[row]:
                self.withdrawn[file] -= withdrawn[row]
                problem = Problem(file, line, SuspenseReason.NO_PLAN, detail)
                self.problems.append(replace(problem, started_at=started[row]))
            elif not withdrawn[row]:
                self.priced.append((file, line))


def revise(
    *,
    batch_id: int,
    files: Sequence[UsageFile] = (),
    corrected: CorrectedUsage | None = None,
    now: datetime,
    span: tuple[int, int] | None = None,
) -> Revised:
    """
    Put corrected records in the place of earlier ones, and what the batch displaced in order.

    Called when all slices of a batch are written, before it is closed. `span` is the first and the
    last start of its records, if it is known.
    """
    none = np.zeros(len(files), np.int64)
    revised = Revised(none, none.copy())
    span = span or rerating.span_of(batch_id)
    windows = _displaced(batch_id, span)
    if len(windows) or corrected:
        catalogue = queries.load_catalogue(on_or_after=_first_day(windows, corrected))
        delivered = corrections.none_delivered()
        if corrected:
            found = corrections.sort_out(
                corrected, files=files, batch_id=batch_id, catalogue=catalogue, now=now
            )
            revised = Revised(found.duplicates, found.withdrawn, found.problems)
            delivered = found.delivered
            _make_months(delivered)
        for part, mine in _parts(windows, delivered):
            stuck = _put_in_order(part, mine, batch_id=batch_id, catalogue=catalogue)
            revised.count(mine, stuck)
    # Where corrected records are now only the rows tell.
    note_span(batch_id, None if corrected else span)
    return revised


def _put_in_order(
    windows: Windows, delivered: Delivered, *, batch_id: int, catalogue: queries.Catalogue
) -> Bools:
    """
    Price some subscriptions again and write what changed, in one transaction.

    Returns which corrected records can't be put in, for the sake of others.
    """
    with transaction.atomic():
        writing.lock_open_batch(batch_id)
        outcome = price_again(_work(windows, delivered), windows, catalogue=catalogue)
        stuck = _stuck(outcome, delivered)
        mine = delivered.some(~stuck)
        write_outcome(outcome, batch_id=batch_id, catalogue=catalogue)
        taken_back = mine.present.some(mine.is_withdrawn & mine.present.is_priced)
        withdraw(taken_back, batch_id=batch_id)
        corrections.note(mine, batch_id=batch_id)
    return stuck


def _work(windows: Windows, delivered: Delivered) -> Work:
    """Return what is in force of the windows with corrected records in their places."""
    work = in_force(windows)
    if not len(delivered):
        return work
    kept = work.some(~_is_among(work, delivered))
    new = delivered.some(~delivered.is_withdrawn)
    return Work(
        joined_rows(kept.records, new.records),
        joined_rows(kept.present, new.present),
        np.append(kept.is_new, np.ones(len(new), np.bool_)),
    )


def _is_among(work: Work, delivered: Delivered) -> Bools:
    """Return which rows are the present prices of records delivered corrected."""
    taken = set(
        zip(
            delivered.records.source_id.tolist(), delivered.records.record_key.tolist(), strict=True
        )
    )
    keys = zip(work.records.source_id.tolist(), work.records.record_key.tolist(), strict=True)
    return np.fromiter((key in taken for key in keys), np.bool_, len(work))


def _stuck(outcome: Outcome, delivered: Delivered) -> Bools:
    """Return which corrected records could not be put in, for the sake of others."""
    worked = outcome.worked
    is_in = np.isin(delivered.records.subscription_id, worked)
    was_in = np.isin(delivered.present.subscription_id, worked) | ~delivered.present.is_priced
    answer: Bools = ~(is_in & was_in)
    return answer


def _parts(windows: Windows, delivered: Delivered) -> Iterator[tuple[Windows, Delivered]]:
    """Cut the work into transactions: what shares an allowance or moves stays together."""
    linked = delivered.present.is_priced
    pairs = np.stack(
        [delivered.records.subscription_id[linked], delivered.present.subscription_id[linked]]
    )
    every = _joined(windows, delivered.windows())
    if not len(every):
        return
    every, group = rerating.with_groups(every, pairs=pairs.T.tolist())
    every = together(from_totals_on(every), group)
    for start in range(0, int(group.max()) + 1, AT_ONCE):
        chosen = np.flatnonzero((group >= start) & (group < start + AT_ONCE))
        part = every.some(chosen)
        yield part, delivered.some(np.isin(delivered.records.subscription_id, part.subscription_id))


def _joined(first: Windows, second: Windows) -> Windows:
    """Put windows together; those of one subscription become one."""
    columns = [
        np.append(getattr(first, name), getattr(second, name))
        for name in ("account_id", "subscription_id", "first", "end")
    ]
    account, subscription, begin, end = columns
    unique, place, inverse = np.unique(subscription, return_index=True, return_inverse=True)
    earliest = np.full(len(unique), NO_END, np.int64)
    np.minimum.at(earliest, inverse, begin)
    latest = np.zeros(len(unique), np.int64)
    np.maximum.at(latest, inverse, end)
    return Windows(account[place], unique, earliest, latest)


def _displaced(batch_id: int, span: tuple[int, int] | None) -> Windows:
    """Return the usage that the batch's late records displaced."""
    none = np.zeros(0, np.int64)
    found = Windows(none, none, none, none)
    if span is None:
        return found
    until = _last_start(batch_id)
    if span[0] <= until:
        account, subscription, first = rerating.early_in_batch(batch_id, until=until)
        late = Windows(account, subscription, first, np.full(len(first), NO_END))
        late = _where_order_matters(late)
        found = late.some(rerating.overtaken(late, batch_id=batch_id))
    return found


def _last_start(batch_id: int) -> int:
    """Return the last start of what other batches priced; notes it where it is not known yet."""
    last = 0
    for other in rerating.batches_without_span(batch_id):
        span = rerating.span_of(other)
        last = max(last, span[1] if span else 0)
        if UsageBatch.objects.filter(pk=other).exclude(state=UsageBatch.State.OPEN).exists():
            note_span(other, span)
    return max(last, rerating.last_start_of_others(batch_id))


def _where_order_matters(windows: Windows) -> Windows:
    """
    Return the windows of those who were, or may have been, refused a step of an allowance, or pay
    by what they used before.
    """
    if not len(windows):
        return windows
    every, group = rerating.with_groups(windows)
    counters, left = rerating.counters_in(every)
    enough = rerating.rest_that_fits()
    least = np.array([enough.get(one, NO_END) for one in counters.allowance_id.tolist()], np.int64)
    wanting = [counters.subscription_id[left < least], counters.totals.subscription_id]
    tight = np.isin(every.subscription_id, np.concatenate(wanting))
    concerned = every.subscription_id[np.isin(group, group[tight])]
    return windows.some(np.flatnonzero(np.isin(windows.subscription_id, concerned)))


def _first_day(windows: Windows, corrected: CorrectedUsage | None) -> date:
    moments = [windows.first]
    if corrected:
        moments.append(corrected.intake.started_at - corrections.FARTHEST)
    first = int(np.concatenate(moments).min())
    return datetime.fromtimestamp(max(first, 0), ZoneInfo(settings.TIME_ZONE)).date()


def _make_months(delivered: Delivered) -> None:
    if len(delivered):
        started, zone = delivered.records.started_at, ZoneInfo(settings.TIME_ZONE)
        days = (
            datetime.fromtimestamp(int(one), zone).date() for one in (started.min(), started.max())
        )
        ensure_months(first=next(days), last=next(days))


def note_span(batch_id: int, span: tuple[int, int] | None = None) -> None:
    """Remember when the batch's usage was; inside the transaction that closes it."""
    found = span or rerating.span_of(batch_id)
    if found is None:
        # A batch without usage must not be asked about again and again.
        found = (0, 0)
    first, last = (datetime.fromtimestamp(moment, UTC) for moment in found)
    BatchSpan.objects.update_or_create(
        batch_id=batch_id, defaults={"first_at": first, "last_at": last}
    )
