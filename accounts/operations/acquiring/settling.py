"""
Whatever is open is looked at again until its outcome is known: by the schedule, by the night.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, models

from accounts.domain.acquiring import LOOKS
from accounts.models import AcquirerNotice, CardPayment, Refund
from accounts.operations.acquiring.cards import look
from accounts.operations.acquiring.notices import settle_notice
from accounts.operations.refunds import look_at_refund

#: Whoever claims a row moves its next look away: nobody else looks meanwhile.
CLAIM: Final = """
    UPDATE {table} SET looks = least(looks + 1, 1000),
           next_look_at = %s + (%s::interval[])[least(looks + 2, %s)]
     WHERE id IN (SELECT id FROM {table} WHERE state = ANY(%s) AND next_look_at <= %s
                   ORDER BY next_look_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING id
"""
_WAITS: Final = [f"{int(wait.total_seconds())} seconds" for wait in LOOKS]


@dataclass(frozen=True, slots=True)
class Settled:
    """How many of each were looked at."""

    payments: int
    refunds: int
    notices: int

    @property
    def total(self) -> int:
        """All together."""
        return self.payments + self.refunds + self.notices


def settle(*, now: datetime, limit: int = 50) -> Settled:
    """
    Ask the acquirers about whatever is due to be asked; may run beside itself.

    Stands in no transaction. Call again while `total` reaches `limit`.
    """
    notices = _claim(AcquirerNotice, [AcquirerNotice.State.RECEIVED], now=now, limit=limit)
    for notice_id in notices:
        settle_notice(notice_id=notice_id, now=now)
    payments = _claim(CardPayment, list(CardPayment.OPEN), now=now, limit=limit)
    for card_payment_id in payments:
        look(card_payment_id=card_payment_id, now=now)
    refunds = _claim(Refund, list(Refund.OPEN), now=now, limit=limit)
    for refund_id in refunds:
        look_at_refund(refund_id=refund_id, now=now)
    return Settled(len(payments), len(refunds), len(notices))


def _claim(model: type[models.Model], states: list[str], *, now: datetime, limit: int) -> list[int]:
    statement = CLAIM.format(table=connection.ops.quote_name(model._meta.db_table))
    given: list[Any] = [now, _WAITS, len(_WAITS), [str(state) for state in states], now, limit]
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return [row[0] for row in cursor.fetchall()]
