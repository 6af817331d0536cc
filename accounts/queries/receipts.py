"""
Fiscal receipts: which payments have one, what waits, what needs a person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, Exists, OuterRef, QuerySet

from accounts.domain.fiscal import OVERDUE, Document, receipt_qr
from accounts.models import FiscalGateway, FiscalReceipt, Payment
from billing_project.kernel.invariants import Invariant

#: The gateway of a payment `p` under contract `k` on the day `x.business_date`.
GATEWAY_JOIN: Final = """
      JOIN accounts_fiscalgateway g ON g.legal_entity_id = k.legal_entity_id
       AND g.active_from <= x.business_date
       AND (g.active_to IS NULL OR g.active_to > x.business_date)
       AND NOT g.excepted ? p.gateway
"""

PAYMENT_HAS_RECEIPT: Final = Invariant(
    name="every payment under a fiscal gateway has its receipt, of its amount",
    sql=f"""
        SELECT p.id, p.account_id, p.amount, r.amount AS told
          FROM accounts_payment p
          JOIN accounts_account a ON a.id = p.account_id
          JOIN accounts_contract k ON k.id = a.contract_id
          CROSS JOIN LATERAL (SELECT p.business_date) AS x
          {GATEWAY_JOIN}
          LEFT JOIN accounts_fiscalreceipt r
            ON r.account_id = p.account_id AND r.source = 'payment' AND r.source_id = p.id
         WHERE r.amount IS DISTINCT FROM p.amount
    """,
    why="Money was taken and the tax office was not told, or was told another sum.",
)
RETURN_HAS_RECEIPT: Final = Invariant(
    name="a payment taken back has its return receipt exactly if it has a receipt",
    sql="""
        SELECT p.id, p.account_id, p.state, s.id AS sold, r.id AS returned
          FROM accounts_payment p
          LEFT JOIN accounts_fiscalreceipt s
            ON s.account_id = p.account_id AND s.source = 'payment' AND s.source_id = p.id
          LEFT JOIN accounts_fiscalreceipt r
            ON r.account_id = p.account_id AND r.source = 'reversal' AND r.source_id = p.id
         WHERE (p.state = 'reversed' AND s.id IS NOT NULL) <> (r.id IS NOT NULL)
            OR r.amount <> p.amount
    """,
    why="Money was given back and the tax office still counts it, or the other way round.",
)
BANK_RETURN_HAS_RECEIPT: Final = Invariant(
    name="a refund or a lost dispute has its return receipt exactly if the payment has a receipt",
    sql="""
        SELECT g.source, g.id, g.account_id, g.amount, r.amount AS told
          FROM (SELECT 'refund' AS source, id, account_id, payment_id, amount FROM accounts_refund
                 WHERE state = 'succeeded'
                UNION ALL
                SELECT 'chargeback', id, account_id, payment_id, amount FROM accounts_chargeback
                 WHERE state = 'lost' AND amount > 0) AS g
          LEFT JOIN accounts_fiscalreceipt s ON s.account_id = g.account_id
           AND s.source = 'payment' AND s.source_id = g.payment_id
          LEFT JOIN accounts_fiscalreceipt r ON r.account_id = g.account_id
           AND r.source = g.source AND r.source_id = g.id
         WHERE r.amount IS DISTINCT FROM CASE WHEN s.id IS NOT NULL THEN g.amount END
    """,
    why="The payer has the money back and the tax office still counts it, or the other way round.",
)
RETURNS_WITHIN_PAYMENT: Final = Invariant(
    name="receipts of what was given back never exceed the payment",
    sql="""
        SELECT p.id, p.account_id, p.amount, r.returned
          FROM (SELECT payment_id, sum(amount) AS returned FROM accounts_fiscalreceipt
                 WHERE kind = 'sell_refund' GROUP BY payment_id) AS r
          JOIN accounts_payment p ON p.id = r.payment_id
         WHERE r.returned > p.amount
    """,
    why="More was told as returned than was ever taken.",
)
DONE_IS_KNOWN: Final = Invariant(
    name="a registered receipt has its fiscal sign, no other has; what is not ends in a try",
    sql="""
        SELECT id, account_id, state, uuid, document_sign FROM accounts_fiscalreceipt
         WHERE (state = 'done') <> (done_at IS NOT NULL)
            OR (state = 'done') <> (document_sign <> '')
            OR (state IN ('waiting', 'unknown', 'sent') AND next_try_at IS NULL)
    """,
    why="A receipt counts as made without proof, or waits for a try that never comes.",
)
FAILED: Final = Invariant(
    name="fiscal receipts that were refused",
    sql="""
        SELECT r.id, r.account_id, r.payment_id, r.error FROM accounts_fiscalreceipt r
         WHERE r.state = 'failed' AND NOT EXISTS (
            SELECT 1 FROM accounts_fiscalreceipt c
             WHERE c.payment_id = r.payment_id AND c.source = 'correction' AND r.kind = 'sell')
    """,
    why="The register refused the receipt; somebody has to look.",
)


def invariants() -> list[Invariant]:
    """Return the promises of fiscal receipts."""
    return [
        PAYMENT_HAS_RECEIPT,
        RETURN_HAS_RECEIPT,
        BANK_RETURN_HAS_RECEIPT,
        RETURNS_WITHIN_PAYMENT,
        DONE_IS_KNOWN,
    ]


def alarms(*, now: datetime) -> list[Invariant]:
    """Return what needs a person though no promise is broken."""
    before = (now - OVERDUE).isoformat()
    overdue = Invariant(
        name="fiscal receipts not registered in time",
        sql=f"""
            SELECT r.id, r.account_id, r.state, r.attempts, r.error FROM accounts_fiscalreceipt r
             WHERE r.state IN ('waiting', 'unknown', 'sent') AND r.written_at < '{before}'
        """,
        why="Workers are down, or the register does not answer.",
    )
    return [FAILED, overdue]


@dataclass(frozen=True, slots=True)
class ReceiptWork:
    """What a person should know: how many were refused, wait, wait too long."""

    failed: int
    waiting: int
    overdue: int


def count_receipt_work(*, now: datetime) -> ReceiptWork:
    """Return how much work there is about receipts."""
    rows = FiscalReceipt.objects.exclude(state=FiscalReceipt.State.DONE)
    counts = dict(rows.values_list("state").annotate(Count("id")))
    late = rows.exclude(state=FiscalReceipt.State.FAILED).filter(written_at__lt=now - OVERDUE)
    failed = _uncorrected().count()
    waiting = sum(counts.get(state, 0) for state in ("waiting", "unknown", "sent"))
    return ReceiptWork(failed=failed, waiting=waiting, overdue=late.count())


def list_receipts(
    *, state: str = "", before: int | None = None, limit: int = 50
) -> list[FiscalReceipt]:
    """
    List receipts, newest first: of a state, `work` for what waits or was refused, or all.
    """
    rows = FiscalReceipt.objects.all()
    if state == "failed":
        rows = _uncorrected()
    elif state == "waiting":
        rows = rows.filter(state__in=["waiting", "unknown", "sent"])
    elif state:
        rows = rows.filter(state=state)
    if before:
        rows = rows.filter(pk__lt=before)
    return list(rows.select_related("account__customer", "payment").order_by("-pk")[:limit])


def find_receipt(payment: Payment, *, source: str) -> FiscalReceipt | None:
    """Find the receipt of a payment itself, its reversal or its correction."""
    return FiscalReceipt.objects.filter(
        account_id=payment.account_id, source=source, source_id=payment.pk
    ).first()


def receipts_of(payment_ids: Iterable[int]) -> dict[int, list[FiscalReceipt]]:
    """Return the receipts about payments, in their order, in one query."""
    found: dict[int, list[FiscalReceipt]] = {}
    rows = FiscalReceipt.objects.filter(payment_id__in=list(payment_ids)).order_by("pk")
    for row in rows:
        found.setdefault(row.payment_id, []).append(row)
    return found


def document_of(receipt: FiscalReceipt) -> Document:
    """Return what the register wrote on its paper."""
    return Document(
        fn_number=receipt.fn_number,
        number=receipt.document_number,
        sign=receipt.document_sign,
        shift_number=receipt.shift_number,
        receipt_number=receipt.receipt_number,
        registered_at=receipt.registered_at,
    )


def qr_of(receipt: FiscalReceipt) -> str:
    """Return the text of the receipt's QR code, "" before it is registered."""
    return receipt_qr(receipt.kind, receipt.amount, document_of(receipt))


def has_fiscal_gateway() -> bool:
    """Whether any legal entity has, or had, a register."""
    return FiscalGateway.objects.exists()


def _uncorrected() -> "QuerySet[FiscalReceipt]":
    """Refused receipts that no correction stands for."""
    corrected = FiscalReceipt.objects.filter(
        payment_id=OuterRef("payment_id"), source=FiscalReceipt.Source.CORRECTION
    )
    failed = FiscalReceipt.objects.filter(state=FiscalReceipt.State.FAILED)
    return failed.exclude(Exists(corrected), kind=FiscalReceipt.Kind.SELL)
