"""
Lines with columns, delimited or of fixed width, under a shape and a recipe.
"""

import csv
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Final

import numpy as np
import polars as pl
from django.utils.translation import gettext as _

from rating.domain.suspense import SuspenseReason
from rating.formats.documents import Shape
from rating.formats.interpreting import interpret
from rating.formats.parsed import (
    BadLine,
    Bools,
    ParsedUsage,
    SourceSettings,
    UnreadableFile,
    joined,
)
from rating.formats.recipe import Recipe
from rating.formats.rows import (
    Block,
    Layout,
    Rows,
    bad_line,
    lead_lines,
    raw_lines,
    read_blocks,
    read_lines,
    read_rows,
    without_lead,
)

#: A line may have so many columns more than the mapping names, unless their number is given.
SPARE: Final = 100


def parse_lines(
    stream: BinaryIO, settings: SourceSettings, *, shape: Shape, recipe: Recipe
) -> ParsedUsage:
    """Return the usage of a file of lines. Raises UnreadableFile."""
    if settings.is_excerpt:
        shape = replace(shape, encoding="utf-8")
    reader = _Reader(shape, recipe, *_layout(stream, shape, recipe))
    parsed = joined(reader.read(stream, settings))
    if shape.trailer and not settings.is_excerpt:
        _check_trailer(shape, parsed, reader.trailers)
    return parsed


def header_of_lines(stream: BinaryIO, *, shape: Shape) -> bytes:
    """Return the lines before the first record, as UTF-8."""
    return lead_lines(stream, shape.lead, encoding=shape.encoding)


def raw_of_lines(stream: BinaryIO, numbers: Collection[int], *, shape: Shape) -> dict[int, str]:
    """Return lines as the suspense keeps them."""
    return raw_lines(stream, numbers, encoding=shape.encoding)


@dataclass(slots=True)
class _Reader:
    """Reads blocks, and remembers the trailers that it met: (line, text)."""

    shape: Shape
    recipe: Recipe
    layout: Layout
    second_names: dict[str, str]
    trailers: list[BadLine] = field(default_factory=list)

    def read(self, stream: BinaryIO, settings: SourceSettings) -> Iterator[ParsedUsage]:
        for whole in read_blocks(stream, encoding=self.shape.encoding):
            block = without_lead(whole, self.shape.lead)
            if block.data:
                yield interpret(self._with_more(self._rows(block)), self.recipe, settings)

    def _rows(self, block: Block) -> Rows:
        rows = read_lines(block) if self.shape.type == "fixed" else read_rows(block, self.layout)
        if self.shape.trailer:
            rows = self._without_trailers(rows, self.shape.trailer.begins_with.encode())
        return self._cut(rows) if self.shape.type == "fixed" else rows

    def _without_trailers(self, rows: Rows, mark: bytes) -> Rows:
        block = rows.block
        places = list(_places_after_ends(block, mark))
        self.trailers += [
            bad_line(block, i, reason=SuspenseReason.WRONG_COUNT, detail="") for i in places
        ]
        lines = {block.first_line + place for place in places}
        bad = [line for line in rows.bad if line.line not in lines]
        kept = rows.keep(~np.isin(rows.place, places))
        return Rows(block, kept.frame, kept.place, bad)

    def _cut(self, rows: Rows) -> Rows:
        """Cut lines of fixed width into columns; blanks around are none of them."""
        text = rows.frame["line"]
        fits = self._fits(text)
        wrong = _("%(found)s characters instead of %(wanted)s")
        wanted = self.shape.length or f"{self._least}+"
        bad = [
            rows.bad_line(
                row,
                SuspenseReason.MALFORMED_LINE,
                wrong % {"found": len(text[row]), "wanted": wanted},
            )
            for row in np.flatnonzero(~fits).tolist()
        ]
        spans = {n: s for n, s in self.shape.columns.items() if isinstance(s, tuple)}
        cells = {
            name: text.str.slice(start, end - start).str.strip_chars()
            for name, (start, end) in spans.items()
        }
        cut = Rows(rows.block, pl.DataFrame(cells), rows.place, [*rows.bad, *bad])
        return cut.keep(fits)

    @property
    def _least(self) -> int:
        """The last column may be empty, and blanks at the end left out."""
        return 1 + max(s[0] for s in self.shape.columns.values() if isinstance(s, tuple))

    def _fits(self, text: pl.Series) -> Bools:
        length = text.str.len_chars()
        is_right = length == self.shape.length if self.shape.length else length >= self._least
        answer: Bools = is_right.to_numpy()
        return answer

    def _with_more(self, rows: Rows) -> Rows:
        """Add constants, and columns that the mapping names twice."""
        more = [pl.lit(value).alias(name) for name, value in self.shape.constants.items()]
        more += [pl.col(first).alias(name) for name, first in self.second_names.items()]
        return replace(rows, frame=rows.frame.with_columns(more)) if more else rows


