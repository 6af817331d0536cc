"""
The end of a personal account: nothing owed, nothing left, no service; later payments go to a queue.
"""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Account
from accounts.models.ledger import AccountBalance
from accounts.operations import acquiring
from accounts.queries.acquiring import find_autopay
from accounts.queries.closing import reasons_against_closing
from billing_project.kernel.operations import record_event


class UnableToCloseAccount(Exception):
    """Something has to be done first: `reasons` says everything that has."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(" ".join(self.reasons))


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
    Close an account for good, as far as accounts know; doors close by `dunning`'s operation.

    Its standing order ends with it. Raises UnableToCloseAccount.
    """
    if not reason.strip():
        raise UnableToCloseAccount([_("Say why: the reason goes to the timeline.")])
    account: Account = Account.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=account_id
    )
    # Whoever posts waits here: the money looked at is the last there is.
    AccountBalance.objects.select_for_update(no_key=True).get(account_id=account_id)
    reasons = reasons_against_closing(account_id)
    if reasons:
        raise UnableToCloseAccount(reasons)
    order = find_autopay(account_id)
    if order is not None:
        acquiring.stop_autopay(
            autopay_id=order.pk,
            reason=_("The account is closed."),
            now=now,
            actor=actor,
            on_behalf_of=on_behalf_of,
        )
    account.closed_on = business_date
    account.save(update_fields=["closed_on"])
    record_event(
        kind="account.closed",
        account_id=account_id,
        customer_id=account.customer_id,
        happened_at=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        data={"number": account.number, "reason": reason.strip()},
    )
    return account
