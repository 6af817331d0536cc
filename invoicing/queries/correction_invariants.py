"""
What must hold of notes, disputes, void bills, compensation and bill runs.
"""

from typing import Final

from django.utils.translation import gettext as _

NOTES_ADD_UP: Final = """
    SELECT n.account_id, n.id, n.number_text FROM invoicing_note n
      LEFT JOIN (SELECT note_id, sum(net) AS net, sum(tax) AS tax, sum(gross) AS gross,
                        min(kind) AS least, max(kind) AS most, min(account_id) AS account_id
                   FROM invoicing_noteline GROUP BY note_id) l ON l.note_id = n.id
     WHERE (n.net, n.tax, n.gross, n.kind, n.kind, n.account_id)
           IS DISTINCT FROM (l.net, l.tax, l.gross, l.least, l.most, l.account_id)
        OR n.net + n.tax <> n.gross
"""
WITHIN_LINE: Final = """
    SELECT l.account_id, l.bill_line_id, b.gross, l.credited
      FROM (SELECT account_id, bill_line_id,
                   sum(CASE kind WHEN 'credit_note' THEN gross ELSE -gross END) AS credited
              FROM invoicing_noteline GROUP BY account_id, bill_line_id) l
      JOIN invoicing_billline b ON b.id = l.bill_line_id
     WHERE l.credited > greatest(b.gross, 0) OR b.account_id <> l.account_id
"""
NOTE_NUMBERS: Final = """
    SELECT s.legal_entity_id, s.document, s.year, s.last, count(n.id) AS registered
      FROM invoicing_numberseries s
      LEFT JOIN invoicing_notenumber n
        ON n.legal_entity_id = s.legal_entity_id AND n.document = s.document AND n.year = s.year
     WHERE s.document IN ('credit_note', 'debit_note')
     GROUP BY s.id
    HAVING count(n.id) <> s.last OR coalesce(max(n.number), 0) <> s.last
    UNION ALL
    SELECT b.legal_entity_id, b.kind, b.year, b.number, 0 FROM invoicing_note b
      LEFT JOIN invoicing_notenumber n
        ON n.note_id = b.id AND n.number = b.number AND n.year = b.year
       AND n.document = b.kind AND n.legal_entity_id = b.legal_entity_id
     WHERE n.id IS NULL
"""
NOTES_POSTED: Final = """
    SELECT l.account_id, l.id, l.gross, k.amount AS posted
      FROM invoicing_noteline l
      LEFT JOIN accounts_postingkey k
        ON k.account_id = l.account_id AND k.ref = l.id
       AND k.kind = CASE l.kind WHEN 'credit_note' THEN 24 ELSE 25 END
     WHERE k.amount IS DISTINCT FROM CASE l.kind WHEN 'credit_note' THEN l.gross ELSE -l.gross END
    UNION ALL
    SELECT k.account_id, k.ref, 0, k.amount FROM accounts_postingkey k
      LEFT JOIN invoicing_noteline l ON l.account_id = k.account_id AND l.id = k.ref
     WHERE k.kind IN (24, 25) AND k.ref > 0 AND l.id IS NULL
"""
COUNTERED: Final = """
    SELECT n.account_id, n.id, n.gross, c.gross AS countered FROM invoicing_note n
      JOIN invoicing_note c ON c.id = n.counters_id
     WHERE n.kind = c.kind OR n.gross <> c.gross OR n.bill_id <> c.bill_id
"""
DISPUTES: Final = """
    SELECT d.account_id, d.id, d.state, d.accepted, n.gross
      FROM invoicing_dispute d LEFT JOIN invoicing_note n ON n.id = d.note_id
      LEFT JOIN accounts_adjustment a ON a.id = d.adjustment_id
     WHERE (d.state = 'open') <> (d.closed_at IS NULL)
        OR (d.state = 'accepted') <> (d.accepted IS NOT NULL)
        OR d.accepted IS DISTINCT FROM coalesce(n.gross, a.amount)
"""
DISPUTED: Final = """
    SELECT d.account_id, d.id, d.amount, b.gross
      FROM invoicing_dispute d
      JOIN invoicing_billline b ON b.id = d.bill_line_id
      LEFT JOIN LATERAL (
           SELECT sum(CASE kind WHEN 'credit_note' THEN gross ELSE -gross END) AS credited
             FROM invoicing_noteline l
            WHERE l.account_id = d.account_id AND l.bill_line_id = d.bill_line_id) c ON true
     WHERE d.state = 'open' AND d.amount > b.gross - coalesce(c.credited, 0)
"""
VOID: Final = """
    SELECT v.account_id, v.bill_id, b.id AS line, b.gross FROM invoicing_billvoid v
      JOIN invoicing_billline b ON b.bill_id = v.bill_id AND b.kind <> 'adjustment'
      LEFT JOIN LATERAL (
           SELECT sum(CASE kind WHEN 'credit_note' THEN gross ELSE -gross END) AS credited
             FROM invoicing_noteline l
            WHERE l.account_id = b.account_id AND l.bill_line_id = b.id) c ON true
     WHERE b.gross <> coalesce(c.credited, 0)
    UNION ALL
    SELECT b.account_id, b.id, b.replaces_id, b.gross FROM invoicing_bill b
      LEFT JOIN invoicing_billvoid v ON v.bill_id = b.replaces_id
     WHERE b.replaces_id IS NOT NULL
       AND (v.id IS NULL OR v.account_id <> b.account_id OR b.opening <> 0 OR b.payments <> 0)
"""
REISSUED: Final = """
    SELECT l.account_id, l.id, l.gross, k.amount AS posted
      FROM invoicing_billline l JOIN invoicing_bill b ON b.id = l.bill_id
      LEFT JOIN accounts_postingkey k
        ON k.account_id = l.account_id AND k.ref = -l.id
       AND k.kind = CASE WHEN l.gross > 0 THEN 25 ELSE 24 END
     WHERE b.replaces_id IS NOT NULL AND l.gross <> -coalesce(k.amount, 0)
"""
COMPENSATED: Final = """
    SELECT c.account_id, c.id, c.amount, k.amount AS posted
      FROM invoicing_compensation c
      JOIN invoicing_outage o ON o.id = c.outage_id
      LEFT JOIN accounts_postingkey k
        ON k.account_id = c.account_id AND k.kind = 26 AND k.ref = c.id
     WHERE c.amount <> coalesce(k.amount, 0) OR o.state NOT IN ('approved', 'applied')
    UNION ALL
    SELECT k.account_id, k.ref, 0, k.amount FROM accounts_postingkey k
      LEFT JOIN invoicing_compensation c ON c.account_id = k.account_id AND c.id = k.ref
     WHERE k.kind = 26 AND c.id IS NULL
"""
DRAFTS: Final = """
    SELECT d.account_id, d.id, d.state, d.gross, b.gross AS billed
      FROM invoicing_draftbill d LEFT JOIN invoicing_bill b ON b.id = d.bill_id
     WHERE (b.id IS NOT NULL AND d.state <> 'draft')
        OR (b.id IS NOT NULL AND (b.account_id, b.period_start, b.gross, b.closing)
                                 <> (d.account_id, d.period_start, d.gross, d.closing))
"""
PARKED: Final = """
    SELECT p.account_id, p.period_start, b.id AS bill FROM invoicing_parkedbill p
      JOIN invoicing_bill b ON b.account_id = p.account_id AND b.period_start >= p.period_start
     WHERE p.released_at IS NULL AND b.replaces_id IS NULL
"""


