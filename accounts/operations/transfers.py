"""
Transfers between own accounts (decision C11): two entries against «transfers», which sums to zero.
"""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.domain.posting import transfer_postings
from accounts.models import Account, Transfer
from accounts.operations.posting import post
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

    Refused when the paying account's money would fall below zero.
    """
    _check_accounts(from_account_id, to_account_id)
    if amount <= 0 or amount != round_money(amount):
        raise UnableToTransfer(_("The amount must be positive, in whole minor units."))
    with transaction.atomic():
        moved, is_new = Transfer.objects.get_or_create(
            account_id=from_account_id,
            request_id=request_id,
            defaults={
                "to_account_id": to_account_id,
                "amount": amount,
                "business_date": business_date,
                "transferred_at": now,
                "actor": actor,
                "on_behalf_of": on_behalf_of,
            },
        )
        if (moved.amount, moved.to_account_id) != (amount, to_account_id):
            raise UnableToTransfer(_("This request was a different transfer."))
        if is_new:
            _post(moved, now=now)
    return moved


def _check_accounts(from_account_id: int, to_account_id: int) -> None:
    rows = Account.objects.filter(pk__in=[from_account_id, to_account_id])
    owners = set(rows.values_list("customer_id", "currency"))
    if from_account_id == to_account_id or len(owners) != 1 or rows.count() != 2:
        raise UnableToTransfer(_("Money moves between two accounts of one customer and currency."))


def _post(moved: Transfer, *, now: datetime) -> None:
    postings = transfer_postings(
        from_account_id=moved.account_id,
        to_account_id=moved.to_account_id,
        amount=moved.amount,
        ref=moved.pk,
        business_date=moved.business_date,
    )
    posted = post(postings=postings, now=now, actor=moved.actor, on_behalf_of=moved.on_behalf_of)
    # The row is locked by the posting itself, so this is the money as nobody else can change it.
    if posted[0].money < 0:
        raise UnableToTransfer(_("There is not enough money on the account."))
