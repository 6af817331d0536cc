"""
What must hold of fees and bills; each select returns what breaks it.
"""

from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from billing_project.kernel.invariants import Invariant
from invoicing.queries import consolidated, correction_invariants, debt_invariants
from invoicing.queries.billing import LATE_DAYS, UNBILLED
from invoicing.queries.recurring_invariants import recurring_invariants

LINES_ADD_UP: Final = """
    SELECT b.id, b.number_text FROM invoicing_bill b
      LEFT JOIN (SELECT bill_id,
                        sum(net) FILTER (WHERE kind <> 'adjustment') AS net,
                        sum(tax) FILTER (WHERE kind <> 'adjustment') AS tax,
                        sum(gross) FILTER (WHERE kind <> 'adjustment') AS gross,
                        -sum(gross) FILTER (WHERE kind = 'adjustment') AS adjustments
                   FROM invoicing_billline GROUP BY bill_id) l ON l.bill_id = b.id
     WHERE (b.net, b.tax, b.gross, b.adjustments)
           <> (coalesce(l.net, 0), coalesce(l.tax, 0), coalesce(l.gross, 0),
               coalesce(l.adjustments, 0))
"""
TAX_ADDS_UP: Final = """
    SELECT 'bill' AS what, id FROM invoicing_bill WHERE net + tax <> gross
    UNION ALL
    SELECT 'line', id FROM invoicing_billline WHERE net + tax <> gross
"""
NUMBERS: Final = """
    SELECT s.legal_entity_id, s.year, s.last, count(n.id) AS registered, max(n.number) AS greatest
      FROM invoicing_numberseries s
      LEFT JOIN invoicing_billnumber n
        ON n.legal_entity_id = s.legal_entity_id AND n.document = s.document AND n.year = s.year
     WHERE s.document NOT IN ('credit_note', 'debit_note', 'consolidated')
     GROUP BY s.id
    HAVING count(n.id) <> s.last OR coalesce(max(n.number), 0) <> s.last
    UNION ALL
    SELECT b.legal_entity_id, b.year, b.number, 0, 0 FROM invoicing_bill b
      LEFT JOIN invoicing_billnumber n
        ON n.bill_id = b.id AND n.number = b.number AND n.year = b.year
       AND n.legal_entity_id = b.legal_entity_id
     WHERE n.id IS NULL
"""
ENTRIES_ADD_UP: Final = """
    SELECT b.id, b.number_text, b.gross - b.payments - b.adjustments AS on_bill,
           coalesce(x.amount, 0) AS on_ledger
      FROM invoicing_bill b
      LEFT JOIN (SELECT r.bill_id, -sum(e.amount) AS amount
                   FROM invoicing_billedentry r
                   JOIN accounts_ledgerentry e
                     ON e.account_id = r.account_id AND e.id = r.entry_id
                  GROUP BY r.bill_id) x ON x.bill_id = b.id
     WHERE b.gross - b.payments - b.adjustments <> coalesce(x.amount, 0)
       AND b.replaces_id IS NULL
"""
BILLED_TWICE: Final = """
    SELECT account_id, entry_id, count(*) FROM invoicing_billedentry
     GROUP BY account_id, entry_id HAVING count(*) > 1
"""
# The database doesn't check these: they are written by the million beside what they name.
ORPHANS: Final = """
    SELECT 'line' AS what, l.account_id, l.id, l.bill_id AS named FROM invoicing_billline l
      LEFT JOIN invoicing_bill b ON b.id = l.bill_id AND b.account_id = l.account_id
     WHERE b.id IS NULL
    UNION ALL
    SELECT 'entry', x.account_id, x.entry_id, x.bill_id FROM invoicing_billedentry x
      LEFT JOIN invoicing_bill b ON b.id = x.bill_id AND b.account_id = x.account_id
     WHERE b.id IS NULL
    UNION ALL
    SELECT 'number', n.account_id, n.id, n.bill_id FROM invoicing_billnumber n
      LEFT JOIN invoicing_bill b ON b.id = n.bill_id AND b.account_id = n.account_id
     WHERE b.id IS NULL
    UNION ALL
    SELECT 'period', p.account_id, p.id, p.subscription_id FROM invoicing_billedperiod p
      LEFT JOIN accounts_subscription s
        ON s.id = p.subscription_id AND s.account_id = p.account_id
     WHERE s.id IS NULL
    UNION ALL
    SELECT 'bill', b.account_id, b.id, b.legal_entity_id FROM invoicing_bill b
      LEFT JOIN accounts_account a ON a.id = b.account_id
      LEFT JOIN accounts_legalentity e ON e.id = b.legal_entity_id
     WHERE a.id IS NULL OR e.id IS NULL
"""
PERIODS: Final = """
    SELECT account_id, subscription_id, period_start, period_end, former_end FROM (
        SELECT account_id, subscription_id, kind, period_start, period_end, previous_end,
               lag(period_end) OVER (PARTITION BY account_id, subscription_id, kind
                                     ORDER BY period_start, period_end) AS former_end
          FROM invoicing_billedperiod) p
     WHERE (former_end IS NOT NULL AND former_end <> period_start)
        OR former_end IS DISTINCT FROM previous_end
"""
CREDITS: Final = """
    SELECT c.account_id, c.billed_period_id, sum(c.amount) AS credited, b.amount AS charged
      FROM invoicing_billedperiodcredit c
      JOIN invoicing_billedperiod b ON b.id = c.billed_period_id
     GROUP BY c.account_id, c.billed_period_id, b.amount, b.period_start, b.period_end
    HAVING sum(c.amount) > b.amount OR min(c.period_start) < b.period_start
        OR max(c.period_end) > b.period_end
"""
CHARGED: Final = """
    SELECT b.account_id, b.id, b.amount, k.amount AS posted
      FROM invoicing_billedperiod b
      LEFT JOIN accounts_postingkey k
        ON k.account_id = b.account_id AND k.kind = 20 AND k.ref = b.id
     WHERE b.amount <> -coalesce(k.amount, 0)
    UNION ALL
    SELECT c.account_id, c.id, c.amount, k.amount
      FROM invoicing_billedperiodcredit c
      LEFT JOIN accounts_postingkey k
        ON k.account_id = c.account_id AND k.kind = 21 AND k.ref = c.id
     WHERE c.amount <> coalesce(k.amount, 0)
"""
CHAIN: Final = """
    SELECT account_id, id, opening, former FROM (
        SELECT account_id, id, opening, period_start,
               lag(closing) OVER w AS former, lag(period_end) OVER w AS former_end
          FROM invoicing_bill WHERE replaces_id IS NULL
        WINDOW w AS (PARTITION BY account_id ORDER BY period_start)) b
     WHERE opening <> coalesce(former, 0) OR period_start < former_end
"""
STRANDED: Final = f"""
    SELECT e.account_id, e.id, e.business_date, e.amount
      FROM accounts_ledgerentry e
      JOIN LATERAL (SELECT period_end FROM invoicing_bill b
                    WHERE b.account_id = e.account_id AND b.replaces_id IS NULL
                     ORDER BY period_start DESC LIMIT 1) b ON true
     WHERE e.fund = 1 AND e.business_date < b.period_end - {LATE_DAYS} AND {UNBILLED}
"""
UNPUBLISHED: Final = """
    SELECT a.subscription_id, a.plan_version_id
      FROM accounts_planassignment a
      JOIN tariffs_planversion v ON v.id = a.plan_version_id
     WHERE v.published_at IS NULL
"""
PLANLESS: Final = f"""
    SELECT s.account_id, s.id FROM accounts_subscription s
     WHERE s.activated_at IS NOT NULL
       AND NOT EXISTS (
           SELECT 1 FROM accounts_planassignment q
            WHERE q.account_id = s.account_id AND q.subscription_id = s.id
              AND (q.active_from AT TIME ZONE '{settings.TIME_ZONE}')::date
                  <= (s.activated_at AT TIME ZONE '{settings.TIME_ZONE}')::date)
"""
#: Days charged anew are those of a credit, and nothing else (operations.splits); after a pause they
#: are its last ones, up to the end of a package.
RECHARGED: Final = """
    SELECT b.account_id, b.id, b.kind FROM invoicing_billedperiod b
      LEFT JOIN invoicing_billedperiodcredit c
        ON c.account_id = b.account_id AND 'c' || c.id = b.kind
       AND c.period_start <= b.period_start AND c.period_end >= b.period_end
       AND (c.pause_id IS NOT NULL
            OR (c.period_start = b.period_start AND c.period_end = b.period_end))
     WHERE left(b.kind, 1) = 'c' AND c.id IS NULL
"""


