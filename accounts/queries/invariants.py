"""
The promises of accounts: each select returns what breaks it, every night nothing.
"""

from typing import Final

from accounts.domain.kinds import CONTRA_OF, Contra, Kind
from accounts.queries import cash_desk, intake, receipts, relations, vouchers
from accounts.queries.acquiring_invariants import acquiring_invariants
from accounts.queries.closing import closing_invariants
from accounts.queries.correction_invariants import correction_invariants
from accounts.queries.credit import credit_invariants
from accounts.queries.deposits import deposit_invariants
from accounts.queries.held_invariants import held_invariants
from accounts.queries.statements import statement_invariants
from billing_project.kernel.invariants import Invariant

_CONTRAS: Final = ", ".join(f"({int(kind)}, {int(contra)})" for kind, contra in CONTRA_OF.items())

# What is held is a part of the money that sessions have reserved: rating proves its sum.
BALANCE_IS_SUM: Final = Invariant(
    name="balance = sum of entries, per fund",
    sql="""
        SELECT account_id, b.money, s.money, b.bonus, s.bonus
          FROM accounts_accountbalance b
          FULL JOIN (
            SELECT account_id, coalesce(sum(amount) FILTER (WHERE fund = 1), 0) AS money,
                   coalesce(sum(amount) FILTER (WHERE fund = 2), 0) AS bonus
              FROM accounts_ledgerentry GROUP BY account_id
          ) AS s USING (account_id)
         WHERE (coalesce(b.money, 0), coalesce(b.bonus, 0))
            <> (coalesce(s.money, 0), coalesce(s.bonus, 0))
    """,
    why="The balance shown is not what the ledger says: somebody moved one without the other.",
)

ENTRY_HAS_KEY: Final = Invariant(
    name="every entry has its key, every key its entry, with equal amounts",
    sql="""
        SELECT account_id, kind, ref, k.amount, e.amount, e.entries
          FROM accounts_postingkey k
          FULL JOIN (
            SELECT account_id, kind, ref, sum(amount) AS amount, count(*) AS entries,
                   min(business_date) AS business_date
              FROM accounts_ledgerentry GROUP BY account_id, kind, ref
          ) AS e USING (account_id, kind, ref)
         WHERE k.amount IS DISTINCT FROM e.amount OR e.entries <> 1
            OR k.business_date <> e.business_date
    """,
    why="Something was posted twice, or past the posting statement.",
)

CONTRA_FITS: Final = Invariant(
    name="every entry stands against the contra account of its kind",
    sql=f"""
        SELECT e.id, e.account_id, e.kind, e.contra FROM accounts_ledgerentry e
          LEFT JOIN (VALUES {_CONTRAS}) AS t (kind, contra) ON t.kind = e.kind
         WHERE e.contra IS DISTINCT FROM t.contra
    """,
    why="The trial balance would show the amount in the wrong place.",
)

TRANSFERS_SUM_TO_ZERO: Final = Invariant(
    name="trial balance: transfers sum to zero, each of two entries",
    sql=f"""
        SELECT ref, sum(amount), count(*) FROM accounts_ledgerentry
         WHERE contra = {int(Contra.TRANSFERS)}
         GROUP BY ref HAVING sum(amount) <> 0 OR count(*) <> 2
    """,
    why="Money left one account and did not reach the other.",
)

TRIAL_BALANCE: Final = Invariant(
    name="trial balance: what accounts hold = minus what the contra accounts hold",
    sql="""
        SELECT held.total AS accounts, contras.total AS contra_side
          FROM (SELECT coalesce(sum(money + bonus), 0) AS total
                  FROM accounts_accountbalance) AS held,
               (SELECT coalesce(sum(per_contra.total), 0) AS total
                  FROM (SELECT contra, -sum(amount) AS total
                          FROM accounts_ledgerentry GROUP BY contra) AS per_contra) AS contras
         WHERE held.total + contras.total <> 0
    """,
    why="The books as a whole do not balance.",
)

PAYMENT_IS_CREDITED: Final = Invariant(
    name="every payment has its entry, every payment entry its payment",
    sql=f"""
        SELECT p.id, p.account_id, p.amount, e.account_id, e.ref, e.amount
          FROM accounts_payment p
          FULL JOIN (SELECT account_id, ref, amount FROM accounts_ledgerentry
                      WHERE kind = {int(Kind.PAYMENT)}) AS e
            ON e.ref = p.id AND e.account_id = p.account_id
         WHERE p.amount IS DISTINCT FROM e.amount
    """,
    why="Money came in and was not credited, or was credited without coming in.",
)

REVERSAL_MATCHES: Final = Invariant(
    name="a payment is reversed exactly when its state says so",
    sql=f"""
        SELECT p.id, p.account_id, p.state, p.amount, e.amount
          FROM accounts_payment p
          FULL JOIN (SELECT account_id, ref, amount FROM accounts_ledgerentry
                      WHERE kind = {int(Kind.PAYMENT_REVERSAL)}) AS e
            ON e.ref = p.id AND e.account_id = p.account_id
         WHERE (p.state = 'reversed') IS DISTINCT FROM (e.amount IS NOT NULL)
            OR p.amount + e.amount <> 0
    """,
    why="A payment was taken back by half: its state and its entries disagree.",
)

