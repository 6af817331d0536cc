"""
Credit limits: how far below zero an account may go by agreement.
"""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Account
from billing_project.kernel.money import round_money
from billing_project.kernel.operations import record_event
from dunning import queries
from dunning.operations.deciding import decide_accounts
from dunning.operations.floors import set_floors


class UnableToSetLimit(Exception):
    """A limit is not negative, and its change has a reason."""


@transaction.atomic
def set_credit_limit(
    *,
    account_id: int,
    limit: Decimal,
    reason: str,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> Account:
    """Set the credit limit; the floor follows, and access is decided at once."""
    limit = round_money(limit)
    if limit < 0 or not reason.strip():
        raise UnableToSetLimit(_("A credit limit is not negative, and its change has a reason."))
    queries.lock_accounts([account_id])
    account = Account.objects.get(pk=account_id)
    if account.credit_limit == limit:
        return account
    before, account.credit_limit = account.credit_limit, limit
    account.save(update_fields=["credit_limit"])
    record_event(
        kind="limit.changed",
        account_id=account_id,
        customer_id=account.customer_id,
        happened_at=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        data={"before": str(before), "limit": str(limit), "reason": reason.strip()},
    )
    set_floors([account_id])
    decide_accounts(account_ids=[account_id], now=now, actor=actor)
    return account
