"""
Refunds asked for by people; above the agent's limit a second person decides.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.domain.acquiring import next_look
from accounts.models import Payment, Refund
from accounts.operations.holds import UnableToHold, authorise_hold
from accounts.operations.refunds.outcomes import succeed
from accounts.operations.refunds.seeing import get_refund, lock_payment, see_through
from accounts.queries.acquiring import card_payment_of, has_secret, left_to_return
from accounts.queries.balances import get_balance
from billing_project.kernel import operations as kernel
from billing_project.kernel.models import Approval
from billing_project.kernel.money import round_money

#: `Approval.kind` of a refund that waits.
APPROVAL_KIND: Final = "refund"
#: Longer than any acquirer takes; a refund that is open so long is with people.
HELD_FOR: Final = timedelta(days=60)


class UnableToRefund(Exception):
    """More than is left of the payment or on the account, or no way to give it back; see `field`."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be given back, how and why; `request_id` comes with the form."""

    payment_id: int
    amount: Decimal
    way: str
    reason: str
    request_id: str
    document: str = ""


def refund(
    *, wish: Wish, limit: Decimal, now: datetime, actor: str, on_behalf_of: str = ""
) -> Refund | Approval:
    """
    Give back; above `limit` ask for approval instead. Stands in no transaction of the caller's.

    The same `request_id` for the account answers with what it made first. The answer's state tells
    whether the money left: an acquirer that doesn't answer is asked until it does.
    Raises UnableToRefund, and then nothing was given back.
    """
    payment = Payment.objects.select_related("account").get(pk=wish.payment_id)
    earlier = _find_earlier(payment.account_id, wish.request_id)
    if earlier is not None:
        return _same(earlier, wish)
    _check(payment, wish)
    if wish.amount > limit:
        return kernel.request_approval(
            kind=APPROVAL_KIND,
            account_id=payment.account_id,
            amount=-wish.amount,
            comment=wish.reason,
            data={
                "payment_id": wish.payment_id,
                "way": wish.way,
                "document": wish.document,
                "request_id": wish.request_id,
            },
            requested_by=actor,
            now=now,
        )
    row = _write(wish, now=now, actor=actor, on_behalf_of=on_behalf_of)
    return _carry_out(row, now=now)


def approve_refund(
    *, approval_id: int, now: datetime, actor: str, business_date: date | None = None
) -> Refund:
    """
    Approve a refund that waits and carry it out; raises kernel's UnableToDecide.

    It is posted on the day the money leaves, whatever `business_date` (every approval has one).
    """
    with transaction.atomic(durable=True):
        approval = kernel.approve(approval_id=approval_id, actor=actor, now=now)
        if approval.kind != APPROVAL_KIND or approval.amount is None:
            raise UnableToRefund(_("This approval is not a refund."))
        row = _write(_wish_of(approval), now=now, actor=approval.requested_by, approval=approval)
    return _carry_out(row, now=now)


def refuse_refund(*, approval_id: int, now: datetime, actor: str) -> Approval:
    """Refuse a refund that waits; nothing is given back."""
    return kernel.refuse(approval_id=approval_id, actor=actor, now=now)


def _find_earlier(account_id: int, request_id: str) -> Refund | Approval | None:
    made = Refund.objects.filter(account_id=account_id, request_id=request_id).first()
    return made or (
        Approval.objects.filter(
            kind=APPROVAL_KIND, account_id=account_id, data__request_id=request_id
        )
        .order_by("-pk")
        .first()
    )


def _same(earlier: Refund | Approval, wish: Wish) -> Refund | Approval:
    if abs(earlier.amount or Decimal(0)) != wish.amount:
        raise UnableToRefund(_("This form was sent before with another amount."), "amount")
    return earlier


def _wish_of(approval: Approval) -> Wish:
    data: dict[str, Any] = approval.data
    return Wish(
        payment_id=data["payment_id"],
        amount=-(approval.amount or Decimal(0)),
        way=data["way"],
        reason=approval.comment,
        request_id=data["request_id"],
        document=data["document"],
    )


def _check(payment: Payment, wish: Wish) -> None:
    if not wish.reason.strip():
        raise UnableToRefund(_("Say why: the reason goes to the ledger."), "reason")
    if wish.amount <= 0 or wish.amount != round_money(wish.amount):
        raise UnableToRefund(_("The amount must be positive, in whole minor units."), "amount")
    left = left_to_return(payment)
    if wish.amount > left:
        message = _("Of this payment %(left)s can still be given back.")
        raise UnableToRefund(message % {"left": left}, "amount")
    balance = get_balance(payment.account_id)
    own = balance.money - balance.held
    if wish.amount > own:
        message = _("On the account there is %(own)s of own money: no more can be given back.")
        raise UnableToRefund(message % {"own": max(own, Decimal("0.00"))}, "amount")
    _check_way(payment, wish)


def _check_way(payment: Payment, wish: Wish) -> None:
    if wish.way != Refund.Way.SOURCE:
        if not wish.document.strip():
            raise UnableToRefund(
                _("Give the number of the document by which the money is paid out."), "document"
            )
        return
    card = card_payment_of(payment)
    if card is None:
        raise UnableToRefund(_("This payment was not made by card through an acquirer."), "way")
    if not has_secret(card.acquirer):
        raise UnableToRefund(_("The acquirer can't be reached: its secret is not set."), "way")


@transaction.atomic
def _write(
    wish: Wish,
    *,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    approval: Approval | None = None,
) -> Refund:
    payment = Payment.objects.select_related("account").get(pk=wish.payment_id)
    lock_payment(payment)
    earlier = Refund.objects.filter(
        account_id=payment.account_id, request_id=wish.request_id
    ).first()
    if earlier is not None:
        return earlier
    payment.refresh_from_db(fields=["state"])
    _check(payment, wish)
    draft = _draft(payment, wish, now=now)
    draft.actor, draft.on_behalf_of, draft.approval = actor, on_behalf_of, approval
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
    except IntegrityError as fault:
        raise UnableToRefund(
            _("More was given back of this payment meanwhile."), "amount"
        ) from fault
    if draft.acquirer is None:
        succeed(draft, now=now)
    else:
        _set_aside(draft, now=now)
    return draft


def _draft(payment: Payment, wish: Wish, *, now: datetime) -> Refund:
    card = card_payment_of(payment) if wish.way == Refund.Way.SOURCE else None
    return Refund(
        account_id=payment.account_id,
        payment=payment,
        acquirer=card.acquirer if card else None,
        amount=wish.amount,
        way=wish.way,
        document=wish.document,
        reason=wish.reason,
        request_id=wish.request_id,
        key=secrets.token_hex(16),
        asked_at=now,
        next_look_at=next_look(0, now=now) if card else None,
    )


def _set_aside(row: Refund, *, now: datetime) -> None:
    """Keep the money from being spent until the acquirer has answered."""
    try:
        authorise_hold(
            account_id=row.account_id,
            amount=row.amount,
            reason=row.reason,
            reference=f"refund:{row.pk}",
            expires_at=now + HELD_FOR,
            now=now,
            actor=row.actor,
        )
    except UnableToHold as refusal:
        raise UnableToRefund(str(refusal), "amount") from refusal


def _carry_out(row: Refund, *, now: datetime) -> Refund:
    if row.acquirer_id is not None and row.state == Refund.State.CREATED:
        see_through(get_refund(row.pk), now=now)
    return get_refund(row.pk)
