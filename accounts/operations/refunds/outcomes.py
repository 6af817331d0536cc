"""
How a refund ends: posted, let go, or left open; the receipt and the event that go with it.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.domain.acquiring import next_look
from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from accounts.models import Hold, Refund
from accounts.operations import receipts
from accounts.operations.holds import void_hold
from accounts.operations.posting import post
from billing_project.kernel import operations as kernel


def succeed(row: Refund, *, now: datetime) -> None:
    """Post; inside the transaction of the caller."""
    if not _move(row, Refund.State.SUCCEEDED, now=now):
        return
    Refund.objects.filter(pk=row.pk).update(closed_at=now, next_look_at=None, fault="")
    _let_go(row, now=now)
    posting = Posting(
        account_id=row.account_id,
        kind=Kind.REFUND,
        ref=row.pk,
        amount=-row.amount,
        business_date=timezone.localdate(now),
        explanation={
            "payment_id": row.payment_id,
            "gateway": row.payment.gateway,
            "way": row.way,
            "document": row.document,
            "reason": row.reason,
        },
    )
    [posted] = post(postings=[posting], now=now, actor=row.actor, on_behalf_of=row.on_behalf_of)
    _write_receipt(row, now=now)
    _announce("payment.refunded", row, now=now, money=str(posted.money), reason=row.reason)


@transaction.atomic
def fail(row: Refund, why: str, *, now: datetime) -> None:
    """Let the money go back to the account: it never left."""
    if _move(row, Refund.State.FAILED, now=now, reason=why):
        Refund.objects.filter(pk=row.pk).update(fault=why[:120], closed_at=now, next_look_at=None)
        _let_go(row, now=now)
        _announce("payment.refund_failed", row, now=now, reason=why)


@transaction.atomic
def leave_open(row: Refund, why: str, *, now: datetime) -> None:
    """Note that the outcome is not known, and look again later."""
    _move(row, Refund.State.UNKNOWN, now=now, reason=why)
    Refund.objects.filter(pk=row.pk, state__in=Refund.OPEN).update(
        fault=why[:120], next_look_at=next_look(row.looks, now=now)
    )


def _let_go(row: Refund, *, now: datetime) -> None:
    held = Hold.objects.filter(
        account_id=row.account_id, reference=f"refund:{row.pk}", state=Hold.State.OPEN
    ).first()
    if held is not None:
        void_hold(hold_id=held.pk, reason=row.reason, now=now, actor=row.actor)


def _move(row: Refund, to: str, *, now: datetime, reason: str = "") -> bool:
    moved = kernel.change_state(
        model=Refund, ids=[row.pk], to=to, at=now, actor=row.actor, reason=reason[:120]
    )
    return bool(moved)


def _announce(kind: str, row: Refund, *, now: datetime, **told: str) -> None:
    kernel.record_event(
        kind=kind,
        account_id=row.account_id,
        customer_id=row.payment.account.customer_id,
        happened_at=now,
        actor=row.actor,
        on_behalf_of=row.on_behalf_of,
        data={
            "refund_id": row.pk,
            "payment_id": row.payment_id,
            "amount": str(row.amount),
            "way": row.way,
            **told,
        },
    )


def _write_receipt(row: Refund, *, now: datetime) -> None:
    receipts.write_given_back(
        payment_id=row.payment_id,
        source="refund",
        source_id=row.pk,
        amount=row.amount,
        business_date=timezone.localdate(now),
        now=now,
        actor=row.actor,
        reason=row.reason,
    )
