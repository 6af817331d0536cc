"""
Tables in files: CSV in either encoding and any of three separators, and XLSX.

Cells come out as text; numbers of a spreadsheet as they would be typed in.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell

LARGEST_FILE: Final = 50_000_000
#: What a spreadsheet may unpack to.
LARGEST_UNPACKED: Final = 500_000_000
MOST_ROWS: Final = 500_000
SEPARATORS: Final = (";", "\t", ",")
FORMS: Final = ("csv", "xlsx")


class UnreadableTable(ValueError):
    """The file is no table, is empty or too large; for people."""


def read_table(data: bytes) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Return the header and the lines after it, each with its number in the file."""
    if len(data) > LARGEST_FILE:
        raise UnreadableTable(_("The file is too large."))
    rows = _sheet_rows(data) if data[:4] == b"PK\x03\x04" else _csv_rows(data)
    for _line, header in rows:
        if any(header):
            return header, _limited(rows)
        break
    raise UnreadableTable(_("The file has no header: its first line names the columns."))


def _limited(rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    for line, cells in rows:
        if line > MOST_ROWS:
            raise UnreadableTable(_("The file has too many lines."))
        yield line, cells


def _csv_rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decoded(data)
    first = text.partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        message = _("Line %(line)s can't be read: %(why)s.")
        raise UnreadableTable(message % {"line": line, "why": error}) from None


def _decoded(data: bytes) -> str:
    encodings = ("utf-16",) if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "cp1251")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableTable(_("The file is neither text nor a spreadsheet."))


def _sheet_rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        with ZipFile(BytesIO(data)) as archive:
            if sum(item.file_size for item in archive.infolist()) > LARGEST_UNPACKED:
                raise UnreadableTable(_("The file is too large."))
        book = load_workbook(BytesIO(data), read_only=True, data_only=True)
        sheet: Any = book.worksheets[0]
        for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield line, [_text(cell) for cell in cells]
    except (BadZipFile, KeyError, IndexError, OSError, ValueError) as error:
        if isinstance(error, UnreadableTable):
            raise
        raise UnreadableTable(_("The spreadsheet can't be read.")) from None


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        # As many digits as a spreadsheet shows: 0.1 + 0.2 is 0.3.
        shown = f"{cell:.12f}".rstrip("0").rstrip(".")
        return shown or "0"
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def write_table(header: Sequence[str], rows: Iterable[Sequence[object]], *, form: str) -> bytes:
    """Return a file of the form csv (UTF-8 with mark, semicolons) or xlsx."""
    if form not in FORMS:
        message = f"{form} is neither of {FORMS}"
        raise ValueError(message)
    return _csv(header, rows) if form == "csv" else _xlsx(header, rows)


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    buffer = StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue().encode("utf-8-sig")


def _xlsx(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet("deck")
    for cells in (header, *rows):
        sheet.append([_cell(sheet, value) for value in cells])
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _cell(sheet: Any, value: object) -> Any:
    """Text stays text, also prefixes and what looks like a formula."""
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, value=value)
    cell.data_type = "s"
    return cell
