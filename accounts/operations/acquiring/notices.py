"""
What acquirers tell us: checked, stored once as it came, and then asked about.

A notice only says where to look. What counts is what the acquirer answers when it is looked at, so
that notices may repeat, come late and in any order.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from accounts.domain.acquiring import (
    ForgedNotice,
    NoAnswer,
    Notice,
    Refused,
    Subject,
    next_look,
)
from accounts.models import Acquirer, AcquirerNotice, Refund
from accounts.operations import refunds
from accounts.operations.acquirers import reach
from accounts.operations.acquiring import cards
from accounts.operations.acquiring.chargebacks import write_chargeback
from accounts.queries.acquiring import find_asked, find_by_charge
from billing_project.kernel import queue
from billing_project.kernel.operations import change_state

logger = logging.getLogger(__name__)

#: The task that looks at what is open.
SETTLE: Final = "cards.settle"
ACTOR: Final = "system:acquiring"
STORE: Final = """
    INSERT INTO accounts_acquirernotice AS n (acquirer_id, event, kind, subject, subject_id, key,
        body, state, repeats, received_at, next_look_at, looks)
    VALUES (%s, %s, %s, %s, %s, %s, %s, 'received', 0, %s, %s, 0)
    ON CONFLICT (acquirer_id, event) DO UPDATE SET repeats = n.repeats + 1
    RETURNING id
"""


def receive_notice(
    *, code: str, body: bytes, headers: Mapping[str, str], source: str, now: datetime
) -> int | None:
    """
    Store a notice of an acquirer and return its id; None for an acquirer that isn't there.

    Raises ForgedNotice for what is not surely theirs or is too old: a line in the log, nothing else.
    """
    acquirer = Acquirer.objects.filter(code=code).first()
    if acquirer is None:
        return None
    try:
        notice = reach(acquirer).read_notice(body, headers=headers, source=source, now=now)
    except ForgedNotice as fault:
        logger.warning("notice refused: acquirer=%s source=%s why=%s", code, source, fault)
        raise
    return _store(acquirer, notice, body, now=now)


@transaction.atomic
def _store(acquirer: Acquirer, notice: Notice, body: bytes, *, now: datetime) -> int:
    row = [
        *(acquirer.pk, notice.event[:160], notice.kind[:60], notice.subject.value),
        *(notice.subject_id[:120], notice.key, body.decode(errors="replace").replace("\0", "")),
        *(now, now),
    ]
    with connection.cursor() as cursor:
        cursor.execute(STORE, row)
        notice_id: int = cursor.fetchone()[0]
    queue.nudge(SETTLE)
    return notice_id


def settle_notice(*, notice_id: int, now: datetime) -> str:
    """Look at what a notice is about, and write down what the acquirer says; return its state."""
    row = AcquirerNotice.objects.select_related("acquirer").get(pk=notice_id)
    if row.state != AcquirerNotice.State.RECEIVED:
        return row.state
    try:
        state = _ABOUT[Subject(row.subject)](row, now)
    except (NoAnswer, Refused) as fault:
        logger.info("notice %s waits: %s", row.pk, fault)
        AcquirerNotice.objects.filter(pk=row.pk).update(next_look_at=next_look(row.looks, now=now))
        return row.state
    change_state(model=AcquirerNotice, ids=[row.pk], to=state, at=now, actor=ACTOR)
    return state


def _about_payment(row: AcquirerNotice, now: datetime) -> str:
    asked = find_asked(row.acquirer_id, external_id=row.subject_id, key=row.key)
    if asked is None:
        return AcquirerNotice.State.STRANGER
    asked = cards.learn(asked, row.subject_id)
    if not cards.look_through(card_payment_id=asked.pk, now=now):
        # The notice waits for the next look, as the payment does.
        raise NoAnswer(asked.external_id)
    return AcquirerNotice.State.SETTLED


def _about_refund(row: AcquirerNotice, now: datetime) -> str:
    ours = Refund.objects.filter(acquirer_id=row.acquirer_id)
    known = ours.filter(external_id=row.subject_id).first() or (
        ours.filter(key=row.key).first() if row.key else None
    )
    if known is not None:
        refunds.look_at_refund(refund_id=known.pk, now=now)
        return AcquirerNotice.State.SETTLED
    seen = reach(row.acquirer).look_at_refund(row.subject_id)
    payment = _payment_of(row, seen.charge)
    if payment is None:
        return AcquirerNotice.State.STRANGER
    made = refunds.adopt_refund(payment_id=payment, acquirer=row.acquirer, seen=seen, now=now)
    return AcquirerNotice.State.SETTLED if made else AcquirerNotice.State.STRANGER


def _about_dispute(row: AcquirerNotice, now: datetime) -> str:
    seen = reach(row.acquirer).look_at_dispute(row.subject_id)
    payment = _payment_of(row, seen.charge)
    if payment is None:
        return AcquirerNotice.State.STRANGER
    write_chargeback(
        payment_id=payment,
        external_id=seen.external_id,
        claimed=seen.amount,
        outcome=seen.outcome,
        reason=seen.reason,
        acquirer=row.acquirer,
        now=now,
        actor=ACTOR,
    )
    return AcquirerNotice.State.SETTLED


def _payment_of(row: AcquirerNotice, charge: str) -> int | None:
    """Return the credited payment of a charge; first learn that it is paid, if that is late."""
    card = find_by_charge(row.acquirer_id, charge)
    if card is None:
        return None
    if card.notice is None:
        card = cards.look(card_payment_id=card.pk, now=row.received_at)
    return card.notice.payment_id if card.notice else None


def _about_other(_row: AcquirerNotice, _now: datetime) -> str:
    return AcquirerNotice.State.IGNORED


_ABOUT: Final = {
    Subject.PAYMENT: _about_payment,
    Subject.REFUND: _about_refund,
    Subject.DISPUTE: _about_dispute,
    Subject.OTHER: _about_other,
}
