"""
A CSV file as blocks of rows, one line one record, however broken some lines are.

A block is handed to polars whole. Only if that fails or gives another number of rows than there
are lines (a quote was never closed) are its lines looked at one by one; those that can't be read
are set aside with their reason, the others go on.
"""

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from django.utils.translation import gettext as _
from polars.exceptions import PolarsError

from rating.domain.suspense import SuspenseReason
from rating.formats.parsed import BadLine, UnreadableFile

BLOCK_BYTES: Final = 16 << 20
#: A line longer than this is no record: the file has no line ends, or is no text.
LONGEST_LINE: Final = 1 << 20
_BOM: Final = b"\xef\xbb\xbf"
_OTHER_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_RAW_KEPT: Final = 4000
_LONGEST_LEAD: Final = 1 << 16


@dataclass(frozen=True)
class Block:
    """Whole lines of a file; `first_line` is the number of the first, from 1."""

    data: bytes
    first_line: int

    @cached_property
    def line_count(self) -> int:
        """How many lines there are, blank ones included."""
        return self.total("\n") + (not self.data.endswith(b"\n"))

    @cached_property
    def ends(self) -> npt.NDArray[np.int64]:
        """Where each line ends: the place of its line feed, or the end of the data."""
        found = np.flatnonzero(np.frombuffer(self.data, np.uint8) == ord("\n"))
        return found if self.data.endswith(b"\n") else np.append(found, len(self.data))

    def total(self, mark: str) -> int:
        """Return how often the character is there."""
        return int(np.count_nonzero(np.frombuffer(self.data, np.uint8) == ord(mark)))

    def is_odd(self, mark: str) -> npt.NDArray[np.bool_]:
        """Return which lines have the character an odd number of times."""
        marks = (np.frombuffer(self.data, np.uint8) == ord(mark)).view(np.uint8)
        starts = np.append(0, self.ends[:-1] + 1)
        if len(starts) and starts[-1] == len(marks):
            marks = np.append(marks, np.uint8(0))
        return np.bitwise_xor.reduceat(marks, starts).view(np.bool_)

    def count(self, mark: str) -> npt.NDArray[np.int64]:
        """Return how often each line has the character."""
        found = np.flatnonzero(np.frombuffer(self.data, np.uint8) == ord(mark))
        return np.diff(np.searchsorted(found, self.ends), prepend=0)

    def line(self, place: int) -> bytes:
        """Return one line without its end."""
        start = int(self.ends[place - 1]) + 1 if place else 0
        return self.data[start : int(self.ends[place])].removesuffix(b"\r")


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns are read, by position, how many a line may have, and how they are parted."""

    columns: dict[str, int]
    fewest: int
    most: int
    delimiter: str = ","
    quote: str = '"'

    @property
    def names(self) -> list[str]:
        """Names for all columns and one beyond the last, in order."""
        by_position = {position: name for name, position in self.columns.items()}
        return [by_position.get(i, f"column {i}") for i in range(self.most + 1)]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The readable rows of a block as text columns, with their places among its lines."""

    block: Block
    frame: pl.DataFrame
    place: npt.NDArray[np.int64]
    bad: list[BadLine]

    @property
    def line(self) -> npt.NDArray[np.int64]:
        """Numbers of the rows' lines in the file."""
        return self.block.first_line + self.place

    def keep(self, wanted: npt.NDArray[np.bool_]) -> "Rows":
        """Return some of the rows."""
        if wanted.all():
            return self
        return Rows(self.block, self.frame.filter(pl.Series(wanted)), self.place[wanted], self.bad)

    def bad_line(self, row: int, reason: SuspenseReason, detail: str) -> BadLine:
        """Describe one of the rows as bad."""
        return bad_line(self.block, int(self.place[row]), reason=reason, detail=detail)


def bad_line(block: Block, place: int, *, reason: SuspenseReason, detail: str) -> BadLine:
    """Describe a line of a block as bad."""
    raw = readable(block.line(place))
    return BadLine(block.first_line + place, reason, detail[:200], raw)


def _malformed(block: Block, place: int, detail: str) -> BadLine:
    return bad_line(block, place, reason=SuspenseReason.MALFORMED_LINE, detail=detail)


def readable(line: bytes) -> str:
    """Return a line as text that PostgreSQL takes, whatever its bytes are."""
    return kept_text(line.decode("utf-8", "backslashreplace"))


def kept_text(text: str, *, most: int = _RAW_KEPT) -> str:
    """Return as much of a text as is kept, without what PostgreSQL can't."""
    return unpaired(text.replace("\0", "\\x00")[:most])


def unpaired(text: str) -> str:
    """Return a text with halves of surrogate pairs, which JSON may bring, spelled out."""
    return text.encode("utf-8", "backslashreplace").decode()


