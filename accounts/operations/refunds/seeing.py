"""
Refunds at the acquirer: asked for, looked at, found there; the outcome is read, never guessed.
"""

import secrets
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.domain.acquiring import KEY_LIVES, NoAnswer, Outcome, Refused, SeenRefund
from accounts.models import Account, Acquirer, Payment, Refund
from accounts.operations.acquirers import reach
from accounts.operations.refunds.outcomes import fail, leave_open, succeed
from accounts.queries.acquiring import card_payment_of, left_to_return

ACTOR: Final = "system:acquiring"


def look_at_refund(*, refund_id: int, now: datetime) -> Refund:
    """Ask the acquirer how an open refund stands, and write down what it says."""
    row = get_refund(refund_id)
    if row.state in Refund.OPEN and row.acquirer is not None:
        see_through(row, now=now)
    return get_refund(refund_id)


@transaction.atomic
def adopt_refund(
    *, payment_id: int, acquirer: Acquirer, seen: SeenRefund, now: datetime
) -> Refund | None:
    """
    Write down a refund that was made at the acquirer, past us; the money has left already.

    None while the acquirer hasn't made it, and if more came back than was paid.
    """
    payment = Payment.objects.select_related("account").get(pk=payment_id)
    lock_payment(payment)
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
    succeed(row, now=now)
    return row


def see_through(row: Refund, *, now: datetime) -> None:
    """Ask the acquirer for the refund, or how it stands, and write down the answer."""
    if row.acquirer is None:
        return
    try:
        seen = _ask(row, row.acquirer, now=now)
    except NoAnswer as fault:
        leave_open(row, str(fault), now=now)
    except Refused as refusal:
        if row.state == Refund.State.CREATED and not row.external_id and row.looks == 0:
            fail(row, refusal.code, now=now)
        else:
            # A no to asking again says nothing of the first asking.
            leave_open(row, refusal.code, now=now)
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
        succeed(row, now=now)
    elif seen.outcome is Outcome.FAILED:
        fail(row, seen.reason, now=now)
    else:
        leave_open(row, "", now=now)


def get_refund(refund_id: int) -> Refund:
    """Return the refund with what is needed to see it through."""
    rows = Refund.objects.select_related("payment__account", "acquirer", "account")
    return rows.get(pk=refund_id)


def lock_payment(payment: Payment) -> None:
    """Lock the account, then the payment: refunds of an account are looked at one after another."""
    Account.objects.select_for_update(no_key=True).get(pk=payment.account_id)
    Payment.objects.select_for_update(no_key=True).get(pk=payment.pk)
