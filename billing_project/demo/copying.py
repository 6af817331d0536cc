"""
Rows into tables by COPY: the demo's thousands of customers in seconds.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model


def copy_rows(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows into the model's table. None becomes NULL; so does "" where NULL is allowed."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    buffer.seek(0)
    nullable = {field.column for field in model._meta.local_fields if field.null}
    quote = connection.ops.quote_name
    table, names = quote(model._meta.db_table), ", ".join(map(quote, columns))
    filled = ", ".join(quote(name) for name in columns if name not in nullable)
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL ({filled}))",
            buffer,
        )


def reserve_ids(model: type[Model], count: int) -> int:
    """Reserve `count` ids of the table's sequence; return the first."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
        sequence = cursor.fetchone()[0]
        cursor.execute(
            "SELECT setval(%s, nextval(%s) + %s) - %s", [sequence, sequence, count, count]
        )
        return int(cursor.fetchone()[0])
