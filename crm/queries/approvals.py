"""
What waits for a second person, with names.
"""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from billing_project.kernel import queries as kernel_queries
from billing_project.kernel.models import Approval
from crm.queries import staff

#: Kinds decided on the page of approvals, and what each is called.
KINDS: Final = {
    "adjustment": _("Adjustment"),
    "debt_write_off": _("Write-off of a debt"),
    "entry_reversal": _("Entry taken back"),
    "opening_balance": _("Opening balance"),
    "bonus_grant": _("Bonus"),
    "refund": _("Refund"),
    "instalments": _("Instalment plan"),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """An approval with the account it is about and who asked."""

    approval: Approval
    account: Account | None
    asked_by: str

    @property
    def what(self) -> str:
        """What is asked for, in the reader's language."""
        return str(KINDS.get(self.approval.kind, self.approval.kind))


def list_waiting() -> list[Waiting]:
    """Return what waits, oldest first."""
    return _with_names(list(kernel_queries.list_approvals().filter(kind__in=KINDS)[:200]))


def find_waiting(approval_id: int) -> Waiting | None:
    """Return one approval that waits, or None."""
    found = _with_names(
        list(kernel_queries.list_approvals().filter(pk=approval_id, kind__in=KINDS))
    )
    return found[0] if found else None


def _with_names(approvals: list[Approval]) -> list[Waiting]:
    ids = [approval.account_id for approval in approvals]
    accounts = Account.objects.select_related("customer").in_bulk(ids) if ids else {}
    names = staff.names_of({approval.requested_by for approval in approvals})
    return [
        Waiting(
            approval=approval,
            account=accounts.get(approval.account_id),
            asked_by=names.get(approval.requested_by, approval.requested_by),
        )
        for approval in approvals
    ]
