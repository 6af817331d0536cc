"""
Payments for consolidated bills: the payment stays one, of the payer's account; its shares are moved to the
units by transfers, and go back with it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts import operations as accounts
from accounts.models import Account, Payment, Transfer
from accounts.operations.transfers import move
from accounts.queries.acquiring import left_to_return
from billing_project.kernel import operations as kernel
from billing_project.kernel.money import ZERO
from invoicing.domain.shares import Split, split_payment
from invoicing.models import (
    ConsolidatedBill,
    ConsolidatedPart,
    ConsolidatedPayment,
    ConsolidatedShare,
)
from invoicing.queries import shares as queries
from invoicing.queries.instalments import find_policy

#: Purposes of so many days back are read again: a task may have been down.
CATCH_UP: Final = timedelta(days=31)
LOCK: Final = """
    SELECT id FROM accounts_account WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
"""


class UnableToSplit(Exception):
    """The payment isn't the payer's of this paper, or is split already for another."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How many payments were split among units, and how many splits were taken back."""

    split: int = 0
    returned: int = 0


@transaction.atomic
def split_for_paper(
    *, payment_id: int, consolidated_id: int, business_date: date, now: datetime, actor: str
) -> ConsolidatedPayment:
    """
    Split a payment of the payer's account among the units' open shares of a consolidated bill; what
    they don't need stays. Once per payment. Raises UnableToSplit.
    """
    paper = ConsolidatedBill.objects.get(pk=consolidated_id)
    payment = Payment.objects.get(pk=payment_id)
    parts = ConsolidatedPart.objects.filter(consolidated=paper).values_list("account_id", flat=True)
    _lock({payment.account_id, *parts})
    earlier = queries.find_split(payment_id)
    if earlier is not None:
        return _same(earlier, consolidated_id)
    account = _payer(paper, payment)
    amount = left_to_return(payment)
    wanted = queries.open_shares(paper, but=amount, at=account.pk)
    how = Split(find_policy(account).split)
    given = split_payment(amount, [share.open for share in wanted], how=how)
    moved = {
        share.account_id: part
        for share, part in zip(wanted, given, strict=True)
        if part and share.account_id != account.pk
    }
    split = ConsolidatedPayment.objects.create(
        account=account,
        payment=payment,
        consolidated=paper,
        amount=sum(moved.values(), ZERO),
        split_at=now,
        actor=actor,
    )
    for unit_id, part in moved.items():
        _move(split, unit_id, part, on=business_date, now=now, actor=actor)
    _tell("payment.split", split, account, now=now, actor=actor)
    return split


@transaction.atomic
def return_shares(*, split_id: int, business_date: date, now: datetime, actor: str) -> bool:
    """Take all shares of a payment back from the units; False if somebody did before."""
    split = ConsolidatedPayment.objects.select_related("account", "consolidated").get(pk=split_id)
    given = list(split.shares.filter(is_return=False))
    _lock({split.account_id, *(share.account_id for share in given)})
    moved = kernel.change_state(
        model=ConsolidatedPayment, ids=[split_id], to="returned", at=now, actor=actor
    )
    if not moved:
        return False
    for share in given:
        _move(split, share.account_id, -share.amount, on=business_date, now=now, actor=actor)
    _tell("payment.shares_returned", split, split.account, now=now, actor=actor)
    return True


@transaction.atomic
def reverse_payment(
    *, payment_id: int, reason: str, business_date: date, now: datetime, actor: str, **more: str
) -> Payment:
    """Take a payment back with all its shares; as `accounts.operations.reverse_payment` otherwise."""
    split = queries.find_split(payment_id)
    if split is not None:
        return_shares(split_id=split.pk, business_date=business_date, now=now, actor=actor)
    return accounts.reverse_payment(
        payment_id=payment_id,
        reason=reason,
        business_date=business_date,
        now=now,
        actor=actor,
        **more,
    )


def settle_shares(
    *, business_date: date, now: datetime, actor: str, back: timedelta = CATCH_UP
) -> Settled:
    """
    Split what was paid for consolidated bills at any door, and take back shares of payments that are
    gone. Each in a transaction of its own; the second time it changes nothing. Purposes are read of
    the days `back`.
    """
    waiting = [*queries.list_chosen(), *queries.list_named(since=business_date - back)]
    split = 0
    for payment_id, paper_id in waiting:
        try:
            split_for_paper(
                payment_id=payment_id,
                consolidated_id=paper_id,
                business_date=business_date,
                now=now,
                actor=actor,
            )
        except UnableToSplit:
            # The paper's payer has changed since it was chosen: the money stays where it came.
            continue
        split += 1
    returned = sum(
        return_shares(split_id=split_id, business_date=business_date, now=now, actor=actor)
        for split_id in queries.list_gone()
    )
    return Settled(split, returned)


def _lock(account_ids: set[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [sorted(account_ids)])


def _same(earlier: ConsolidatedPayment, consolidated_id: int) -> ConsolidatedPayment:
    if earlier.consolidated_id != consolidated_id:
        raise UnableToSplit(_("This payment is split for another consolidated bill."))
    return earlier


def _payer(paper: ConsolidatedBill, payment: Payment) -> Account:
    account = queries.payer_account(paper)
    if payment.state != Payment.State.POSTED:
        raise UnableToSplit(_("This payment was taken back."))
    if account is None or account.pk != payment.account_id:
        raise UnableToSplit(_("A consolidated bill is paid to its payer's account."))
    return account


def _move(
    split: ConsolidatedPayment,
    unit_id: int,
    amount: Decimal,
    *,
    on: date,
    now: datetime,
    actor: str,
) -> None:
    """Move a share to the unit, or, below zero, back from it."""
    is_return = amount < 0
    ends = (unit_id, split.account_id) if is_return else (split.account_id, unit_id)
    transfer = move(
        draft=Transfer(
            account_id=ends[0],
            to_account_id=ends[1],
            amount=abs(amount),
            request_id=f"share-{split.pk}-{unit_id}{'-back' if is_return else ''}",
            business_date=on,
            transferred_at=now,
            actor=actor,
        )
    )
    ConsolidatedShare.objects.create(
        split=split, account_id=unit_id, amount=abs(amount), transfer=transfer, is_return=is_return
    )


def _tell(
    kind: str, split: ConsolidatedPayment, account: Account, *, now: datetime, actor: str
) -> None:
    kernel.record_event(
        kind=kind,
        account_id=account.pk,
        customer_id=account.customer_id,
        happened_at=now,
        actor=actor,
        data={
            "payment_id": split.payment_id,
            "amount": str(split.amount),
            "number": split.consolidated.number_text,
        },
    )
