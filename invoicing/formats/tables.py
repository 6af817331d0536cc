"""
Reports as XLSX and CSV: a title, a header, rows as they come, totals.
"""

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

#: What a sheet can hold, less the title, header and totals.
MOST_ROWS: Final = 1_048_000
FORMS: Final = ("xlsx", "csv")
CONTENT_TYPES: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
_MONEY: Final = "#,##0.00"
_DAY: Final = "dd.mm.yyyy"
#: What spreadsheets would take for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class TooManyRows(Exception):
    """The report does not fit a sheet: take a shorter period, or CSV."""


def write_xlsx(
    *,
    title: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    totals: Sequence[Any] = (),
    widths: Sequence[int] = (),
) -> bytes:
    """
    Return a workbook of one sheet: title, header, rows, totals.

    Amounts stay numbers, days stay days, text stays text whatever it begins with. Raises
    TooManyRows.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    for place, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.freeze_panes = "A3"
    bold = Font(bold=True)
    sheet.append([_cell(sheet, title, Font(bold=True, size=14))])
    sheet.append([_cell(sheet, name, bold) for name in header])
    for count, row in enumerate(rows, 1):
        if count > MOST_ROWS:
            sheet.close()
            raise TooManyRows
        sheet.append([_cell(sheet, value) for value in row])
    if totals:
        sheet.append([_cell(sheet, value, bold) for value in totals])
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _cell(sheet: Any, value: Any, font: Font | None = None) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        # A name that begins with «=» is a name.
        cell.data_type = "s"
    elif isinstance(value, Decimal):
        cell.number_format = _MONEY
    elif isinstance(value, date):
        cell.number_format = _DAY
    if font is not None:
        cell.font = font
    return cell


def write_csv(
    *, header: Sequence[str], rows: Iterable[Sequence[Any]], totals: Sequence[Any] = ()
) -> bytes:
    """Return the rows as CSV in UTF-8 with a mark, parted by semicolons, as spreadsheets here read it."""
    text = StringIO()
    table = csv.writer(text, delimiter=";")
    table.writerow(header)
    for row in rows:
        table.writerow([_plain(value) for value in row])
    if totals:
        table.writerow([_plain(value) for value in totals])
    return text.getvalue().encode("utf-8-sig")


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
