"""
Suspended records on their way through the core: their lines read again as those of their files.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from io import BytesIO

import numpy as np
from django.utils.translation import gettext as _

from rating.domain.intake import Intake, Lines, joined
from rating.domain.revisions import CorrectedUsage, joined_corrected
from rating.formats import FORMATS
from rating.formats.parsed import ParsedUsage
from rating.models import SuspenseRecord, UsageFile
from rating.operations.files import open_archived
from rating.operations.partials import whole_again
from rating.operations.reading import (
    BatchUsage,
    FileCounts,
    Problem,
    corrected_of,
    intake_of,
    no_intake,
    settings_of,
    sort_out,
)


class UnableToRecycle(Exception):
    """The records don't wait, a correction is no single line, or a pricing run holds the source."""


class SuspendedLines:
    """
    The records of some files with the lines that are to be read, by id where they are corrected.

    Positions of files are those of `files`; the lines are those of the records. `corrected` are,
    once they are parsed, those that take the place of earlier records.
    """

    def __init__(self, records: Sequence[SuspenseRecord], corrections: Mapping[int, str]) -> None:
        self.records = records
        self.corrections = corrections
        self.corrected = joined_corrected([])
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
        """Return the line that is to be read."""
        return self.corrections.get(record.pk) or record.corrected or record.raw

    def parse(self) -> tuple[Intake, list[Problem]]:
        """Parse the lines as those of their files."""
        problems: list[Problem] = []
        parts: list[Intake] = []
        corrected: list[CorrectedUsage] = []
        for position, file in enumerate(self.files):
            parsed, numbers = self._parse(file, self._by_file[file.pk])
            problems += (
                Problem(position, int(numbers[bad.line]), bad.reason, bad.detail, bad.raw)
                for bad in parsed.bad
            )
            intake = intake_of(parsed, position=position, source_id=file.source_id or 0)
            parts.append(replace(intake, line=numbers[intake.line]))
            if len(parsed.corrected):
                found = corrected_of(parsed, position=position, source_id=file.source_id or 0)
                intake = replace(found.intake, line=numbers[found.intake.line])
                corrected.append(CorrectedUsage(intake, found.number))
        self.corrected = joined_corrected(corrected)
        intake = joined(parts) if parts else no_intake()
        return whole_again(intake, self.files), problems

    def read(self, batch_id: int, now: datetime) -> BatchUsage:
        """Parse the lines, and sort them out as a batch is."""
        intake, problems = self.parse()
        return self.sort_out(intake, problems=problems, batch_id=batch_id, now=now)

    def sort_out(
        self, intake: Intake, *, problems: list[Problem], batch_id: int, now: datetime
    ) -> BatchUsage:
        """Set apart bad times, and what is priced already."""
        counts = FileCounts.of(len(self.files))
        return sort_out(intake, problems=problems, counts=counts, batch_id=batch_id, now=now)

    def _parse(self, file: UsageFile, records: list[SuspenseRecord]) -> tuple[ParsedUsage, Lines]:
        """Return the parsed lines, and the number in the file of each line that was parsed."""
        if file.source is None:
            raise UnableToRecycle(_("The file has no source."))
        known = FORMATS[file.source.format]
        settings = replace(settings_of(file.source), is_excerpt=True)
        found = header_of(file)
        header = found.split(b"\n") if found else []
        lines = [self.line_of(record).encode() for record in records]
        numbers = [0, *range(1, len(header) + 1), *(record.line for record in records)]
        parsed = known.parse(BytesIO(b"\n".join([*header, *lines])), settings)
        return parsed, np.array(numbers, np.int32)


def header_of(file: UsageFile) -> bytes:
    """Return the lines of the file without which its others can't be read; often none."""
    if file.source is None:
        return b""
    with open_archived(file).open("rb") as stream:
        return FORMATS[file.source.format].header_of(stream, settings_of(file.source))
