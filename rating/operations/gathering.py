"""
The files of a batch on disk, by shard of accounts: parsed once, then read in pieces of any size.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rating.domain.delivery import KEY, Delivery, find_repeats, key_rows
from rating.domain.intake import RECORD, Intake, hours_of, of_rows, to_rows
from rating.domain.revisions import CorrectedUsage, joined_corrected
from rating.domain.shards import Shards, cut
from rating.domain.usage import Ints
from rating.formats import ParsedUsage
from rating.models import UsageFile
from rating.operations.order import Revised
from rating.operations.partials import HeldParts
from rating.operations.problems import ProblemLog
from rating.operations.reading import (
    FileCounts,
    corrected_keys,
    corrected_of,
    intake_of,
    part_undated,
    priced_keys,
    problem_of_line,
)
from rating.operations.spool import Spool, spooling

#: Keys are compared in so many partitions, one after the other.
KEY_PARTS: Final = 32


@dataclass(slots=True, eq=False)
class Gathered:
    """
    The usage of a batch: records on disk, what each is by its ordinal, and what is known of all.

    `hours` are those since 1970 in which records of a source started, `span` is the first and the
    last start; None without records.
    """

    records: Spool
    delivery: npt.NDArray[np.uint8]
    problems: ProblemLog
    counts: FileCounts
    hours: dict[int, set[int]]
    span: tuple[int, int] | None
    corrected: CorrectedUsage

    def take_revised(self, revised: Revised) -> None:
        """Count what became of corrected records."""
        self.problems.add(revised.problems)
        self.counts.duplicates += revised.duplicates
        self.counts.not_charged += revised.withdrawn

    @property
    def all_hours(self) -> list[int]:
        """The hours of all sources, in order."""
        return sorted(set().union(*self.hours.values()))

    @property
    def done(self) -> int:
        """How many records were priced by a run of this batch that was killed."""
        return int(np.count_nonzero(self.delivery == Delivery.DONE))

    @property
    def to_price(self) -> int:
        """How many records are to be priced."""
        return int(np.count_nonzero(self.delivery == Delivery.FIRST))

    def pieces(self, *, rows: int) -> list[tuple[int, int]]:
        """Return ranges of shards with about so many records each."""
        return list(cut(self.records.counts, rows=rows))

    def read(self, first: int, stop: int) -> Intake:
        """Return what is to be priced of some shards, in order of time; threads may share this."""
        rows = self.records.read(first, stop)
        wanted = np.flatnonzero(self.delivery[rows["ordinal"]] == Delivery.FIRST)
        return of_rows(rows if len(wanted) == len(rows) else rows.take(wanted))


@dataclass(slots=True, eq=False)
class _Gathering:
    """Takes in file after file."""

    shards: Shards
    records: Spool
    keys: Spool
    problems: ProblemLog
    counts: FileCounts
    now: datetime
    hours: dict[int, set[int]] = field(default_factory=dict)
    ends: list[int] = field(default_factory=list)
    #: Files of the records that come behind those of all files.
    joined_files: list[Ints] = field(default_factory=list)
    corrected: list[CorrectedUsage] = field(default_factory=list)
    span: tuple[int, int] | None = None

    def take(self, parsed: ParsedUsage | str, *, position: int, source_id: int) -> None:
        """Write the usage of the next file to disk, or note why there is none."""
        start = self.total
        if isinstance(parsed, str):
            self.counts.refusals[position] = parsed
            self.ends.append(start)
            return
        self.counts.records[position] = parsed.records
        self.counts.not_charged[position] = parsed.not_charged
        self.problems.add(problem_of_line(position, line) for line in parsed.bad)
        if len(parsed.corrected):
            self.corrected.append(corrected_of(parsed, position=position, source_id=source_id))
        whole = intake_of(parsed, position=position, source_id=source_id)
        self.ends.append(start + self._add(whole, start))

    def take_joined(self, intake: Intake) -> None:
        """Write records made of parts in several files, after all files."""
        dated, _ = part_undated(intake, self.now)
        self._add(intake, self.total)
        self.joined_files.append(dated.file.astype(np.int64))

    @property
    def total(self) -> int:
        """How many records there are until now."""
        return (self.ends[-1] if self.ends else 0) + sum(map(len, self.joined_files))

    def _add(self, whole: Intake, start: int) -> int:
        """Write records to disk; return how many have a time that can be."""
        intake, undated = part_undated(whole, self.now)
        self.problems.add(undated)
        rows = to_rows(intake, first_ordinal=start)
        self.records.add(rows, self.shards.of_usage(intake.subscriber_key, intake.started_at))
        keys = key_rows(
            record_key=intake.record_key, source_id=intake.source_id, ordinal=rows["ordinal"]
        )
        self.add_keys(keys)
        for source_id in np.unique(intake.source_id).tolist():
            moments = intake.started_at[intake.source_id == source_id]
            self.hours.setdefault(source_id, set()).update(hours_of(moments))
        if len(intake):
            ends = int(intake.started_at.min()), int(intake.started_at.max())
            known = self.span or ends
            self.span = min(known[0], ends[0]), max(known[1], ends[1])
        return len(intake)

    def add_keys(self, rows: npt.NDArray[Any]) -> None:
        """Put keys to those that end alike."""
        self.keys.add(rows, rows["record_key"] & (KEY_PARTS - 1))

    def deliveries(self) -> npt.NDArray[np.uint8]:
        """Return by ordinal what each record is, and count duplicates by file."""
        answer = np.full(self.total, Delivery.FIRST, np.uint8)
        for part in range(KEY_PARTS):
            repeats = find_repeats(self.keys.read(part, part + 1))
            answer[repeats.ordinal] = np.where(repeats.is_done, Delivery.DONE, Delivery.DUPLICATE)
            self._count(repeats.ordinal[~repeats.is_done])
        return answer

    def _count(self, duplicates: Ints) -> None:
        files = len(self.ends)
        file = np.searchsorted(self.ends, duplicates, side="right")
        beyond = np.flatnonzero(file == files)
        if len(beyond):
            joined = np.concatenate(self.joined_files)
            file[beyond] = joined[duplicates[beyond] - self.ends[-1]]
        self.counts.duplicates += np.bincount(file, minlength=files)


def read_batch(
    files: Sequence[UsageFile],
    parsed_files: Iterable[ParsedUsage | str],
    *,
    batch_id: int,
    now: datetime,
    shards: Shards,
    disk: ExitStack,
) -> Gathered:
    """
    Take in the usage of the files and find what was delivered before, in this batch or an earlier.

    The records stay on disk until `disk` is closed; memory holds a few files at once.
    """
    with spooling() as stream:
        work = _Gathering(
            shards=shards,
            records=Spool(disk.enter_context(spooling()), row=RECORD, buckets=shards.count),
            keys=Spool(stream, row=KEY, buckets=KEY_PARTS),
            problems=ProblemLog(disk.enter_context(spooling()), files=len(files)),
            counts=FileCounts.of(len(files)),
            now=now,
        )
        held = HeldParts()
        for position, (file, parsed) in enumerate(zip(files, parsed_files, strict=True)):
            work.take(parsed, position=position, source_id=file.source_id or 0)
            if isinstance(parsed, ParsedUsage):
                held.add(position, file, parsed)
        for intake in held.settle(work.counts, batch_id=batch_id, now=now):
            work.take_joined(intake)
        for source_id, hours in work.hours.items():
            for rows in priced_keys(source_id, hours=hours, batch_id=batch_id):
                work.add_keys(rows)
            work.add_keys(corrected_keys(source_id, batch_id=batch_id))
        delivery = work.deliveries()
    return Gathered(
        records=work.records,
        delivery=delivery,
        problems=work.problems,
        counts=work.counts,
        hours=work.hours,
        span=work.span,
        corrected=joined_corrected(work.corrected),
    )
