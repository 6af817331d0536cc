"""
The safety bound of a bill run: an account whose bill looks as if something were billed twice is
parked with the reason rather than billed; a person releases it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing_project.kernel.operations import record_event
from invoicing.domain.bill_runs import FeeLine, TwiceBilled, find_twice_billed
from invoicing.domain.documents import FEE, Line, Totals
from invoicing.models import ParkedBill
from invoicing.queries.billing import DueCycle


class UnableToRelease(Exception):
    """The account is not parked, or no reason was given."""


@dataclass(frozen=True, slots=True)
class Document:
    """A bill before it has a number."""

    cycle: DueCycle
    lines: Sequence[Line]
    totals: Totals
    payments: Decimal
    entry_ids: Sequence[int]

    def twice_billed(self) -> list[TwiceBilled]:
        """Return fees of the same service and plan that stand on it twice for the same days."""
        return find_twice_billed(
            FeeLine(
                subscription_id=line.charge.subscription_id or 0,
                amount=line.charge.amount,
                title_ru=line.charge.title_ru,
                title_en=line.charge.title_en,
                explanation=line.charge.explanation,
            )
            for line in self.lines
            if line.charge.kind == FEE
        )


def park_doubtful(documents: Sequence[Document], *, now: datetime, actor: str) -> list[Document]:
    """
    Park the accounts whose documents look billed twice; return the documents that may go out.

    A cycle that a person released is not asked again. Runs inside the caller's transaction.
    """
    doubtful = {
        document.cycle.account_id: found
        for document in documents
        if (found := document.twice_billed())
    }
    if not doubtful:
        return list(documents)
    released = set(
        ParkedBill.objects.filter(
            account_id__in=list(doubtful), released_at__isnull=False
        ).values_list("account_id", "period_start")
    )
    parked = [
        document
        for document in documents
        if document.cycle.account_id in doubtful
        and (document.cycle.account_id, document.cycle.period_start) not in released
    ]
    rows = [
        ParkedBill(
            account_id=document.cycle.account_id,
            period_start=document.cycle.period_start,
            period_end=document.cycle.period_end,
            gross=document.totals.gross,
            reasons=[each.as_json() for each in doubtful[document.cycle.account_id]],
            parked_at=now,
        )
        for document in parked
    ]
    ParkedBill.objects.bulk_create(rows, ignore_conflicts=True)
    held = {id(document) for document in parked}
    return [document for document in documents if id(document) not in held]


@transaction.atomic
def release(*, parked_id: int, reason: str, now: datetime, actor: str) -> ParkedBill:
    """Let the next run bill a parked account as it is. Raises UnableToRelease."""
    if not reason.strip():
        raise UnableToRelease(_("Say why the bill is right, or what was put right."))
    released = ParkedBill.objects.filter(pk=parked_id, released_at__isnull=True).update(
        released_at=now, released_by=actor, release_reason=reason.strip()[:200]
    )
    if not released:
        raise UnableToRelease(_("This account is not parked any more."))
    parked = ParkedBill.objects.select_related("account").get(pk=parked_id)
    record_event(
        kind="bill.released",
        account_id=parked.account_id,
        customer_id=parked.account.customer_id,
        happened_at=now,
        actor=actor,
        data={"reason": parked.release_reason, "amount": str(parked.gross)},
    )
    return parked
