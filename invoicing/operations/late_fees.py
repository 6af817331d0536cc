"""
Late fees, by night and set-based: each day's share of each overdue bill is written as a row, and one entry
an account goes to the ledger. A missed night is caught up as its day was; a day is counted once.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from django.db import connection, transaction

from accounts import operations as accounts
from accounts.domain.kinds import Kind
from billing_project.kernel.operations import record_events
from invoicing.domain.late_fees import days_to_count
from invoicing.models import LateFeeDay
from invoicing.queries.late_fees import first_rule_day, list_counted
from invoicing.queries.open_debt import DEBTS_AS_OF, OPEN_SQL

#: Two nights at once count one after the other.
LATE_LOCK: Final = 7_306_044

# The twin of domain.late_fees.add_day; a test plays both.
COUNT: Final = f"""{OPEN_SQL.format(debts=DEBTS_AS_OF)}
    , disputed AS (
        SELECT d.account_id, l.bill_id, sum(d.amount) AS amount
          FROM debt b
          JOIN invoicing_dispute d ON d.account_id = b.account_id AND d.state = 'open'
          JOIN invoicing_billline l ON l.id = d.bill_line_id
         GROUP BY d.account_id, l.bill_id
    ), late AS (
        SELECT o.account_id, o.bill_id, o.due_on, sum(o.open) - coalesce(x.amount, 0) AS base
          FROM open o
          LEFT JOIN disputed x ON x.account_id = o.account_id AND x.bill_id = o.bill_id
         WHERE o.what = 'bill' AND o.due_on < %(on)s
           AND NOT EXISTS (SELECT FROM invoicing_latefee f
                            WHERE f.account_id = o.account_id AND f.day = %(on)s)
         GROUP BY o.account_id, o.bill_id, o.due_on, x.amount
    ), ruled AS (
        SELECT l.*, r.id AS rule_id, r.way, r.amount AS per_month, r.cap_percent, r.minimum,
               l.due_on + r.grace_days + 1 AS first_day,
               CASE r.way WHEN 'percent' THEN r.percent
                    WHEN 'key_rate' THEN round(k.percent / r.divisor, 8) END AS percent
          FROM late l
          JOIN accounts_account a ON a.id = l.account_id
          JOIN accounts_contract t ON t.id = a.contract_id
          JOIN accounts_customer c ON c.id = a.customer_id
          CROSS JOIN LATERAL (
               SELECT * FROM invoicing_latefeerule r
                WHERE r.active_from <= %(on)s AND (r.active_to IS NULL OR r.active_to > %(on)s)
                  AND (r.legal_entity_id IS NULL OR r.legal_entity_id = t.legal_entity_id)
                  AND r.customer_kind IN ('', c.kind) AND r.credit_class IN ('', a.credit_class)
                ORDER BY r.position, r.id LIMIT 1) r
          LEFT JOIN LATERAL (
               SELECT percent FROM invoicing_keyrate WHERE valid_from <= %(on)s
                ORDER BY valid_from DESC LIMIT 1) k ON true
         WHERE l.base > 0
    ), added AS (
        SELECT r.*, coalesce(f.exact, 0) + round(CASE WHEN r.way = 'fixed'
                   THEN r.per_month * (invoicing_months_begun(r.first_day, %(on)s)
                                     - invoicing_months_begun(r.first_day, %(on)s::date - 1))
                   ELSE r.base * r.percent / 100 END, 8) AS exact,
               coalesce(f.charged, 0) AS before
          FROM ruled r
          LEFT JOIN LATERAL (
               SELECT exact, charged FROM invoicing_latefee f
                WHERE f.account_id = r.account_id AND f.bill_id = r.bill_id AND f.day < %(on)s
                ORDER BY f.day DESC LIMIT 1) f ON true
         WHERE r.first_day <= %(on)s AND (r.way = 'fixed' OR r.percent IS NOT NULL)
    ), due AS (
        SELECT a.*, least(exact, coalesce(base * cap_percent / 100, exact)) AS due FROM added a
    ), priced AS (
        SELECT d.*, greatest(0, CASE WHEN due < minimum THEN 0 ELSE round(due, 2) END - before)
               AS now_due
          FROM due d
    )
    INSERT INTO invoicing_latefee
        (account_id, bill_id, day, rule_id, base, percent, exact, charged, amount)
    SELECT account_id, bill_id, %(on)s, rule_id, base, percent, exact, before + now_due, now_due
      FROM priced ORDER BY account_id, bill_id
    ON CONFLICT (account_id, bill_id, day) DO NOTHING
"""
POSTINGS: Final = """
    SELECT f.account_id, to_char(f.day, 'YYYYMMDD')::bigint, -sum(f.amount), f.day, NULL::bigint,
           jsonb_build_object('day', f.day, 'parts', jsonb_agg(jsonb_build_object(
               'bill', b.number_text, 'base', f.base::text, 'percent', f.percent::text,
               'amount', f.amount::text) ORDER BY f.bill_id))
      FROM invoicing_latefee f JOIN invoicing_bill b ON b.id = f.bill_id
     WHERE f.day = %(on)s AND f.amount > 0
       AND f.account_id >= %(account_from)s AND f.account_id < %(account_to)s
     GROUP BY f.account_id, f.day
"""
# The first day only: people are told that it began, the bill says what it came to.
EVENTS: Final = """
    SELECT DISTINCT f.account_id, a.customer_id, NULL::bigint, %(now)s::timestamptz,
           jsonb_build_object('day', f.day)
      FROM invoicing_latefee f JOIN accounts_account a ON a.id = f.account_id
     WHERE f.day = %(on)s AND f.amount > 0 AND f.charged = f.amount
       AND f.account_id >= %(account_from)s AND f.account_id < %(account_to)s
"""


def charge_late_fees(
    *,
    business_date: date,
    now: datetime,
    actor: str = "system:nightly",
    account_from: int = 0,
    account_to: int = 2**62,
) -> int:
    """
    Charge the late fees of a day, and of missed nights before it, for a half-open range of accounts.

    Each day commits as a whole; the second time it charges nothing. Returns the entries posted.
    """
    accounts_range = {"account_from": account_from, "account_to": account_to}
    days = days_to_count(
        on=business_date, since=first_rule_day(), counted=list_counted(**accounts_range)
    )
    return sum(_charge_day(day, accounts_range, now=now, actor=actor) for day in days)


@transaction.atomic
def _charge_day(day: date, accounts_range: Mapping[str, int], *, now: datetime, actor: str) -> int:
    values: dict[str, Any] = {**accounts_range, "on": day, "in_detail": False}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LATE_LOCK])
        if day in list_counted(**accounts_range):  # a night beside this one was first
            return 0
        cursor.execute(COUNT, values)
        counted = cursor.rowcount
    posted = 0
    if counted:
        posted = accounts.post_many(
            source_sql=POSTINGS, params=values, kind=Kind.LATE_FEE, now=now, actor=actor
        )
        record_events(
            kind="late_fee.began", source_sql=EVENTS, params={**values, "now": now}, actor=actor
        )
    LateFeeDay.objects.create(day=day, counted_at=now, **accounts_range)
    return posted
