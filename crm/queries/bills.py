"""
A bill as the desk sees it: its lines with what notes changed, its disputes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import get_language

from accounts.models import Account
from billing_project.kernel.models import Approval
from billing_project.kernel.money import ZERO
from crm.queries import staff
from crm.queries.debt import open_by_bill
from invoicing.domain.notes import LineNow
from invoicing.models import Bill, Dispute, Note
from invoicing.operations.disputes import CHARGE_APPROVAL
from invoicing.operations.notes import APPROVAL_KIND
from invoicing.operations.voiding import APPROVAL_KIND as VOIDS
from invoicing.queries import list_bills
from invoicing.queries.notes import is_void, list_lines_now, list_notes


@dataclass(frozen=True, slots=True)
class LineOnDesk:
    """A line with what is left of it, and the dispute that is open about it."""

    now: LineNow
    dispute: Dispute | None

    @property
    def title(self) -> str:
        """In the reader's language."""
        is_english = (get_language() or "ru").startswith("en")
        return self.now.title_en if is_english else self.now.title_ru


@dataclass(frozen=True, slots=True)
class BillOnDesk:
    """Everything about a bill."""

    bill: Bill
    lines: tuple[LineOnDesk, ...]
    notes: tuple[Note, ...]
    is_void: bool
    replacement: Bill | None


@dataclass(frozen=True, slots=True)
class BillRow:
    """A bill in a list, with the notes to it."""

    bill: Bill
    notes: tuple[Note, ...]
    is_void: bool
    open: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class NoteWaiting:
    """A note that waits for a second person, with names."""

    approval: Approval
    account: Account
    asked_by: str


def find_bill(bill_id: int) -> BillOnDesk | None:
    """Return the bill with what corrects it, or None."""
    bill = Bill.objects.select_related("account__customer", "replaces").filter(pk=bill_id).first()
    if bill is None:
        return None
    open_disputes = {
        dispute.bill_line_id: dispute
        for dispute in Dispute.objects.filter(
            account_id=bill.account_id, state=Dispute.State.OPEN, bill_line__bill=bill
        )
    }
    return BillOnDesk(
        bill=bill,
        lines=tuple(
            LineOnDesk(line, open_disputes.get(line.line_id)) for line in list_lines_now(bill.pk)
        ),
        notes=tuple(list_notes(bill_id=bill.pk)),
        is_void=is_void(bill.pk),
        replacement=Bill.objects.filter(replaces=bill).first(),
    )


def list_account_bills(account_id: int) -> list[BillRow]:
    """Return the bills of an account, newest first, each with its notes."""
    bills = list_bills(account_id=account_id, limit=120)
    notes: dict[int, list[Note]] = {}
    for note in list_notes(account_id=account_id, limit=240):
        notes.setdefault(note.bill_id, []).append(note)
    void = set(
        Bill.objects.filter(account_id=account_id, voids__isnull=False).values_list("pk", flat=True)
    )
    left = open_by_bill(account_id)
    return [
        BillRow(bill, tuple(notes.get(bill.pk, ())), bill.pk in void, left.get(bill.pk, ZERO))
        for bill in bills
    ]


def list_waiting_notes() -> list[NoteWaiting]:
    """Return the notes and given back charges that wait for a second person, oldest first."""
    rows = Approval.objects.filter(
        kind__in=(APPROVAL_KIND, CHARGE_APPROVAL, VOIDS), state=Approval.State.PENDING
    )
    return _with_names(list(rows.order_by("pk")[:200]))


def find_waiting_note(approval_id: int) -> NoteWaiting | None:
    """Return one that waits, or None."""
    rows = Approval.objects.filter(
        pk=approval_id,
        kind__in=(APPROVAL_KIND, CHARGE_APPROVAL, VOIDS),
        state=Approval.State.PENDING,
    )
    found = _with_names(list(rows))
    return found[0] if found else None


def _with_names(approvals: Sequence[Approval]) -> list[NoteWaiting]:
    accounts = Account.objects.select_related("customer").in_bulk(
        [each.account_id for each in approvals]
    )
    names = staff.names_of({each.requested_by for each in approvals})
    return [
        NoteWaiting(
            each, accounts[each.account_id], names.get(each.requested_by, each.requested_by)
        )
        for each in approvals
    ]
