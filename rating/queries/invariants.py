"""
What must always hold in rating; each is a query that returns no rows.
"""

from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.domain.kinds import Kind
from billing_project.kernel.invariants import Invariant

FILES: Final = """
    SELECT f.id, f.name, f.records, f.priced, coalesce(p.rows, 0) AS rows,
           f.suspended, coalesce(s.rows, 0) AS waiting
      FROM rating_usagefile f
      LEFT JOIN (SELECT file_id, batch_id, count(*) AS rows
                   FROM rating_pricedusage GROUP BY file_id, batch_id) AS p
        ON p.file_id = f.id AND p.batch_id = f.batch_id
      LEFT JOIN (SELECT file_id, count(*) AS rows FROM rating_suspenserecord GROUP BY file_id) AS s
        ON s.file_id = f.id
     WHERE f.state = 'priced'
       AND (f.records <> f.priced + f.duplicates + f.not_charged + f.suspended
            OR f.priced <> coalesce(p.rows, 0) OR f.suspended <> coalesce(s.rows, 0))
"""

RECYCLED: Final = """
    SELECT s.batch_id, s.rows AS recycled, coalesce(p.rows, 0) AS priced
      FROM (SELECT batch_id, count(*) AS rows FROM rating_suspenserecord
             WHERE state = 'recycled' GROUP BY batch_id) AS s
      LEFT JOIN (SELECT batch_id, count(*) AS rows FROM rating_pricedusage GROUP BY batch_id) AS p
        ON p.batch_id = s.batch_id
     WHERE s.rows <> coalesce(p.rows, 0)
"""

LEDGER: Final = f"""
    SELECT coalesce(u.batch_id, l.ref) AS batch_id, coalesce(u.account_id, l.account_id) AS account,
           u.kind, u.amount AS priced, l.amount AS posted
      FROM (SELECT p.batch_id, p.account_id, p.kind, sum(p.amount) AS amount
              FROM rating_pricedusage p
              JOIN rating_usagebatch b ON b.id = p.batch_id AND b.state = 'posted'
             GROUP BY p.batch_id, p.account_id, p.kind HAVING sum(p.amount) <> 0) AS u
      FULL JOIN (SELECT e.ref, e.account_id, e.kind, sum(e.amount) AS amount
              FROM accounts_ledgerentry e
              JOIN rating_usagebatch b ON b.id = e.ref AND b.state = 'posted'
             WHERE e.kind BETWEEN {Kind.USAGE_VOICE:d} AND {Kind.USAGE_SESSION:d}
             GROUP BY e.ref, e.account_id, e.kind) AS l
        ON l.ref = u.batch_id AND l.account_id = u.account_id
           AND l.kind = u.kind + {Kind.USAGE_VOICE - 1:d}
     WHERE u.amount IS DISTINCT FROM -l.amount
"""

TWICE: Final = """
    SELECT source_id, record_key, revision, count(*), min(account_id), max(account_id)
      FROM rating_pricedusage
     GROUP BY source_id, record_key, revision HAVING count(*) > 1
"""

ALLOWANCES: Final = """
    SELECT coalesce(u.subscription_id, c.subscription_id) AS subscription_id,
           coalesce(u.month, c.month) AS month, u.used AS in_rows, c.used AS counted
      FROM (SELECT subscription_id, sum(allowance_used) AS used,
                   to_char(started_at AT TIME ZONE '{zone}', 'YYYYMM')::integer AS month
              FROM rating_pricedusage WHERE allowance_used <> 0
             GROUP BY subscription_id, to_char(started_at AT TIME ZONE '{zone}', 'YYYYMM')) AS u
      FULL JOIN (SELECT subscription_id, month, sum(used) AS used FROM rating_allowanceuse
                  WHERE used <> 0 GROUP BY subscription_id, month) AS c
        ON c.subscription_id = u.subscription_id AND c.month = u.month
     WHERE u.used IS DISTINCT FROM c.used
"""

UNFINISHED: Final = """
    SELECT b.id, b.business_date, b.state FROM rating_usagebatch b
     WHERE b.state <> 'posted'
       AND EXISTS (SELECT 1 FROM rating_usagebatch later
                    WHERE later.state = 'posted' AND later.business_date > b.business_date)
"""


def invariants() -> list[Invariant]:
    """Return what must hold in rating."""
    return [
        Invariant(
            name="rating: each record of a file is in exactly one state",
            sql=FILES,
            why=_("Records of a file are lost, or counted in two places."),
        ),
        Invariant(
            name="rating: recycled records are priced",
            sql=RECYCLED,
            why=_("A record left the suspense without being priced."),
        ),
        Invariant(
            name="rating: the ledger has what was priced",
            sql=LEDGER,
            why=_("An account was charged another sum than its usage costs."),
        ),
        Invariant(
            name="rating: no record is priced twice",
            sql=TWICE,
            why=_("The same record was charged twice, maybe to two accounts."),
        ),
        Invariant(
            name="rating: allowances used are those of the records",
            sql=ALLOWANCES.format(zone=settings.TIME_ZONE.replace("'", "")),
            why=_("The counters of included volume don't match the usage."),
        ),
        Invariant(
            name="rating: allowances are not overdrawn",
            sql="SELECT * FROM rating_allowanceuse WHERE used > granted",
            why=_("More included volume was used than was granted."),
        ),
        Invariant(
            name="rating: no batch is left behind",
            sql=UNFINISHED,
            why=_("A night was not finished, and a later one was: its usage is not charged."),
        ),
        Invariant(
            name="rating: usage has a month",
            sql="SELECT account_id, started_at FROM rating_pricedusage_default",
            why=_("Usage lies outside the months made: ensure_months was not called."),
        ),
    ]
