"""
Refunds: part or all of a payment given back, to its source through the acquirer or by hand.

The row is first, the effect after: money leaves the account when the acquirer says that it left,
or at once with a document by hand. Above the agent's limit a second person decides.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.acquiring import (
    KEY_LIVES,
    NoAnswer,
    Outcome,
    Refused,
    SeenRefund,
    next_look,
)
from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from accounts.models import Account, Acquirer, Hold, Payment, Refund
from accounts.operations import receipts
from accounts.operations.acquirers import reach
from accounts.operations.holds import UnableToHold, authorise_hold, void_hold
from accounts.operations.posting import post
from accounts.queries.acquiring import card_payment_of, has_secret, left_to_return
from accounts.queries.balances import get_balance
from billing_project.kernel import operations as kernel
from billing_project.kernel.models import Approval
from billing_project.kernel.money import round_money

#: `Approval.kind` of a refund that waits.
APPROVAL_KIND: Final = "refund"
ACTOR: Final = "system:acquiring"
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


def look_at_refund(*, refund_id: int, now: datetime) -> Refund:
    """Ask the acquirer how an open refund stands, and write down what it says."""
    row = _get(refund_id)
    if row.state in Refund.OPEN and row.acquirer is not None:
        _see_through(row, now=now)
    return _get(refund_id)


@transaction.atomic
def adopt_refund(
    *, payment_id: int, acquirer: Acquirer, seen: SeenRefund, now: datetime
) -> Refund | None:
    """
    Write down a refund that was made at the acquirer, past us; the money has left already.

    None while the acquirer hasn't made it, and if more came back than was paid.
    """
    payment = Payment.objects.select_related("account").get(pk=payment_id)
    _lock(payment)
    earlier = Refund.objects.filter(acquirer=acquirer, external_id=seen.external_id).first()
    if earlier is not None or seen.outcome is not Outcome.SUCCEEDED:
        return earlier
    if seen.amount > left_to_return(payment):
        return None
    row = Refund.objects.create(
        account_id=payment.account_id,
        payment=payment,
        acquirer=acquirer,
        amount=seen.amount,
        way=Refund.Way.SOURCE,
        reason=_("Made at the acquirer, not here."),
        request_id=f"acquirer-{seen.external_id}"[:64],
        key=secrets.token_hex(16),
        external_id=seen.external_id,
        asked_at=now,
        actor=ACTOR,
    )
    _succeed(row, now=now)
    return row


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
    _lock(payment)
    earlier = Refund.objects.filter(
        account_id=payment.account_id, request_id=wish.request_id
    ).first()
    if earlier is not None:
        return earlier
    payment.refresh_from_db(fields=["state"])
    _check(payment, wish)
    card = card_payment_of(payment) if wish.way == Refund.Way.SOURCE else None
    draft = Refund(
        account_id=payment.account_id,
        payment=payment,
        acquirer=card.acquirer if card else None,
        amount=wish.amount,
        way=wish.way,
        document=wish.document,
        reason=wish.reason,
        request_id=wish.request_id,
        key=secrets.token_hex(16),
        approval=approval,
        asked_at=now,
        next_look_at=next_look(0, now=now) if card else None,
        actor=actor,
        on_behalf_of=on_behalf_of,
    )
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
    except IntegrityError as fault:
        raise UnableToRefund(
            _("More was given back of this payment meanwhile."), "amount"
        ) from fault
    if card is None:
        _succeed(draft, now=now)
    else:
        _set_aside(draft, now=now)
    return draft


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


def _let_go(row: Refund, *, now: datetime) -> None:
    held = Hold.objects.filter(
        account_id=row.account_id, reference=f"refund:{row.pk}", state=Hold.State.OPEN
    ).first()
    if held is not None:
        void_hold(hold_id=held.pk, reason=row.reason, now=now, actor=row.actor)


def _lock(payment: Payment) -> None:
    """Lock the account, then the payment: refunds of an account are looked at one after another."""
    Account.objects.select_for_update(no_key=True).get(pk=payment.account_id)
    Payment.objects.select_for_update(no_key=True).get(pk=payment.pk)


def _carry_out(row: Refund, *, now: datetime) -> Refund:
    if row.acquirer_id is not None and row.state == Refund.State.CREATED:
        _see_through(_get(row.pk), now=now)
    return _get(row.pk)


def _see_through(row: Refund, *, now: datetime) -> None:
    if row.acquirer is None:
        return
    try:
        seen = _ask(row, row.acquirer, now=now)
    except NoAnswer as fault:
        _leave_open(row, str(fault), now=now)
    except Refused as refusal:
        if row.state == Refund.State.CREATED and not row.external_id and row.looks == 0:
            _fail(row, refusal.code, now=now)
        else:
            # A no to asking again says nothing of the first asking.
            _leave_open(row, refusal.code, now=now)
    else:
        _apply(row, seen, now=now)


def _ask(row: Refund, acquirer: Acquirer, *, now: datetime) -> SeenRefund:
    gateway = reach(acquirer)
    if row.external_id:
        return gateway.look_at_refund(row.external_id)
    card = card_payment_of(row.payment)
    charge = card.charge if card else ""
    if row.looks or row.state == Refund.State.UNKNOWN:
        found = gateway.find_refund(charge=charge, key=row.key)
        if found is not None:
            return found
    if now - row.asked_at >= KEY_LIVES:
        raise NoAnswer(_("not found at the acquirer"))
    return gateway.refund(
        charge=charge, amount=row.amount, currency=row.payment.currency, key=row.key
    )


@transaction.atomic
def _apply(row: Refund, seen: SeenRefund, *, now: datetime) -> None:
    Refund.objects.filter(pk=row.pk, external_id="").update(external_id=seen.external_id)
    if seen.outcome is Outcome.SUCCEEDED:
        _succeed(row, now=now)
    elif seen.outcome is Outcome.FAILED:
        _fail(row, seen.reason, now=now)
    else:
        _leave_open(row, "", now=now)


@transaction.atomic
def _leave_open(row: Refund, why: str, *, now: datetime) -> None:
    _move(row, Refund.State.UNKNOWN, now=now, reason=why)
    Refund.objects.filter(pk=row.pk, state__in=Refund.OPEN).update(
        fault=why[:120], next_look_at=next_look(row.looks, now=now)
    )


@transaction.atomic
def _fail(row: Refund, why: str, *, now: datetime) -> None:
    if _move(row, Refund.State.FAILED, now=now, reason=why):
        Refund.objects.filter(pk=row.pk).update(fault=why[:120], closed_at=now, next_look_at=None)
        _let_go(row, now=now)
        _announce("payment.refund_failed", row, now=now, reason=why)


def _succeed(row: Refund, *, now: datetime) -> None:
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


def _write_receipt(row: Refund, *, now: datetime) -> None:
    receipts.write_refund(
        payment_id=row.payment_id,
        refund_id=row.pk,
        amount=row.amount,
        business_date=timezone.localdate(now),
        now=now,
        actor=row.actor,
        reason=row.reason,
    )


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


def _get(refund_id: int) -> Refund:
    rows = Refund.objects.select_related("payment__account", "acquirer", "account")
    return rows.get(pk=refund_id)
