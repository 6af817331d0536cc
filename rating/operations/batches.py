"""
Pricing runs: files to priced rows. Killed anywhere and run again, a run ends with the same rows.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import psycopg2
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from billing_project.kernel import memory
from billing_project.kernel.operations import change_state, ensure_months
from rating import queries
from rating.domain.intake import HOUR
from rating.domain.shards import make_shards
from rating.domain.subscribers import CompiledSubscribers
from rating.domain.usage import Ints
from rating.models import BatchCharge, UsageBatch, UsageFile
from rating.operations import pieces, writing
from rating.operations.files import ACTOR
from rating.operations.gathering import Gathered, read_batch
from rating.operations.order import revise
from rating.operations.reading import PARSERS, BatchUsage, parse_all
from rating.operations.slices import SLICE_ROWS, Pricer
from rating.operations.writing import UnableToPriceBatch
from tariffs.domain.deck import UsageKind

Progress = pieces.Progress
#: First key of the advisory lock of a source; the second is the source's id.
SOURCE_LOCK: Final = 7_306_002
#: In the place of a source: one run prices at a time, or two would race for one allowance.
EVERYTHING: Final = 0
#: First key of the advisory lock of a business day; the second is the day's ordinal.
DAY_LOCK: Final = 7_306_003


@dataclass(frozen=True, slots=True)
class BatchReport:
    """
    What became of a batch: records = priced + duplicates + not_charged + suspended.

    `suspense` counts by reason, `amounts` sums what was priced by kind of usage (a string of the
    currency), `refused` names files with the reason.
    """

    batch_id: int
    files: int
    records: int
    priced: int
    duplicates: int
    not_charged: int
    suspended: int
    suspense: dict[str, int]
    amounts: dict[str, str]
    refused: dict[str, str]


def open_batch(*, business_date: date, now: datetime) -> int | None:
    """
    Return the batch that takes the files waiting; None if none wait and the day has no batch.

    A batch of the day that was not finished goes on. New files join it while nothing of it is
    priced, or the order of pricing would not be that of time; else they wait for the next.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # Two nights begun together must agree on one batch.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s)", [DAY_LOCK, business_date.toordinal()]
        )
        waiting = UsageFile.objects.filter(state=UsageFile.State.RECEIVED, batch__isnull=True)
        found = queries.find_batch_of_day(business_date)
        if found:
            # A run that closes it meanwhile would leave out what joins: look again once it has.
            found = UsageBatch.objects.select_for_update(no_key=True).get(pk=found.pk)
        is_free = found is None or found.state == UsageBatch.State.POSTED
        if is_free and waiting.exists():
            found = UsageBatch.objects.create(business_date=business_date, opened_at=now)
        if found and found.state == UsageBatch.State.OPEN and not queries.has_rows(found.pk):
            waiting.update(batch=found)
    return found.pk if found else None


def price_batch(
    *, batch_id: int, now: datetime, progress: Progress | None = None, slice_rows: int = SLICE_ROWS
) -> BatchReport:
    """
    Price everything in the files of a batch; `progress(done, total)` counts records.

    Slices are committed one by one. Run again after a kill it finds what is priced, prices the
    rest, and ends with the same rows. A batch priced already answers with its report.
    """
    batch = UsageBatch.objects.get(pk=batch_id)
    if batch.state != UsageBatch.State.OPEN:
        return report_of(batch)
    files = queries.list_batch_files(batch_id)
    with hold_sources([EVERYTHING, *sources_of(files)]), memory.reused(), ExitStack() as disk:
        with transaction.atomic():
            batch = UsageBatch.objects.select_for_update(no_key=True).get(pk=batch_id)
        if batch.state != UsageBatch.State.OPEN:
            return report_of(batch)
        # Files are parsed while the subscribers come out of the database.
        parsed = parse_all(files, pool=disk.enter_context(ThreadPoolExecutor(PARSERS)))
        subscribers = queries.load_subscribers()
        shards = make_shards(subscribers, together=queries.list_shared_accounts())
        usage = read_batch(files, parsed, batch_id=batch_id, now=now, shards=shards, disk=disk)
        if usage.to_price:
            pricer = _load_pricer(
                _moments(usage.all_hours),
                batch_id=batch_id,
                file_ids=[file.pk for file in files],
                subscribers=subscribers,
            )
            work = pieces.Work(usage, pricer, shards, slice_rows)
            pieces.price_all(work, progress=progress)
        usage.take_revised(
            revise(
                batch_id=batch_id,
                files=files,
                corrected=usage.corrected,
                now=now,
                span=usage.span,
            )
        )
        _finish(batch, files, usage, now=now)
    return report_of(UsageBatch.objects.get(pk=batch_id))


def report_of(batch: UsageBatch) -> BatchReport:
    """Return what was noted when the batch was priced. Raises UnableToPriceBatch if it was not."""
    if not batch.summary:
        message = _("Batch %(batch)s is not priced yet.")
        raise UnableToPriceBatch(message % {"batch": batch.pk})
    return BatchReport(batch_id=batch.pk, **batch.summary)


def sources_of(files: Sequence[UsageFile]) -> list[int]:
    """Return the sources of files, in the order in which they are locked."""
    return sorted({file.source_id for file in files if file.source_id is not None})


