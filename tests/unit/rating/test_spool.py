"""Rows on disk, by bucket."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rating.operations.spool import Spool, spooling

ROW = np.dtype([("value", "<i8"), ("small", "i1")])
BUCKETS = 5
portions = st.lists(st.lists(st.integers(0, BUCKETS - 1), max_size=12), max_size=6)


@given(portions, st.integers(0, BUCKETS - 1), st.integers(1, BUCKETS))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_come_back_by_bucket_in_their_order(
    tmp_path: Path, added: list[list[int]], first: int, width: int
) -> None:
    stop = min(first + width, BUCKETS)
    written: list[tuple[int, int]] = []
    with spooling(tmp_path) as stream:
        spool = Spool(stream, row=ROW, buckets=BUCKETS)
        for buckets in added:
            rows = np.zeros(len(buckets), ROW)
            rows["value"] = np.arange(len(written), len(written) + len(buckets))
            rows["small"] = buckets
            spool.add(rows, np.array(buckets, np.int64))
            written += zip(buckets, rows["value"].tolist(), strict=True)
        found = spool.read(first, stop)
        assert spool.counts.tolist() == [
            sum(bucket == number for bucket, _ in written) for number in range(BUCKETS)
        ]
    for bucket in range(first, stop):
        expected = [value for place, value in written if place == bucket]
        assert found["value"][found["small"] == bucket].tolist() == expected
    assert len(found) == sum(first <= bucket < stop for bucket, _ in written)


def test_nothing_is_left_in_the_folder(tmp_path: Path) -> None:
    with spooling(tmp_path / "spool") as stream:
        stream.write(b"something")
        assert list((tmp_path / "spool").iterdir()) == []
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_spool_cut_short_is_no_silence(tmp_path: Path) -> None:
    with spooling(tmp_path) as stream:
        spool = Spool(stream, row=ROW, buckets=1)
        spool.add(np.zeros(10, ROW), np.zeros(10, np.int64))
        stream.truncate(20)
        with pytest.raises(EOFError):
            spool.read(0, 1)
