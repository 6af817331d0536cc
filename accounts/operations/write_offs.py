"""
Debts given up: by hand for one account, up to the limit of the one who does it.

Who writes off locks the balance first, so that nothing above the debt is ever given.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from accounts.models import WriteOff
from accounts.models.ledger import AccountBalance
from accounts.operations.posting import post
from accounts.operations.second_person import (
    UnableToCorrect,
    approved,
    ask,
    check_amount,
    check_reason,
    find_asked,
    tell,
)
from billing_project.kernel.models import Approval

#: `Approval.kind` of a write-off that waits.
APPROVAL_KIND: Final = "debt_write_off"


def write_off_debt(
    *,
    account_id: int,
    amount: Decimal,
    reason: str,
    request_id: str,
    limit: Decimal,
    business_date: date,
    now: datetime,
    actor: str,
) -> WriteOff | Approval:
    """
    Give up a debt or a part of it; above `limit` ask for approval instead.

    The same `request_id` for the account answers with what it made first. Raises UnableToCorrect
    for more than is owed.
    """
    check_reason(reason)
    check_amount(amount)
    with transaction.atomic():
        debt = _locked_debt(account_id)
        earlier = _find_earlier(account_id, request_id)
        if earlier is not None:
            return _same(earlier, amount)
        if amount > debt:
            raise UnableToCorrect(_("No more can be written off than is owed."), field="amount")
        if amount > limit:
            data = {"request_id": request_id}
            return ask(
                kind=APPROVAL_KIND,
                account_id=account_id,
                amount=amount,
                reason=reason,
                data=data,
                actor=actor,
                now=now,
            )
        draft = WriteOff(
            account_id=account_id,
            amount=amount,
            reason=reason,
            request_id=request_id,
            business_date=business_date,
            written_at=now,
            actor=actor,
        )
        return _write(draft)


@transaction.atomic
def approve_write_off_of_debt(
    *, approval_id: int, business_date: date, now: datetime, actor: str
) -> WriteOff:
    """
    Approve a write-off that waits and post it; raises kernel's UnableToDecide.

    If less is owed by now UnableToCorrect, and it waits on.
    """
    approval = approved(approval_id=approval_id, kind=APPROVAL_KIND, actor=actor, now=now)
    amount = approval.amount or Decimal(0)
    if amount > _locked_debt(approval.account_id):
        raise UnableToCorrect(_("Less is owed by now than was asked to be written off."))
    draft = WriteOff(
        account_id=approval.account_id,
        amount=amount,
        reason=approval.comment,
        request_id=approval.data["request_id"],
        approval=approval,
        business_date=business_date,
        written_at=now,
        actor=approval.requested_by,
    )
    return _write(draft)


def _locked_debt(account_id: int) -> Decimal:
    row = AccountBalance.objects.select_for_update(no_key=True).filter(pk=account_id).first()
    if row is None:
        raise UnableToCorrect(_("This account has no balance."))
    return -min(row.money, Decimal(0))


def _find_earlier(account_id: int, request_id: str) -> WriteOff | Approval | None:
    posted = WriteOff.objects.filter(account_id=account_id, request_id=request_id).first()
    return posted or find_asked(kind=APPROVAL_KIND, account_id=account_id, request_id=request_id)


def _same(earlier: WriteOff | Approval, amount: Decimal) -> WriteOff | Approval:
    if earlier.amount != amount:
        raise UnableToCorrect(_("This form was sent before with another amount."))
    return earlier


def _write(draft: WriteOff) -> WriteOff:
    """Post it; the lock on the balance keeps out a second click."""
    draft.save()
    posting = Posting(
        account_id=draft.account_id,
        kind=Kind.WRITE_OFF,
        ref=draft.pk,
        amount=draft.amount,
        business_date=draft.business_date,
        explanation={"reason": draft.reason},
    )
    post(postings=[posting], now=draft.written_at, actor=draft.actor)
    tell(
        "debt.written_off",
        account_id=draft.account_id,
        amount=draft.amount,
        reason=draft.reason,
        now=draft.written_at,
        actor=draft.actor,
    )
    return draft
