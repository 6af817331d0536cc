"""
Incoming payments as people look at them: the notice, whose it may be, what waits for a decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import Sum

from accounts.models import Account, NoticeConflict, PaymentNotice
from accounts.operations.intake import APPROVAL_KIND
from accounts.queries import find_accounts
from accounts.queries import intake as intake_queries
from accounts.queries.statements import candidates_of_notice
from billing_project.kernel import queries as kernel_queries
from billing_project.kernel.models import Approval
from crm.queries import staff
from crm.queries.history.words import gateway_name

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice with names: how it was paid, which person decided."""

    notice: PaymentNotice
    gateway: str
    settled_by: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Money that somebody wants to give back, waiting for a second person."""

    approval: Approval
    notice: PaymentNotice
    asked_by: str


def view_notices(rows: Sequence[PaymentNotice]) -> list[NoticeView]:
    """Return notices with names."""
    names = staff.names_of({row.settled_by for row in rows if row.settled_by})
    return [
        NoticeView(row, gateway_name(row.gateway), names.get(row.settled_by, "")) for row in rows
    ]


def find_notice(notice_id: int) -> NoticeView | None:
    """Find a notice with its account and payment."""
    rows = PaymentNotice.objects.select_related("account__customer", "payment__account__customer")
    found = rows.filter(pk=notice_id).first()
    return view_notices([found])[0] if found is not None else None


def list_same_id(notice: PaymentNotice) -> list[PaymentNotice]:
    """List what else was said under the notice's id: a cancellation, a refund."""
    rows = PaymentNotice.objects.filter(gateway=notice.gateway, external_id=notice.external_id)
    return list(rows.exclude(pk=notice.pk).order_by("pk"))


def list_conflicts_of(notice: PaymentNotice) -> list[NoticeConflict]:
    """List what contradicts the notice, the newest first."""
    return list(notice.conflicts.order_by("-pk")[:PAGE])


def find_conflict(conflict_id: int) -> NoticeConflict | None:
    """Find a contradicting notice that nobody has seen."""
    rows = NoticeConflict.objects.select_related("notice").filter(seen_at__isnull=True)
    return rows.filter(pk=conflict_id).first()


def list_payers(notice: PaymentNotice, text: str) -> list[Account]:
    """List the accounts that the money may be for: those searched for, else those that may fit."""
    if text:
        wanted = [hit.account_id for hit in find_accounts(text) if hit.account_id]
    else:
        wanted = [account.pk for account in candidates_of_notice(notice.pk)]
        wanted += [notice.account_id] if notice.account_id else []
    rows = Account.objects.select_related("customer").in_bulk(wanted)
    return [rows[pk] for pk in dict.fromkeys(wanted) if pk in rows]


def sum_unassigned() -> tuple[int, Decimal]:
    """Return how many notices wait for a person, and their sum."""
    rows = PaymentNotice.objects.filter(state=PaymentNotice.State.UNASSIGNED)
    total: Decimal | None = rows.aggregate(total=Sum("amount"))["total"]
    return intake_queries.count_unassigned(), total or Decimal(0)


def list_asked() -> list[Asked]:
    """List money that waits for a second person to be given back, oldest first."""
    waiting = list(kernel_queries.list_approvals(kind=APPROVAL_KIND)[:200])
    notices = PaymentNotice.objects.in_bulk([one.data["notice_id"] for one in waiting])
    names = staff.names_of({one.requested_by for one in waiting})
    return [
        Asked(
            approval=one,
            notice=notices[one.data["notice_id"]],
            asked_by=names.get(one.requested_by, one.requested_by),
        )
        for one in waiting
    ]


def find_asked(approval_id: int) -> Asked | None:
    """Find money that waits to be given back, by its approval."""
    return next((one for one in list_asked() if one.approval.pk == approval_id), None)
