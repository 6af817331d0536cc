"""
From the files of a batch to the records that are to be priced, each once and in order of time.
"""

import csv
import logging
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import available_timezones

import numpy as np
from django.utils.translation import gettext as _
from polars.exceptions import PolarsError

from rating import queries
from rating.domain.delivery import (
    OF_ANOTHER_BATCH,
    OF_THIS_BATCH,
    Delivery,
    find_repeats,
    key_rows,
)
from rating.domain.intake import HOUR, Intake, chronological, merged_hours
from rating.domain.revisions import CorrectedUsage
from rating.domain.suspense import SuspenseReason
from rating.domain.usage import Bools, Ints
from rating.formats import FORMATS, BadLine, ParsedUsage, UnreadableFile
from rating.models import UsageFile
from rating.operations.files import open_archived
from rating.operations.problems import Problem, settings_of
from rating.operations.spool import spooling
from rating.queries import corrected as corrections

__all__ = [
    "BatchUsage",
    "FileCounts",
    "Problem",
    "corrected_keys",
    "corrected_of",
    "intake_of",
    "no_intake",
    "parse_all",
    "part_undated",
    "priced_keys",
    "problem_of_line",
    "settings_of",
    "sort_out",
]

logger = logging.getLogger(__name__)

#: A switch whose clock is wrong must not open months: older or newer than this is a bad time.
OLDEST: Final = timedelta(days=3 * 366)
NEWEST: Final = timedelta(days=1)
_UNREADABLE: Final = {SuspenseReason.MALFORMED_LINE, SuspenseReason.WRONG_ENCODING}
#: What a parser may raise at bytes it was not made for; want of memory or of the archive is none of it.
FAULTS_OF_PARSERS: Final = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AssertionError,
    csv.Error,
    PolarsError,
)
#: Parsed at once, and as many again may wait to be taken.
PARSERS: Final = 2


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


def sort_out(
    intake: Intake,
    *,
    problems: list[Problem],
    counts: FileCounts,
    batch_id: int,
    now: datetime,
) -> BatchUsage:
    """Set apart bad times, duplicates and what the batch has priced already."""
    intake, undated = part_undated(intake, now)
    problems += undated
    found = np.full(len(intake), Delivery.FIRST, np.uint8)
    rows = [
        key_rows(
            record_key=intake.record_key,
            source_id=intake.source_id,
            ordinal=np.arange(len(intake)),
        )
    ]
    for source_id in np.unique(intake.source_id).tolist():
        moments = intake.started_at[intake.source_id == source_id]
        rows += priced_keys(source_id, hours=set((moments // HOUR).tolist()), batch_id=batch_id)
        rows.append(corrected_keys(source_id, batch_id=batch_id))
    repeats = find_repeats(np.concatenate(rows))
    found[repeats.ordinal] = np.where(repeats.is_done, Delivery.DONE, Delivery.DUPLICATE)
    files = len(counts.records)
    counts.duplicates += np.bincount(intake.file[found == Delivery.DUPLICATE], minlength=files)
    return BatchUsage(
        to_price=chronological(intake.some(found == Delivery.FIRST)),
        done=intake.some(found == Delivery.DONE),
        problems=problems,
        counts=counts,
    )


def part_undated(intake: Intake, now: datetime) -> tuple[Intake, list[Problem]]:
    """Return the records whose time can be, and the others as problems."""
    first, last = (now - OLDEST).timestamp(), (now + NEWEST).timestamp()
    has_time: Bools = (intake.started_at >= int(first)) & (intake.started_at <= int(last))
    if has_time.all():
        return intake, []
    others = intake.some(~has_time)
    why = _("too long ago or in the future")
    return intake.some(has_time), [
        Problem(file, line, SuspenseReason.BAD_TIME, why)
        for file, line in zip(others.file.tolist(), others.line.tolist(), strict=True)
    ]


def priced_keys(
    source_id: int, *, hours: set[int], batch_id: int
) -> Iterator[np.ndarray[Any, np.dtype[np.void]]]:
    """Yield what is priced already of a source in some hours since 1970, as KEY rows."""
    # A session's start is worked out from its end: told again it may fall a second beside.
    near = {hour + beside for hour in hours for beside in (-1, 0, 1)}
    periods = merged_hours(near)
    if not periods:
        return
    with spooling() as stream:
        for keys, batches in queries.priced_before(
            source_id=source_id, periods=periods, stream=stream
        ):
            ordinal = np.where(batches == batch_id, OF_THIS_BATCH, OF_ANOTHER_BATCH)
            yield key_rows(record_key=keys, source_id=source_id, ordinal=ordinal)


def corrected_keys(source_id: int, *, batch_id: int) -> np.ndarray[Any, np.dtype[np.void]]:
    """Return the records that another batch has in a corrected form, as KEY rows."""
    key, _number, batch = corrections.corrected_before(source_id)
    known = key[batch != batch_id]
    ordinal = np.full(len(known), OF_ANOTHER_BATCH)
    return key_rows(record_key=known, source_id=source_id, ordinal=ordinal)


def parse_all(
    files: Sequence[UsageFile], *, pool: ThreadPoolExecutor
) -> Iterator[ParsedUsage | str]:
    """
    Yield the usage of the files in their order, or why one is refused as a whole.

    The first are begun at once, some are parsed ahead, most of it outside Python's lock; no more
    than a few are held at once.
    """
    ahead = deque(pool.submit(_parse, file) for file in files[:PARSERS])
    return _in_order(ahead, files[PARSERS:], pool)


def _in_order(
    ahead: deque[Future[ParsedUsage | str]], others: Sequence[UsageFile], pool: ThreadPoolExecutor
) -> Iterator[ParsedUsage | str]:
    for file in others:
        ahead.append(pool.submit(_parse, file))
        yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


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
    except FAULTS_OF_PARSERS as error:
        # A fault of ours: the file waits in the archive for its repair, and stops no night.
        logger.exception("the format %s failed at file %s", file.source.format, file.pk)
        return _("The format “%(format)s” failed at it: %(why)s") % {
            "format": file.source.format,
            "why": error,
        }
    reasons = Counter(line.reason for line in parsed.bad)
    if parsed.records and sum(reasons[reason] for reason in _UNREADABLE) == parsed.records:
        return _("No line of it can be read.")
    return parsed


def problem_of_line(position: int, line: BadLine) -> Problem:
    """Return a line that can't be read as a problem of the batch."""
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


def corrected_of(parsed: ParsedUsage, *, position: int, source_id: int) -> CorrectedUsage:
    """Return the corrected records of one file as part of a batch."""
    found = replace(parsed, columns=parsed.corrected.columns)
    intake = intake_of(found, position=position, source_id=source_id)
    return CorrectedUsage(intake, parsed.corrected.number)


def no_intake() -> Intake:
    """Return an intake without records."""
    types = (np.int32, np.int32, np.int16, *[np.int64] * 3, np.int8, np.int64, np.int8, np.int64)
    return Intake(*(np.zeros(0, kind) for kind in types))
