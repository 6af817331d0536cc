"""
Usage by zone, as bills show it: what the usage entries of the ledger are made of.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import connection

from billing_project.kernel.sql import Params, bind

#: `{entries}` selects (account_id, batch_id) of ledger entries: account and ref of a usage kind.
BY_ZONE: Final = """
    SELECT u.account_id, u.subscription_id, u.kind, u.zone_id, count(*) AS records,
           sum(u.quantity)::bigint AS quantity, sum(u.billed)::bigint AS billed,
           sum(u.allowance_used)::bigint AS allowance_used, sum(u.amount) AS amount
      FROM (SELECT DISTINCT e.account_id, e.batch_id
              FROM ({entries}) AS e (account_id, batch_id)) AS e
      JOIN rating_pricedusage u ON u.account_id = e.account_id AND u.batch_id = e.batch_id
     GROUP BY u.account_id, u.subscription_id, u.kind, u.zone_id
"""


@dataclass(frozen=True, slots=True)
class ZoneUsage:
    """Usage of one subscription, kind and zone; `quantity` as used, `billed` as counted."""

    account_id: int
    subscription_id: int
    kind: int
    zone_id: int
    records: int
    quantity: int
    billed: int
    allowance_used: int
    amount: Decimal


def usage_by_zone_sql(entries_sql: str) -> str:
    """
    Return the select of usage by zone for ledger entries; for statements over many accounts.

    `entries_sql` selects (account_id, batch_id): of usage entries the batch is their `ref`. The
    columns are those of ZoneUsage. Amounts add up to the entries, with the sign turned, since a
    batch is posted whole.
    """
    return BY_ZONE.format(entries=entries_sql)


def sum_usage_by_zone(*, entries_sql: str, params: Params = None) -> list[ZoneUsage]:
    """Return usage by zone for ledger entries, ordered by account, subscription, kind and zone."""
    with connection.cursor() as cursor:
        statement = BY_ZONE.format(entries=bind(cursor, entries_sql, params))
        cursor.execute(statement.replace("%%", "%") + " ORDER BY 1, 2, 3, 4")
        return [ZoneUsage(*row) for row in cursor.fetchall()]
