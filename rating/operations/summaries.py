"""
Sums of posted batches for charts, estimates and alarms: each batch once, set-based.

A pricing run does not wait for this: the task `usage.follow_up` and the night call it afterwards.
"""

from datetime import date, datetime
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from rating import queries
from rating.models import SuspenseLevel

MARK: Final = """
    INSERT INTO rating_summarisedbatch (batch_id, summarised_at) VALUES (%s, %s)
    ON CONFLICT DO NOTHING
"""
# Reversals (odd revisions) take their record out again; their quantities are negative already.
# Quarters of an hour are counted without asking any calendar; only the few sums are made local.
USAGE: Final = """
    INSERT INTO rating_usagesummary
        (batch_id, day, hour, source_id, kind, zone_id, records, quantity, amount)
    SELECT %(batch)s, (q.quarter AT TIME ZONE %(zone)s)::date,
           extract(hour FROM q.quarter AT TIME ZONE %(zone)s)::smallint,
           q.source_id, q.kind, q.zone_id, sum(q.records), sum(q.quantity), sum(q.amount)
      FROM (SELECT date_bin('15 minutes', started_at, '2000-01-01 00:00:00+00') AS quarter,
                   source_id, kind, zone_id, sum(1 - 2 * (revision & 1)) AS records,
                   sum(quantity)::bigint AS quantity, sum(amount) AS amount
              FROM rating_pricedusage WHERE batch_id = %(batch)s GROUP BY 1, 2, 3, 4) AS q
     GROUP BY 2, 3, 4, 5, 6
"""
INTAKE: Final = """
    INSERT INTO rating_intakesummary (batch_id, business_date, source_id, reason, records, files)
    SELECT b.id, b.business_date, f.source_id, '', sum(f.records), count(*)
      FROM rating_usagebatch b JOIN rating_usagefile f ON f.batch_id = b.id
     WHERE b.id = %(batch)s AND f.source_id IS NOT NULL GROUP BY b.id, f.source_id
    UNION ALL
    SELECT b.id, b.business_date, f.source_id, s.reason, count(*), 0
      FROM rating_usagebatch b JOIN rating_usagefile f ON f.batch_id = b.id
      JOIN rating_suspenserecord s ON s.file_id = f.id
     WHERE b.id = %(batch)s AND f.source_id IS NOT NULL GROUP BY b.id, f.source_id, s.reason
"""
#: Only what is other than it was noted is written: a day closed again changes no row.
LEVEL: Final = """
    WITH waiting AS (
        SELECT f.source_id, s.reason, count(*) AS records
          FROM rating_suspenserecord s JOIN rating_usagefile f ON f.id = s.file_id
         WHERE s.state = 'waiting' AND f.source_id IS NOT NULL GROUP BY f.source_id, s.reason
    ), gone AS (
        DELETE FROM rating_suspenselevel l
         WHERE l.business_date = %(day)s
           AND NOT EXISTS (SELECT FROM waiting w
                            WHERE w.source_id = l.source_id AND w.reason = l.reason)
    )
    INSERT INTO rating_suspenselevel AS l (business_date, source_id, reason, records)
    SELECT %(day)s, source_id, reason, records FROM waiting
    ON CONFLICT (business_date, source_id, reason)
    DO UPDATE SET records = excluded.records WHERE l.records <> excluded.records
"""


def summarise_batches(*, now: datetime) -> list[date]:
    """Add up the posted batches that nobody has; return the business days of usage that came."""
    days = set()
    for batch_id, business_date in queries.batches_to_summarise():
        if _summarise(batch_id, now=now):
            days.add(business_date)
    return sorted(days)


@transaction.atomic
def _summarise(batch_id: int, *, now: datetime) -> bool:
    values = {"batch": batch_id, "zone": settings.TIME_ZONE}
    with connection.cursor() as cursor:
        cursor.execute(MARK, [batch_id, now])
        if not cursor.rowcount:
            return False
        cursor.execute(USAGE, values)
        cursor.execute(INTAKE, values)
        return bool(cursor.rowcount)


@transaction.atomic
def note_levels(*, business_date: date) -> int:
    """
    Note how much waits at the end of a business day; return how many notes are new or other.

    A day before one that is noted already stays as it was noted.
    """
    if SuspenseLevel.objects.filter(business_date__gt=business_date).exists():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(LEVEL, {"day": business_date})
        return int(cursor.rowcount)
