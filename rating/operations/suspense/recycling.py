"""
Suspended records priced anew, as they are or corrected.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing_project.kernel.operations import change_state, record_events
from rating import queries
from rating.models import SuspenseRecord, UsageBatch
from rating.operations import writing
from rating.operations.batches import EVERYTHING, SOURCE_LOCK, make_pricer, sources_of
from rating.operations.order import revise
from rating.operations.posting import post_batch
from rating.operations.reading import BatchUsage, Problem
from rating.operations.suspense.reading import SuspendedLines, UnableToRecycle
from tariffs.domain.deck import UsageKind

#: One event per account whose records are priced.
EVENTS: Final = """
    SELECT account_id, NULL::bigint, NULL::bigint, %s::timestamptz,
           jsonb_build_object('records', count(*) FILTER (WHERE revision = 0), 'amount', sum(amount)::text)
      FROM rating_pricedusage WHERE batch_id = %s GROUP BY account_id
"""
NOTE: Final = """
    UPDATE rating_suspenserecord r
       SET corrected = n.corrected, reason = n.reason, detail = n.detail,
           batch_id = n.batch_id, closed_at = n.closed_at, closed_by = n.closed_by
      FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[],
                  %s::timestamptz[], %s::text[])
           AS n (id, corrected, reason, detail, batch_id, closed_at, closed_by)
     WHERE r.id = n.id
"""
#: Recycled in one transaction: more are for the night.
MOST_AT_ONCE: Final = 50_000


@dataclass(slots=True)
class Recycled:
    """What became of the records, by id: priced, closed as no usage to charge, or waiting still."""

    batch_id: int
    priced: list[int] = field(default_factory=list)
    closed: dict[int, str] = field(default_factory=dict)
    waiting: dict[int, str] = field(default_factory=dict)


@transaction.atomic
def recycle(
    *,
    record_ids: Iterable[int],
    actor: str,
    now: datetime,
    corrected: Mapping[int, str] | None = None,
) -> Recycled:
    """
    Price suspended records again, through the same core, and post what they cost.

    `corrected` gives new lines to some of them, by id; a line keeps its file and number. What can't
    be priced this time either waits on with its new reason; what turns out to be a duplicate or
    not chargeable is closed. All or nothing: raises UnableToRecycle.
    """
    corrections = {pk: line.strip() for pk, line in (corrected or {}).items()}
    records = _locked(record_ids, corrections)
    batch = UsageBatch.objects.create(business_date=timezone.localtime(now).date(), opened_at=now)
    work = SuspendedLines(records, corrections)
    usage = work.read(batch.pk, now)
    problems = list(usage.problems)
    if usage.span is not None:
        pricer = make_pricer(usage, batch_id=batch.pk, file_ids=work.file_ids)
        ready = pricer.price(usage.to_price)
        writing.write_slice(batch.pk, ready, granted=pricer.catalogue.granted)
        problems += ready.problems
    revised = revise(
        batch_id=batch.pk, files=work.files, corrected=work.corrected, now=now, span=usage.span
    )
    problems += revised.problems
    tried = [*_places(usage), *revised.priced]
    outcome = _outcome(work, batch_id=batch.pk, tried=tried, problems=problems)
    _close(batch, work, outcome, problems=problems, actor=actor, now=now)
    post_batch(batch_id=batch.pk, now=now)
    return outcome


def _locked(record_ids: Iterable[int], corrections: Mapping[int, str]) -> list[SuspenseRecord]:
    wanted = sorted(set(record_ids))
    if len(wanted) > MOST_AT_ONCE:
        raise UnableToRecycle(_("These are too many records at once."))
    if any("\n" in line or "\r" in line for line in corrections.values()):
        raise UnableToRecycle(_("A corrected record must be one line."))
    records = writing.waiting(wanted)
    if not records or [record.pk for record in records] != wanted:
        raise UnableToRecycle(_("Some of the records don't wait any more."))
    with connection.cursor() as cursor:
        for source_id in [EVERYTHING, *sources_of([record.file for record in records])]:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [SOURCE_LOCK, source_id])
            if not cursor.fetchone()[0]:
                raise UnableToRecycle(_("Usage is being priced just now: try again in a minute."))
    return records


def _close(
    batch: UsageBatch,
    work: SuspendedLines,
    outcome: Recycled,
    *,
    problems: list[Problem],
    actor: str,
    now: datetime,
) -> None:
    """Note what became of the records and close the batch for pricing."""
    by_place = {(problem.file, problem.line): problem for problem in problems}
    for place, record in work.by_place.items():
        record.corrected = work.corrections.get(record.pk, record.corrected)
        problem = by_place.get(place)
        if problem:
            record.reason, record.detail = problem.reason.value, problem.detail
        else:
            record.batch, record.closed_at, record.closed_by = batch, now, actor
            record.detail = outcome.closed.get(record.pk, record.detail)
    _note(work.records)
    state = SuspenseRecord.State
    for to, ids in ((state.RECYCLED, outcome.priced), (state.WRITTEN_OFF, list(outcome.closed))):
        if ids:
            change_state(model=SuspenseRecord, ids=ids, to=to, at=now, actor=actor)
    batch.summary = _summary(batch.pk, work, outcome)
    batch.save(update_fields=["summary"])
    change_state(model=UsageBatch, ids=[batch.pk], to=UsageBatch.State.PRICED, at=now, actor=actor)
    record_events(kind="suspense.recycled", source_sql=EVENTS, params=[now, batch.pk], actor=actor)


def _note(records: Sequence[SuspenseRecord]) -> None:
    """Write what was noted on the records in one statement."""
    columns: list[list[Any]] = [
        [record.pk for record in records],
        [record.corrected for record in records],
        [record.reason for record in records],
        [record.detail for record in records],
        [record.batch.pk if record.batch else None for record in records],
        [record.closed_at for record in records],
        [record.closed_by for record in records],
    ]
    with connection.cursor() as cursor:
        cursor.execute(NOTE, columns)


def _summary(batch_id: int, work: SuspendedLines, outcome: Recycled) -> dict[str, Any]:
    """Return the report of a batch made of suspended records."""
    totals = queries.totals_of(batch_id)
    return {
        "files": len(work.files),
        "records": len(work.records),
        "priced": len(outcome.priced),
        "duplicates": len(outcome.closed),
        "not_charged": 0,
        "suspended": len(outcome.waiting),
        "suspense": dict(sorted(Counter(outcome.waiting.values()).items())),
        "amounts": {UsageKind(total.kind).code: str(total.amount) for total in totals},
        "refused": {},
    }


def _places(usage: BatchUsage) -> Iterator[tuple[int, int]]:
    return zip(usage.to_price.file.tolist(), usage.to_price.line.tolist(), strict=True)


def _outcome(
    work: SuspendedLines,
    *,
    batch_id: int,
    tried: Iterable[tuple[int, int]],
    problems: list[Problem],
) -> Recycled:
    """Tell what became of each record."""
    answer = Recycled(batch_id)
    for problem in problems:
        record = work.by_place[problem.file, problem.line]
        answer.waiting[record.pk] = problem.reason.value
    chargeable = {work.by_place[place].pk for place in tried}
    for record in work.records:
        if record.pk in answer.waiting:
            continue
        if record.pk in chargeable:
            answer.priced.append(record.pk)
        else:
            answer.closed[record.pk] = _("A duplicate, or nothing to charge.")
    return answer
