"""
What of the accounts' debt is open of which bill: `domain.allocation.allocate` in set-based SQL, out of
the balance, bills with their notes, instalment plans and the payers' choices. Nothing of it is stored.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from billing_project.kernel.money import ZERO
from invoicing.domain.documents import LATE_FEE

#: Debts now, of these accounts; (account_id, debt).
DEBTS_NOW: Final = """
    SELECT account_id, -money AS debt FROM accounts_accountbalance
     WHERE money < 0 AND account_id = ANY(%(account_ids)s)
"""
#: Debts of a range of accounts as they were at the end of a day.
DEBTS_AS_OF: Final = """
    SELECT m.account_id, -(m.money - coalesce(e.since, 0)) AS debt
      FROM accounts_accountbalance m
      LEFT JOIN (SELECT account_id, sum(amount) AS since FROM accounts_ledgerentry
                  WHERE fund = 1 AND business_date > %(on)s AND account_id >= %(account_from)s
                    AND account_id < %(account_to)s GROUP BY account_id) e
        ON e.account_id = m.account_id
     WHERE m.account_id >= %(account_from)s AND m.account_id < %(account_to)s
       AND m.money - coalesce(e.since, 0) < 0
"""
# Sums of lines are looked at only where a service or late fees are told apart: elsewhere a bill is one.
OPEN_SQL: Final = f"""
    WITH debt AS MATERIALIZED ({{debts}}),
    bill AS MATERIALIZED (
        SELECT b.id, b.account_id, b.due_on, b.period_end, b.gross, b.closing,
               row_number() OVER (PARTITION BY b.account_id
                                  ORDER BY b.period_end DESC, b.id DESC) AS age
          FROM debt d JOIN invoicing_bill b ON b.account_id = d.account_id
         WHERE b.issued_on <= %(on)s
           AND NOT EXISTS (SELECT FROM invoicing_billvoid v
                            WHERE v.account_id = b.account_id AND v.bill_id = b.id)
    ), noted AS MATERIALIZED (
        SELECT b.account_id, b.id AS bill_id, n.bill_line_id, h.issued_on,
               CASE n.kind WHEN 'credit_note' THEN -n.gross ELSE n.gross END AS change
          FROM bill b
          JOIN invoicing_note h ON h.account_id = b.account_id AND h.bill_id = b.id
           AND h.issued_on <= %(on)s
          JOIN invoicing_noteline n ON n.account_id = h.account_id AND n.note_id = h.id
    ), told_apart AS MATERIALIZED (
        SELECT account_id FROM debt d
         WHERE %(in_detail)s
            OR EXISTS (SELECT FROM invoicing_paymentchoice c
                        WHERE c.account_id = d.account_id AND c.subscription_id IS NOT NULL)
            OR EXISTS (SELECT FROM invoicing_latefee f WHERE f.account_id = d.account_id)
    ), sums AS (
        SELECT b.account_id, b.id AS bill_id, b.due_on, b.period_end, false AS is_late_fee,
               0::bigint AS service_id, b.gross + coalesce(n.change, 0) AS gross
          FROM bill b
          LEFT JOIN (SELECT bill_id, sum(change) AS change FROM noted GROUP BY bill_id) n
            ON n.bill_id = b.id
         WHERE b.account_id NOT IN (SELECT account_id FROM told_apart)
        UNION ALL
        SELECT b.account_id, b.id, b.due_on, b.period_end, l.kind = '{LATE_FEE}',
               coalesce(l.subscription_id, 0), sum(l.gross + coalesce(n.change, 0))
          FROM told_apart t
          JOIN bill b ON b.account_id = t.account_id
          JOIN invoicing_billline l
            ON l.account_id = b.account_id AND l.bill_id = b.id AND l.kind <> 'adjustment'
          LEFT JOIN (SELECT bill_line_id, sum(change) AS change FROM noted GROUP BY bill_line_id) n
            ON n.bill_line_id = l.id
         GROUP BY b.account_id, b.id, b.due_on, b.period_end, l.kind = '{LATE_FEE}',
                  coalesce(l.subscription_id, 0)
    ), within AS (
        SELECT s.*, greatest(sum(gross) OVER (PARTITION BY bill_id), 0) - coalesce(
                   sum(greatest(gross, 0)) OVER (PARTITION BY bill_id
                       ORDER BY is_late_fee, service_id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS left_of_bill
          FROM sums s
    ), billed AS (
        SELECT account_id, bill_id, due_on, period_end, is_late_fee, service_id,
               greatest(least(gross, left_of_bill), 0) AS charged
          FROM within
    ), cover AS MATERIALIZED (
        SELECT c.account_id, coalesce(c.bill_id, later.id, 0) AS bill_id, sum(c.amount) AS amount
          FROM debt d
          JOIN invoicing_instalmentcover c ON c.account_id = d.account_id
          JOIN invoicing_instalmentplan p ON p.id = c.plan_id AND p.state = 'active'
          LEFT JOIN LATERAL (
               SELECT b.id FROM invoicing_bill b
                WHERE c.bill_id IS NULL AND b.account_id = c.account_id
                  AND b.id > p.after_bill_id AND b.issued_on <= %(on)s
                  AND NOT EXISTS (SELECT FROM invoicing_billvoid v
                                   WHERE v.account_id = b.account_id AND v.bill_id = b.id)
                ORDER BY b.period_end, b.id LIMIT 1) later ON true
         GROUP BY 1, 2
    ), owed AS (
        SELECT b.account_id, b.bill_id, b.due_on, b.period_end, b.is_late_fee, b.service_id,
               0::bigint AS plan_id, 0 AS number,
               b.charged - greatest(least(b.charged, coalesce(c.amount, 0) - coalesce(
                   sum(b.charged) OVER (PARTITION BY b.bill_id ORDER BY b.is_late_fee, b.service_id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)), 0) AS charged
          FROM billed b
          LEFT JOIN cover c ON c.account_id = b.account_id AND c.bill_id = b.bill_id
        UNION ALL
        SELECT t.account_id, 0, t.due_on, t.due_on, false, 0, t.plan_id, t.number, t.amount
          FROM debt d
          JOIN invoicing_instalmentpart t ON t.account_id = d.account_id
          JOIN invoicing_instalmentplan p ON p.id = t.plan_id AND p.state = 'active'
    ), item AS MATERIALIZED (
        SELECT o.*, row_number() OVER (PARTITION BY account_id ORDER BY due_on, period_end,
                        bill_id, is_late_fee, service_id, number) AS place
          FROM owed o
    ), choice AS MATERIALIZED (
        SELECT c.account_id, coalesce(c.bill_id, 0) AS bill_id, coalesce(c.plan_id, 0) AS plan_id,
               coalesce(c.subscription_id, 0) AS service_id,
               sum(p.amount - accounts_returned(p.id)) AS amount
          FROM debt d
          JOIN invoicing_paymentchoice c ON c.account_id = d.account_id
          LEFT JOIN accounts_cardpayment k ON k.id = c.card_payment_id
          LEFT JOIN accounts_paymentnotice n ON n.id = k.notice_id
          JOIN accounts_payment p ON p.id = coalesce(c.payment_id, n.payment_id)
           AND p.account_id = c.account_id AND p.state = 'posted' AND p.business_date <= %(on)s
         GROUP BY 1, 2, 3, 4
    ), first AS (
        SELECT i.*, greatest(least(i.charged, coalesce(c.amount, 0) - coalesce(
                   sum(i.charged) OVER (PARTITION BY i.account_id, i.bill_id, i.plan_id
                       ORDER BY i.place
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)), 0) AS for_bill
          FROM item i
          LEFT JOIN choice c ON c.account_id = i.account_id AND c.service_id = 0
           AND (c.bill_id, c.plan_id) = (i.bill_id, i.plan_id)
    ), chosen AS (
        SELECT f.*, f.for_bill + greatest(least(f.charged - f.for_bill, coalesce(c.amount, 0)
               - coalesce(sum(f.charged - f.for_bill) OVER (PARTITION BY f.account_id, f.service_id
                              ORDER BY f.place
                              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)), 0) AS chosen
          FROM first f
          LEFT JOIN choice c ON c.account_id = f.account_id AND c.service_id = f.service_id
           AND f.service_id <> 0
    ), fresh AS MATERIALIZED (
        SELECT d.account_id, d.debt, least(d.debt, greatest(0, d.debt - coalesce(
                   greatest(0, b.closing - coalesce(paid.amount, 0) + coalesce(changed.amount, 0)),
                   0) - coalesce(c.amount, 0))) AS unbilled
          FROM debt d
          LEFT JOIN bill b ON b.account_id = d.account_id AND b.age = 1
          LEFT JOIN cover c ON c.account_id = d.account_id AND c.bill_id = 0
          LEFT JOIN LATERAL (
               SELECT sum(p.amount) AS amount FROM accounts_payment p
                WHERE p.account_id = d.account_id AND p.state = 'posted'
                  AND p.business_date >= b.period_end AND p.business_date <= %(on)s
               ) AS paid ON true
          LEFT JOIN (SELECT n.account_id, sum(n.change) AS amount
                       FROM noted n JOIN bill x ON x.account_id = n.account_id AND x.age = 1
                        AND n.issued_on >= x.period_end
                      GROUP BY n.account_id) AS changed ON changed.account_id = d.account_id
    ), opened AS (
        SELECT c.*, f.debt - f.unbilled AS rest,
               greatest(least(c.charged - c.chosen, f.debt - f.unbilled - coalesce(
                   sum(c.charged - c.chosen) OVER younger, 0)), 0) AS first_open,
               coalesce(sum(c.chosen) OVER younger, 0) AS younger_chosen
          FROM chosen c JOIN fresh f ON f.account_id = c.account_id
        WINDOW younger AS (PARTITION BY c.account_id ORDER BY c.place DESC
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ), reopened AS (
        SELECT o.*, greatest(least(o.chosen, o.rest - o.younger_chosen
                   - sum(o.first_open) OVER (PARTITION BY o.account_id)), 0) AS second_open
          FROM opened o
    ), open AS (
        SELECT account_id, 'unbilled' AS what, 0::bigint AS bill_id, 0::bigint AS service_id,
               0::bigint AS plan_id, 0 AS number, NULL::date AS due_on, NULL::date AS period_end,
               unbilled AS charged, 0::numeric AS chosen, unbilled AS open
          FROM fresh WHERE unbilled > 0
        UNION ALL
        SELECT account_id,
               CASE WHEN plan_id > 0 THEN 'part' WHEN is_late_fee THEN '{LATE_FEE}' ELSE 'bill' END,
               bill_id, service_id, plan_id, number, due_on, period_end, charged, chosen,
               first_open + second_open
          FROM reopened
        UNION ALL
        SELECT f.account_id, 'older', 0, 0, 0, 0, NULL, NULL, 0, 0,
               f.debt - f.unbilled - coalesce(r.open, 0)
          FROM fresh f
          LEFT JOIN (SELECT account_id, sum(first_open + second_open) AS open
                       FROM reopened GROUP BY account_id) r ON r.account_id = f.account_id
         WHERE f.debt - f.unbilled > coalesce(r.open, 0)
    )
"""
ROWS: Final = """
    SELECT account_id, what, bill_id, service_id, plan_id, number, due_on, charged, chosen, open
      FROM open ORDER BY account_id, due_on, period_end, bill_id, what, service_id, number
"""


@dataclass(frozen=True, slots=True)
class OpenItem:
    """
    What is open of something owed: `what` is bill, late_fee, part (of a plan), unbilled or older.
    """

    what: str
    bill_id: int
    service_id: int
    plan_id: int
    number: int
    due_on: date | None
    charged: Decimal
    chosen: Decimal
    open: Decimal

    def is_overdue(self, on: date) -> bool:
        """Whether it should have been paid before a day; what no bill explains always."""
        if self.open <= 0 or self.what == "unbilled":
            return False
        return self.due_on is None or self.due_on < on


@dataclass(frozen=True, slots=True)
class OpenDebt:
    """An account's debt in its places, what was due first on top."""

    items: list[OpenItem] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        """The debt."""
        return sum((one.open for one in self.items), ZERO)

    def overdue(self, on: date) -> Decimal:
        """What should have been paid before a day."""
        return sum((one.open for one in self.items if one.is_overdue(on)), ZERO)

    def of_bill(self, bill_id: int) -> Decimal:
        """What is open of a bill itself, without what a plan took over."""
        return sum((one.open for one in self.items if one.bill_id == bill_id), ZERO)

    def up_to(self, due_on: date) -> Decimal:
        """What should be paid by a day: what a bill asks for, less what was paid in since."""
        due = (one for one in self.items if one.what != "unbilled")
        return sum((one.open for one in due if one.due_on is None or one.due_on <= due_on), ZERO)

    def of_plan(self, plan_id: int) -> list[OpenItem]:
        """The parts of a plan, in their order."""
        found = [one for one in self.items if one.what == "part" and one.plan_id == plan_id]
        return sorted(found, key=lambda one: one.number)


def list_open(
    account_ids: Iterable[int], *, in_detail: bool = False, on: date | None = None
) -> dict[int, OpenDebt]:
    """
    Return what is open of the debt of accounts now; accounts without debt are left out.

    `in_detail` tells services of a bill apart; `on` leaves out bills issued and payments of after it.
    """
    values: dict[str, Any] = {
        "account_ids": list(account_ids),
        "in_detail": in_detail,
        "on": on or date.max,
    }
    found: dict[int, OpenDebt] = defaultdict(OpenDebt)
    with connection.cursor() as cursor:
        cursor.execute(OPEN_SQL.format(debts=DEBTS_NOW) + ROWS, values)
        for account_id, *columns in cursor.fetchall():
            found[account_id].items.append(OpenItem(*columns))
    return dict(found)


def get_open(account_id: int, *, in_detail: bool = False) -> OpenDebt:
    """Return what is open of the debt of one account now."""
    return list_open([account_id], in_detail=in_detail).get(account_id, OpenDebt())
