"""
The floor of an account: how far below zero its money may go.
"""

from collections.abc import Sequence
from decimal import Decimal

from accounts import operations as accounts_operations
from accounts.models import Account
from dunning import queries


def set_floors(account_ids: Sequence[int]) -> None:
    """Write the floors anew from what they are made of: the credit limit and the open promise."""
    promised = queries.sum_open_promises(account_ids)
    limits = Account.objects.filter(pk__in=account_ids).order_by("pk")
    rows = [
        (account_id, limit + promised.get(account_id, Decimal(0)))
        for account_id, limit in limits.values_list("pk", "credit_limit")
    ]
    accounts_operations.set_floor(rows=rows)
