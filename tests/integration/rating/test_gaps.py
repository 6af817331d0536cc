"""Gaps in the running numbers of files and records: seen, and closed when the files come."""

from datetime import timedelta

import numpy as np
import pytest

from bench.world import Operator
from rating import operations, queries
from rating.models import SequenceRun, UsageSource
from rating.operations.sequences import note_record_numbers
from rating.queries import Gap
from tests.integration.rating.night import NOW, Night, call, only_file


@pytest.fixture
def source(operator: Operator) -> UsageSource:
    """A switch that numbers its files 00 to 99."""
    found = operator.sources["msc-1"]
    found.file_number_pattern = r"_(?P<seq>\d+)\.csv$"
    found.file_number_modulus = 100
    found.save()
    return found


def bring(night: Night, *numbers: int, late: int = 0) -> None:
    for number in numbers:
        night.bring(call(id=f"f{number}"), name=f"cdr_{number:02d}.csv")
        operations.receive_files(folder=night.folder, now=NOW + timedelta(hours=late))


def gaps(source: UsageSource) -> list[tuple[str, int, int, int]]:
    return [(g.counted, g.first, g.last, g.missing) for g in queries.list_gaps(source.pk)]


def test_what_lies_between_is_missing_until_it_comes(night: Night, source: UsageSource) -> None:
    bring(night, 7, 8, 12, 11)
    assert queries.list_gaps(source.pk) == [
        Gap("files", 9, 10, 2, "msc-1/cdr_08.csv", "msc-1/cdr_11.csv", NOW)
    ]
    bring(night, 9)
    assert gaps(source) == [("files", 10, 10, 1)]
    bring(night, 10)
    assert gaps(source) == []


def test_numbers_begin_anew(night: Night, source: UsageSource) -> None:
    bring(night, 98, 1, 99, 3)
    assert gaps(source) == [("files", 2, 2, 1), ("files", 0, 0, 1)]


def test_the_newest_gap_comes_first(night: Night, source: UsageSource) -> None:
    bring(night, 1, 3)
    bring(night, 10, late=2)
    assert gaps(source) == [("files", 4, 9, 6), ("files", 2, 2, 1)]
    assert [g.first for g in queries.list_gaps(source.pk, limit=1)] == [4]


def test_a_file_seen_again_is_counted_once(night: Night, source: UsageSource) -> None:
    bring(night, 1)
    path = night.folder / "msc-1" / "cdr_01.csv"
    path.rename(path.with_name("again_05.csv"))
    night.receive()
    assert [run.first % 100 for run in SequenceRun.objects.all()] == [1]


def test_names_without_number_make_no_gap(night: Night, operator: Operator) -> None:
    bring(night, 1, 9)
    assert not SequenceRun.objects.exists()
    assert queries.list_gaps(operator.sources["msc-1"].pk) == []


def test_gaps_of_records_lie_between_files_and_within(night: Night, source: UsageSource) -> None:
    bring(night, 1)
    file = only_file()
    note_record_numbers([(file, np.array([5, 6, 7, 10]))])
    note_record_numbers([(file, np.array([5, 6, 7, 10]))])
    assert SequenceRun.objects.filter(counted="records").count() == 2
    assert gaps(source) == [("records", 8, 9, 2)]


def test_a_run_within_another_opens_no_gap(night: Night, source: UsageSource) -> None:
    bring(night, 1, 2)
    first, second = (run.file for run in SequenceRun.objects.order_by("first"))
    note_record_numbers([(first, np.arange(1, 50)), (second, np.array([3, 4, 60]))])
    assert gaps(source) == [("records", 50, 59, 10)]
