"""
The floor of an account: how far below zero its money may go.
"""

from collections.abc import Sequence
from decimal import Decimal

from accounts import operations as accounts_operations
from accounts.models import Account
from accounts.operations import credit
from billing_project.kernel.money import ZERO
from dunning import queries
from dunning.domain.limits import widen
from dunning.queries.limits import classes_of
from invoicing.queries import disputes
from invoicing.queries.instalments import sum_planned


def set_floors(account_ids: Sequence[int]) -> None:
    """
    Write the floors anew: credit limit, open promise, open disputes, instalments not due yet.

    What is in dispute counts as not charged, up to the cap of the account's credit class: money may
    be lower by so much without a restriction. So may it by what is agreed to be paid in parts later.
    """
    promised = queries.sum_open_promises(account_ids)
    disputed = _disputed(account_ids)
    planned = sum_planned(account_ids)
    limits = Account.objects.filter(pk__in=account_ids).order_by("pk")
    rows = [
        (
            account_id,
            limit
            + sum((part.get(account_id, ZERO) for part in (promised, disputed, planned)), ZERO),
        )
        for account_id, limit in limits.values_list("pk", "credit_limit")
    ]
    accounts_operations.set_floor(rows=rows)


def _disputed(account_ids: Sequence[int]) -> dict[int, Decimal]:
    frozen = disputes.sum_frozen(account_ids)
    if not frozen:
        return {}
    class_of = classes_of(frozen)
    # Held until the floor is written: a cap that changes meanwhile waits, and then mends it.
    caps = credit.lock_caps(set(class_of.values()))
    return {pk: widen(total, cap=caps.get(class_of[pk])) for pk, total in frozen.items()}
