"""
Fiscal receipts of the subscriber's own payments, as the tax office has them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

import segno
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import FiscalReceipt, Payment
from accounts.queries import receipts

NAMES: Final[dict[str, Promise]] = {
    FiscalReceipt.Kind.SELL: _("Receipt of a payment"),
    FiscalReceipt.Kind.SELL_REFUND: _("Receipt of a return"),
    FiscalReceipt.Kind.CORRECTION: _("Receipt of a correction"),
}


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """
    A receipt. Until the register has made it (`is_made`) only name, amount and time are there;
    `qr` is an SVG drawing of what the tax office's application reads.
    """

    name: str
    amount: Decimal
    currency: str
    written_at: datetime
    is_made: bool
    sent_to: str
    fiscal_drive: str = ""
    document: str = ""
    sign: str = ""
    registered_at: str = ""
    qr: str = ""


def with_receipts(payment_ids: Iterable[int]) -> set[int]:
    """Return which of the payments have a receipt, in one query."""
    return set(receipts.receipts_of(payment_ids))


def list_receipts(payment_id: int, *, account_ids: list[int]) -> list[ReceiptView]:
    """Return the receipts of a payment of one of these accounts, in their order; else none."""
    if not Payment.objects.filter(pk=payment_id, account_id__in=account_ids).exists():
        return []
    return [_view(row) for row in receipts.receipts_of([payment_id]).get(payment_id, [])]


def _view(row: FiscalReceipt) -> ReceiptView:
    is_made = row.state == FiscalReceipt.State.DONE
    return ReceiptView(
        name=str(NAMES[row.kind]),
        amount=row.amount,
        currency=row.currency,
        written_at=row.written_at,
        is_made=is_made,
        sent_to=row.email or row.phone,
        fiscal_drive=row.fn_number,
        document=row.document_number,
        sign=row.document_sign,
        registered_at=row.registered_at,
        qr=_draw(receipts.qr_of(row)) if is_made else "",
    )


def _draw(text: str) -> str:
    drawing: str = segno.make(text, micro=False).svg_inline(scale=4, light="#fff", svgclass="qr")
    return drawing
