"""
The promises of holds, bonuses, write-offs, reversals and opening balances.
"""

from typing import Final

from accounts.domain.kinds import Fund, Kind
from accounts.domain.posting import OWN_REFS, REVERSAL_REFS
from accounts.queries.balances import ASKED_SQL
from billing_project.kernel.invariants import Invariant

HOLDS_WITHIN_HELD: Final = Invariant(
    name="holds: a balance holds at least what open holds keep",
    sql=f"""
        SELECT h.account_id, h.held, b.held AS on_balance
          FROM ({ASKED_SQL}) AS h
          LEFT JOIN accounts_accountbalance b ON b.account_id = h.account_id
         WHERE coalesce(b.held, 0) < h.held
    """,
    why="Money that was promised to be there when it is taken may be spent before.",
)

HOLD_IS_CAPTURED: Final = Invariant(
    name="holds: what was taken of a hold is the sum of its captures",
    sql="""
        SELECT h.id, h.account_id, h.captured, c.amount
          FROM accounts_hold h
          LEFT JOIN (SELECT hold_id, account_id, sum(amount) AS amount
                       FROM accounts_holdcapture GROUP BY hold_id, account_id) AS c
            ON c.hold_id = h.id AND c.account_id = h.account_id
         WHERE h.captured <> coalesce(c.amount, 0)
            OR (h.state = 'captured') AND h.captured = 0
    """,
    why="More or less was charged than was taken of the money held.",
)

BONUS_IS_LEFT: Final = Invariant(
    name="bonuses: the balance's bonus is what is left of the grants",
    sql="""
        SELECT account_id, b.bonus, g.amount
          FROM (SELECT account_id, bonus FROM accounts_accountbalance WHERE bonus <> 0) AS b
          FULL JOIN (SELECT account_id, sum("left") AS amount FROM accounts_bonusgrant
                      WHERE "left" <> 0 GROUP BY account_id) AS g USING (account_id)
         WHERE coalesce(b.bonus, 0) <> coalesce(g.amount, 0)
    """,
    why="Bonus money stands on the balance that nobody granted, or a grant was lost.",
)

GRANT_IS_SPENT: Final = Invariant(
    name="bonuses: a grant is what is left, was used and expired of it",
    sql="""
        SELECT g.id, g.account_id, g.amount, g."left", p.amount
          FROM accounts_bonusgrant g
          LEFT JOIN (SELECT grant_id, account_id, sum(amount) AS amount
                       FROM accounts_bonuspart GROUP BY grant_id, account_id) AS p
            ON p.grant_id = g.id AND p.account_id = g.account_id
         WHERE g.amount <> g."left" + coalesce(p.amount, 0)
    """,
    why="A bonus was used without a record of what it paid, or counted twice.",
)

USE_IS_PARTS: Final = Invariant(
    name="bonuses: a use is the sum of its parts",
    sql="""
        SELECT u.id, u.account_id, u.amount, p.amount
          FROM accounts_bonususe u
          LEFT JOIN (SELECT use_id, account_id, sum(amount) AS amount
                       FROM accounts_bonuspart GROUP BY use_id, account_id) AS p
            ON p.use_id = u.id AND p.account_id = u.account_id
         WHERE u.amount IS DISTINCT FROM p.amount
    """,
    why="Charges were paid with bonus money that was taken from no grant.",
)

REVERSED_ONCE: Final = Invariant(
    name="reversals: an entry taken back by hand is undone exactly, by one entry",
    sql=f"""
        SELECT r.id, r.account_id, r.entry_id, r.amount, o.amount AS original, e.amount AS entry
          FROM accounts_entryreversal r
          LEFT JOIN accounts_ledgerentry o ON o.account_id = r.account_id
           AND o.business_date = r.entry_date AND o.id = r.entry_id
          LEFT JOIN accounts_ledgerentry e ON e.account_id = r.account_id
           AND e.business_date = r.business_date AND e.kind = r.kind
           AND e.ref = r.id + {REVERSAL_REFS}
         WHERE (o.kind, -o.amount, e.amount, e.reverses_id, e.fund)
            IS DISTINCT FROM (r.kind, r.amount, r.amount, r.entry_id, o.fund)
    """,
    why="A correction took back another sum than stood in the ledger.",
)

