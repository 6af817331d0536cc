"""
Writing receipts, set-based, in the transaction of the money they are about.

A payment has one where its legal entity has a fiscal gateway on its business day, unless the way
it was paid is one whose operator gives the receipt itself. What is given back has one exactly if the
payment has.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from django.db import connection

from accounts.domain.fiscal import VAT_CODES, WITHOUT_VAT
from accounts.queries.receipts import GATEWAY_JOIN
from billing_project.kernel import queue

#: Columns of the statement: payments, ids of the sources, amounts and days (null: the payment's).
Rows = Mapping[str, Sequence[Any]]

NUDGE: Final = "receipts.send"
#: Ways of paying that are coins and notes.
CASH: Final = ("cash_desk", "cash")

_CODES: Final = ", ".join(
    f"({percent}::numeric, {str(is_calculated).lower()}, {code})"
    for (percent, is_calculated), code in VAT_CODES.items()
)
#: An account without a rate of the day's tax has no VAT; a rate without a code stays null.
VAT: Final = f"""
    LEFT JOIN LATERAL (
        SELECT percent FROM tariffs_taxrate t
         WHERE t.category = g.tax_category AND t.valid_from <= x.business_date
           AND (t.valid_to IS NULL OR t.valid_to > x.business_date)
    ) AS rate ON g.tax_system = 'osn' AND g.tax_category <> 'none'
    LEFT JOIN (VALUES {_CODES}) AS v (percent, is_calculated, code)
           ON v.percent = rate.percent AND v.is_calculated = (g.method = 'advance')
"""
VAT_CODE: Final = f"""
    CASE WHEN g.tax_system <> 'osn' OR g.tax_category = 'none' THEN {WITHOUT_VAT} ELSE v.code END
"""
NO_CODE: Final = "no VAT code for the rate of the day"

# Terms, state and contact are looked at once; what happens to them later changes no receipt.
WRITE: Final = """
    INSERT INTO accounts_fiscalreceipt
        (account_id, gateway_id, payment_id, source, source_id, kind, amount, currency, vat_code,
         is_cash, email, phone, reason, business_date, written_at, actor, state, round, attempts, claim,
         next_try_at, error, uuid, fn_number, document_number, document_sign, shift_number,
         receipt_number, registered_at)
    SELECT p.account_id, g.id, p.id, %(source)s, x.source_id, %(kind)s, x.amount, p.currency, {vat},
           p.gateway = ANY(%(cash)s), c.email, c.phone, %(reason)s, x.business_date, %(now)s,
           %(actor)s, CASE WHEN {vat} IS NULL THEN 'failed' ELSE 'waiting' END, 1, 0, 0, %(now)s,
           CASE WHEN {vat} IS NULL THEN %(no_code)s ELSE '' END, '', '', '', '', '', '', ''
      FROM unnest(%(payments)s::bigint[], %(ids)s::bigint[], %(amounts)s::numeric[],
                  %(days)s::date[]) AS given (payment_id, source_id, amount, business_date)
      JOIN accounts_payment p ON p.id = given.payment_id
      CROSS JOIN LATERAL (
        SELECT given.source_id, coalesce(given.amount, p.amount) AS amount,
               coalesce(given.business_date, p.business_date) AS business_date) AS x
      JOIN accounts_account a ON a.id = p.account_id
      JOIN accounts_customer c ON c.id = a.customer_id
      JOIN accounts_contract k ON k.id = a.contract_id
      {gateway}
      {rate}
     ORDER BY p.id
    ON CONFLICT (account_id, source, source_id) DO NOTHING
    RETURNING id
"""
OF_PAYMENT: Final = WRITE.format(vat=VAT_CODE, rate=VAT, gateway=GATEWAY_JOIN)
# The terms of the day of the return, if a gateway is in use then, else those of the payment.
OF_RETURN: Final = WRITE.format(
    vat=VAT_CODE,
    rate=VAT,
    gateway="""
      JOIN accounts_fiscalreceipt sold ON sold.account_id = p.account_id
       AND sold.source = 'payment' AND sold.source_id = p.id
      JOIN LATERAL (
        SELECT f.* FROM accounts_fiscalgateway f
         WHERE f.id = sold.gateway_id
            OR (f.legal_entity_id = k.legal_entity_id AND f.active_from <= x.business_date
                AND (f.active_to IS NULL OR f.active_to > x.business_date))
         ORDER BY f.active_from DESC LIMIT 1) AS g ON true
    """,
)
OF_CORRECTION: Final = WRITE.format(
    vat=VAT_CODE,
    rate=VAT,
    gateway="""
      JOIN LATERAL (
        SELECT f.* FROM accounts_fiscalgateway f
         WHERE f.legal_entity_id = k.legal_entity_id AND f.active_to IS NULL
         ORDER BY f.active_from DESC LIMIT 1) AS g ON true
    """,
)


def write_sold(*, payment_ids: Iterable[int], now: datetime, actor: str) -> int:
    """Write the receipts of payments just credited; return how many there are to be."""
    ids = list(payment_ids)
    nothing = [None] * len(ids)
    rows: Rows = {"payments": ids, "ids": ids, "amounts": nothing, "days": nothing}
    return _write(OF_PAYMENT, rows, source="payment", kind="sell", now=now, actor=actor)


def write_returned(
    *, payment_id: int, business_date: date, reason: str, now: datetime, actor: str
) -> int:
    """Write the receipt of a payment that is taken back whole; 0 if it has none itself."""
    rows: Rows = {
        "payments": [payment_id],
        "ids": [payment_id],
        "amounts": [None],
        "days": [business_date],
    }
    return _write(
        OF_RETURN,
        rows,
        source="reversal",
        kind="sell_refund",
        now=now,
        actor=actor,
        reason=reason,
    )


def write_given_back(
    *,
    payment_id: int,
    source: Literal["refund", "chargeback"],
    source_id: int,
    amount: Decimal,
    business_date: date,
    now: datetime,
    actor: str,
    reason: str = "",
) -> int:
    """
    Write the receipt of a part of a payment that went back; `source_id` is the id of the row that says
    so: a refund of ours, or a dispute that the payer's bank decided against us.

    Call it in the transaction of the entry. The same row again writes nothing; 0 too if the payment has
    no receipt.
    """
    rows: Rows = {
        "payments": [payment_id],
        "ids": [source_id],
        "amounts": [amount],
        "days": [business_date],
    }
    return _write(
        OF_RETURN, rows, source=source, kind="sell_refund", now=now, actor=actor, reason=reason
    )


def write_correction(*, payment_id: int, reason: str, now: datetime, actor: str) -> int:
    """Write the correction that stands for a receipt which was never made; 0 without a gateway."""
    rows: Rows = {
        "payments": [payment_id],
        "ids": [payment_id],
        "amounts": [None],
        "days": [None],
    }
    return _write(
        OF_CORRECTION,
        rows,
        source="correction",
        kind="correction",
        now=now,
        actor=actor,
        reason=reason,
    )


def _write(
    statement: str,
    rows: Rows,
    *,
    source: str,
    kind: str,
    now: datetime,
    actor: str,
    reason: str = "",
) -> int:
    values: dict[str, Any] = {
        **rows,
        "source": source,
        "kind": kind,
        "now": now,
        "actor": actor,
        "reason": reason[:200],
        "cash": list(CASH),
        "no_code": NO_CODE,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        written = len(cursor.fetchall())
    if written:
        queue.nudge(NUDGE)
    return written
