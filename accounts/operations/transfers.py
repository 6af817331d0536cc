"""
Transfers between own accounts (decision C11): two entries against «transfers», which sums to zero.
"""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.domain.posting import transfer_postings
from accounts.models import Account, Transfer
from accounts.models.ledger import AccountBalance
from accounts.operations.posting import post
from billing_project.kernel import operations as kernel
from billing_project.kernel.money import round_money


class UnableToTransfer(Exception):
    """Not one customer's accounts, different currencies, a bad amount, or too little money."""


def transfer(
    *,
    from_account_id: int,
    to_account_id: int,
    amount: Decimal,
    request_id: str,
    business_date: date,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> Transfer:
    """
    Move money between two accounts of one customer; the same `request_id` moves it once.

    Refused when the paying account would be left with less than is held of it: credit and what is
    promised are not money to give away.
    """
    _check_accounts(from_account_id, to_account_id)
    draft = Transfer(
        account_id=from_account_id,
        request_id=request_id,
        to_account_id=to_account_id,
        amount=amount,
        business_date=business_date,
        transferred_at=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
    )
    return _write(draft, is_limited=True)


def move(*, draft: Transfer) -> Transfer:
    """
    Move money between accounts whose owners are one payer's, as the caller knows; once a request.

    Not limited by what is there: a share of a payment follows it, and goes back with it.
    """
    rows = Account.objects.filter(pk__in=[draft.account_id, draft.to_account_id])
    if rows.values("currency").distinct().count() != 1 or rows.count() != 2:
        raise UnableToTransfer(_("Money moves between two accounts of one customer and currency."))
    return _write(draft, is_limited=False)


@transaction.atomic
def _write(draft: Transfer, *, is_limited: bool) -> Transfer:
    if draft.amount <= 0 or draft.amount != round_money(draft.amount):
        raise UnableToTransfer(_("The amount must be positive, in whole minor units."))
    names = ("to_account_id", "amount", "business_date", "transferred_at", "actor", "on_behalf_of")
    moved, is_new = Transfer.objects.get_or_create(
        account_id=draft.account_id,
        request_id=draft.request_id,
        defaults={name: getattr(draft, name) for name in names},
    )
    if (moved.amount, moved.to_account_id) != (draft.amount, draft.to_account_id):
        raise UnableToTransfer(_("This request was a different transfer."))
    if is_new:
        _post(moved, is_limited=is_limited)
    return moved


def _check_accounts(from_account_id: int, to_account_id: int) -> None:
    rows = Account.objects.filter(pk__in=[from_account_id, to_account_id])
    owners = set(rows.values_list("customer_id", "currency"))
    if from_account_id == to_account_id or len(owners) != 1 or rows.count() != 2:
        raise UnableToTransfer(_("Money moves between two accounts of one customer and currency."))


def _post(moved: Transfer, *, is_limited: bool) -> None:
    now = moved.transferred_at
    postings = transfer_postings(
        from_account_id=moved.account_id,
        to_account_id=moved.to_account_id,
        amount=moved.amount,
        ref=moved.pk,
        business_date=moved.business_date,
    )
    posted = post(postings=postings, now=now, actor=moved.actor, on_behalf_of=moved.on_behalf_of)
    # The row is locked by the posting itself, so this is the money as nobody else can change it.
    held = AccountBalance.objects.values_list("held", flat=True).get(pk=moved.account_id)
    if is_limited and posted[0].money < held:
        raise UnableToTransfer(_("There is not enough money on the account."))
    _tell(moved, now=now)


def _tell(moved: Transfer, *, now: datetime) -> None:
    owner = Account.objects.values_list("customer_id", flat=True).get(pk=moved.account_id)
    number = Account.objects.values_list("number", flat=True).get(pk=moved.to_account_id)
    kernel.record_event(
        kind="money.transferred",
        account_id=moved.account_id,
        customer_id=owner,
        happened_at=now,
        actor=moved.actor,
        on_behalf_of=moved.on_behalf_of,
        data={"amount": str(moved.amount), "to": number},
    )
