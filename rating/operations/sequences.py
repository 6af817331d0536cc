"""
Running numbers of files and records, noted as they come; gaps are what no file brought.
"""

from collections.abc import Iterable
from typing import Final

from rating.domain.sequences import Ints, number_in_name, runs_of, unwrapped
from rating.models import SequenceRun, UsageFile

#: A file in which the numbers are more broken than this numbers something else.
MOST_RUNS: Final = 1000


def note_file_number(file: UsageFile) -> None:
    """Note the running number in the file's name, if its source has such names."""
    source = file.source
    number = number_in_name(file.name, source.file_number_pattern) if source else None
    if source is None or number is None:
        return
    runs = SequenceRun.objects.filter(source=source, counted=SequenceRun.Counted.FILES)
    newest = runs.exclude(file=file).order_by("-pk").first()
    whole = unwrapped(
        number, last=newest.last if newest else None, modulus=source.file_number_modulus
    )
    SequenceRun.objects.filter(file=file, counted=SequenceRun.Counted.FILES).delete()
    SequenceRun.objects.create(
        source=source, counted=SequenceRun.Counted.FILES, first=whole, last=whole, file=file
    )


def note_record_numbers(found: Iterable[tuple[UsageFile, Ints]]) -> None:
    """Note the running numbers of the files' records; the same file again changes nothing."""
    SequenceRun.objects.bulk_create(
        [
            SequenceRun(
                source=file.source,
                counted=SequenceRun.Counted.RECORDS,
                first=first,
                last=last,
                file=file,
            )
            for file, numbers in found
            for first, last in runs_of(numbers)[:MOST_RUNS]
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
