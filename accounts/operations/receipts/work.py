"""
What people do about receipts that a register refused: try anew, or tell it by a correction.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import FiscalReceipt, Payment
from accounts.operations.receipts.writing import NUDGE, VAT, VAT_CODE, write_correction
from accounts.queries.receipts import find_receipt
from billing_project.kernel import queue
from billing_project.kernel.operations import change_state

# A receipt refused for want of a VAT code gets it once the rate has one.
FILL_VAT: Final = f"""
    UPDATE accounts_fiscalreceipt r SET vat_code = found.code
      FROM (SELECT x.id, {VAT_CODE} AS code FROM accounts_fiscalreceipt x
              JOIN accounts_fiscalgateway g ON g.id = x.gateway_id {VAT}
             WHERE x.id = ANY(%s) AND x.vat_code IS NULL) AS found
     WHERE r.id = found.id
"""


class UnableToCorrectReceipt(Exception):
    """The payment has its receipt, or has been taken back, or there is no register for it."""


@transaction.atomic
def retry_receipts(*, receipt_ids: Iterable[int], now: datetime, actor: str) -> list[int]:
    """
    Send refused receipts anew, under a new id; return those that were refused.

    The register said itself that it made none of them, so a new id can't make a second.
    """
    ids = list(receipt_ids)
    with connection.cursor() as cursor:
        cursor.execute(FILL_VAT, [ids])
    ready = FiscalReceipt.objects.filter(pk__in=ids, vat_code__isnull=False)
    moved = change_state(
        model=FiscalReceipt,
        ids=ready.values_list("pk", flat=True),
        to=FiscalReceipt.State.WAITING,
        at=now,
        actor=actor,
    )
    FiscalReceipt.objects.filter(pk__in=moved).update(
        round=F("round") + 1, attempts=0, next_try_at=now, error="", uuid=""
    )
    if moved:
        queue.nudge(NUDGE)
    return moved


@transaction.atomic
def correct_receipt(*, payment_id: int, reason: str, now: datetime, actor: str) -> FiscalReceipt:
    """
    Tell the register of a payment that went by without a receipt, by a correction; once.

    For a payment whose receipt was refused for good, or that was taken before the gateway was in use.
    """
    payment = Payment.objects.select_for_update(no_key=True).get(pk=payment_id)
    if payment.state != Payment.State.POSTED:
        raise UnableToCorrectReceipt(_("The payment was taken back: nothing is to be corrected."))
    sold = find_receipt(payment, source=FiscalReceipt.Source.PAYMENT)
    if sold is not None and sold.state != FiscalReceipt.State.FAILED:
        raise UnableToCorrectReceipt(_("This payment has its receipt, or will have it soon."))
    if not write_correction(payment_id=payment_id, reason=reason, now=now, actor=actor):
        earlier = find_receipt(payment, source=FiscalReceipt.Source.CORRECTION)
        if earlier is None:
            raise UnableToCorrectReceipt(_("The legal entity has no fiscal gateway in use."))
        return earlier
    written = find_receipt(payment, source=FiscalReceipt.Source.CORRECTION)
    if written is None:
        raise FiscalReceipt.DoesNotExist
    return written
