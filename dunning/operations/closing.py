"""
Closing an account, with everything that may stand against it.
"""

from datetime import date, datetime

from django.db import transaction

from accounts.models import Account
from accounts.operations import closing
from accounts.operations.closing import UnableToCloseAccount
from dunning.queries import lock_accounts
from dunning.queries.closing import list_reasons_against

__all__ = ["UnableToCloseAccount", "close_account"]


@transaction.atomic
def close_account(
    *,
    account_id: int,
    reason: str,
    business_date: date,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> Account:
    """
    Close an account: zero balance, no service, nothing held, disputed, promised or still to bill.

    From the day on payments to it are kept in the queue for a person. Raises UnableToCloseAccount,
    whose `reasons` say all that has to be done first.
    """
    lock_accounts([account_id])
    reasons = list_reasons_against(account_id)
    if reasons:
        raise UnableToCloseAccount(reasons)
    return closing.close_account(
        account_id=account_id,
        reason=reason,
        business_date=business_date,
        now=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
    )
