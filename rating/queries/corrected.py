"""
Records delivered corrected: where they are now, and which correction of them holds.
"""

from typing import Final

from django.db import connection

from billing_project.kernel import binary_copy
from rating.domain.revisions import PricedRows
from rating.domain.usage import Ints
from rating.queries.rerating import NO_END, ROW, ROW_TYPES, copied

CORRECTED: Final = """
    SELECT record_key, max(correction), (array_agg(batch_id ORDER BY correction DESC))[1]
      FROM rating_usagecorrection WHERE source_id = %s GROUP BY record_key ORDER BY record_key
"""
CORRECTED_BY: Final = """
    SELECT record_key, correction FROM rating_usagecorrection
     WHERE source_id = %s AND batch_id = %s ORDER BY record_key, correction
"""
#: Where records are now that were delivered corrected before.
PLACES: Final = """
    SELECT DISTINCT ON (c.source_id, c.record_key) w.n, c.account_id,
           extract(epoch FROM c.started_at)::bigint
      FROM unnest(%(sources)s::smallint[], %(keys)s::bigint[]) WITH ORDINALITY
           AS w (source_id, record_key, n)
      JOIN rating_usagecorrection c USING (source_id, record_key)
     ORDER BY c.source_id, c.record_key, c.correction DESC
"""
#: The newest revision of records, of accounts in a time …
NEWEST: Final = f"""
    SELECT w.n, r.* FROM unnest(%(accounts)s::bigint[], %(sources)s::smallint[], %(keys)s::bigint[],
                                %(first)s::bigint[], %(last)s::bigint[]) WITH ORDINALITY
           AS w (account_id, source_id, record_key, first, last, n)
     CROSS JOIN LATERAL (
        SELECT {ROW}, (amount * 100)::bigint AS minor FROM rating_pricedusage u
         WHERE u.account_id = w.account_id AND u.source_id = w.source_id
           AND u.record_key = w.record_key AND u.started_at >= to_timestamp(w.first)
           AND u.started_at <= to_timestamp(w.last)
           AND u.started_at >= to_timestamp(%(least)s) AND u.started_at <= to_timestamp(%(most)s)
         ORDER BY u.revision DESC LIMIT 1) AS r
"""
#: … and of whatever account, which reads all usage of the time.
ANYWHERE: Final = f"""
    SELECT DISTINCT ON (w.n) w.n, {ROW}, (amount * 100)::bigint AS minor
      FROM unnest(%(sources)s::smallint[], %(keys)s::bigint[]) WITH ORDINALITY
           AS w (of_source, with_key, n)
      JOIN rating_pricedusage u ON u.source_id = w.of_source AND u.record_key = w.with_key
     WHERE u.started_at >= to_timestamp(%(least)s) AND u.started_at <= to_timestamp(%(most)s)
     ORDER BY w.n, u.revision DESC
"""


def places_of_corrected(source_id: Ints, record_key: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the positions of records corrected before, their accounts and starts now."""
    params: dict[str, object] = {"sources": source_id.tolist(), "keys": record_key.tolist()}
    place, account, started = copied(PLACES, params, types=("bigint", "bigint", "bigint"))
    return place - 1, account, started


def newest_of(
    *, account_id: Ints, source_id: Ints, record_key: Ints, first: Ints, last: Ints
) -> tuple[Ints, PricedRows]:
    """Return the newest revision of records of accounts in a time: their positions, the rows."""
    params: dict[str, object] = {
        "accounts": account_id.tolist(),
        "sources": source_id.tolist(),
        "keys": record_key.tolist(),
        "first": first.tolist(),
        "last": last.tolist(),
        "least": int(first.min(initial=NO_END)),
        "most": int(last.max(initial=0)),
    }
    return _placed(NEWEST, params)


def newest_anywhere(
    *, source_id: Ints, record_key: Ints, first: int, last: int
) -> tuple[Ints, PricedRows]:
    """Return the newest revision of records whosever they are: reads all usage of the time."""
    params: dict[str, object] = {
        "sources": source_id.tolist(),
        "keys": record_key.tolist(),
        "least": first,
        "most": last,
    }
    return _placed(ANYWHERE, params)


def _placed(sql: str, params: dict[str, object]) -> tuple[Ints, PricedRows]:
    place, *columns = copied(sql, params, types=("bigint", *ROW_TYPES))
    return place - 1, PricedRows.of(columns)


def corrected_before(source_id: int) -> tuple[Ints, Ints, Ints]:
    """Return the corrected records of a source, by key: their highest correction, and its batch."""
    key, correction, batch_id = binary_copy.copy_out(
        sql=CORRECTED, params=[source_id], types=["bigint", "integer", "bigint"]
    )
    return key, correction, batch_id


def corrected_by(batch_id: int, *, source_id: int) -> set[tuple[int, int]]:
    """Return the corrected records of a source that a batch accepted: key and correction."""
    with connection.cursor() as cursor:
        cursor.execute(CORRECTED_BY, [source_id, batch_id])
        return set(cursor.fetchall())