PAYMENT_HAS_REFERENCE: Final = Invariant(
    name="every payment has its reference, with the same amount and account",
    sql="""
        SELECT p.id, p.gateway, p.external_id, p.amount, r.amount
          FROM accounts_payment p
          FULL JOIN accounts_paymentreference r ON r.payment_id = p.id
         WHERE (p.account_id, p.amount, p.gateway, p.external_id)
            IS DISTINCT FROM (r.account_id, r.amount, r.gateway, r.external_id)
    """,
    why="The registry that stops a second credit does not know this payment.",
)

ADJUSTMENT_IS_POSTED: Final = Invariant(
    name="every adjustment has its entry, every adjustment entry its adjustment",
    sql=f"""
        SELECT d.id, d.account_id, d.amount, e.account_id, e.ref, e.amount
          FROM accounts_adjustment d
          FULL JOIN (SELECT account_id, ref, amount FROM accounts_ledgerentry
                      WHERE kind = {int(Kind.ADJUSTMENT)} AND reverses_id IS NULL) AS e
            ON e.ref = d.id AND e.account_id = d.account_id
         WHERE d.amount IS DISTINCT FROM e.amount
    """,
    why="A balance was corrected without a reason on record, or a reason without effect.",
)

NUMBER_IN_USE_IS_TAKEN: Final = Invariant(
    name="a number in use is not free in the pool, one that is not free is in use",
    sql="""
        SELECT p.kind, p.value, p.is_free, u.subscription_id
          FROM accounts_poolnumber p
          FULL JOIN (SELECT kind, value, subscription_id FROM accounts_identifieruse
                      WHERE active_to IS NULL) AS u USING (kind, value)
         WHERE p.is_free IS DISTINCT FROM (u.subscription_id IS NULL)
    """,
    why="The number would be given to a second subscriber, or to nobody ever again.",
)

NUMBER_OF_LIVE_SERVICE: Final = Invariant(
    name="numbers in use belong to services that live, on the service's account",
    sql="""
        SELECT u.id, u.value, u.subscription_id, s.state
          FROM accounts_identifieruse u JOIN accounts_subscription s ON s.id = u.subscription_id
         WHERE (u.active_to IS NULL AND s.state = 'terminated') OR u.account_id <> s.account_id
    """,
    why="Usage would be charged to a service that has ended, or to another account.",
)

BALANCE_EXISTS: Final = Invariant(
    name="every account has its balance row, every balance row its account",
    sql="""
        SELECT a.id, b.account_id
          FROM accounts_account a FULL JOIN accounts_accountbalance b ON b.account_id = a.id
         WHERE a.id IS NULL OR b.account_id IS NULL
    """,
    why="Nothing could be posted to the account.",
)

PLANS_WITHIN_SERVICE: Final = Invariant(
    name="plan history lies within the service's life, without a gap",
    sql="""
        SELECT s.id, p.id, p.active_from, p.active_to, p.previous_to, s.ordered_at, s.terminated_at
          FROM accounts_subscription s
          LEFT JOIN (SELECT *, lag(active_to) OVER (
                        PARTITION BY subscription_id ORDER BY active_from) AS previous_to,
                      lead(id) OVER (PARTITION BY subscription_id ORDER BY active_from) AS next_id
                       FROM accounts_planassignment) AS p ON p.subscription_id = s.id
         WHERE (p.id IS NULL AND s.state <> 'terminated')
            OR p.account_id <> s.account_id
            OR p.active_from < s.ordered_at
            OR (p.previous_to IS NOT NULL AND p.previous_to <> p.active_from)
            OR (p.id IS NOT NULL AND p.next_id IS NULL
                AND p.active_to IS DISTINCT FROM s.terminated_at)
    """,
    why="For some time the service has no plan, or a plan without the service.",
)


SNAPSHOT_IS_SUM: Final = Invariant(
    name="a snapshot is the sum of the entries up to its month's end",
    sql="""
        SELECT s.account_id, s.month, s.money, e.money, s.bonus, e.bonus, s.held, e.held
          FROM accounts_balancesnapshot s
          CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount) FILTER (WHERE fund = 1), 0) AS money,
                   coalesce(sum(amount) FILTER (WHERE fund = 2), 0) AS bonus,
                   coalesce(sum(amount) FILTER (WHERE fund = 3), 0) AS held
              FROM accounts_ledgerentry
             WHERE account_id = s.account_id
               AND business_date < (s.month + interval '1 month')::date
          ) AS e
         WHERE s.month = (SELECT max(month) FROM accounts_balancesnapshot)
           AND (s.money, s.bonus, s.held) <> (e.money, e.bonus, e.held)
    """,
    why="Something was posted into a month after its end was noted.",
)


def invariants() -> list[Invariant]:
    """Return the promises of accounts; partitions are the kernel's."""
    return [
        BALANCE_IS_SUM,
        ENTRY_HAS_KEY,
        CONTRA_FITS,
        TRANSFERS_SUM_TO_ZERO,
        TRIAL_BALANCE,
        PAYMENT_IS_CREDITED,
        REVERSAL_MATCHES,
        PAYMENT_HAS_REFERENCE,
        ADJUSTMENT_IS_POSTED,
        NUMBER_IN_USE_IS_TAKEN,
        NUMBER_OF_LIVE_SERVICE,
        BALANCE_EXISTS,
        SNAPSHOT_IS_SUM,
        PLANS_WITHIN_SERVICE,
        *closing_invariants(),
        *correction_invariants(),
        *relations.invariants(),
        *receipts.invariants(),
        *vouchers.invariants(),
        *cash_desk.invariants(),
        *intake.intake_invariants(),
        *acquiring_invariants(),
        *statement_invariants(),
        *held_invariants(),
        *deposit_invariants(),
        *credit_invariants(),
    ]
