"""
Disputes as people decide them: the rows are invoicing's; here the disputed money is kept from
restricting the service while the dispute is open, and access is decided anew when it ends.
"""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from billing_project.kernel.models import Approval
from dunning import queries
from dunning.operations.deciding import decide_accounts
from dunning.operations.floors import set_floors
from invoicing.models import Dispute, Note
from invoicing.operations import disputes, notes
from invoicing.operations.disputes import Claim, UnableToDispute
from invoicing.queries.disputes import get_dispute

__all__ = ["Claim", "UnableToDispute", "accept", "approve", "raise_dispute", "reject", "withdraw"]


@transaction.atomic
def raise_dispute(
    *, claim: Claim, business_date: date, now: datetime, actor: str, on_behalf_of: str = ""
) -> Dispute:
    """Dispute a line of a bill or a charge; its amount is frozen at once. Raises UnableToDispute."""
    queries.lock_accounts([claim.account_id])
    dispute = disputes.open_dispute(
        claim=claim, business_date=business_date, now=now, actor=actor, on_behalf_of=on_behalf_of
    )
    _settle(dispute.account_id, now=now, actor=actor)
    return dispute


@transaction.atomic
def accept(
    *,
    dispute_id: int,
    amount: Decimal,
    answer: str,
    limit: Decimal,
    business_date: date,
    now: datetime,
    actor: str,
) -> Dispute | Approval:
    """Accept a dispute: what is given back is credited as it is unfrozen, in one transaction."""
    made = disputes.accept_dispute(
        dispute_id=dispute_id,
        amount=amount,
        answer=answer,
        limit=limit,
        business_date=business_date,
        now=now,
        actor=actor,
    )
    if isinstance(made, Dispute):
        _settle(made.account_id, now=now, actor=actor)
    return made


@transaction.atomic
def reject(*, dispute_id: int, answer: str, now: datetime, actor: str) -> Dispute:
    """Reject a dispute with a reason: the money counts again, and access is decided."""
    closed = disputes.close_dispute(
        dispute_id=dispute_id, to=Dispute.State.REJECTED, answer=answer, now=now, actor=actor
    )
    _settle(closed.account_id, now=now, actor=actor)
    return closed


@transaction.atomic
def withdraw(
    *, dispute_id: int, now: datetime, actor: str, on_behalf_of: str = "", answer: str = ""
) -> Dispute:
    """Withdraw a dispute on the subscriber's word."""
    closed = disputes.close_dispute(
        dispute_id=dispute_id,
        to=Dispute.State.WITHDRAWN,
        answer=answer,
        now=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
    )
    _settle(closed.account_id, now=now, actor=actor)
    return closed


@transaction.atomic
def approve(*, approval_id: int, business_date: date, now: datetime, actor: str) -> Note | Dispute:
    """Approve a note that waits, or the acceptance of a dispute; raises kernel's UnableToDecide."""
    approval = Approval.objects.get(pk=approval_id)
    if not approval.data.get("dispute_id"):
        return notes.approve_note(
            approval_id=approval_id, business_date=business_date, now=now, actor=actor
        )
    closed = disputes.approve_disputed(
        approval_id=approval_id, business_date=business_date, now=now, actor=actor
    )
    _settle(closed.account_id, now=now, actor=actor)
    return get_dispute(closed.pk)


def _settle(account_id: int, *, now: datetime, actor: str) -> None:
    queries.lock_accounts([account_id])
    set_floors([account_id])
    decide_accounts(account_ids=[account_id], now=now, actor=actor)
