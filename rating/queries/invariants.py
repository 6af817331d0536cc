"""
What must always hold in rating; each is a query that returns no rows.
"""

from typing import Final

from django.utils.translation import gettext as _

from accounts.domain.kinds import Kind
from billing_project.kernel.invariants import Invariant
from rating.queries.charging_invariants import charging_invariants
from rating.queries.counter_invariants import counter_invariants

FILES: Final = """
    SELECT f.id, f.name, f.records, f.priced, coalesce(p.rows, 0) AS rows,
           f.suspended, coalesce(s.rows, 0) AS waiting
      FROM rating_usagefile f
      LEFT JOIN (SELECT file_id, batch_id, sum(rows) AS rows
                   FROM (SELECT file_id, batch_id, count(*) AS rows FROM rating_pricedusage
                          WHERE revision = 0 GROUP BY file_id, batch_id
                          UNION ALL
                         SELECT file_id, batch_id, count(*) FROM rating_usagecorrection
                          WHERE revision > 0 AND NOT is_withdrawn GROUP BY file_id, batch_id) AS r
                  GROUP BY file_id, batch_id) AS p
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
      LEFT JOIN (SELECT batch_id, sum(rows) AS rows
                   FROM (SELECT batch_id, count(*) AS rows FROM rating_pricedusage
                          WHERE revision = 0 GROUP BY batch_id
                          UNION ALL
                         SELECT batch_id, count(*) FROM rating_usagecorrection
                          WHERE revision > 0 AND NOT is_withdrawn GROUP BY batch_id) AS r
                  GROUP BY batch_id) AS p
        ON p.batch_id = s.batch_id
     WHERE s.rows <> coalesce(p.rows, 0)
"""

LEDGER: Final = f"""
    SELECT coalesce(u.batch_id, l.ref) AS batch_id, coalesce(u.account_id, l.account_id) AS account,
           u.kind, u.amount AS priced, l.amount AS posted
      FROM (SELECT p.batch_id, p.account_id, sum(p.amount) AS amount,
                   CASE WHEN p.revision = 0 THEN p.kind + {Kind.USAGE_VOICE - 1:d}
                        ELSE {Kind.USAGE_CORRECTION:d} END AS kind
              FROM rating_pricedusage p
              JOIN rating_usagebatch b ON b.id = p.batch_id AND b.state = 'posted'
             GROUP BY 1, 2, 4 HAVING sum(p.amount) <> 0) AS u
      FULL JOIN (SELECT e.ref, e.account_id, e.kind, sum(e.amount) AS amount
              FROM accounts_ledgerentry e
              JOIN rating_usagebatch b ON b.id = e.ref AND b.state = 'posted'
             WHERE e.kind BETWEEN {Kind.USAGE_VOICE:d} AND {Kind.USAGE_CORRECTION:d}
             GROUP BY e.ref, e.account_id, e.kind) AS l
        ON l.ref = u.batch_id AND l.account_id = u.account_id
           AND l.kind = u.kind
     WHERE u.amount IS DISTINCT FROM -l.amount
"""

TWICE: Final = """
    SELECT source_id, record_key, revision, count(*), min(account_id), max(account_id)
      FROM rating_pricedusage
     GROUP BY source_id, record_key, revision HAVING count(*) > 1
"""

IN_FORCE: Final = """
    SELECT source_id, record_key, count(*) AS rows, max(revision) AS newest
      FROM rating_pricedusage
     GROUP BY source_id, record_key
    HAVING sum(CASE WHEN revision % 2 = 0 THEN 1 ELSE -1 END) NOT IN (0, 1)
           OR (max(revision) % 2 = 1
               AND (sum(amount) <> 0 OR sum(allowance_used) <> 0 OR sum(quantity) <> 0))
"""

#: Rows and what covered them must come to nothing, each of its kind.
WITHDRAWN: Final = """
    SELECT source_id, record_key, owner_id, allowance_id, sum(price) AS prices,
           sum(amount) AS amount, sum(quantity) AS quantity, sum(used) AS used
      FROM (SELECT DISTINCT ON (source_id, record_key) source_id, record_key, is_withdrawn
              FROM rating_usagecorrection
             ORDER BY source_id, record_key, correction DESC) AS c
      JOIN (SELECT source_id, record_key, 0 AS owner_id, 0 AS allowance_id,
                   CASE WHEN revision % 2 = 0 THEN 1 ELSE -1 END AS price,
                   amount, quantity, allowance_used AS used FROM rating_pricedusage
            UNION ALL
            SELECT source_id, record_key, owner_id, allowance_id, 0, 0, 0, used
              FROM rating_usagecover) AS r
     USING (source_id, record_key)
     WHERE c.is_withdrawn
     GROUP BY 1, 2, 3, 4
    HAVING sum(price) <> 0 OR sum(amount) <> 0 OR sum(quantity) <> 0 OR sum(used) <> 0
"""

JOINED: Final = """
    SELECT p.source_id, p.call_key, p.batch_id
      FROM rating_partialrecord p
      JOIN rating_usagebatch b ON b.id = p.batch_id AND b.state <> 'open'
     WHERE p.state = 'joined' AND p.is_last AND NOT p.is_running
       AND NOT EXISTS (SELECT 1 FROM rating_pricedusage u
                        WHERE u.source_id = p.source_id AND u.record_key = p.call_key)
       AND NOT EXISTS (SELECT 1 FROM rating_partialrecord o
                         JOIN rating_suspenserecord s ON s.file_id = o.file_id AND s.line = o.line
                        WHERE o.source_id = p.source_id AND o.call_key = p.call_key)
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
            name="rating: a record has one price in force, or none",
            sql=IN_FORCE,
            why=_("A record is charged in two places, or was not taken back as it was charged."),
        ),
        Invariant(
            name="rating: a withdrawn record is charged no more",
            sql=WITHDRAWN,
            why=_("A record that its switch took back still costs something."),
        ),
        *counter_invariants(),
        Invariant(
            name="rating: a call joined of its parts is priced or waits",
            sql=JOINED,
            why=_("The parts of a call were joined, and the whole went nowhere."),
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
        *charging_invariants(),
    ]