REVERSAL_IS_ASKED: Final = Invariant(
    name="reversals: every entry made as one has its reason",
    sql=f"""
        SELECT e.id, e.account_id, e.kind, e.ref, e.amount
          FROM accounts_ledgerentry e
          LEFT JOIN accounts_entryreversal r
            ON r.account_id = e.account_id AND r.id = e.ref - {REVERSAL_REFS}
         WHERE e.ref >= {REVERSAL_REFS} AND r.id IS NULL
    """,
    why="Something was taken back without anybody having asked for it.",
)

WITHIN_SELECTION: Final = Invariant(
    name="write-offs: a run writes off no more than was selected",
    sql="""
        SELECT w.id, w.account_id, w.amount, l.amount AS selected
          FROM accounts_writeoff w
          LEFT JOIN accounts_writeoffline l ON l.run_id = w.run_id AND l.account_id = w.account_id
         WHERE w.run_id IS NOT NULL AND w.amount > coalesce(l.amount, 0)
    """,
    why="Debts were given up that nobody had looked at and approved.",
)


def _posted(
    name: str, *, table: str, kind: Kind, rows: str, ref: str, entries: str, why: str
) -> Invariant:
    """A row for each entry of the kind, an entry for each row, of equal amounts."""
    return Invariant(
        name=name,
        sql=f"""
            SELECT d.id, d.account_id, d.amount, e.account_id, e.ref, e.amount
              FROM (SELECT id, account_id, {rows} AS amount, {ref} AS ref FROM {table}) AS d
              FULL JOIN (SELECT account_id, ref, amount FROM accounts_ledgerentry
                          WHERE kind = {int(kind)} AND {entries}) AS e
                ON e.ref = d.ref AND e.account_id = d.account_id
             WHERE d.amount IS DISTINCT FROM e.amount
        """,
        why=why,
    )


_OWN: Final = f"ref >= {OWN_REFS} AND ref < {REVERSAL_REFS}"
_FORWARD: Final = f"ref < {REVERSAL_REFS}"

POSTED: Final = (
    _posted(
        "holds: every capture has its charge, every such charge its capture",
        table="accounts_holdcapture",
        kind=Kind.ONE_OFF,
        rows="-amount",
        ref=f"id + {OWN_REFS}",
        entries=_OWN,
        why="Money was taken from a hold and not charged, or charged without being taken.",
    ),
    _posted(
        "write-offs: every write-off has its entry, every entry its write-off",
        table="accounts_writeoff",
        kind=Kind.WRITE_OFF,
        rows="amount",
        ref="id",
        entries=_FORWARD,
        why="A debt was given up without a reason on record, or on record only.",
    ),
    _posted(
        "opening balances: every one has its entry, every such entry its row",
        table="accounts_openingbalance",
        kind=Kind.OPENING,
        rows="amount",
        ref=f"id + {OWN_REFS}",
        entries=_OWN,
        why="An account began with another sum than was handed over.",
    ),
    _posted(
        "bonuses: every grant has its entry, every entry its grant",
        table="accounts_bonusgrant",
        kind=Kind.BONUS_GRANT,
        rows="amount",
        ref="id",
        entries=_FORWARD,
        why="Bonus money was granted by half.",
    ),
    _posted(
        "bonuses: every use took its bonus money",
        table="accounts_bonususe",
        kind=Kind.BONUS_USE,
        rows="-amount",
        ref="id",
        entries=f"fund = {int(Fund.BONUS)}",
        why="Charges were paid with bonus money that is still there.",
    ),
    _posted(
        "bonuses: every use became money",
        table="accounts_bonususe",
        kind=Kind.BONUS_USE,
        rows="amount",
        ref="-id",
        entries=f"fund = {int(Fund.MONEY)}",
        why="Bonus money was used and paid nothing.",
    ),
    _posted(
        "bonuses: what expired has its entry",
        table="(SELECT * FROM accounts_bonuspart WHERE use_id IS NULL) AS x",
        kind=Kind.BONUS_EXPIRY,
        rows="-amount",
        ref="grant_id",
        entries="true",
        why="Bonus money was lost by half.",
    ),
)


def correction_invariants() -> list[Invariant]:
    """Return the promises of what is held, granted, given up and taken back."""
    return [
        HOLDS_WITHIN_HELD,
        HOLD_IS_CAPTURED,
        BONUS_IS_LEFT,
        GRANT_IS_SPENT,
        USE_IS_PARTS,
        REVERSED_ONCE,
        REVERSAL_IS_ASKED,
        WITHIN_SELECTION,
        *POSTED,
    ]
