"""
Months of the partitioned tables, made ahead of need (decision A7).

`CREATE TABLE … LIKE` and `ATTACH` take only a SHARE UPDATE EXCLUSIVE lock of the parent, so the
ledger is written to meanwhile; `CREATE TABLE … PARTITION OF` would stop it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from billing_project.kernel.periods import Period, add_months, month_of

#: Key of the advisory transaction lock: two callers make months one after the other.
MONTHS_LOCK: Final = 7_306_001

PARENTS: Final = """
    SELECT c.relname, a.attname, a.atttypid::regtype::text, d.relname,
           coalesce(array_agg(child.relname) FILTER (WHERE child.relname IS NOT NULL), '{}')
      FROM pg_partitioned_table p
      JOIN pg_class c ON c.oid = p.partrelid
      JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
      LEFT JOIN pg_class d ON d.oid = p.partdefid
      LEFT JOIN pg_inherits i ON i.inhparent = p.partrelid
      LEFT JOIN pg_class child ON child.oid = i.inhrelid
     WHERE p.partstrat = 'r' AND p.partnatts = 1
       AND c.relnamespace = current_schema()::regnamespace
     GROUP BY c.oid, c.relname, a.attname, a.atttypid, d.relname
     ORDER BY c.relname
"""


@dataclass(frozen=True, slots=True)
class MonthlyTable:
    """A table partitioned by month: its key column, the key's type, its partitions."""

    name: str
    column: str
    column_type: str
    default: str | None
    partitions: list[str]

    def partition_of(self, month: Period) -> str:
        """Return the partition's name: `accounts_ledgerentry_y2026m11`."""
        return f"{self.name}_y{month.start.year:04d}m{month.start.month:02d}"


def ensure_months(*, first: date, last: date) -> list[str]:
    """
    Make the partitions of every monthly table, from the month of `first` to that of `last`.

    Returns the names of the partitions made; those that exist are left alone. Rows that waited in
    a default partition move to their month.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MONTHS_LOCK])
        cursor.execute(PARENTS)
        tables = [MonthlyTable(*row) for row in cursor.fetchall()]
        missing = [
            (table, month)
            for table in tables
            for month in _months(first, last)
            if table.partition_of(month) not in table.partitions
        ]
        for table, month in missing:
            _make_month(cursor, table=table, month=month)
    return [table.partition_of(month) for table, month in missing]


def _months(first: date, last: date) -> Iterator[Period]:
    month = month_of(first)
    while month.start <= last:
        yield month
        month = Period(month.end, add_months(month.end, 1))


def _make_month(cursor: CursorWrapper, *, table: MonthlyTable, month: Period) -> None:
    quote = connection.ops.quote_name
    parent, partition = quote(table.name), quote(table.partition_of(month))
    low, high = _bound(month.start, table.column_type), _bound(month.end, table.column_type)
    # The identity stays the parent's: PostgreSQL 17 and newer refuse to attach one of its own.
    cursor.execute(f"CREATE TABLE {partition} (LIKE {parent} INCLUDING ALL EXCLUDING IDENTITY)")
    if table.default:
        _move_strays(cursor, table=table, month=month)
    cursor.execute(
        f"ALTER TABLE {parent} ATTACH PARTITION {partition} FOR VALUES FROM (%s) TO (%s)",
        [low, high],
    )


def _move_strays(cursor: CursorWrapper, *, table: MonthlyTable, month: Period) -> None:
    """Move the month's rows out of the default partition, or ATTACH would refuse."""
    quote = connection.ops.quote_name
    default, column = quote(table.default or ""), quote(table.column)
    bounds = [_bound(month.start, table.column_type), _bound(month.end, table.column_type)]
    where = f"{column} >= %s AND {column} < %s"
    cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {default} WHERE {where})", bounds)
    if not cursor.fetchone()[0]:
        return
    partition = quote(table.partition_of(month))
    # Append-only triggers guard the default partition too; the move keeps every row.
    cursor.execute(f"ALTER TABLE {default} DISABLE TRIGGER USER")
    cursor.execute(f"INSERT INTO {partition} SELECT * FROM {default} WHERE {where}", bounds)
    cursor.execute(f"DELETE FROM {default} WHERE {where}", bounds)
    cursor.execute(f"ALTER TABLE {default} ENABLE TRIGGER USER")


def _bound(day: date, column_type: str) -> date | datetime:
    """Return the month's edge: a date, or the operator's local midnight."""
    if column_type == "date":
        return day
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(settings.TIME_ZONE))
