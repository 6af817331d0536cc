"""
Disputes: what is charged and may be disputed, the queue of those who decide, what is frozen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.db.models import QuerySet, Sum
from django.utils.translation import get_language

from accounts import queries as accounts_queries
from billing_project.kernel.models import Approval
from billing_project.kernel.money import ZERO
from invoicing.domain.charges import BY_ZONE, TITLES, USAGE_TITLES
from invoicing.domain.disputes import DISPUTABLE, Charged
from invoicing.domain.notes import SOLD
from invoicing.models import BilledEntry, BillLine, Dispute
from invoicing.queries.notes import list_lines_now

#: (account_id, frozen): the sums in open disputes, a fragment for selects of upper apps.
FROZEN_SQL: Final = """
    SELECT account_id, sum(amount) AS frozen FROM invoicing_dispute
     WHERE state = 'open' GROUP BY account_id
"""
#: A page of the queue.
PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Subject:
    """A charge that may be disputed; exactly one of line and entry is there."""

    charged: Charged
    title_ru: str
    title_en: str
    gross: Decimal
    bill_line_id: int | None = None
    entry: tuple[int, date] | None = None

    @property
    def title(self) -> str:
        """In the reader's language."""
        return self.title_en if (get_language() or "ru").startswith("en") else self.title_ru


def line_subject(line_id: int, *, account_id: int) -> Subject | None:
    """Return the line of a bill as what may be disputed; None if there is no such line."""
    line = BillLine.objects.select_related("bill").filter(pk=line_id, account_id=account_id).first()
    if line is None or line.kind not in SOLD:
        return None
    [now] = list_lines_now(line.bill_id, line_ids=[line_id])
    given = _given_before(account_id, line.explanation.get("entry"))
    is_open = Dispute.objects.filter(
        account_id=account_id, bill_line_id=line_id, state=Dispute.State.OPEN
    ).exists()
    charged = Charged(now.creditable - given, line.bill.issued_on, is_open)
    return Subject(charged, line.title_ru, line.title_en, line.gross, bill_line_id=line_id)


def entry_subject(entry_id: int, *, account_id: int) -> Subject | None:
    """
    Return a charge of the ledger as what may be disputed; None if it is none.

    A charge that is on a bill by now as a line of its own is that line.
    """
    entry = accounts_queries.find_entry(account_id=account_id, entry_id=entry_id)
    if entry is None or entry.kind not in DISPUTABLE or entry.amount >= 0:
        return None
    line_id = find_line_of(entry_id, account_id=account_id)
    if line_id is not None:
        return line_subject(line_id, account_id=account_id)
    if (
        entry.kind in BY_ZONE
        and BilledEntry.objects.filter(account_id=account_id, entry_id=entry_id).exists()
    ):
        # It is on a bill by zone; the bill's lines are what is disputed then.
        return None
    told = entry.explanation or {}
    words = TITLES.get(entry.kind) or USAGE_TITLES[entry.kind][:2]
    title_ru, title_en = words[0], words[1]
    is_open = Dispute.objects.filter(
        account_id=account_id, entry_id=entry_id, state=Dispute.State.OPEN
    ).exists()
    left = -entry.amount - _given_before(account_id, entry_id)
    return Subject(
        Charged(left, entry.business_date, is_open),
        str(told.get("title_ru") or told.get("text_ru") or title_ru)[:200],
        str(told.get("title_en") or told.get("text_en") or title_en)[:200],
        -entry.amount,
        entry=(entry_id, entry.business_date),
    )


def find_line_of(entry_id: int, *, account_id: int) -> int | None:
    """Return the sold line that the entry is on its bill; None: on no bill, or a part of a sum."""
    billed = BilledEntry.objects.filter(account_id=account_id, entry_id=entry_id).first()
    if billed is None:
        return None
    lines = BillLine.objects.filter(
        bill_id=billed.bill_id, kind__in=SOLD, explanation__entry=entry_id
    )
    found: int | None = lines.values_list("pk", flat=True).first()
    return found


def _given_before(account_id: int, entry_id: int | None) -> Decimal:
    """Return what disputes of the charge gave back by adjustments."""
    if entry_id is None:
        return ZERO
    given = Dispute.objects.filter(
        account_id=account_id, entry_id=entry_id, adjustment_id__isnull=False
    ).aggregate(total=Sum("accepted"))
    return given["total"] or ZERO


def sum_frozen(account_ids: Iterable[int]) -> dict[int, Decimal]:
    """Return what is in open disputes, by account; accounts without any are left out."""
    rows = Dispute.objects.filter(account_id__in=list(account_ids), state=Dispute.State.OPEN)
    sums = rows.order_by().values_list("account_id").annotate(total=Sum("amount"))
    return dict(sums)


def get_dispute(dispute_id: int, *, account_ids: Iterable[int] | None = None) -> Dispute:
    """Return a dispute with account, customer, bill and note; else Dispute.DoesNotExist."""
    rows = Dispute.objects.select_related("account__customer", "bill_line__bill", "note")
    if account_ids is not None:
        rows = rows.filter(account_id__in=list(account_ids))
    return rows.get(pk=dispute_id)


def list_of_accounts(account_ids: Sequence[int], *, limit: int = 30) -> list[Dispute]:
    """Return the disputes of accounts, the open ones first, newest first."""
    rows = Dispute.objects.filter(account_id__in=list(account_ids)).select_related(
        "bill_line__bill", "note"
    )
    newest = list(rows.order_by("-pk")[:limit])
    return sorted(newest, key=lambda each: each.state != Dispute.State.OPEN)


def queue(
    *, state: str = "", assignee: str = "", overdue_on: date | None = None, after: int = 0
) -> list[Dispute]:
    """
    Return a page of disputes, those to be answered first on top; `after` is the last one's id.

    `assignee` "-" is nobody; `overdue_on`: only those whose day to answer is before it.
    """
    rows: QuerySet[Dispute] = Dispute.objects.select_related(
        "account__customer", "bill_line__bill"
    ).order_by("pk")
    if state:
        rows = rows.filter(state=state)
    if assignee:
        rows = rows.filter(assignee="" if assignee == "-" else assignee)
    if overdue_on is not None:
        rows = rows.filter(state=Dispute.State.OPEN, due_on__lt=overdue_on)
    # The day to answer grows with the id, so the order of ids is the order of urgency.
    return list(rows.filter(pk__gt=after)[:PAGE])


def count_open(*, on: date) -> tuple[int, int, Decimal]:
    """Return how many disputes are open, how many of them overdue, and the money in them."""
    rows = Dispute.objects.filter(state=Dispute.State.OPEN)
    total = rows.aggregate(total=Sum("amount"))["total"] or ZERO
    return rows.count(), rows.filter(due_on__lt=on).count(), total


def find_waiting_approval(dispute: Dispute) -> Approval | None:
    """Return the approval that the acceptance of a dispute waits for."""
    waiting = Approval.objects.filter(
        account_id=dispute.account_id, state=Approval.State.PENDING, data__dispute_id=dispute.pk
    )
    found: Approval | None = waiting.first()
    return found


def bill_of(line_id: int) -> int:
    """Return the bill of a line."""
    found: int = BillLine.objects.values_list("bill_id", flat=True).get(pk=line_id)
    return found


def count_asked(dispute: Dispute) -> int:
    """Return how many times a second person was asked to accept the dispute."""
    asked = Approval.objects.filter(account_id=dispute.account_id, data__dispute_id=dispute.pk)
    return asked.count()
