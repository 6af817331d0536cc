"""
Adjustments by hand: with a reason, up to the agent's limit; above it a second person decides.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.domain.kinds import Kind
from accounts.domain.posting import LARGEST, Posting
from accounts.models import Account, Adjustment
from accounts.operations.posting import post
from accounts.operations.second_person import find_asked
from billing_project.kernel import operations as kernel
from billing_project.kernel.models import Approval
from billing_project.kernel.money import round_money

#: `Approval.kind` of an adjustment that waits.
APPROVAL_KIND: Final = "adjustment"


class UnableToAdjust(Exception):
    """No reason, a bad amount, or a request id that was another adjustment."""


def adjust(
    *,
    account_id: int,
    amount: Decimal,
    reason: str,
    request_id: str,
    limit: Decimal,
    business_date: date,
    now: datetime,
    actor: str,
) -> Adjustment | Approval:
    """
    Post an adjustment (positive gives, negative takes); above `limit` ask for approval instead.

    The same `request_id` for the account answers with what it made first.
    """
    if not reason.strip():
        raise UnableToAdjust(_("Say why: the reason goes to the ledger."))
    if amount == 0 or abs(amount) > LARGEST or amount != round_money(amount):
        raise UnableToAdjust(_("The amount must not be zero, in whole minor units."))
    earlier = _find_earlier(account_id, request_id)
    if earlier is not None:
        return _same(earlier, amount)
    if abs(amount) > limit:
        return kernel.request_approval(
            kind=APPROVAL_KIND,
            account_id=account_id,
            amount=amount,
            comment=reason,
            data={"request_id": request_id},
            requested_by=actor,
            now=now,
        )
    draft = Adjustment(
        account_id=account_id,
        amount=amount,
        reason=reason,
        request_id=request_id,
        business_date=business_date,
        adjusted_at=now,
        actor=actor,
    )
    return _write(draft)


@transaction.atomic
def approve_adjustment(
    *, approval_id: int, business_date: date, now: datetime, actor: str
) -> Adjustment:
    """Approve an adjustment that waits and post it; raises kernel's UnableToDecide."""
    approval = kernel.approve(approval_id=approval_id, actor=actor, now=now)
    if approval.kind != APPROVAL_KIND or approval.amount is None:
        raise UnableToAdjust(_("This approval is not an adjustment."))
    draft = Adjustment(
        account_id=approval.account_id,
        amount=approval.amount,
        reason=approval.comment,
        request_id=approval.data["request_id"],
        approval=approval,
        business_date=business_date,
        adjusted_at=now,
        actor=approval.requested_by,
    )
    return _write(draft)


def refuse_adjustment(*, approval_id: int, now: datetime, actor: str) -> Approval:
    """Refuse an adjustment that waits; nothing is posted."""
    return kernel.refuse(approval_id=approval_id, actor=actor, now=now)


def _find_earlier(account_id: int, request_id: str) -> Adjustment | Approval | None:
    posted = Adjustment.objects.filter(account_id=account_id, request_id=request_id).first()
    return posted or find_asked(kind=APPROVAL_KIND, account_id=account_id, request_id=request_id)


def _same(earlier: Adjustment | Approval, amount: Decimal) -> Adjustment | Approval:
    if earlier.amount != amount:
        raise UnableToAdjust(_("This form was sent before with another amount."))
    return earlier


def _write(draft: Adjustment) -> Adjustment:
    try:
        with transaction.atomic():
            draft.save()
            _post(draft)
    except IntegrityError:
        # A double click: the other request was first.
        earlier = _find_earlier(draft.account_id, draft.request_id)
        if not isinstance(earlier, Adjustment) or earlier.amount != draft.amount:
            raise
        return earlier
    return draft


def _post(draft: Adjustment) -> None:
    posting = Posting(
        account_id=draft.account_id,
        kind=Kind.ADJUSTMENT,
        ref=draft.pk,
        amount=draft.amount,
        business_date=draft.business_date,
        explanation={"reason": draft.reason},
    )
    [posted] = post(postings=[posting], now=draft.adjusted_at, actor=draft.actor)
    kernel.record_event(
        kind="adjustment.posted",
        account_id=draft.account_id,
        customer_id=Account.objects.values_list("customer_id", flat=True).get(pk=draft.account_id),
        happened_at=draft.adjusted_at,
        actor=draft.actor,
        data={
            "adjustment_id": draft.pk,
            "amount": str(draft.amount),
            "reason": draft.reason,
            "money": str(posted.money),
        },
    )