def list_told() -> list[tuple[str, str, str]]:
    """Return (name, select, why) of what must hold."""
    return [
        ("lines of a note add up to it", NOTES_ADD_UP, _("A note isn't the sum of its lines.")),
        (
            "credits never exceed their line",
            WITHIN_LINE,
            _("More was given back of a bill's line than it charged."),
        ),
        (
            "numbers of notes without holes",
            NOTE_NUMBERS,
            _("A number of a series has no note, or is missing."),
        ),
        ("notes are posted", NOTES_POSTED, _("A note and the ledger say different things.")),
        ("a counter-note answers all of its note", COUNTERED, _("A note is answered in part.")),
        (
            "an accepted dispute was given back",
            DISPUTES,
            _("What a dispute gave back isn't what its note or adjustment says."),
        ),
        (
            "no more is disputed than charged",
            DISPUTED,
            _("More is frozen from dunning than is left of the charge."),
        ),
        ("a void bill charges nothing", VOID, _("A void bill still charges, or counts twice.")),
        (
            "a bill issued anew is posted",
            REISSUED,
            _("A bill in the place of a void one and the ledger say different things."),
        ),
        (
            "compensation is posted",
            COMPENSATED,
            _("What was given for an outage isn't on the ledger so."),
        ),
        ("a draft became the bill it showed", DRAFTS, _("A bill is another than its draft was.")),
        ("a parked account gets no bill", PARKED, _("A bill was issued of a parked account.")),
    ]