def invariants() -> list[Invariant]:
    """Return what must hold of fees, plan changes and bills."""
    told = [*_of_bills(), *_of_fees()]
    told += correction_invariants.list_told()
    told += consolidated.list_told()
    told += debt_invariants.list_told()
    found = [Invariant(name=f"invoicing: {name}", sql=sql, why=why) for name, sql, why in told]
    return found + recurring_invariants()


def _of_bills() -> list[tuple[str, str, str]]:
    return [
        ("lines of a bill add up to it", LINES_ADD_UP, _("A bill isn't the sum of its lines.")),
        ("net and tax make gross", TAX_ADDS_UP, _("Net and tax don't make gross.")),
        ("numbers without holes", NUMBERS, _("A number of a series has no bill, or is missing.")),
        (
            "billed entries add up to their bill",
            ENTRIES_ADD_UP,
            _("A bill says something else than the ledger."),
        ),
        ("an entry is on one bill", BILLED_TWICE, _("An entry was billed twice.")),
        (
            "what was billed names what is there",
            ORPHANS,
            _("A line, number or billed entry has no bill, or a period no service."),
        ),
        (
            "a bill opens with the former closing",
            CHAIN,
            _("A bill doesn't carry over the balance of the one before it."),
        ),
        (
            "no entry is left behind",
            STRANDED,
            _("An entry is older than any bill to come will look for."),
        ),
    ]


def _of_fees() -> list[tuple[str, str, str]]:
    return [
        (
            "billed periods follow each other",
            PERIODS,
            _("Days of a service were charged twice, or skipped."),
        ),
        (
            "credits stay within their period",
            CREDITS,
            _("More was given back than was charged."),
        ),
        (
            "charged periods are posted",
            CHARGED,
            _("A period's fee on the ledger is another than in the period."),
        ),
        (
            "plans of services are published",
            UNPUBLISHED,
            _("A service has a plan that can still change under it."),
        ),
        (
            "services have a plan from their first day",
            PLANLESS,
            _("A service has no plan on its first day, so no fee can be charged."),
        ),
        (
            "days charged anew were given back",
            RECHARGED,
            _("Days were charged on a new plan without being given back on the old one."),
        ),
    ]
