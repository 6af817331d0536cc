"""
From the files of a batch to the records that are to be priced, each once and in order of time.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import available_timezones

import numpy as np
from django.utils.translation import gettext as _

from rating import queries
from rating.domain.intake import Intake, chronological, find_keys, first_deliveries, joined
from rating.domain.suspense import SuspenseReason
from rating.domain.usage import Bools, Ints
from rating.formats import FORMATS, BadLine, ParsedUsage, SourceSettings, UnreadableFile
from rating.models import UsageFile, UsageSource
from rating.operations.files import open_archived

#: A switch whose clock is wrong must not open months: older or newer than this is a bad time.
OLDEST: Final = timedelta(days=3 * 366)
NEWEST: Final = timedelta(days=1)
_UNREADABLE: Final = {SuspenseReason.MALFORMED_LINE, SuspenseReason.WRONG_ENCODING}


@dataclass(frozen=True, slots=True)
class Problem:
    """A record that can't be priced: position of its file, line, reason, when it started."""

    file: int
    line: int
    reason: SuspenseReason
    detail: str = ""
    raw: str | None = None
    started_at: int | None = None


@dataclass(slots=True, eq=False)
class FileCounts:
    """What became of the records of each file of a batch, by position; arrays of one length."""

    records: Ints
    duplicates: Ints
    not_charged: Ints
    refusals: list[str]

    @classmethod
    def of(cls, count: int) -> "FileCounts":
        """Return zeros for so many files."""
        records, duplicates, not_charged = (np.zeros(count, np.int64) for _ in range(3))
        return cls(records, duplicates, not_charged, [""] * count)


@dataclass(slots=True, eq=False)
class BatchUsage:
    """
    What a batch has to price, in order of time, and what is known of the rest.

    `done` rows are priced already, by an earlier run of this batch that was killed.
    """

    to_price: Intake
    done: Intake
    problems: list[Problem]
    counts: FileCounts

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last moment of what is to be priced."""
        if not len(self.to_price):
            return None
        return int(self.to_price.started_at[0]), int(self.to_price.started_at[-1])


def settings_of(source: UsageSource) -> SourceSettings:
    """Return what a format needs to know of the source."""
    return SourceSettings(
        time_zone=source.time_zone,
        area_code=source.area_code if source.area_code.isdecimal() else "",
        incoming_contexts=frozenset(source.incoming_contexts.split()),
    )


def read_batch(files: Sequence[UsageFile], *, batch_id: int, now: datetime) -> BatchUsage:
    """Parse the files and leave out what was delivered before, in this batch or an earlier one."""
    counts = FileCounts.of(len(files))
    problems: list[Problem] = []
    parts = []
    for position, (file, parsed) in enumerate(zip(files, _parse_all(files), strict=True)):
        if isinstance(parsed, str):
            counts.refusals[position] = parsed
            continue
        counts.records[position] = parsed.records
        counts.not_charged[position] = parsed.not_charged
        problems += (_problem_of_line(position, line) for line in parsed.bad)
        parts.append(intake_of(parsed, position=position, source_id=file.source_id or 0))
    intake = joined(parts) if parts else no_intake()
    return sort_out(intake, problems=problems, counts=counts, batch_id=batch_id, now=now)


def sort_out(
    intake: Intake,
    *,
    problems: list[Problem],
    counts: FileCounts,
    batch_id: int,
    now: datetime,
) -> BatchUsage:
    """Set apart bad times, duplicates and what the batch has priced already."""
    has_time = _has_time(intake, now)
    problems += (
        Problem(file, line, SuspenseReason.BAD_TIME, _("too long ago or in the future"))
        for file, line in _places(intake.some(~has_time))
    )
    intake = intake.some(has_time)
    is_first = first_deliveries(intake.source_id, intake.record_key)
    is_other, is_own = _priced_before(intake, batch_id)
    is_duplicate = ~is_first | is_other
    files = len(counts.records)
    counts.duplicates += np.bincount(intake.file[is_duplicate], minlength=files)
    return BatchUsage(
        to_price=chronological(intake.some(~is_duplicate & ~is_own)),
        done=intake.some(~is_duplicate & is_own),
        problems=problems,
        counts=counts,
    )


def _parse_all(files: Sequence[UsageFile]) -> Iterator[ParsedUsage | str]:
    """Parse the files, two at a time: most of the work is done outside Python's lock."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield from pool.map(_parse, files)


def _parse(file: UsageFile) -> ParsedUsage | str:
    """Return the usage of a file, or why it is refused as a whole."""
    if file.source is None or file.source.format not in FORMATS:
        return _("The format “%(format)s” is unknown.") % {"format": file.source}
    if file.source.time_zone not in available_timezones():
        return _("The time zone “%(zone)s” is unknown.") % {"zone": file.source.time_zone}
    try:
        with open_archived(file).open("rb") as stream:
            parsed = FORMATS[file.source.format].parse(stream, settings_of(file.source))
    except UnreadableFile as error:
        return str(error)
    reasons = Counter(line.reason for line in parsed.bad)
    if parsed.records and sum(reasons[reason] for reason in _UNREADABLE) == parsed.records:
        return _("No line of it can be read.")
    return parsed


def _problem_of_line(position: int, line: BadLine) -> Problem:
    return Problem(position, line.line, line.reason, line.detail, line.raw)


def intake_of(parsed: ParsedUsage, *, position: int, source_id: int) -> Intake:
    """Return the parsed usage of one file as part of a batch."""
    columns = parsed.columns
    return Intake(
        file=np.full(len(columns), position, np.int32),
        line=columns.line,
        source_id=np.full(len(columns), source_id, np.int16),
        record_key=columns.record_key,
        subscriber_key=columns.subscriber_key,
        started_at=columns.started_at,
        kind=columns.kind,
        number_b=columns.number_b,
        number_b_length=columns.number_b_length,
        quantity=columns.quantity,
    )


def no_intake() -> Intake:
    """Return an intake without records."""
    types = (np.int32, np.int32, np.int16, *[np.int64] * 3, np.int8, np.int64, np.int8, np.int64)
    return Intake(*(np.zeros(0, kind) for kind in types))


def _has_time(intake: Intake, now: datetime) -> Bools:
    first, last = (now - OLDEST).timestamp(), (now + NEWEST).timestamp()
    answer: Bools = (intake.started_at >= int(first)) & (intake.started_at <= int(last))
    return answer


def _places(intake: Intake) -> Iterator[tuple[int, int]]:
    return zip(intake.file.tolist(), intake.line.tolist(), strict=True)


def _priced_before(intake: Intake, batch_id: int) -> tuple[Bools, Bools]:
    """Return which records another batch has priced, and which this one has."""
    is_other = np.zeros(len(intake), np.bool_)
    is_own = np.zeros(len(intake), np.bool_)
    for source_id in np.unique(intake.source_id).tolist():
        rows = np.flatnonzero(intake.source_id == source_id)
        moments = intake.started_at[rows]
        keys, batches = queries.priced_before(
            source_id=source_id, first=int(moments.min()), last=int(moments.max())
        )
        place = find_keys(intake.record_key[rows], keys)
        found = place >= 0
        own = np.zeros(len(rows), np.bool_)
        own[found] = batches[place[found]] == batch_id
        is_other[rows], is_own[rows] = found & ~own, own
    return is_other, is_own
