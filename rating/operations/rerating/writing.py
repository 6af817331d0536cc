"""
What pricing again writes: reversals, new prices, what covered them, the counters after it.
"""

from typing import Final

import numpy as np
from django.db import connection

from billing_project.kernel import binary_copy
from rating import queries
from rating.domain.counters import AllowanceCounters, Totals, counters_of
from rating.domain.covers import covers_of
from rating.domain.revisions import PricedRows, joined_rows, part_of, repriced_rows, reversed_rows
from rating.domain.usage import PricedColumns
from rating.operations import writing
from rating.operations.rerating.pricing import Outcome

#: The columns of the sub-ledger as they are copied, by name.
COLUMN_TYPES: Final = {
    "account_id": "bigint",
    "started_at": "timestamptz",
    "record_key": "bigint",
    "batch_id": "bigint",
    "file_id": "bigint",
    "subscription_id": "bigint",
    "other_number": "bigint",
    "quantity": "bigint",
    "billed": "bigint",
    "allowance_used": "bigint",
    "band_id": "integer",
    "plan_version_id": "integer",
    "deck_version_id": "integer",
    "allowance_id": "integer",
    "source_id": "smallint",
    "revision": "smallint",
    "kind": "smallint",
    "zone_id": "smallint",
    "amount": "money",
}
REVERSE_COVERS: Final = """
    INSERT INTO rating_usagecover (account_id, started_at, source_id, record_key, revision,
        subscription_id, owner_id, allowance_id, owner_account_id, period, batch_id, used)
    SELECT c.account_id, c.started_at, c.source_id, c.record_key, c.revision + 1,
           c.subscription_id, c.owner_id, c.allowance_id, c.owner_account_id, c.period, %s, -c.used
      FROM unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::bigint[], %s::smallint[])
           AS r (account_id, started, source_id, record_key, revision)
      JOIN rating_usagecover c
        ON c.account_id = r.account_id AND c.started_at = to_timestamp(r.started)
       AND c.source_id = r.source_id AND c.record_key = r.record_key AND c.revision = r.revision
"""
SET_USED: Final = """
    UPDATE rating_allowanceuse u SET used = n.used
      FROM unnest(%s::bigint[], %s::bigint[], %s::integer[], %s::integer[], %s::bigint[])
           AS n (account_id, subscription_id, allowance_id, period, used)
     WHERE u.account_id = n.account_id AND u.subscription_id = n.subscription_id
       AND u.allowance_id = n.allowance_id AND u.period = n.period
"""
SET_TOTALS: Final = """
    INSERT INTO rating_runningtotal (account_id, subscription_id, meter, number, period, quantity)
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::integer[], %s::integer[],
                         %s::bigint[])
    ON CONFLICT (account_id, subscription_id, meter, number, period)
    DO UPDATE SET quantity = excluded.quantity
"""


def write_outcome(outcome: Outcome, *, batch_id: int, catalogue: queries.Catalogue) -> PricedRows:
    """Write what changed, in the caller's transaction; return the new prices."""
    some = outcome.some(outcome.is_changed)
    old = some.work.present.some(some.work.has_price)
    band_id = catalogue.band_ids(some.priced.deck_version_id, some.priced.band)
    new = repriced_rows(some.work.records, some.priced, band_id=band_id, batch_id=batch_id)
    append(joined_rows(reversed_rows(old, batch_id=batch_id), new))
    reverse_covers(old, batch_id=batch_id)
    append_covers(new, some.priced)
    set_counters(outcome.before, outcome.after, granted=catalogue.granted)
    return new


def append(rows: PricedRows) -> None:
    """Append rows, in the order of the unique key."""
    if not len(rows):
        return
    rows = rows.some(
        np.lexsort(
            (rows.revision, rows.record_key, rows.source_id, rows.started_at, rows.account_id)
        )
    )
    columns = [(name, kind, getattr(rows, name)) for name, kind in COLUMN_TYPES.items()]
    binary_copy.copy_in(table="rating_pricedusage", columns=columns)


def append_covers(rows: PricedRows, priced: PricedColumns) -> None:
    """Append what the rows, in the order of the prices, don't tell of their covers."""
    covers = covers_of(priced)
    if not len(covers):
        return
    of_row = rows.some(covers.row)
    binary_copy.copy_in(
        table="rating_usagecover",
        columns=[
            *(
                (name, COLUMN_TYPES[name], getattr(of_row, name))
                for name in ("account_id", "started_at", "record_key", "batch_id")
            ),
            ("subscription_id", "bigint", of_row.subscription_id),
            ("owner_id", "bigint", covers.owner_id),
            ("owner_account_id", "bigint", covers.owner_account_id),
            ("used", "bigint", covers.used),
            ("allowance_id", "integer", covers.allowance_id),
            ("period", "integer", covers.period),
            ("source_id", "smallint", of_row.source_id),
            ("revision", "smallint", of_row.revision),
        ],
    )


def reverse_covers(rows: PricedRows, *, batch_id: int) -> None:
    """Append the reversals of what is written beside these rows."""
    # Rows of one allowance may be told by themselves; those without any never have parts.
    rows = rows.some(rows.allowance_id != 0)
    if not len(rows):
        return
    names = ("account_id", "started_at", "source_id", "record_key", "revision")
    with connection.cursor() as cursor:
        cursor.execute(REVERSE_COVERS, [batch_id, *(getattr(rows, n).tolist() for n in names)])


def set_counters(
    before: AllowanceCounters, after: AllowanceCounters, *, granted: dict[int, int]
) -> None:
    """Write the counters that came out another way; new ones with what is granted."""
    _set_totals(before.totals, after.totals)
    is_known = np.isin(after.key, before.key)
    moved = is_known & (after.used != before.used_at(after.key))
    names = ("account_id", "subscription_id", "allowance_id", "period", "used")
    if moved.any():
        with connection.cursor() as cursor:
            cursor.execute(SET_USED, [getattr(after, name)[moved].tolist() for name in names])
    fresh = ~is_known & (after.used > 0)
    if fresh.any():
        columns = {name: getattr(after, name)[fresh] for name in names}
        writing.add_uses(counters_of(**columns), granted)


def _set_totals(before: Totals, after: Totals) -> None:
    known = dict(zip(before.key.tolist(), before.quantity.tolist(), strict=True))
    found = zip(after.key.tolist(), after.quantity.tolist(), strict=True)
    moved = [row for row, (key, quantity) in enumerate(found) if known.get(key, 0) != quantity]
    if moved:
        names = ("account_id", "subscription_id", "meter", "number", "period", "quantity")
        with connection.cursor() as cursor:
            cursor.execute(SET_TOTALS, [getattr(after, name)[moved].tolist() for name in names])


def withdraw(rows: PricedRows, *, batch_id: int) -> None:
    """Take back these prices."""
    append(reversed_rows(rows, batch_id=batch_id))
    reverse_covers(rows, batch_id=batch_id)


__all__ = ["append", "part_of", "set_counters", "withdraw", "write_outcome"]
