"""
The billing cycle as the subscriber sees it.
"""

from dataclasses import dataclass
from datetime import date

from accounts.models import Account, Deposit
from accounts.queries.deposits import list_deposits
from invoicing.queries.cycles import CycleView, may_change_own, view_cycle


@dataclass(frozen=True, slots=True)
class OwnCycle:
    """How cycles run now, whether the subscriber may change it, and what is kept as deposits."""

    now: CycleView
    may_change: bool
    deposits: tuple[Deposit, ...]


def find_cycle(account_id: int, *, on: date) -> OwnCycle:
    """Return the billing cycle of an account."""
    account = Account.objects.select_related("contract").get(pk=account_id)
    return OwnCycle(
        view_cycle(account, on=on),
        may_change_own(account, on=on),
        tuple(list_deposits([account_id])),
    )
