"""
What must hold of choices, instalment plans, late fees and split payments.
"""

from typing import Final

from django.utils.translation import gettext as _

from accounts.domain.kinds import Kind

PLAN_ADDS_UP: Final = """
    SELECT p.account_id, p.id, p.debt, coalesce(t.amount, 0) AS parts, coalesce(c.amount, 0) AS taken
      FROM invoicing_instalmentplan p
      LEFT JOIN (SELECT plan_id, sum(amount) AS amount FROM invoicing_instalmentpart
                  GROUP BY plan_id) t ON t.plan_id = p.id
      LEFT JOIN (SELECT plan_id, sum(amount) AS amount FROM invoicing_instalmentcover
                  GROUP BY plan_id) c ON c.plan_id = p.id
     WHERE p.debt <> coalesce(t.amount, 0) OR coalesce(c.amount, 0) > p.debt
"""
PLAN_FROZEN: Final = """
    SELECT account_id, id, state, frozen, debt FROM invoicing_instalmentplan
     WHERE frozen > debt OR frozen < 0 OR (state <> 'active' AND frozen <> 0)
        OR (state = 'active') <> (closed_at IS NULL)
"""
COVERED: Final = """
    SELECT c.account_id, c.bill_id, sum(c.amount) AS covered, b.gross
      FROM invoicing_instalmentcover c
      JOIN invoicing_instalmentplan p ON p.id = c.plan_id AND p.state = 'active'
      JOIN invoicing_bill b ON b.id = c.bill_id
      LEFT JOIN (SELECT h.bill_id, sum(n.gross) AS gross FROM invoicing_note h
                   JOIN invoicing_noteline n ON n.note_id = h.id
                  WHERE n.kind = 'debit_note' GROUP BY h.bill_id) d ON d.bill_id = b.id
     GROUP BY c.account_id, c.bill_id, b.gross, b.account_id, d.gross
    HAVING sum(c.amount) > b.gross + coalesce(d.gross, 0) OR b.account_id <> c.account_id
"""
CHOICES: Final = """
    SELECT c.account_id, c.id FROM invoicing_paymentchoice c
      LEFT JOIN accounts_payment p ON p.id = c.payment_id
      LEFT JOIN accounts_cardpayment k ON k.id = c.card_payment_id
      LEFT JOIN invoicing_bill b ON b.id = c.bill_id
      LEFT JOIN accounts_subscription s ON s.id = c.subscription_id
      LEFT JOIN invoicing_instalmentplan l ON l.id = c.plan_id
     WHERE c.account_id NOT IN (coalesce(p.account_id, c.account_id),
                                coalesce(k.account_id, c.account_id))
        OR c.account_id <> coalesce(p.account_id, k.account_id)
        OR c.account_id <> coalesce(b.account_id, s.account_id, l.account_id)
"""
LATE_FEES_POSTED: Final = f"""
    SELECT coalesce(f.account_id, e.account_id), coalesce(f.day, e.business_date), f.amount, e.amount
      FROM (SELECT account_id, day, sum(amount) AS amount FROM invoicing_latefee
             GROUP BY account_id, day HAVING sum(amount) <> 0) f
      FULL JOIN (SELECT account_id, business_date, -sum(amount) AS amount FROM accounts_ledgerentry
                  WHERE kind = {int(Kind.LATE_FEE)} AND reverses_id IS NULL
                  GROUP BY account_id, business_date) e
        ON e.account_id = f.account_id AND e.business_date = f.day
     WHERE f.amount IS DISTINCT FROM e.amount
"""
LATE_FEES_RUN: Final = """
    SELECT account_id, bill_id, day, charged, so_far FROM (
        SELECT account_id, bill_id, day, charged,
               sum(amount) OVER (PARTITION BY account_id, bill_id ORDER BY day) AS so_far
          FROM invoicing_latefee) f
     WHERE charged <> so_far
"""
SHARES: Final = """
    SELECT s.account_id, s.id, s.amount, g.given, g.returned, p.amount AS paid
      FROM invoicing_consolidatedpayment s
      JOIN accounts_payment p ON p.id = s.payment_id
      LEFT JOIN (SELECT split_id, coalesce(sum(amount) FILTER (WHERE NOT is_return), 0) AS given,
                        coalesce(sum(amount) FILTER (WHERE is_return), 0) AS returned
                   FROM invoicing_consolidatedshare GROUP BY split_id) g ON g.split_id = s.id
     WHERE s.amount <> coalesce(g.given, 0) OR s.amount > p.amount
        OR coalesce(g.returned, 0) <> CASE s.state WHEN 'returned' THEN s.amount ELSE 0 END
"""
SHARES_MOVED: Final = """
    SELECT h.account_id, h.id, h.amount, t.amount AS moved FROM invoicing_consolidatedshare h
      JOIN invoicing_consolidatedpayment s ON s.id = h.split_id
      JOIN accounts_transfer t ON t.id = h.transfer_id
     WHERE h.amount <> t.amount
        OR (t.account_id, t.to_account_id) <> CASE WHEN h.is_return
              THEN (h.account_id, s.account_id) ELSE (s.account_id, h.account_id) END
"""


def list_told() -> list[tuple[str, str, str]]:
    """Return the promises about debt: name, select of what breaks it, why."""
    return [
        (
            "the parts of a plan are its debt",
            PLAN_ADDS_UP,
            _("A debt in parts is paid with more or less than it was."),
        ),
        (
            "only what a live plan leaves to pay is frozen",
            PLAN_FROZEN,
            _("Money isn't worked as debt though nothing was agreed about it."),
        ),
        (
            "a plan takes over no more than the bill",
            COVERED,
            _("A plan stands in the place of a debt that isn't there."),
        ),
        (
            "what a payment is for is the same account's",
            CHOICES,
            _("A payment was chosen for a bill, service or plan of somebody else."),
        ),
        (
            "late fees on the ledger are those counted",
            LATE_FEES_POSTED,
            _("A late fee was charged that no day explains, or not charged."),
        ),
        (
            "a late fee's days add up to what was charged",
            LATE_FEES_RUN,
            _("A day of a late fee was counted twice, or is missing."),
        ),
        (
            "shares of a payment add up to it",
            SHARES,
            _("A payment for a consolidated bill went to the units twice, or not whole."),
        ),
        (
            "a share is moved as it is written",
            SHARES_MOVED,
            _("Another sum went to a unit than its share, or another way."),
        ),
    ]