def read_blocks(
    stream: BinaryIO, *, encoding: str = "utf-8", size: int = BLOCK_BYTES
) -> Iterator[Block]:
    """
    Cut a file into blocks of whole lines, of UTF-8 whatever the file's encoding is.

    That must be one in which a byte is a letter, or UTF-8. Raises UnreadableFile if it is no text.
    """
    line = 1
    while piece := stream.read(size):
        if not piece.endswith(b"\n"):
            rest = stream.readline(max(LONGEST_LINE, size) + 1)
            if len(rest) > max(LONGEST_LINE, size):
                message = _("Line %(line)s has no end.") % {"line": line + piece.count(10)}
                raise UnreadableFile(message)
            piece += rest
        data = recode(piece, encoding)
        if line == 1:
            refuse_other_encodings(data)
            data = data.removeprefix(_BOM)
        if data:
            block = Block(data, line)
            line += block.line_count
            yield block


def recode(data: bytes, encoding: str) -> bytes:
    """Return the bytes as UTF-8; those that mean nothing are shown as escapes."""
    if encoding == "utf-8":
        return data
    return data.decode(encoding, "backslashreplace").encode()


def raw_lines(
    stream: BinaryIO,
    numbers: Collection[int],
    *,
    encoding: str = "utf-8",
    size: int = BLOCK_BYTES,
) -> dict[int, str]:
    """Return lines of a file by their numbers, as they are kept in suspense."""
    found: dict[int, str] = {}
    wanted = np.unique(np.array([*numbers], np.int64))
    first = 1
    while len(found) < len(wanted) and (piece := stream.read(size)):
        block = Block(piece + (b"" if piece.endswith(b"\n") else stream.readline()), first)
        stop = first + len(block.ends)
        for number in wanted[(wanted >= first) & (wanted < stop)].tolist():
            line = block.line(number - first).removeprefix(_BOM).rstrip(b"\r\n")
            found[number] = readable(recode(line, encoding))
        first = stop
    return found


def without_lead(block: Block, lines: int) -> Block:
    """Return the block without the first lines of the file."""
    surplus = min(lines - block.first_line + 1, block.line_count)
    if surplus <= 0:
        return block
    start = min(int(block.ends[surplus - 1]) + 1, len(block.data))
    return Block(block.data[start:], block.first_line + surplus)


def lead_lines(stream: BinaryIO, count: int, *, encoding: str = "utf-8") -> bytes:
    """Return the first lines of a file as UTF-8, without the last line's end; the stream rewinds."""
    stream.seek(0)
    lines = [stream.readline(_LONGEST_LEAD).rstrip(b"\r\n") for _ in range(count)]
    stream.seek(0)
    return recode(b"\n".join(lines).removeprefix(_BOM), encoding)


def refuse_other_encodings(data: bytes) -> None:
    """Refuse what is no UTF-8 text at all. Raises UnreadableFile."""
    if data.startswith(_OTHER_BOMS) or b"\0" in data[:4096]:
        raise UnreadableFile(_("The file is not UTF-8 text (UTF-16 or binary)."))


def read_rows(block: Block, layout: Layout) -> Rows:
    """Read the layout's columns as text; lines that can't be read are in `bad`."""
    count = block.line_count
    has_pairs = not layout.quote or block.total(layout.quote) % 2 == 0
    if has_pairs and _is_utf8(block.data):
        frame = _parse(block.data, layout)
        if frame is not None and frame.height == count:
            return _check_width(block, layout, Rows(block, frame, np.arange(count), []))
    return _check_width(block, layout, _mend(block, layout))


def read_lines(block: Block) -> Rows:
    """Read whole lines as one text column, `line`; blank ones are no records."""
    faults = {} if _is_utf8(block.data) else _faults(block, "")
    bad = [
        bad_line(block, place, reason=reason, detail=detail)
        for place, (reason, detail) in sorted(faults.items())
    ]
    kept, texts = [], []
    for place, line in enumerate(block.data.split(b"\n")[: block.line_count]):
        if place not in faults and line.strip():
            kept.append(place)
            texts.append(line.decode().removesuffix("\r"))
    frame = pl.DataFrame({"line": texts}, schema={"line": pl.String})
    return Rows(block, frame, np.array(kept, np.int64), bad)


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _parse(data: bytes, layout: Layout) -> pl.DataFrame | None:
    """Return the columns as text, None if polars can't make rows of the bytes."""
    names = layout.names
    try:
        return pl.read_csv(
            data,
            has_header=False,
            schema=dict.fromkeys(names, pl.String),
            columns=_columns_read(layout),
            separator=layout.delimiter,
            quote_char=layout.quote or None,
            truncate_ragged_lines=True,
            missing_columns="insert",
        )
    except PolarsError:
        return None