@contextmanager
def hold_sources(source_ids: Sequence[int]) -> Iterator[None]:
    """
    Keep other runs away from the sources, on a connection of its own (decision A6).

    The locks are of a transaction that does nothing else: they end with it, however it ends.
    """
    other = psycopg2.connect(**connection.get_connection_params())
    try:
        with other.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            for source_id in source_ids:
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [SOURCE_LOCK, source_id])
        try:
            yield
        finally:
            # Closing alone lets the server take its time to give the locks back.
            other.rollback()
    finally:
        other.close()


def make_pricer(usage: BatchUsage, *, batch_id: int, file_ids: Sequence[int]) -> Pricer:
    """Load what prices this usage, and make the months it is written to."""
    return _load_pricer(usage.to_price.started_at, batch_id=batch_id, file_ids=file_ids)


def _load_pricer(
    moments: Ints,
    *,
    batch_id: int,
    file_ids: Sequence[int],
    subscribers: CompiledSubscribers | None = None,
) -> Pricer:
    """Load what prices usage of some moments, and make the months it is written to."""
    zone = ZoneInfo(settings.TIME_ZONE)
    first, last = (
        datetime.fromtimestamp(int(moment), zone).date()
        for moment in (moments.min(), moments.max())
    )
    ensure_months(first=first, last=last)
    return Pricer(
        catalogue=queries.load_catalogue(on_or_after=first, subscribers=subscribers),
        counters=queries.load_counters(first=first, last=last),
        batch_id=batch_id,
        file_ids=np.array(file_ids, np.int64),
    )


def _moments(hours: Sequence[int]) -> Ints:
    """Return moments of which one at least lies in each local month of the hours."""
    starts = np.array(hours, np.int64) * HOUR
    return np.concatenate([starts, starts + HOUR - 1])


@transaction.atomic
def _finish(
    batch: UsageBatch, files: Sequence[UsageFile], usage: Gathered, *, now: datetime
) -> None:
    """Write suspense and counts, and close the batch for pricing."""
    writing.lock_open_batch(batch.pk)
    for problems in usage.problems.portions(files):
        writing.suspend(problems, files=files, now=now)
    counts, suspended = usage.counts, usage.problems.by_file
    priced = counts.records - counts.duplicates - counts.not_charged - suspended
    writing.count_files(
        files,
        {
            "records": counts.records,
            "priced": priced,
            "duplicates": counts.duplicates,
            "not_charged": counts.not_charged,
            "suspended": suspended,
        },
    )
    _close_files(files, counts.refusals, now=now)
    _let_go(batch.pk, files)
    totals = queries.totals_of(batch.pk)
    found = sum(total.first_rows for total in totals) + queries.count_corrected(batch.pk)
    _check_rows(batch.pk, found=found, expected=int(priced.sum()))
    _keep_sums(batch.pk, totals)
    batch.summary = {
        "files": len(files),
        "records": int(counts.records.sum()),
        "priced": int(priced.sum()),
        "duplicates": int(counts.duplicates.sum()),
        "not_charged": int(counts.not_charged.sum()),
        "suspended": int(suspended.sum()),
        "suspense": dict(sorted(usage.problems.by_reason.items())),
        "amounts": {UsageKind(total.kind).code: str(total.amount) for total in totals},
        "refused": {
            file.name: refusal
            for file, refusal in zip(files, counts.refusals, strict=True)
            if refusal
        },
    }
    batch.save(update_fields=["summary"])
    change_state(model=UsageBatch, ids=[batch.pk], to=UsageBatch.State.PRICED, at=now, actor=ACTOR)


def _let_go(batch_id: int, files: Sequence[UsageFile]) -> None:
    """Let files that joined after the batch had been read wait for the next one."""
    late = UsageFile.objects.filter(batch_id=batch_id, source__isnull=False)
    late.exclude(pk__in=[file.pk for file in files]).update(batch=None)


def _check_rows(batch_id: int, *, found: int, expected: int) -> None:
    if found != expected:
        message = _("Batch %(batch)s: %(rows)s rows are priced, %(expected)s were to be.")
        raise UnableToPriceBatch(message % {"batch": batch_id, "rows": found, "expected": expected})


def _keep_sums(batch_id: int, totals: Sequence[queries.KindTotal]) -> None:
    """
    Let posting use what was added up as rows were written, if it is all there is.

    Reversals are not in it, nor what an earlier release wrote: then rows are added up again.
    """
    is_all = all(total.rows == total.first_rows for total in totals)
    sums = {total.kind: total.amount for total in totals if total.amount}
    if not is_all or queries.kept_sums(batch_id) != sums:
        BatchCharge.objects.filter(batch_id=batch_id).delete()


def _close_files(files: Sequence[UsageFile], refusals: Sequence[str], *, now: datetime) -> None:
    refused = []
    for file, refusal in zip(files, refusals, strict=True):
        if refusal:
            file.refusal = refusal[:200]
            refused.append(file)
    UsageFile.objects.bulk_update(refused, ["refusal"])
    ids = {file.pk for file in refused}
    good = [file.pk for file in files if file.pk not in ids]
    for to, some in ((UsageFile.State.REFUSED, sorted(ids)), (UsageFile.State.PRICED, good)):
        if some:
            change_state(model=UsageFile, ids=some, to=to, at=now, actor=ACTOR)
