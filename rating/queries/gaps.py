"""
Gaps in the running numbers of a source: what should lie between the files that came.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from rating.models import PartialRecord

GAPS: Final = """
    SELECT r.counted, r.reached + 1, r.first - 1, s.file_number_modulus,
           earlier.name, later.name, later.received_at
      FROM (SELECT source_id, counted, first, file_id,
                   max(last) OVER before AS reached, lag(file_id) OVER in_order AS earlier_id
              FROM rating_sequencerun WHERE source_id = %s
            WINDOW in_order AS (PARTITION BY counted ORDER BY first, last, id),
                   before AS (in_order ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS r
      JOIN rating_usagesource s ON s.id = r.source_id
      JOIN rating_usagefile later ON later.id = r.file_id
      JOIN rating_usagefile earlier ON earlier.id = r.earlier_id
     WHERE r.first > r.reached + 1
     ORDER BY later.received_at DESC, r.counted, r.first DESC
     LIMIT %s
"""
WAITING: Final = """
    SELECT count(*), min(received_at) FROM rating_partialrecord
     WHERE source_id = %s AND state = 'waiting'
"""


@dataclass(frozen=True, slots=True)
class Gap:
    """
    Numbers from `first` to `last` that no file brought, `counted` in files or records.

    `after` and `before` are the names of the files around, noticed when the later one came.
    """

    counted: str
    first: int
    last: int
    missing: int
    after: str
    before: str
    noticed_at: datetime


def list_gaps(source_id: int, *, limit: int = 200) -> list[Gap]:
    """Return the gaps of a source, newest first; one is closed when its files come."""
    with connection.cursor() as cursor:
        cursor.execute(GAPS, [source_id, limit])
        rows = cursor.fetchall()
    return [
        Gap(
            counted=counted,
            first=_shown(first, counted, modulus),
            last=_shown(last, counted, modulus),
            missing=last - first + 1,
            after=after,
            before=before,
            noticed_at=noticed_at,
        )
        for counted, first, last, modulus, after, before, noticed_at in rows
    ]


def _shown(number: int, counted: str, modulus: int) -> int:
    """Return a number as it would stand in the file's name."""
    return number % modulus if modulus and counted == "files" else number


def count_waiting_parts(source_id: int) -> tuple[int, datetime | None]:
    """Return how many parts of records of a source wait for the rest, and since when."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [source_id])
        many, since = cursor.fetchone()
    return int(many), since


def list_waiting_parts(source_id: int, *, limit: int = 50) -> list[PartialRecord]:
    """Return the parts that wait, with their files, oldest first."""
    parts = PartialRecord.objects.filter(
        source_id=source_id, state=PartialRecord.State.WAITING
    ).select_related("file")
    return list(parts.order_by("received_at", "pk")[:limit])
