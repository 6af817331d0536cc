"""
The daily registry of a terminal: a line per payment, columns as the terminal's row says.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Final

from django.utils.translation import gettext as _

from accounts.domain.notices import AccountBy, key_of
from accounts.domain.posting import LARGEST

DELIMITERS: Final = ";\t|,"
NEEDED: Final = ("txn_id", "account", "sum")
KNOWN: Final = ("txn_id", "date", "account", "sum")
MOST_FAULTS: Final = 200
LARGEST_FILE: Final = 100_000_000
ENCODINGS: Final = ("utf-8-sig", "cp1251")
COMPACT: Final = "%Y%m%d%H%M%S"
#: How registries write moments.
MOMENTS: Final = (
    *(COMPACT, "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M:%S"),
    *("%d.%m.%Y %H:%M", "%Y-%m-%d", "%d.%m.%Y"),
)


class UnreadableColumns(ValueError):
    """The list of columns lacks one that is needed, or has one twice."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line, from 1."""

    line: int
    column: str
    message: str


class UnreadableRegistry(ValueError):
    """The file can't be read; `faults` names lines (up to 200), and nothing is taken of it."""

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Line:
    """A payment as the registry has it."""

    place: int
    txn_id: str
    amount: Decimal
    account: str
    key: str
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class Layout:
    """How a registry is written, for which day, and what its accounts are."""

    columns: str
    by: AccountBy
    on: date
    zone: tzinfo


def read_columns(text: str) -> tuple[str, list[str]]:
    """
    Return the delimiter and the names of the columns; those of unknown name are passed over.

    >>> read_columns("txn_id;date;account;sum")
    (';', ['txn_id', 'date', 'account', 'sum'])
    """
    delimiter = next((char for char in DELIMITERS if char in text), ";")
    names = [name.strip().lower() for name in text.split(delimiter)]
    for name in NEEDED:
        if name not in names:
            message = _("The column “%(name)s” is missing.")
            raise UnreadableColumns(message % {"name": name})
    for name in KNOWN:
        if names.count(name) > 1:
            message = _("The column “%(name)s” is there twice.")
            raise UnreadableColumns(message % {"name": name})
    return delimiter, names


def read_registry(data: bytes, layout: Layout) -> list[Line]:
    """Read a registry; UnreadableRegistry names every line that is wrong."""
    delimiter, names = read_columns(layout.columns)
    reader = _Reader(layout, {name: place for place, name in enumerate(names)}, len(names))
    lines = list(reader.read(_rows(_text(data), delimiter)))
    if reader.faults:
        message = _("%(count)s lines of the registry can't be read; nothing was taken.")
        raise UnreadableRegistry(message % {"count": len(reader.faults)}, reader.faults)
    return lines


def _text(data: bytes) -> str:
    if len(data) > LARGEST_FILE:
        raise UnreadableRegistry(_("The file is too large."))
    for encoding in ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableRegistry(_("The file is no text in UTF-8 or cp1251."))


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            fault = Fault(rows.line_num, "", str(error))
            raise UnreadableRegistry(_("The file can't be read."), [fault]) from error
        if row and not row[0].startswith("#"):
            yield rows.line_num, [value.strip() for value in row]


class _Reader:
    """Reads lines one after another and notes what is wrong with which."""

    def __init__(self, layout: Layout, places: dict[str, int], width: int) -> None:
        self.layout = layout
        self.places = places
        self.width = width
        self.faults: list[Fault] = []
        self.seen: dict[str, int] = {}

    def read(self, rows: Iterator[tuple[int, list[str]]]) -> Iterator[Line]:
        is_first = True
        for place, row in rows:
            if is_first and self._is_header(row):
                is_first = False
                continue
            is_first = False
            line = self._line(place, row)
            if line is not None:
                yield line
            if len(self.faults) >= MOST_FAULTS:
                return

    def _is_header(self, row: Sequence[str]) -> bool:
        """The first line names columns where it has no digit in its sum."""
        place = self.places["sum"]
        return place < len(row) and not any(char.isdigit() for char in row[place])

    def _line(self, place: int, row: Sequence[str]) -> Line | None:
        if len(row) != self.width:
            values = {"found": len(row), "wanted": self.width}
            self._fault(place, "", _("%(found)s columns instead of %(wanted)s") % values)
            return None
        txn_id = self._txn_id(place, row[self.places["txn_id"]])
        amount = self._amount(place, row[self.places["sum"]])
        paid_at = self._moment(place, row)
        account = row[self.places["account"]]
        if len(account) > 120:
            self._fault(place, "account", _("too long"))
            return None
        if txn_id is None or amount is None or paid_at is None:
            return None
        return Line(place, txn_id, amount, account, key_of(account, self.layout.by), paid_at)

    def _txn_id(self, place: int, text: str) -> str | None:
        if not 0 < len(text) <= 80:
            self._fault(place, "txn_id", _("is missing or too long"))
            return None
        if text in self.seen:
            told = _("is the same as in line %(line)s") % {"line": self.seen[text]}
            self._fault(place, "txn_id", told)
            return None
        self.seen[text] = place
        return text

    def _amount(self, place: int, text: str) -> Decimal | None:
        written = "".join(text.split()).replace(",", ".")
        try:
            amount = Decimal(written)
            is_money = 0 < amount <= LARGEST and amount == amount.quantize(Decimal("0.01"))
        except InvalidOperation:
            is_money = False
        if is_money:
            return amount.quantize(Decimal("0.01"))
        self._fault(place, "sum", _("“%(text)s” is no amount") % {"text": text[:40]})
        return None

    def _moment(self, place: int, row: Sequence[str]) -> datetime | None:
        if "date" not in self.places:
            return datetime.combine(self.layout.on, datetime.min.time(), tzinfo=self.layout.zone)
        text = row[self.places["date"]]
        found = next(filter(None, (_parsed(text, form) for form in MOMENTS)), None)
        if found is None:
            self._fault(place, "date", _("“%(text)s” is no date") % {"text": text[:40]})
            return None
        # The terminal's midnight may be another than ours.
        if abs(found.date() - self.layout.on) > timedelta(days=1):
            told = _("“%(text)s” is another day than the registry's") % {"text": text[:40]}
            self._fault(place, "date", told)
            return None
        return found.replace(tzinfo=self.layout.zone)

    def _fault(self, place: int, column: str, message: str) -> None:
        self.faults.append(Fault(place, column, message))


def _parsed(text: str, form: str) -> datetime | None:
    try:
        if form == COMPACT and len(text) == 14 and text.isdigit():
            # Most registries write this, and it is ten times as fast.
            return datetime.fromisoformat(f"{text[:8]}T{text[8:]}")
        return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is the operator's
    except ValueError:
        return None
