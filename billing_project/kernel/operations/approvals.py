"""
Approvals: what waits for a second person. Doing the thing itself is the caller's work.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from billing_project.kernel.models import Approval
from billing_project.kernel.operations.states import change_state


class UnableToDecide(Exception):
    """The approval is decided already, or the same person asked for it."""


def request_approval(
    *,
    kind: str,
    comment: str,
    requested_by: str,
    now: datetime,
    account_id: int = 0,
    amount: Decimal | None = None,
    data: Mapping[str, Any] | None = None,
) -> Approval:
    """Ask for a second person; `data` holds the plain values to do the thing with."""
    return Approval.objects.create(
        kind=kind,
        account_id=account_id,
        amount=amount,
        data=dict(data or {}),
        comment=comment,
        requested_by=requested_by,
        requested_at=now,
    )


def approve(*, approval_id: int, actor: str, now: datetime) -> Approval:
    """Approve what waits; the caller does the thing in the same transaction."""
    return _decide(approval_id, Approval.State.APPROVED, actor=actor, now=now)


def refuse(*, approval_id: int, actor: str, now: datetime) -> Approval:
    """Refuse what waits; nothing is done."""
    return _decide(approval_id, Approval.State.REFUSED, actor=actor, now=now)


@transaction.atomic
def _decide(approval_id: int, to: str, *, actor: str, now: datetime) -> Approval:
    if Approval.objects.filter(pk=approval_id, requested_by=actor).exists():
        raise UnableToDecide(_("Somebody else has to decide: you asked for it yourself."))
    if not change_state(model=Approval, ids=[approval_id], to=to, at=now, actor=actor):
        raise UnableToDecide(_("This was decided already."))
    Approval.objects.filter(pk=approval_id).update(decided_by=actor, decided_at=now)
    return Approval.objects.get(pk=approval_id)
