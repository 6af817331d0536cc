"""
What people decide about money that waits: whose it is, or that it goes back.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.domain.notices import Reason, State, Verdict
from accounts.models.contracts import Account
from accounts.models.intake import NoticeConflict, PaymentNotice
from accounts.operations.intake.receiving import conclude, credit, day_of, lock
from accounts.operations.payments import UnableToTakePayment
from billing_project.kernel import operations as kernel
from billing_project.kernel.models import Approval

#: `Approval.kind` of money that waits to be given back.
APPROVAL_KIND: Final = "notice.return"


class UnableToAssign(Exception):
    """The money waits no more, or the account can't take it."""


class UnableToGiveBack(Exception):
    """The money waits no more, or no reason was given."""


@transaction.atomic
def assign(
    *, notice_id: int, account_id: int, now: datetime, actor: str, note: str = ""
) -> PaymentNotice:
    """
    Credit money that waits to the account a person named, on the day of the decision.

    The same account again answers alike. Raises UnableToAssign.
    """
    notice = lock(notice_id)
    if notice.state == State.CREDITED and notice.account_id == account_id:
        return notice
    if notice.state != State.UNASSIGNED:
        raise UnableToAssign(_("This money waits no more: somebody decided already."))
    account = Account.objects.get(pk=account_id)
    _check(account, notice, now=now)
    try:
        with transaction.atomic():
            notice.payment = credit(notice, account_id, on=day_of(now), now=now)
    except UnableToTakePayment as error:
        raise UnableToAssign(str(error)) from error
    notice.account_id = account_id
    verdict = Verdict(State.CREDITED, Reason.BY_HAND)
    return conclude(notice=notice, verdict=verdict, now=now, actor=actor, note=note)


def _check(account: Account, notice: PaymentNotice, *, now: datetime) -> None:
    if account.closed_on is not None and account.closed_on <= day_of(now):
        raise UnableToAssign(_("The account is closed."))
    if account.currency != notice.currency:
        raise UnableToAssign(_("The account is in another currency than the money."))


@transaction.atomic
def give_back(
    *, notice_id: int, reason: str, limit: Decimal, now: datetime, actor: str
) -> PaymentNotice | Approval:
    """
    Write down that money that waits goes back to the payer; above `limit` a second person decides.

    The money itself goes back where it came from, by the gateway's own means. Again: the same
    answer. Raises UnableToGiveBack.
    """
    if not reason.strip():
        raise UnableToGiveBack(_("Say why: the payer will ask."))
    notice = lock(notice_id)
    if notice.state == State.RETURNED:
        return notice
    if notice.state != State.UNASSIGNED:
        raise UnableToGiveBack(_("This money waits no more: somebody decided already."))
    if notice.amount > limit:
        return _asked(notice) or kernel.request_approval(
            kind=APPROVAL_KIND,
            account_id=notice.account_id or 0,
            amount=notice.amount,
            comment=reason,
            data={"notice_id": notice.pk},
            requested_by=actor,
            now=now,
        )
    return _return(notice, reason=reason, now=now, actor=actor)


def _asked(notice: PaymentNotice) -> Approval | None:
    rows = Approval.objects.filter(kind=APPROVAL_KIND, data__notice_id=notice.pk)
    return rows.filter(state=Approval.State.PENDING).first()


def _return(notice: PaymentNotice, *, reason: str, now: datetime, actor: str) -> PaymentNotice:
    verdict = Verdict(State.RETURNED, Reason.BY_HAND)
    return conclude(notice=notice, verdict=verdict, now=now, actor=actor, note=reason)


@transaction.atomic
def approve_return(*, approval_id: int, now: datetime, actor: str) -> PaymentNotice:
    """Let money go back that a colleague asked for; raises kernel's UnableToDecide."""
    approval = kernel.approve(approval_id=approval_id, actor=actor, now=now)
    if approval.kind != APPROVAL_KIND:
        raise UnableToGiveBack(_("This approval is not about money to give back."))
    notice = lock(approval.data["notice_id"])
    if notice.state != State.UNASSIGNED:
        raise UnableToGiveBack(_("This money waits no more: somebody decided already."))
    return _return(notice, reason=approval.comment, now=now, actor=approval.requested_by)


def refuse_return(*, approval_id: int, now: datetime, actor: str) -> Approval:
    """Refuse to give the money back; it waits on."""
    return kernel.refuse(approval_id=approval_id, actor=actor, now=now)


def see_conflict(*, conflict_id: int, note: str, now: datetime, actor: str) -> bool:
    """Note that a person cleared up a contradicting notice; False if somebody did before."""
    rows = NoticeConflict.objects.filter(pk=conflict_id, seen_at__isnull=True)
    return bool(rows.update(seen_at=now, seen_by=actor, note=note[:250]))