def _places_after_ends(block: Block, mark: bytes) -> Iterator[int]:
    """Yield the places of the lines that begin with the mark."""
    if block.data.startswith(mark):
        yield 0
    found = block.data.find(b"\n" + mark)
    while found >= 0:
        yield int(np.searchsorted(block.ends, found)) + 1
        found = block.data.find(b"\n" + mark, found + 1)


def _layout(stream: BinaryIO, shape: Shape, recipe: Recipe) -> tuple[Layout, dict[str, str]]:
    """Return where the columns of the recipe stand in this file, and second names of some."""
    if shape.type == "fixed":
        return Layout({}, 1, 1), {}
    named = {name: place for name, place in shape.columns.items() if name in recipe.columns}
    width = shape.length
    if any(isinstance(place, str) for place in named.values()):
        names = _header_names(stream, shape)
        missing = [str(p) for p in named.values() if isinstance(p, str) and p not in names]
        if missing:
            message = _("The first line does not name the columns: %(names)s")
            raise UnreadableFile(message % {"names": ", ".join(missing)})
        named = {n: names.index(p) if isinstance(p, str) else p for n, p in named.items()}
        width = width or len(names)
    positions: dict[str, int] = {}
    second = {}
    for name, place in named.items():
        first = next((n for n, p in positions.items() if p == place), None)
        if first is None:
            positions[name] = int(place)  # type: ignore[arg-type]
        else:
            second[name] = first
    least = max(positions.values(), default=0) + 1
    layout = Layout(positions, width or least, width or least + SPARE, shape.delimiter, shape.quote)
    return layout, second


def _header_names(stream: BinaryIO, shape: Shape) -> list[str]:
    lead = header_of_lines(stream, shape=shape).split(b"\n")
    try:
        line = lead[shape.skip_lines].decode().rstrip("\r")
    except UnicodeDecodeError:
        raise UnreadableFile(_("The file is not UTF-8 text.")) from None
    if not shape.quote:
        return [name.strip() for name in line.split(shape.delimiter)]
    try:
        cells = next(csv.reader([line], delimiter=shape.delimiter, quotechar=shape.quote), [])
    except csv.Error:
        # Lines that end with a carriage return alone are one line to everybody else.
        raise UnreadableFile(_("The first line can't be read as columns.")) from None
    return [name.strip() for name in cells]


def _check_trailer(shape: Shape, parsed: ParsedUsage, found: list[BadLine]) -> None:
    """Compare the file's own count: a difference refuses the file, or is reported in suspense."""
    problem = _difference(shape, parsed.records, found)
    if not problem:
        return
    if not found or (shape.trailer and shape.trailer.refuses):
        raise UnreadableFile(problem)
    last = found[-1]
    parsed.bad.append(BadLine(last.line, SuspenseReason.WRONG_COUNT, problem, last.raw))


def _difference(shape: Shape, records: int, found: list[BadLine]) -> str:
    if not found:
        return _("The file has no last line: it is not complete.")
    if shape.trailer is None or shape.trailer.count is None:
        return ""
    said = _cell(found[-1].raw, shape, shape.trailer.count)
    if said.isdecimal() and int(said) == records:
        return ""
    message = _("The last line says %(said)s records, there are %(found)s.")
    return message % {"said": said or "?", "found": records}


def _cell(line: str, shape: Shape, place: int | tuple[int, int]) -> str:
    if isinstance(place, tuple):
        return line[slice(*place)].strip()
    cells = line.split(shape.delimiter)
    return cells[place].strip(f" {shape.quote}") if place < len(cells) else ""
