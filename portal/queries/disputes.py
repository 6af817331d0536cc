"""
Disputes as the subscriber sees them: what may be disputed, what was, what was said.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import get_language

from accounts.domain.kinds import Kind
from accounts.queries import Entry
from invoicing.domain.disputes import CLAIM_DAYS, DISPUTABLE
from invoicing.domain.notes import CREDIT, SOLD
from invoicing.models import BilledEntry, BillLine, Dispute, Note
from invoicing.queries import disputes
from invoicing.queries.disputes import Subject
from invoicing.queries.notes import list_notes

STAFF = "staff:"


@dataclass(frozen=True, slots=True)
class DisputeView:
    """A dispute in a list."""

    id: int
    title: str
    amount: Decimal
    currency: str
    state: str
    state_name: str
    raised_at: datetime
    due_on: date
    accepted: Decimal | None


@dataclass(frozen=True, slots=True)
class Said:
    """One thing said in a dispute; `is_ours`: by the operator."""

    text: str
    is_ours: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class DisputePage:
    """A dispute with all that the subscriber may see of it."""

    view: DisputeView
    account_id: int
    charged: Decimal
    bill: tuple[int, str] | None
    note: tuple[int, str] | None
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note to a bill."""

    id: int
    number: str
    is_credit: bool
    issued_on: date
    amount: Decimal
    reason: str


def find_line(line_id: int, *, account_ids: Iterable[int]) -> tuple[int, Subject] | None:
    """Return (account, what is disputed) of a bill's line of one of these accounts."""
    owner = BillLine.objects.filter(pk=line_id, account_id__in=list(account_ids))
    account_id = owner.values_list("account_id", flat=True).first()
    if account_id is None:
        return None
    subject = disputes.line_subject(line_id, account_id=account_id)
    return (account_id, subject) if subject else None


def find_charge(entry_id: int, *, account_ids: Iterable[int]) -> tuple[int, Subject] | None:
    """Return (account, what is disputed) of a charge of one of these accounts."""
    for account_id in account_ids:
        subject = disputes.entry_subject(entry_id, account_id=account_id)
        if subject is not None:
            return account_id, subject
    return None


def list_disputes(account_ids: Sequence[int]) -> list[DisputeView]:
    """Return the disputes of the accounts, the open ones first."""
    return [_view(each) for each in disputes.list_of_accounts(account_ids)]


def find_dispute(dispute_id: int, *, account_ids: Iterable[int]) -> DisputePage | None:
    """Return a dispute of one of the accounts; what colleagues wrote to each other is left out."""
    try:
        found = disputes.get_dispute(dispute_id, account_ids=account_ids)
    except Dispute.DoesNotExist:
        return None
    said = [Said(found.reason, is_ours=False, at=found.raised_at)]
    for message in found.messages.filter(is_internal=False).order_by("pk"):
        ours = message.actor.startswith(STAFF)
        said.append(Said(message.text, is_ours=ours, at=message.written_at))
    if found.closed_at and found.answer:
        said.append(Said(found.answer, is_ours=True, at=found.closed_at))
    line = found.bill_line
    return DisputePage(
        view=_view(found),
        account_id=found.account_id,
        charged=found.charged,
        bill=(line.bill_id, line.bill.number_text) if line else None,
        note=(found.note.pk, found.note.number_text) if found.note else None,
        said=tuple(said),
    )


def disputable_lines(lines: Iterable[BillLine], *, issued_on: date, on: date) -> set[int]:
    """Return the lines of a bill that the subscriber may dispute by now."""
    if on > issued_on + timedelta(days=CLAIM_DAYS):
        return set()
    return {line.pk for line in lines if line.kind in SOLD and line.gross > 0}


def disputable_entries(rows: Sequence[Entry], *, on: date) -> set[int]:
    """Return the charges that may be disputed as entries: on no bill yet, not too old."""
    oldest = on - timedelta(days=CLAIM_DAYS)
    found = {
        row.id
        for row in rows
        if row.kind in DISPUTABLE
        and row.amount < 0
        and row.business_date >= oldest
        and row.kind != Kind.USAGE_CORRECTION
    }
    if not found:
        return found
    billed = BilledEntry.objects.filter(account_id=rows[0].account_id, entry_id__in=found)
    return found - set(billed.values_list("entry_id", flat=True))


def open_by_line(bill_id: int) -> dict[int, int]:
    """Return line -> its open dispute, for the lines of a bill."""
    rows = Dispute.objects.filter(bill_line__bill_id=bill_id, state=Dispute.State.OPEN)
    return dict(rows.values_list("bill_line_id", "pk"))


def list_bill_notes(bill_id: int) -> list[NoteView]:
    """Return the notes to a bill, newest first."""
    return [_note(note) for note in list_notes(bill_id=bill_id)]


def _note(note: Note) -> NoteView:
    is_credit = note.kind == CREDIT
    amount = -note.gross if is_credit else note.gross
    return NoteView(note.pk, note.number_text, is_credit, note.issued_on, amount, note.reason)


def _view(found: Dispute) -> DisputeView:
    is_english = (get_language() or "ru").startswith("en")
    return DisputeView(
        id=found.pk,
        title=found.title_en if is_english else found.title_ru,
        amount=found.amount,
        currency=found.currency,
        state=found.state,
        state_name=str(found.get_state_display()),
        raised_at=found.raised_at,
        due_on=found.due_on,
        accepted=found.accepted,
    )
