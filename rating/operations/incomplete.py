"""
Partial records whose rest never came: they go to suspense, where people see them.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from rating.domain.suspense import SuspenseReason
from rating.models import PartialRecord, UsageFile
from rating.operations.partials import move_parts
from rating.operations.problems import Problem, read_records
from rating.operations.writing import suspend

#: How long the end of a call is remembered: parts that come later wait for nothing.
REMEMBERED: Final = timedelta(days=100)
#: Parts that go to suspense in one transaction.
AT_ONCE: Final = 10_000

OVERDUE: Final = """
    SELECT p.id, p.file_id, p.line, extract(epoch FROM p.started_at)::bigint
      FROM rating_partialrecord p
      JOIN rating_usagesource s ON s.id = p.source_id
      JOIN rating_usagefile f ON f.id = p.file_id AND f.state = 'priced'
     WHERE p.state = 'waiting'
       AND NOT EXISTS (SELECT 1 FROM rating_partialrecord o
                        WHERE o.source_id = p.source_id AND o.call_key = p.call_key
                          AND o.state = 'waiting'
                          AND o.received_at > %s - make_interval(hours => s.partial_hours))
     ORDER BY p.id LIMIT %s
       FOR NO KEY UPDATE OF p SKIP LOCKED
"""
COUNTED: Final = """
    UPDATE rating_usagefile f
       SET not_charged = f.not_charged - c.parts, suspended = f.suspended + c.parts
      FROM (SELECT file_id, count(*) AS parts FROM rating_partialrecord
             WHERE id = ANY(%s) GROUP BY file_id) AS c
     WHERE f.id = c.file_id AND f.state = 'priced'
"""


def suspend_incomplete(*, now: datetime) -> int:
    """
    Give parts to suspense whose rest did not come within the hours of their source; return how many.

    Out of suspense each is priced as it stands. If the rest comes first, the call is joined.
    """
    total = 0
    while found := _suspend_some(now):
        total += found
    PartialRecord.objects.filter(
        state=PartialRecord.State.JOINED, received_at__lt=now - REMEMBERED
    ).delete()
    return total


@transaction.atomic
def _suspend_some(now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(OVERDUE, [now, AT_ONCE])
        rows = cursor.fetchall()
        if not rows:
            return 0
        ids = [row[0] for row in rows]
        move_parts(ids, PartialRecord.State.SUSPENDED, now)
        cursor.execute(COUNTED, [ids])
    _write_suspense(rows, now)
    return len(rows)


def _write_suspense(rows: Sequence[tuple[int, int, int, int]], now: datetime) -> None:
    """Put parts, given as (id, file, line, start), into suspense with their records."""
    numbers: dict[int, set[int]] = defaultdict(set)
    for _pk, file_id, line, _started_at in rows:
        numbers[file_id].add(line)
    files = list(UsageFile.objects.filter(pk__in=numbers).select_related("source"))
    places = {file.pk: position for position, file in enumerate(files)}
    lines = {file.pk: read_records(file, numbers[file.pk]) for file in files}
    detail = _("The rest of the record did not come.")
    problems = [
        Problem(
            places[file_id],
            line,
            SuspenseReason.INCOMPLETE_RECORD,
            detail,
            raw=lines[file_id][line],
            started_at=started_at,
        )
        for _pk, file_id, line, started_at in rows
    ]
    suspend(problems, files=files, now=now)
