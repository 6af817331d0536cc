"""Promises that are queries: each returns no rows, every night and after every played fault."""

from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

#: How many rows of a broken promise are shown.
SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Invariant:
    """A promise: `sql` selects what breaks it; `why` says what a row means, for people."""

    name: str
    sql: str
    why: str


def find_violations(invariant: Invariant, *, limit: int = SHOWN) -> list[tuple[Any, ...]]:
    """Return the first rows that break the promise: none when it holds."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({invariant.sql}) AS broken LIMIT {int(limit)}")
        return list(cursor.fetchall())
