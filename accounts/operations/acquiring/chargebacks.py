"""
Disputes at the payer's bank: written down when opened; lost ones take the money from the account.
"""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.acquiring import Outcome
from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from accounts.models import Acquirer, Chargeback, Payment
from accounts.operations import receipts
from accounts.operations.posting import post
from accounts.queries.acquiring import left_to_return
from billing_project.kernel.operations import change_state, record_event

_STATES = {Outcome.SUCCEEDED: Chargeback.State.WON, Outcome.FAILED: Chargeback.State.LOST}


class UnableToWriteChargeback(Exception):
    """The amount isn't positive, or the bank's number of the dispute is missing."""


@transaction.atomic
def write_chargeback(
    *,
    payment_id: int,
    external_id: str,
    claimed: Decimal,
    outcome: Outcome,
    now: datetime,
    actor: str,
    acquirer: Acquirer | None = None,
    reason: str = "",
) -> Chargeback:
    """
    Write down how a dispute stands; saying it again changes nothing, a decision stays.

    Lost takes from the account what of the payment was not given back before, and never more.
    """
    if claimed <= 0 or not external_id.strip():
        raise UnableToWriteChargeback(_("Give the bank's number of the dispute and its amount."))
    payment = (
        Payment.objects.select_related("account")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=payment_id)
    )
    row, is_new = Chargeback.objects.get_or_create(
        account_id=payment.account_id,
        payment=payment,
        external_id=external_id,
        defaults={
            "acquirer": acquirer,
            "claimed": claimed,
            "amount": min(claimed, left_to_return(payment)),
            "reason": reason[:120],
            "opened_at": now,
            "actor": actor,
        },
    )
    if is_new:
        _announce("chargeback.opened", row, now=now, actor=actor)
    if outcome in _STATES:
        _decide(row, _STATES[outcome], now=now, actor=actor)
    return Chargeback.objects.select_related("payment").get(pk=row.pk)


def _decide(row: Chargeback, to: str, *, now: datetime, actor: str) -> None:
    if not change_state(model=Chargeback, ids=[row.pk], to=to, at=now, actor=actor):
        return
    Chargeback.objects.filter(pk=row.pk).update(closed_at=now)
    money = _take(row, now=now, actor=actor) if to == Chargeback.State.LOST else None
    kind = "chargeback.lost" if to == Chargeback.State.LOST else "chargeback.won"
    told = {"money": str(money)} if money is not None else {}
    _announce(kind, row, now=now, actor=actor, **told)


def _take(row: Chargeback, *, now: datetime, actor: str) -> Decimal | None:
    if row.amount == 0:
        return None
    posting = Posting(
        account_id=row.account_id,
        kind=Kind.CHARGEBACK,
        ref=row.pk,
        amount=-row.amount,
        business_date=timezone.localdate(now),
        explanation={
            "payment_id": row.payment_id,
            "dispute": row.external_id,
            "reason": row.reason,
        },
    )
    [posted] = post(postings=[posting], now=now, actor=actor)
    receipts.write_given_back(
        payment_id=row.payment_id,
        source="chargeback",
        source_id=row.pk,
        amount=row.amount,
        business_date=posting.business_date,
        now=now,
        actor=actor,
        reason=row.reason,
    )
    return posted.money


def _announce(kind: str, row: Chargeback, *, now: datetime, actor: str, **told: str) -> None:
    record_event(
        kind=kind,
        account_id=row.account_id,
        customer_id=row.payment.account.customer_id,
        happened_at=now,
        actor=actor,
        data={
            "chargeback_id": row.pk,
            "payment_id": row.payment_id,
            "amount": str(row.amount),
            "claimed": str(row.claimed),
            **told,
        },
    )
