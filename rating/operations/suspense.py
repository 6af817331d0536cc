"""
Suspended records: priced anew, as they are or corrected, or written off.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from io import BytesIO
from typing import Any, Final

import numpy as np
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing_project.kernel.operations import change_state, record_events
from rating import queries
from rating.domain.intake import Intake, Lines, joined
from rating.formats import FORMATS
from rating.formats.parsed import ParsedUsage
from rating.models import SuspenseRecord, UsageBatch, UsageFile
from rating.operations import writing
from rating.operations.batches import SOURCE_LOCK, make_pricer
from rating.operations.files import open_archived
from rating.operations.posting import post_batch
from rating.operations.reading import (
    BatchUsage,
    FileCounts,
    Problem,
    intake_of,
    no_intake,
    settings_of,
    sort_out,
)
from tariffs.domain.deck import UsageKind

#: One event per account whose records are priced.
EVENTS: Final = """
    SELECT account_id, NULL::bigint, NULL::bigint, %s::timestamptz,
           jsonb_build_object('records', count(*), 'amount', sum(amount)::text)
      FROM rating_pricedusage WHERE batch_id = %s GROUP BY account_id
"""
#: Recycled in one transaction: more are for the night.
MOST_AT_ONCE: Final = 50_000


class UnableToRecycle(Exception):
    """The records don't wait, a correction is no single line, or a pricing run holds the source."""


class UnableToWriteOff(Exception):
    """Some of the records don't wait any more."""


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
    work = _Recycling(records, corrections)
    usage = work.read(batch.pk, now)
    problems = list(usage.problems)
    if usage.span is not None:
        pricer = make_pricer(usage, batch_id=batch.pk, file_ids=work.file_ids)
        ready = pricer.price(usage.to_price)
        writing.write_slice(batch.pk, ready, granted=pricer.catalogue.granted)
        problems += ready.problems
    outcome = work.outcome(batch.pk, usage, problems)
    _close(batch, work, outcome, problems=problems, actor=actor, now=now)
    post_batch(batch_id=batch.pk, now=now)
    return outcome


@transaction.atomic
def write_off(*, record_ids: Iterable[int], actor: str, reason: str, now: datetime) -> int:
    """Give suspended records up; all of them, or UnableToWriteOff."""
    wanted = sorted(set(record_ids))
    if not reason.strip():
        raise UnableToWriteOff(_("Say why the records are given up."))
    moved = change_state(
        model=SuspenseRecord,
        ids=wanted,
        to=SuspenseRecord.State.WRITTEN_OFF,
        at=now,
        actor=actor,
        reason=reason[:200],
    )
    if moved != wanted:
        raise UnableToWriteOff(_("Some of the records don't wait any more."))
    SuspenseRecord.objects.filter(pk__in=moved).update(closed_at=now, closed_by=actor)
    return len(moved)


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
        for source_id in sorted({record.file.source_id or 0 for record in records}):
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [SOURCE_LOCK, source_id])
            if not cursor.fetchone()[0]:
                raise UnableToRecycle(_("Usage is being priced just now: try again in a minute."))
    return records


def _close(
    batch: UsageBatch,
    work: "_Recycling",
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
    fields = ["corrected", "reason", "detail", "batch", "closed_at", "closed_by"]
    SuspenseRecord.objects.bulk_update(work.records, fields, batch_size=1000)
    state = SuspenseRecord.State
    for to, ids in ((state.RECYCLED, outcome.priced), (state.WRITTEN_OFF, list(outcome.closed))):
        if ids:
            change_state(model=SuspenseRecord, ids=ids, to=to, at=now, actor=actor)
    batch.summary = recycled_summary(batch.pk, work, outcome)
    batch.save(update_fields=["summary"])
    change_state(model=UsageBatch, ids=[batch.pk], to=UsageBatch.State.PRICED, at=now, actor=actor)
    record_events(kind="suspense.recycled", source_sql=EVENTS, params=[now, batch.pk], actor=actor)


def recycled_summary(batch_id: int, work: "_Recycling", outcome: Recycled) -> dict[str, Any]:
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
        "amounts": {UsageKind(kind).code: str(amount) for kind, _rows, amount in totals},
        "refused": {},
    }


class _Recycling:
    """
    The records of some files on their way through the core.

    Positions of files are those of `files`; the lines are those of the records.
    """

    def __init__(self, records: list[SuspenseRecord], corrections: Mapping[int, str]) -> None:
        self.records = records
        self.corrections = corrections
        by_file: dict[int, list[SuspenseRecord]] = defaultdict(list)
        for record in records:
            by_file[record.file_id].append(record)
        self._by_file = by_file
        self.files: list[UsageFile] = [found[0].file for found in by_file.values()]
        self.by_place = {
            (position, record.line): record
            for position, file in enumerate(self.files)
            for record in by_file[file.pk]
        }

    @property
    def file_ids(self) -> list[int]:
        """The files' ids by position."""
        return [file.pk for file in self.files]

    def line_of(self, record: SuspenseRecord) -> str:
        """Return the line that is to be priced."""
        return self.corrections.get(record.pk) or record.corrected or record.raw

    def read(self, batch_id: int, now: datetime) -> BatchUsage:
        """Parse the lines as those of their files, and sort them out as a batch is."""
        counts = FileCounts.of(len(self.files))
        problems: list[Problem] = []
        parts: list[Intake] = []
        for position, file in enumerate(self.files):
            found = self._by_file[file.pk]
            parsed, numbers = self._parse(file, found)
            problems += (
                Problem(position, int(numbers[bad.line]), bad.reason, bad.detail, bad.raw)
                for bad in parsed.bad
            )
            intake = intake_of(parsed, position=position, source_id=file.source_id or 0)
            parts.append(replace(intake, line=numbers[intake.line]))
        intake = joined(parts) if parts else no_intake()
        return sort_out(intake, problems=problems, counts=counts, batch_id=batch_id, now=now)

    def _parse(self, file: UsageFile, records: list[SuspenseRecord]) -> tuple[ParsedUsage, Lines]:
        """Return the parsed lines, and the number in the file of each line that was parsed."""
        if file.source is None:
            raise UnableToRecycle(_("The file has no source."))
        known = FORMATS[file.source.format]
        with open_archived(file).open("rb") as stream:
            header = known.header_of(stream)
        lines = [self.line_of(record).encode() for record in records]
        numbers = [0, *([1] if header else []), *(record.line for record in records)]
        data = b"\n".join([header, *lines] if header else lines)
        return known.parse(BytesIO(data), settings_of(file.source)), np.array(numbers, np.int32)

    def outcome(self, batch_id: int, usage: BatchUsage, problems: list[Problem]) -> Recycled:
        """Tell what became of each record."""
        answer = Recycled(batch_id)
        for problem in problems:
            record = self.by_place[problem.file, problem.line]
            answer.waiting[record.pk] = problem.reason.value
        tried = zip(usage.to_price.file.tolist(), usage.to_price.line.tolist(), strict=True)
        chargeable = {self.by_place[place].pk for place in tried}
        for record in self.records:
            if record.pk in answer.waiting:
                continue
            if record.pk in chargeable:
                answer.priced.append(record.pk)
            else:
                answer.closed[record.pk] = _("A duplicate, or nothing to charge.")
        return answer