def _columns_read(layout: Layout) -> list[int]:
    """Positions that are read: those asked for, and two that tell too few from too many."""
    return sorted({*layout.columns.values(), layout.fewest - 1, layout.most})


def _mend(block: Block, layout: Layout) -> Rows:
    """Set unreadable lines aside and read the rest."""
    faults = _faults(block, layout.quote)
    bad = [
        bad_line(block, place, reason=reason, detail=detail)
        for place, (reason, detail) in sorted(faults.items())
    ]
    places = np.delete(np.arange(block.line_count), sorted(faults))
    frame = _parse(_without(block, sorted(faults)), layout) if len(places) else None
    if frame is None or frame.height != len(places):
        return _read_singly(block, layout, places=places.tolist(), bad=bad)
    return Rows(block, frame, places, bad)


def _faults(block: Block, quote: str) -> dict[int, tuple[SuspenseReason, str]]:
    """Return the lines with an open quote or another encoding, by place, with the reason."""
    is_odd = block.is_odd(quote) if quote else np.zeros(block.line_count, bool)
    faults = dict.fromkeys(
        np.flatnonzero(is_odd).tolist(), (SuspenseReason.MALFORMED_LINE, _("a quote is not closed"))
    )
    if not _is_utf8(block.data):
        data = np.frombuffer(block.data, np.uint8)
        beyond_ascii = np.unique(np.searchsorted(block.ends, np.flatnonzero(data >= 128)))
        for place in beyond_ascii.tolist():
            if not _is_utf8(block.line(place)):
                faults[place] = (SuspenseReason.WRONG_ENCODING, _("not UTF-8"))
    return faults


def _without(block: Block, places: Sequence[int]) -> bytes:
    """Return the block's bytes without some of its lines."""
    pieces, kept_from = [], 0
    for place in places:
        pieces.append(block.data[kept_from : int(block.ends[place - 1]) + 1 if place else 0])
        kept_from = int(block.ends[place]) + 1
    return b"".join([*pieces, block.data[kept_from:]])


def _read_singly(
    block: Block, layout: Layout, *, places: Sequence[int], bad: list[BadLine]
) -> Rows:
    """Read line by line with Python's csv: slow, and never misled by the neighbours."""
    names = layout.names
    wanted = _columns_read(layout)
    rows: list[list[str | None]] = []
    kept: list[int] = []
    for place in places:
        try:
            cells = _cells(block.line(place), layout)
        except csv.Error:
            detail = _("quotes in the wrong place")
            bad.append(_malformed(block, place, detail))
            continue
        rows.append([cells[i] if i < len(cells) else None for i in wanted])
        kept.append(place)
    schema = {names[i]: pl.String for i in wanted}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return Rows(block, frame, np.array(kept, np.int64), bad)


def _cells(line: bytes, layout: Layout) -> list[str]:
    if not layout.quote:
        return line.decode().split(layout.delimiter)
    reader = csv.reader(
        [line.decode()], strict=True, delimiter=layout.delimiter, quotechar=layout.quote
    )
    return next(reader, [])


def _check_width(block: Block, layout: Layout, rows: Rows) -> Rows:
    """Set lines with too few or too many columns aside; blank lines are no records."""
    names = layout.names
    last_needed, beyond = rows.frame[names[layout.fewest - 1]], rows.frame[names[layout.most]]
    doubtful = np.flatnonzero((last_needed.is_null() | beyond.is_not_null()).to_numpy())
    if not len(doubtful):
        return rows
    # An empty last column reads like a missing one; counting tells.
    width = _widths(block, rows.place[doubtful], layout)
    fits = (layout.fewest <= width) & (width <= layout.most)
    keep = np.ones(len(rows.place), bool)
    keep[doubtful] = fits
    bad = list(rows.bad)
    for row, columns in zip(doubtful[~fits].tolist(), width[~fits].tolist(), strict=True):
        place = int(rows.place[row])
        if columns < 0:
            bad.append(_malformed(block, place, _("quotes in the wrong place")))
        elif block.line(place).strip():
            wanted = f"{layout.fewest}–{layout.most}"
            detail = _("%(found)s columns instead of %(wanted)s") % {
                "found": columns,
                "wanted": wanted,
            }
            bad.append(_malformed(block, place, detail))
    return Rows(block, rows.frame, rows.place, bad).keep(keep)


def _widths(block: Block, places: npt.NDArray[np.int64], layout: Layout) -> npt.NDArray[np.int64]:
    """Return how many columns the lines have, −1 where quotes stand in the wrong place."""
    widths = block.count(layout.delimiter)[places] + 1
    quotes = block.count(layout.quote)[places] if layout.quote else np.zeros(len(places))
    for row in np.flatnonzero(quotes).tolist():
        try:
            widths[row] = len(_cells(block.line(int(places[row])), layout))
        except csv.Error:
            widths[row] = -1
    return widths
