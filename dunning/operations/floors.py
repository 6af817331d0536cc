"""
The floor of an account: how far below zero its money may go.
"""

from collections.abc import Sequence

from accounts import operations as accounts_operations
from accounts.models import Account
from billing_project.kernel.money import ZERO
from dunning import queries
from invoicing.queries import disputes


def set_floors(account_ids: Sequence[int]) -> None:
    """
    Write the floors anew from what they are made of: credit limit, open promise, open disputes.

    What is in dispute counts as not charged: money may be lower by so much without a restriction.
    """
    promised = queries.sum_open_promises(account_ids)
    frozen = disputes.sum_frozen(account_ids)
    limits = Account.objects.filter(pk__in=account_ids).order_by("pk")
    rows = [
        (account_id, limit + promised.get(account_id, ZERO) + frozen.get(account_id, ZERO))
        for account_id, limit in limits.values_list("pk", "credit_limit")
    ]
    accounts_operations.set_floor(rows=rows)
