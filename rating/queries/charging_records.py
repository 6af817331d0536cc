"""
Which sessions their switch's own record has been priced for, whoever's account it was charged to.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import connection

from rating.domain.intake import HOUR, merged_hours
from rating.models import ChargingSession

#: The record may tell the start a little otherwise; one corrected or withdrawn may have no row here.
RECORDED: Final = """
    SELECT id, bool_and(is_posted) FROM (
        SELECT s.id, b.state = 'posted' AS is_posted FROM rating_chargingsession s
          JOIN rating_pricedusage u
            ON u.account_id = s.account_id AND u.source_id = s.source_id
           AND u.record_key = s.record_key AND u.revision = 0
           AND u.started_at BETWEEN s.started_at - interval '1 day'
                                AND s.started_at + interval '1 day'
          JOIN rating_usagebatch b ON b.id = u.batch_id
         WHERE s.id = ANY(%(ids)s)
         UNION ALL
        SELECT s.id, b.state = 'posted' FROM rating_chargingsession s
          JOIN rating_usagecorrection c
            ON c.source_id = s.source_id AND c.record_key = s.record_key
          JOIN rating_usagebatch b ON b.id = c.batch_id
         WHERE s.id = ANY(%(ids)s)) AS r
     GROUP BY id
"""
#: Batches that may hold the records: not those of sessions, nor any that was over before.
BATCHES: Final = """
    SELECT id FROM rating_usagebatch
     WHERE (posted_at IS NULL OR posted_at >= %s) AND summary ->> 'files' IS DISTINCT FROM '0'
"""
#: Records have no index of their own: only the hours of the sessions are read, of those batches.
ELSEWHERE: Final = """
    SELECT s.id, bool_and(b.state = 'posted'), min(a.number)
      FROM rating_pricedusage u
      JOIN rating_chargingsession s
        ON s.source_id = u.source_id AND s.record_key = u.record_key
       AND s.account_id <> u.account_id AND s.id = ANY(%s)
      JOIN rating_usagebatch b ON b.id = u.batch_id
      LEFT JOIN accounts_account a ON a.id = u.account_id
     WHERE u.batch_id = ANY(%s) AND u.revision = 0 AND ({periods})
     GROUP BY s.id
"""
PERIOD: Final = "(u.started_at >= to_timestamp(%s) AND u.started_at < to_timestamp(%s))"
#: Clocks may differ by so much.
_MARGIN: Final = timedelta(minutes=10)


class Recorded(NamedTuple):
    """A session's record: whether it is in the ledger, and the number of another account that pays."""

    is_posted: bool
    other_account: str | None = None


def find_recorded(sessions: Sequence[ChargingSession]) -> dict[int, Recorded]:
    """Find the sessions whose switch's record was priced, by id."""
    with connection.cursor() as cursor:
        cursor.execute(RECORDED, {"ids": [session.pk for session in sessions]})
        found = {pk: Recorded(is_posted) for pk, is_posted in cursor.fetchall()}
    return _find_elsewhere([one for one in sessions if one.pk not in found]) | found


def _find_elsewhere(sessions: Sequence[ChargingSession]) -> dict[int, Recorded]:
    """Find those charged to another account, as the file says: among records of an hour beside."""
    if not sessions:
        return {}
    starts = [session.started_at for session in sessions]
    with connection.cursor() as cursor:
        cursor.execute(BATCHES, [min(starts) - _MARGIN])
        batches = [row[0] for row in cursor.fetchall()]
        if not batches:
            return {}
        periods = merged_hours(_hours_near(starts))
        sql = ELSEWHERE.format(periods=" OR ".join([PERIOD] * len(periods)))
        bounds = [moment for period in periods for moment in period]
        cursor.execute(sql, [[session.pk for session in sessions], batches, *bounds])
        return {pk: Recorded(is_posted, account) for pk, is_posted, account in cursor.fetchall()}


def _hours_near(starts: Iterable[datetime]) -> set[int]:
    """Return the hours since 1970 of some moments, and those beside them."""
    hours = {int(start.timestamp()) // HOUR for start in starts}
    return {hour + beside for hour in hours for beside in (-1, 0, 1)}
