"""
What corrections by hand have in common: a reason, a limit, and above it a second person.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.domain.posting import LARGEST
from accounts.models import Account
from billing_project.kernel import operations as kernel
from billing_project.kernel.models import Approval
from billing_project.kernel.money import round_money


class UnableToCorrect(Exception):
    """No reason, a bad amount, or a request that was another one. `field` is what to mend."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def check_reason(reason: str) -> None:
    """Refuse an empty reason."""
    if not reason.strip():
        raise UnableToCorrect(_("Say why: the reason goes to the ledger."), field="reason")


def check_amount(amount: Decimal) -> None:
    """Refuse what is not a positive amount in whole minor units."""
    if amount <= 0 or amount > LARGEST or amount != round_money(amount):
        message = _("The amount must be positive, in whole minor units.")
        raise UnableToCorrect(message, field="amount")


def find_asked(*, kind: str, account_id: int, request_id: str) -> Approval | None:
    """Return the newest request for approval of this form, whatever became of it."""
    found: Approval | None = (
        Approval.objects.filter(kind=kind, account_id=account_id, data__request_id=request_id)
        .order_by("-pk")
        .first()
    )
    return found


def ask(
    *,
    kind: str,
    account_id: int,
    amount: Decimal,
    reason: str,
    data: Mapping[str, Any],
    actor: str,
    now: datetime,
) -> Approval:
    """Ask for a second person; `data` has the `request_id` and what the thing is done with."""
    return kernel.request_approval(
        kind=kind,
        account_id=account_id,
        amount=amount,
        comment=reason,
        data=data,
        requested_by=actor,
        now=now,
    )


def approved(*, approval_id: int, kind: str, actor: str, now: datetime) -> Approval:
    """Approve what waits, inside the transaction that does it; it has to be of this kind."""
    approval = kernel.approve(approval_id=approval_id, actor=actor, now=now)
    if approval.kind != kind or approval.amount is None:
        raise UnableToCorrect(_("This approval is about something else."))
    return approval


def tell(
    kind: str,
    *,
    account_id: int,
    amount: Decimal,
    reason: str,
    now: datetime,
    actor: str,
    **more: str | None,
) -> None:
    """Write the event of a correction; `more` goes to its data."""
    kernel.record_event(
        kind=kind,
        account_id=account_id,
        customer_id=Account.objects.values_list("customer_id", flat=True).get(pk=account_id),
        happened_at=now,
        actor=actor,
        data={"amount": str(amount), "reason": reason, **more},
    )
