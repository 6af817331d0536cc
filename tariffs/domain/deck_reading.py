"""
A rate deck's file read line by line, checked one by one and against each other.

A file is a table: a header, then one line per prefix. `read_lines` finds every fault there is, up to
a limit, each with its line, column and rule.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from tariffs.domain.deck_lines import (
    MOST_ERRORS,
    NO_PRICE,
    REST,
    LineError,
    LinePrices,
    LineRule,
    Lines,
    UnableToReadLines,
)

LONGEST_NAME: Final = 120
WIDEST_RANGE: Final = 1_000
CLASSES: Final = ("local", "long_distance", "international", "free")

#: Columns by the words that a header may use for them.
WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "prefix": ("prefix", "code", "префикс", "код"),
    "destination": ("destination", "zone", "направление", "зона"),
    "class": ("class", "класс"),
    "unit": ("unit", "единица"),
    "price": ("price", "цена"),
    "connection_fee": ("connection_fee", "плата_за_соединение"),
    "first_increment": ("first_increment", "первый_шаг"),
    "next_increment": ("next_increment", "следующий_шаг"),
    "min_units": ("min_units", "минимум"),
    "grace_units": ("grace_units", "порог"),
    "free_units": ("free_units", "бесплатно"),
    "valid_from": ("valid_from", "действует_с"),
}
COLUMN_OF: Final = {word: column for column, words in WORDS.items() for word in words}
#: Columns of which there is one per band, with its code after an underscore.
PER_BAND: Final = {"price_": "price_", "цена_": "price_", "connection_fee_": "connection_fee_"}
WHOLE: Final[Mapping[str, int]] = {
    "unit": 60, "first_increment": 60, "next_increment": 0,
    "min_units": 0, "grace_units": 0, "free_units": 0,
}  # fmt: skip
LARGEST_WHOLE: Final = 2**30


def read_lines(
    header: Sequence[str],
    rows: Iterable[tuple[int, Sequence[str]]],
    *,
    bands: Sequence[str],
    valid_from: date,
) -> Lines:
    """
    Read a file's rows, each with the number of its line; raise UnableToReadLines with all faults.

    `bands` are the codes of the deck's tariff times: with one column `price` there are none of
    them, the price holds at any hour; with columns `price_<code>` every one of them has its own.
    """
    reader = _Reader(header, bands=tuple(bands), valid_from=valid_from)
    if reader.errors:
        raise UnableToReadLines(reader.errors)
    for line, cells in rows:
        if any(cells):
            reader.read(line, cells)
        if len(reader.errors) >= MOST_ERRORS:
            break
    else:
        reader.finish()
    if reader.errors:
        raise UnableToReadLines(reader.errors)
    return reader.lines


def column_names(header: Sequence[str]) -> list[str]:
    """
    Return the columns that a header's words stand for, "" for an unknown one.

    >>> column_names(["Код", "Направление", "price_day", "note"])
    ['prefix', 'destination', 'price_day', '']
    """
    return [_column(re.sub(r"\s+", "_", cell.strip().casefold())) for cell in header]


def _column(word: str) -> str:
    if word in COLUMN_OF:
        return COLUMN_OF[word]
    for start, column in PER_BAND.items():
        if word.startswith(start) and len(word) > len(start):
            return column + word.removeprefix(start)
    return ""


class _Reader:
    """Reads line by line; equal cells are read once."""

    def __init__(self, header: Sequence[str], *, bands: tuple[str, ...], valid_from: date) -> None:
        self.errors: list[LineError] = []
        self._columns = column_names(header)
        self._check_header(header, bands)
        has_bands = any(name.startswith("price_") for name in self._columns)
        self.lines = Lines(bands=bands if has_bands else ())
        self._valid_from = valid_from
        self._place = {name: place for place, name in enumerate(self._columns) if name}
        plain = {"prefix", "destination"}
        self._rest = [place for name, place in self._place.items() if name not in plain]
        self._seen: dict[tuple[str, ...], tuple[str, LinePrices] | list[LineError]] = {}
        self._line_of: dict[str, int] = {}
        self._told_days: set[str] = set()

    def _check_header(self, header: Sequence[str], bands: tuple[str, ...]) -> None:
        named = [name for name in self._columns if name]
        for cell, name in zip(header, self._columns, strict=True):
            code = re.sub(r"^(price|connection_fee)_", "", name)
            if not name and cell.strip():
                self._fail(1, cell.strip(), LineRule.UNKNOWN_COLUMN)
            elif name and named.count(name) > 1:
                self._fail(1, name, LineRule.COLUMN_TWICE)
            elif name and name not in WORDS and code not in bands:
                self._fail(1, name, LineRule.UNKNOWN_BAND, value=code)
        by_band = any(name.startswith("price_") for name in named)
        prices = [f"price_{code}" for code in bands] if by_band else ["price"]
        for name in ("prefix", "destination", *prices):
            if name not in named:
                self._fail(1, name, LineRule.MISSING_COLUMN)

    def _fail(
        self, line: int, column: str, rule: LineRule, *, value: str = "", other: int = 0
    ) -> None:
        self.errors.append(LineError(line, column, rule, value[:60], other))

    def read(self, line: int, cells: Sequence[str]) -> None:
        """Read one line, or note its faults."""
        self.lines.count += 1
        padded = [*cells, *[""] * (len(self._columns) - len(cells))]
        told = self._terms(line, tuple(padded[place].strip() for place in self._rest))
        destination = self._destination(line, padded[self._place["destination"]].strip())
        prefixes = self._prefixes(line, padded[self._place["prefix"]].strip())
        if told is None or not destination:
            return
        zone_class, prices = told
        for prefix in prefixes:
            former = self._line_of.setdefault(prefix, line)
            if former != line or prefix in self.lines.entries:
                self._fail(line, "prefix", LineRule.DUPLICATE, value=prefix, other=former)
            elif prefix == REST:
                self.lines.rest = prices
            else:
                self.lines.entries[prefix] = (destination, zone_class, prices)

    def _destination(self, line: int, text: str) -> str:
        if not text:
            self._fail(line, "destination", LineRule.EMPTY)
        elif len(text) > LONGEST_NAME or text[0] in "=@" or not text.isprintable():
            self._fail(line, "destination", LineRule.BAD_TEXT, value=text)
            return ""
        return text

    def _prefixes(self, line: int, text: str) -> list[str]:
        if not text:
            self._fail(line, "prefix", LineRule.EMPTY)
            return []
        if text == REST:
            return [REST]
        found: list[str] = []
        for part in re.split(r"\s*[,;]\s*", text):
            digits = part.removeprefix("+")
            if re.fullmatch(r"[0-9]{1,15}", digits):
                found.append(digits)
            elif re.fullmatch(r"[0-9]{1,15}-[0-9]{1,15}", digits):
                found.extend(self._range(line, digits))
            else:
                self._fail(line, "prefix", LineRule.NOT_A_PREFIX, value=part)
        return found

    def _range(self, line: int, text: str) -> list[str]:
        first, _dash, last = text.partition("-")
        numbers = range(int(first), int(last) + 1)
        if len(first) != len(last) or not 0 < len(numbers) <= WIDEST_RANGE:
            self._fail(line, "prefix", LineRule.BAD_RANGE, value=text)
            return []
        return [str(number).zfill(len(first)) for number in numbers]

    def _terms(self, line: int, cells: tuple[str, ...]) -> tuple[str, LinePrices] | None:
        """Return class and prices of a line; faults are noted with the line they stand in."""
        known = self._seen.get(cells)
        if known is None:
            reader = _Cells(self._columns_of(cells), self.lines.bands, self._valid_from)
            known = reader.read()
            self._seen[cells] = known
        if isinstance(known, list):
            self.errors.extend(
                LineError(line, error.column, error.rule, error.value)
                for error in known
                if not self._is_told(error)
            )
            return None
        return known

    def _is_told(self, error: LineError) -> bool:
        """Whether a day that isn't the version's was told of: in a file every line has the same."""
        if error.rule is not LineRule.OTHER_DATE:
            return False
        is_told = error.value in self._told_days
        self._told_days.add(error.value)
        return is_told

    def _columns_of(self, cells: tuple[str, ...]) -> dict[str, str]:
        return {self._columns[place]: cell for place, cell in zip(self._rest, cells, strict=True)}

    def finish(self) -> None:
        """Check the lines against each other."""
        entries = self.lines.entries
        if not self.lines.count:
            self._fail(1, "prefix", LineRule.NO_LINES)
        for prefix, (destination, zone_class, prices) in entries.items():
            for length in range(1, len(prefix)):
                outer = entries.get(prefix[:length])
                if outer and outer[0] == destination and outer[1:] != (zone_class, prices):
                    line, other = self._line_of[prefix], self._line_of[prefix[:length]]
                    self._fail(line, "prefix", LineRule.CONTRADICTION, value=prefix, other=other)
                    break
            if len(self.errors) >= MOST_ERRORS:
                return


class _Cells:
    """Reads the cells of one line that say what it costs."""

    def __init__(self, cells: Mapping[str, str], bands: tuple[str, ...], valid_from: date) -> None:
        self._cells, self._bands, self._valid_from = cells, bands, valid_from
        self._errors: list[LineError] = []

    def read(self) -> tuple[str, LinePrices] | list[LineError]:
        zone_class = self._class()
        self._check_day()
        whole = {name: self._whole(name, default) for name, default in WHOLE.items()}
        whole["next_increment"] = whole["next_increment"] or whole["first_increment"]
        names = [f"price_{code}" for code in self._bands] or ["price"]
        prices = [self._amount(name, decimals=6, is_needed=True) for name in names]
        fees = [self._fee(code) for code in self._bands or ("",)]
        if all(price is None for price in prices) and not self._errors:
            self._fail(names[0], LineRule.EMPTY)
        if self._errors:
            return self._errors
        return zone_class, LinePrices(tuple(prices), tuple(fees), **whole)

    def _fail(self, column: str, rule: LineRule, value: str = "") -> None:
        self._errors.append(LineError(0, column, rule, value[:60]))

    def _class(self) -> str:
        text = self._cells.get("class", "").casefold() or "international"
        if text not in CLASSES:
            self._fail("class", LineRule.UNKNOWN_CLASS, text)
        return text

    def _check_day(self) -> None:
        text = self._cells.get("valid_from", "")
        if not text:
            return
        try:
            day = read_day(text)
        except ValueError:
            self._fail("valid_from", LineRule.NOT_A_DATE, text)
            return
        if day != self._valid_from:
            self._fail("valid_from", LineRule.OTHER_DATE, text)

    def _whole(self, name: str, default: int) -> int:
        text = self._cells.get(name, "")
        if not text:
            return default
        if not re.fullmatch(r"[0-9]{1,10}", text):
            self._fail(name, LineRule.NOT_WHOLE, text)
            return default
        number = int(text)
        least = 1 if name in {"unit", "first_increment", "next_increment"} else 0
        if not least <= number <= LARGEST_WHOLE:
            self._fail(name, LineRule.TOO_LARGE if number else LineRule.NOT_WHOLE, text)
        return number

    def _fee(self, code: str) -> Decimal:
        own = f"connection_fee_{code}"
        name = own if own in self._cells else "connection_fee"
        return self._amount(name, decimals=4, is_needed=False) or Decimal(0)

    def _amount(self, name: str, *, decimals: int, is_needed: bool) -> Decimal | None:
        text = self._cells.get(name, "")
        if text == NO_PRICE and self._bands:
            return None
        if not text:
            if is_needed:
                self._fail(name, LineRule.EMPTY)
            return None
        try:
            amount = read_amount(text)
        except InvalidOperation:
            self._fail(name, LineRule.NOT_A_NUMBER, text)
            return None
        for rule, holds in (
            (LineRule.NEGATIVE, amount < 0),
            (LineRule.TOO_PRECISE, amount != round(amount, decimals)),
            (LineRule.TOO_LARGE, amount >= 1_000_000),
        ):
            if holds:
                self._fail(name, rule, text)
                return None
        return amount.normalize()


def read_amount(text: str) -> Decimal:
    """
    Return a number written with a point or a comma; InvalidOperation for anything else.

    >>> read_amount("1,25")
    Decimal('1.25')
    """
    if not re.fullmatch(r"[+-]?[0-9]+([.,][0-9]+)?", text):
        raise InvalidOperation(text)
    return Decimal(text.replace(",", "."))


def read_day(text: str) -> date:
    """
    Return a day written as 2026-11-22 or 22.11.2026; ValueError for anything else.

    >>> read_day("22.11.2026")
    datetime.date(2026, 11, 22)
    """
    match = re.fullmatch(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})", text)
    if match:
        day, month, year = map(int, match.groups())
        return date(year, month, day)
    return date.fromisoformat(text[:10])
