"""
PostgreSQL's binary COPY from and to numpy columns: no Python per row (decision A8).

Every field has a fixed width, so a whole table is one structured array.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import IO, Any, Final

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
    _copy_to(buffer, sql, params)
    payload = buffer.getbuffer()[len(_HEADER) : -len(_TRAILER)]
    return _decode(payload, types)


def copy_out_by(
    stream: IO[bytes],
    *,
    sql: str,
    types: Sequence[str],
    params: Sequence[Any] = (),
    rows_at_once: int = 500_000,
) -> Iterator[list[Ints]]:
    """As `copy_out`, by way of an empty file, in portions: memory doesn't grow with the answer."""
    _copy_to(stream, sql, params)
    left = stream.tell() - len(_HEADER) - len(_TRAILER)
    stream.seek(len(_HEADER))
    portion = rows_at_once * _layout_of(types).itemsize
    while left:
        payload = stream.read(min(left, portion))
        left -= len(payload)
        yield _decode(memoryview(payload), types)


def _copy_to(stream: IO[bytes], sql: str, params: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        bound: bytes = cursor.mogrify(sql, list(params) or None)
        _raw(cursor).copy_expert(f"COPY ({bound.decode()}) TO STDOUT (FORMAT binary)", stream)


def _raw(cursor: CursorWrapper) -> Any:
    """Return psycopg2's own cursor: Django's wrapper for debugging has no copy_expert."""
    return cursor.cursor


def _layout_of(types: Sequence[str]) -> np.dtype[Any]:
    fields: list[tuple[str, str]] = [("count", ">i2")]
    for number, name in enumerate(types):
        fields += [(f"length{number}", ">i4"), (f"value{number}", _INTEGERS.get(name, ">i8"))]
    return np.dtype(fields)


def _decode(payload: memoryview, types: Sequence[str]) -> list[Ints]:
    layout = _layout_of(types)
    if len(payload) % layout.itemsize:
        message = "the columns are not of the types named, or some value is null"
        raise UnableToCopy(message)
    rows = np.frombuffer(payload, layout)
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
    frame = np.zeros(1, np.dtype(fields))
    frame["count"] = len(columns)
    for number in range(len(columns)):
        frame[f"length{number}"] = frame.dtype[f"value{number}"].itemsize
    # What all rows have in common goes in at one stroke.
    rows = np.repeat(frame, len(columns[0][2]))
    for number, (_, kind, values) in enumerate(columns):
        if kind == "money":
            _fill_money(rows[f"value{number}"], values)
        else:
            convert = _CONVERSIONS.get(kind)
            rows[f"value{number}"] = convert(values) if convert else values
    return rows.view(np.uint8).data


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
