"""
The records of a batch that can't be priced: counted, and kept on disk until they are suspended.
"""

import pickle
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import IO, Final

import numpy as np

from rating.domain.suspense import SuspenseReason
from rating.formats import FORMATS, SourceSettings
from rating.models import UsageFile, UsageSource
from rating.operations.files import open_archived

AT_ONCE: Final = 10_000
_PLACE: Final = np.dtype(
    [("file", "<i4"), ("line", "<i4"), ("why", "<i2"), ("started_at", "<i8"), ("dated", "?")]
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A record that can't be priced: position of its file, line, reason, when it started."""

    file: int
    line: int
    reason: SuspenseReason
    detail: str = ""
    raw: str | None = None
    started_at: int | None = None


def settings_of(source: UsageSource) -> SourceSettings:
    """Return what a format needs to know of the source."""
    return SourceSettings(
        time_zone=source.time_zone,
        area_code=source.area_code if source.area_code.isdecimal() else "",
        incoming_contexts=frozenset(source.incoming_contexts.split()),
        mapping=source.mapping,
    )


class ProblemLog:
    """
    Collects problems; those that bring their line are written to `stream` in portions.

    The lines of the others, whose trouble was seen after parsing, are read again at the end.
    """

    def __init__(self, stream: IO[bytes], *, files: int) -> None:
        self.by_file = np.zeros(files, np.int64)
        self.by_reason: Counter[str] = Counter()
        self._stream = stream
        self._waiting: list[Problem] = []
        self._portions = 0
        self._whys: dict[tuple[SuspenseReason, str], int] = {}
        self._places: list[np.ndarray[tuple[int], np.dtype[np.void]]] = []

    def add(self, problems: Iterable[Problem]) -> None:
        """Note problems."""
        late = []
        for problem in problems:
            self.by_file[problem.file] += 1
            self.by_reason[problem.reason.value] += 1
            if problem.raw is None:
                late.append(self._place(problem))
            else:
                self._waiting.append(problem)
        if late:
            self._places.append(np.array(late, _PLACE))
        while len(self._waiting) >= AT_ONCE:
            portion, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            pickle.dump(portion, self._stream)
            self._portions += 1

    def portions(self, files: Sequence[UsageFile]) -> Iterator[list[Problem]]:
        """Yield all problems with their lines, some thousands at once."""
        self._stream.seek(0)
        for _number in range(self._portions):
            # Written by this process a moment ago, to a file without a name.
            yield pickle.load(self._stream)  # noqa: S301
        if self._waiting:
            yield self._waiting
        found = self._found_late(files)
        while portion := list(islice(found, AT_ONCE)):
            yield portion

    def _place(self, problem: Problem) -> tuple[int, int, int, int, bool]:
        why = self._whys.setdefault((problem.reason, problem.detail), len(self._whys))
        moment = problem.started_at
        return problem.file, problem.line, why, moment or 0, moment is not None

    def _found_late(self, files: Sequence[UsageFile]) -> Iterator[Problem]:
        if not self._places:
            return
        places = np.concatenate(self._places)
        places = places[np.lexsort((places["line"], places["file"]))]
        whys = list(self._whys)
        for position in np.unique(places["file"]).tolist():
            some = places[places["file"] == position]
            lines = read_records(files[position], set(some["line"].tolist()))
            for file, line, why, moment, is_dated in some.tolist():
                reason, detail = whys[why]
                found = Problem(file, line, reason, detail, lines.get(line, ""))
                yield replace(found, started_at=moment) if is_dated else found


def read_records(file: UsageFile, numbers: set[int]) -> dict[int, str]:
    """Return records of an archived file, as the suspense keeps them, by their lines."""
    if file.source is None:
        return {}
    with open_archived(file).open("rb") as stream:
        known = FORMATS[file.source.format]
        return known.raw_of(stream, numbers, settings_of(file.source))
