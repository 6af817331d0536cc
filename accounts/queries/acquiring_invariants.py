"""
The promises of money by card, refunds and disputes: each select returns what breaks it.
"""

from typing import Final

from accounts.domain.kinds import Kind
from billing_project.kernel.invariants import Invariant

RETURNED_WITHIN: Final = Invariant(
    name="refunds, disputes and reversal of a payment stay within it",
    sql="""
        SELECT p.id, p.account_id, p.amount, p.state, r.amount AS returned
          FROM accounts_payment p
          JOIN (SELECT payment_id, sum(amount) AS amount FROM (
                    SELECT payment_id, amount FROM accounts_refund WHERE state <> 'failed'
                    UNION ALL
                    SELECT payment_id, amount FROM accounts_chargeback WHERE state <> 'won'
                ) AS all_returns GROUP BY payment_id) AS r ON r.payment_id = p.id
         WHERE r.amount > CASE p.state WHEN 'reversed' THEN 0 ELSE p.amount END
    """,
    why="More was given back of a payment than was paid.",
)

REFUND_IS_POSTED: Final = Invariant(
    name="a refund has its entry exactly when the money left",
    sql=f"""
        SELECT coalesce(r.id, e.ref) AS refund_id, r.account_id, r.state, r.amount, e.amount
          FROM accounts_refund r
          FULL JOIN (SELECT account_id, ref, amount FROM accounts_ledgerentry
                      WHERE kind = {int(Kind.REFUND)}) AS e
            ON e.ref = r.id AND e.account_id = r.account_id
         WHERE CASE WHEN r.state = 'succeeded' THEN -r.amount END IS DISTINCT FROM e.amount
    """,
    why="Money was given back and not charged, or charged and not given back.",
)

CHARGEBACK_IS_POSTED: Final = Invariant(
    name="a dispute has its entry exactly when it is lost",
    sql=f"""
        SELECT coalesce(c.id, e.ref) AS chargeback_id, c.account_id, c.state, c.amount, e.amount
          FROM accounts_chargeback c
          FULL JOIN (SELECT account_id, ref, amount FROM accounts_ledgerentry
                      WHERE kind = {int(Kind.CHARGEBACK)}) AS e
            ON e.ref = c.id AND e.account_id = c.account_id
         WHERE CASE WHEN c.state = 'lost' AND c.amount > 0 THEN -c.amount END
               IS DISTINCT FROM e.amount
    """,
    why="The bank took money back and the account doesn't know, or the other way round.",
)

CARD_PAYMENT_IS_TAKEN_IN: Final = Invariant(
    name="a payment by card is received exactly when the intake has it, with the same amount",
    sql="""
        SELECT c.id, c.account_id, c.state, c.received, n.amount, n.external_id
          FROM accounts_cardpayment c
          JOIN accounts_acquirer a ON a.id = c.acquirer_id
          LEFT JOIN accounts_paymentnotice n ON n.id = c.notice_id
         WHERE (c.state = 'succeeded') IS DISTINCT FROM (n.id IS NOT NULL)
            OR c.received IS DISTINCT FROM n.amount
            OR (n.id IS NOT NULL AND (n.gateway, n.what) IS DISTINCT FROM (a.code, 'payment'))
    """,
    why="The acquirer has taken money that the books don't know, or the other way round.",
)

ONE_TRY_OF_AN_ORDER: Final = Invariant(
    name="a standing order has one open charge at most, and each belongs to its account",
    sql="""
        SELECT c.autopay_id, min(c.account_id), count(*) FILTER (
                   WHERE c.state IN ('created', 'pending', 'unknown')) AS open
          FROM accounts_cardpayment c JOIN accounts_autopay o ON o.id = c.autopay_id
         GROUP BY c.autopay_id
        HAVING count(*) FILTER (WHERE c.state IN ('created', 'pending', 'unknown')) > 1
            OR bool_or(c.account_id <> o.account_id)
    """,
    why="A card may be charged twice for one order.",
)

ORDER_HAS_CONSENT: Final = Invariant(
    name="a standing order is on exactly while its consent is in force",
    sql="""
        SELECT o.id, o.account_id, o.state, c.id AS consent_id
          FROM accounts_autopay o
          LEFT JOIN accounts_consent c ON c.account_id = o.account_id AND c.what = 'autopay'
               AND c.object_id = o.id AND c.withdrawn_at IS NULL
         WHERE (o.state = 'on') IS DISTINCT FROM (c.id IS NOT NULL)
    """,
    why="A card is charged without the subscriber's word.",
)


def acquiring_invariants() -> list[Invariant]:
    """Return what must hold of money by card."""
    return [
        RETURNED_WITHIN,
        REFUND_IS_POSTED,
        CHARGEBACK_IS_POSTED,
        CARD_PAYMENT_IS_TAKEN_IN,
        ONE_TRY_OF_AN_ORDER,
        ORDER_HAS_CONSENT,
    ]
