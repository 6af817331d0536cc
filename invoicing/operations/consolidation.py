"""
Consolidated bills of companies, made of their units' bills.
"""

from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection, transaction

from accounts.queries.relations import PAYERS_SQL
from billing_project.kernel.operations import record_events

#: Bills of so many days back are still gathered: a night may have been missed, the tree may be new.
CATCH_UP: Final = timedelta(days=10)

# Two nights at once take turns at the companies; who comes second finds the parts of the first.
LOCK_PAYERS: Final = f"""
    SELECT c.id FROM accounts_customer c
     WHERE c.id IN (SELECT payer_id FROM ({PAYERS_SQL}) p) ORDER BY c.id FOR NO KEY UPDATE
"""
CONSOLIDATE: Final = f"""
    WITH loose AS (
        SELECT b.*, a.customer_id, p.payer_id, p.cost_centre
          FROM invoicing_bill b
          JOIN accounts_account a ON a.id = b.account_id
          JOIN ({PAYERS_SQL}) p ON p.customer_id = a.customer_id
         WHERE b.issued_on > %(since)s
           AND NOT EXISTS (SELECT FROM invoicing_billvoid v
                            WHERE v.account_id = b.account_id AND v.bill_id = b.id)
           AND NOT EXISTS (SELECT FROM invoicing_consolidatedpart x
                            WHERE x.account_id = b.account_id AND x.bill_id = b.id)
    ), sums AS (
        SELECT payer_id, legal_entity_id, currency, period_end, min(period_start) AS period_start,
               max(issued_on) AS issued_on, max(due_on) AS due_on, sum(opening) AS opening,
               sum(net) AS net, sum(tax) AS tax, sum(gross) AS gross, sum(payments) AS payments,
               sum(adjustments) AS adjustments, sum(closing) AS closing
          FROM loose GROUP BY payer_id, legal_entity_id, currency, period_end
    ), wanted AS (
        SELECT legal_entity_id, count(*) AS papers FROM sums GROUP BY legal_entity_id
    ), series AS (
        INSERT INTO invoicing_numberseries AS s (legal_entity_id, document, year, prefix, last)
        SELECT legal_entity_id, 'consolidated', %(year)s, %(prefix)s, papers
          FROM wanted ORDER BY legal_entity_id
        ON CONFLICT (legal_entity_id, document, year) DO UPDATE SET last = s.last + excluded.last
        RETURNING s.legal_entity_id, s.prefix, s.last
    ), numbered AS (
        SELECT f.*, s.prefix, s.last - w.papers + row_number() OVER (
                   PARTITION BY f.legal_entity_id ORDER BY f.payer_id, f.period_end, f.currency
               ) AS number
          FROM sums f
          JOIN wanted w ON w.legal_entity_id = f.legal_entity_id
          JOIN series s ON s.legal_entity_id = f.legal_entity_id
    ), papers AS (
        INSERT INTO invoicing_consolidatedbill (customer_id, legal_entity_id, number, year,
            number_text, period_start, period_end, issued_on, due_on, currency, opening, net, tax,
            gross, payments, adjustments, closing)
        SELECT payer_id, legal_entity_id, number, %(year)s,
               prefix || %(year)s || '-' || lpad(number::text, 6, '0'), period_start, period_end,
               issued_on, due_on, currency, opening, net, tax, gross, payments, adjustments, closing
          FROM numbered ORDER BY legal_entity_id, number
        RETURNING id, customer_id, legal_entity_id, currency, period_end
    ), parts AS (
        INSERT INTO invoicing_consolidatedpart
            (consolidated_id, account_id, bill_id, customer_id, cost_centre)
        SELECT d.id, l.account_id, l.id, l.customer_id, l.cost_centre
          FROM loose l
          JOIN papers d ON (d.customer_id, d.legal_entity_id, d.currency, d.period_end)
                         = (l.payer_id, l.legal_entity_id, l.currency, l.period_end)
         ORDER BY l.account_id, l.id
    )
    SELECT id FROM papers ORDER BY id
"""
EVENTS: Final = """
    SELECT NULL::bigint, d.customer_id, NULL::bigint, %(now)s::timestamptz,
           jsonb_build_object('consolidated_id', d.id, 'number', d.number_text,
               'period_start', d.period_start, 'period_end', d.period_end,
               'gross', d.gross::text, 'closing', d.closing::text, 'currency', d.currency,
               'due_on', d.due_on)
      FROM invoicing_consolidatedbill d WHERE d.id = ANY(%(ids)s)
"""
#: Before the year in the number: people tell it from the bills it is made of.
PREFIX: Final = "СВ-"


@transaction.atomic
def consolidate_bills(*, business_date: date, now: datetime, actor: str) -> int:
    """
    Make the consolidated bills of what was issued of late; return how many, 0 the second time.

    A payer's bills of one cycle end, legal entity and currency make one. A bill issued later for
    the same cycle makes another: papers don't change.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK_PAYERS)
        cursor.execute(
            CONSOLIDATE,
            {"since": business_date - CATCH_UP, "year": business_date.year, "prefix": PREFIX},
        )
        ids = [paper_id for (paper_id,) in cursor.fetchall()]
    if ids:
        record_events(
            kind="bill.consolidated",
            source_sql=EVENTS,
            params={"ids": ids, "now": now},
            actor=actor,
        )
    return len(ids)
