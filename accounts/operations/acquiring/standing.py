"""
What a payment means for the standing order that asked for it. Inside the caller's transaction.
"""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.autopay import HOUR, REST, judge_failure, next_day
from accounts.models import Autopay, CardPayment
from accounts.operations import consents
from billing_project.kernel.operations import change_state, record_event


def note_success(row: CardPayment, *, now: datetime) -> None:
    """A charge went through: the round is over, the next is by date or by threshold."""
    order = _lock(row)
    if order is None:
        return
    order.round, order.failures = order.round + 1, 0
    order.next_try_at = due_after(order, now=now)
    order.save(update_fields=["round", "failures", "next_try_at"])


def note_failure(row: CardPayment, *, word: str, now: datetime) -> None:
    """A charge failed: tried again later, or the order is switched off and the payer told."""
    order = _lock(row)
    if order is None or order.state != Autopay.State.ON:
        return
    failure = judge_failure(order.failures, word=word, now=now)
    order.failures = failure.failures
    order.next_try_at = failure.next_try_at or now
    order.save(update_fields=["failures", "next_try_at"])
    if failure.next_try_at is None:
        switch_off(order, reason=word or _("the card was refused"), now=now, actor="system:autopay")
    announce(
        "autopay.failed" if failure.next_try_at is None else "autopay.declined",
        order,
        now=now,
        reason=word,
        next_try_at=failure.next_try_at.isoformat() if failure.next_try_at else "",
    )


def switch_off(
    order: Autopay, *, reason: str, now: datetime, actor: str, on_behalf_of: str = ""
) -> bool:
    """Switch an order off and withdraw its consent; whether it was on."""
    moved = change_state(
        model=Autopay,
        ids=[order.pk],
        to=Autopay.State.OFF,
        at=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        reason=reason[:120],
    )
    if not moved:
        return False
    Autopay.objects.filter(pk=order.pk).update(off_reason=reason[:120], off_at=now)
    consents.withdraw_all(
        account_id=order.account_id,
        what="autopay",
        object_id=order.pk,
        now=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        reason=reason,
    )
    return True


def due_after(order: Autopay, *, now: datetime) -> datetime:
    """Return when an order is looked at after a charge, or after the month's cap was reached."""
    if order.trigger == Autopay.Trigger.THRESHOLD or order.day is None:
        return now + REST
    day = next_day(order.day, after=timezone.localdate(now))
    return timezone.make_aware(datetime.combine(day, HOUR))


def next_month(now: datetime) -> datetime:
    """Return the first morning of the next month in the operator's zone."""
    first = timezone.localdate(now).replace(day=1) + timedelta(days=32)
    return timezone.make_aware(datetime.combine(first.replace(day=1), HOUR))


def announce(
    kind: str,
    order: Autopay,
    *,
    now: datetime,
    actor: str = "system:autopay",
    on_behalf_of: str = "",
    **told: str,
) -> None:
    """Write the event of a standing order."""
    record_event(
        kind=kind,
        account_id=order.account_id,
        customer_id=order.account.customer_id,
        happened_at=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        data={
            "autopay_id": order.pk,
            "amount": str(order.amount),
            "card": order.card.title,
            "last4": order.card.last4,
            "about": f"{order.card.title} ·· {order.card.last4}",
            **told,
        },
    )


def _lock(row: CardPayment) -> Autopay | None:
    if row.autopay_id is None:
        return None
    rows = Autopay.objects.select_related("account", "card")
    return rows.select_for_update(no_key=True, of=("self",)).get(pk=row.autopay_id)
