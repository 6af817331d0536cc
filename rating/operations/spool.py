"""
A file on disk that holds the rows of a batch by bucket, so that memory doesn't grow with the batch.

The file has no name: it is gone with the process, however that ends.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from django.conf import settings

Rows = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]


@contextmanager
def spooling(folder: Path | None = None) -> Iterator[IO[bytes]]:
    """Open a file without a name, in the folder of the archive unless told otherwise."""
    place = folder or Path(settings.ARCHIVE_DIR) / "spool"
    place.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=place) as stream:
        yield stream


@dataclass(frozen=True, slots=True, eq=False)
class _Extent:
    """Rows written at once, ordered by bucket: those of b are `ends[b - 1]` up to `ends[b]`."""

    offset: int
    ends: Ints

    def bounds(self, first: int, stop: int) -> tuple[int, int]:
        """Return the first row of some buckets, and the one behind their last."""
        return (int(self.ends[first - 1]) if first else 0), int(self.ends[stop - 1])


class Spool:
    """
    Rows of one structured type, added in any order, read by range of buckets.

    Rows of a bucket come back in the order in which they were added.
    """

    def __init__(self, stream: IO[bytes], *, row: np.dtype[Any], buckets: int) -> None:
        self.buckets = buckets
        self._stream = stream
        self._row = row
        self._extents: list[_Extent] = []
        self._offset = 0
        self.counts = np.zeros(buckets, np.int64)

    def add(self, rows: Rows, bucket: Ints) -> None:
        """Append rows, each to its bucket."""
        if not len(rows):
            return
        # Small numbers are sorted by radix.
        order = np.argsort(bucket.astype(np.uint16), kind="stable")
        counts = np.bincount(bucket, minlength=self.buckets)
        # `take` copies whole rows; indexing would copy them field by field.
        self._stream.write(rows.take(order).data)
        self._extents.append(_Extent(self._offset, np.cumsum(counts)))
        self._offset += rows.nbytes
        self.counts += counts

    def read(self, first: int, stop: int) -> Rows:
        """Return the rows of the buckets from one up to another."""
        self._stream.flush()
        rows = np.empty(int(self.counts[first:stop].sum()), self._row)
        filled = 0
        for extent in self._extents:
            low, high = extent.bounds(first, stop)
            if low == high:
                continue
            self._fill(rows[filled : filled + high - low], extent.offset + low * rows.itemsize)
            filled += high - low
        return rows

    def _fill(self, target: Rows, offset: int) -> None:
        """Read bytes from a place of the file; several threads may do so at once."""
        buffer: memoryview = target.view(np.uint8).data
        done = 0
        while done < len(buffer):
            got = os.preadv(self._stream.fileno(), [buffer[done:]], offset + done)
            if not got:
                message = "the spool is shorter than what was written to it"
                raise EOFError(message)
            done += got
