"""
PostgreSQL's binary COPY from and to numpy columns: no Python per row (decision A8).

Every field has a fixed width, so a whole table is one structured array.
"""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.backends.utils import CursorWrapper

Ints = npt.NDArray[np.int64]

_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8
_TRAILER: Final = b"\xff\xff"
#: Microseconds from 1970, where Python counts from, to 2000, where PostgreSQL does.
_EPOCH: Final = 946_684_800_000_000
_MICROSECONDS: Final = 1_000_000
#: Four digits of base 10000, two of them after the point: below 10^12 of the currency.
MOST_MINOR: Final = 10**14
_NUMERIC: Final = np.dtype([("head", ">i2", 4), ("digits", ">i2", 4)])
_INTEGERS: Final = {"smallint": ">i2", "integer": ">i4", "bigint": ">i8"}


class UnableToCopy(ValueError):
    """A value doesn't fit the column."""


def copy_in(
    *, table: str, columns: Sequence[tuple[str, str, npt.NDArray[Any]]], rows_at_once: int = 100_000
) -> int:
    """
    Append rows to a table; return how many.

    `columns` are (name, type, values): smallint, integer, bigint; `timestamptz` from seconds since
    1970; `money` = numeric with two decimals from minor units. Columns not named get their default.
    """
    count = len(columns[0][2])
    # Refused before COPY begins: an error while it reads would reach the caller as PostgreSQL's.
    for name, kind, values in columns:
        _check_range(name, kind, values)
    names = ", ".join(connection.ops.quote_name(name) for name, _, _ in columns)
    source = _Source(columns, count, rows_at_once)
    with connection.cursor() as cursor:
        _raw(cursor).copy_expert(
            f"COPY {connection.ops.quote_name(table)} ({names}) FROM STDIN (FORMAT binary)",
            source,
            size=1 << 20,
        )
    return count


def copy_out(*, sql: str, types: Sequence[str], params: Sequence[Any] = ()) -> list[Ints]:
    """
    Return the columns of a select as int64 arrays; none may be null.

    `types` name each column as in `copy_in`; moments come as whole seconds since 1970. Money can't
    come this way (its width varies): select `(amount * 100)::bigint`.
    """
    buffer = BytesIO()
    with connection.cursor() as cursor:
        bound: bytes = cursor.mogrify(sql, list(params) or None)
        _raw(cursor).copy_expert(f"COPY ({bound.decode()}) TO STDOUT (FORMAT binary)", buffer)
    return _decode(buffer.getbuffer(), types)


def _raw(cursor: CursorWrapper) -> Any:
    """Return psycopg2's own cursor: Django's wrapper for debugging has no copy_expert."""
    return cursor.cursor


def _decode(buffer: memoryview, types: Sequence[str]) -> list[Ints]:
    stored = [_INTEGERS.get(name, ">i8") for name in types]
    fields: list[tuple[str, str]] = [("count", ">i2")]
    for number, kind in enumerate(stored):
        fields += [(f"length{number}", ">i4"), (f"value{number}", kind)]
    layout = np.dtype(fields)
    size = len(buffer) - len(_HEADER) - len(_TRAILER)
    if size % layout.itemsize:
        message = "the columns are not of the types named, or some value is null"
        raise UnableToCopy(message)
    rows = np.frombuffer(buffer, layout, offset=len(_HEADER), count=size // layout.itemsize)
    answers = []
    for number, name in enumerate(types):
        values: Ints = rows[f"value{number}"].astype(np.int64)
        if name == "timestamptz":
            values = (values + _EPOCH) // _MICROSECONDS
        answers.append(values)
    return answers


class _Source:
    """What COPY reads from: the payload in parts, so that it never exists as a whole."""

    def __init__(
        self, columns: Sequence[tuple[str, str, npt.NDArray[Any]]], count: int, rows_at_once: int
    ) -> None:
        self._columns = columns
        self._count = count
        self._rows_at_once = rows_at_once
        self._next = 0
        self._part = memoryview(_HEADER)
        self._ended = False

    def read(self, size: int) -> bytes:
        """Return the next bytes, empty at the end."""
        if not self._part and not self._advance():
            return b""
        piece = bytes(self._part[:size])
        self._part = self._part[size:]
        return piece

    def _advance(self) -> bool:
        if self._ended:
            return False
        if self._next < self._count:
            stop = min(self._next + self._rows_at_once, self._count)
            self._part = encode(
                [(name, kind, values[self._next : stop]) for name, kind, values in self._columns]
            )
            self._next = stop
        else:
            self._part, self._ended = memoryview(_TRAILER), True
        return True


def encode(columns: Sequence[tuple[str, str, npt.NDArray[Any]]]) -> memoryview:
    """Return rows as COPY's binary tuples, without header and trailer."""
    fields: list[Any] = [("count", ">i2")]
    for number, (_, kind, _) in enumerate(columns):
        stored = _NUMERIC if kind == "money" else _INTEGERS.get(kind, ">i8")
        fields += [(f"length{number}", ">i4"), (f"value{number}", stored)]
    rows = np.empty(len(columns[0][2]), np.dtype(fields))
    rows["count"] = len(columns)
    for number, (_, kind, values) in enumerate(columns):
        rows[f"length{number}"] = rows.dtype[f"value{number}"].itemsize
        if kind == "money":
            _fill_money(rows[f"value{number}"], values)
        else:
            convert = _CONVERSIONS.get(kind)
            rows[f"value{number}"] = convert(values) if convert else values
    return memoryview(rows.tobytes())


_CONVERSIONS: Final[Mapping[str, Callable[[Ints], Ints]]] = {
    "timestamptz": lambda seconds: seconds * _MICROSECONDS - _EPOCH,
}
_MOST: Final = {"smallint": 2**15, "integer": 2**31, "money": MOST_MINOR}


def _check_range(name: str, kind: str, values: npt.NDArray[Any]) -> None:
    most = _MOST.get(kind)
    if most and len(values) and (values.max() >= most or values.min() < -most):
        message = f"a value of {name} doesn't fit {kind}"
        raise UnableToCopy(message)


def _fill_money(target: npt.NDArray[Any], minor: npt.NDArray[Any]) -> None:
    """
    Write numeric(…, 2) as four digits of base 10000, the last one behind the point.

    The head is: number of digits, weight of the first (10000²), sign, decimals shown. PostgreSQL
    strips zeros at both ends itself.
    """
    size = np.abs(minor)
    head = target["head"]
    head[:, 0], head[:, 1], head[:, 3] = 4, 2, 2
    head[:, 2] = np.where(minor < 0, 0x4000, 0)
    whole, cents = size // 100, size % 100
    digits = target["digits"]
    digits[:, 0] = whole // 100_000_000
    digits[:, 1] = whole // 10_000 % 10_000
    digits[:, 2] = whole % 10_000
    digits[:, 3] = cents * 100
