"""
Credit and debit notes: a bill is never changed, notes about its lines are.

An agent writes notes up to a limit; above it a second person decides. A note is never taken back:
a counter-note answers it, once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts import operations as accounts
from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from billing_project.kernel import operations as kernel
from billing_project.kernel.models import Approval
from billing_project.kernel.money import ZERO
from invoicing.domain.notes import CREDIT, DEBIT, OTHER_WAY, Part, WrongPart, part_of
from invoicing.models import Bill, Note, NoteLine, NoteNumber
from invoicing.queries import notes as queries

#: `Approval.kind` of a note that waits.
APPROVAL_KIND: Final = "note"
LEDGER_KIND: Final = {CREDIT: Kind.CREDIT_NOTE, DEBIT: Kind.DEBIT_NOTE}
TITLES: Final = {
    CREDIT: ("Корректировочный счёт", "Credit note"),
    DEBIT: ("Корректировочный счёт на доплату", "Debit note"),
}
PREFIX: Final = {CREDIT: "К-", DEBIT: "Д-"}
LONGEST_TITLE: Final = 200

LOCK: Final = "SELECT id FROM accounts_account WHERE id = %s FOR NO KEY UPDATE"
# A rollback gives the number back, so there are no holes; the row stays locked until the commit.
TAKE_NUMBER: Final = """
    INSERT INTO invoicing_numberseries AS s (legal_entity_id, document, year, prefix, last)
    VALUES (%s, %s, %s, %s, 1)
    ON CONFLICT (legal_entity_id, document, year) DO UPDATE SET last = s.last + 1
    RETURNING s.last, s.prefix
"""


class UnableToCorrect(Exception):
    """The bill or the line can't be corrected so; the message says what can."""


@dataclass(frozen=True, slots=True)
class NoteDraft:
    """
    A note to write: `parts` are (id of the bill's line, positive amount with tax).

    `request_id`: the same one for an account makes one note. `counters_id`: the note it answers.
    `dispute_id`: the dispute that it accepts.
    """

    bill_id: int
    kind: str
    parts: Sequence[tuple[int, Decimal]]
    reason: str
    request_id: str
    counters_id: int | None = None
    dispute_id: int | None = None
    on_behalf_of: str = ""
    total: Decimal = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", sum((amount for _line, amount in self.parts), ZERO))

    @property
    def signed(self) -> Decimal:
        """The total from the account's side: a credit gives."""
        return self.total if self.kind == CREDIT else -self.total

    def as_data(self) -> dict[str, Any]:
        """Plain values for an approval that waits."""
        return {
            "bill_id": self.bill_id,
            "note": self.kind,
            "parts": [[line_id, str(amount)] for line_id, amount in self.parts],
            "request_id": self.request_id,
            "counters_id": self.counters_id,
            "dispute_id": self.dispute_id,
            "on_behalf_of": self.on_behalf_of,
        }

    @classmethod
    def from_approval(cls, approval: Approval) -> "NoteDraft":
        """Read back what waited."""
        data = approval.data
        return cls(
            bill_id=data["bill_id"],
            kind=data["note"],
            parts=[(line_id, Decimal(amount)) for line_id, amount in data["parts"]],
            reason=approval.comment,
            request_id=data["request_id"],
            counters_id=data["counters_id"],
            dispute_id=data["dispute_id"],
            on_behalf_of=data["on_behalf_of"],
        )


@dataclass(frozen=True, slots=True)
class Issue:
    """When, by whom and on whose approval a note is issued."""

    business_date: date
    now: datetime
    actor: str
    approval: Approval | None = None


@transaction.atomic
def issue_note(
    *, draft: NoteDraft, limit: Decimal, business_date: date, now: datetime, actor: str
) -> Note | Approval:
    """
    Issue a note; above `limit` ask for approval instead. A repeat answers with what was made first.

    Raises UnableToCorrect: no reason, more than is left of a line, a line that wasn't sold.
    """
    bill = _lock(draft.bill_id)
    earlier = queries.find_by_request(bill.account_id, draft.request_id, kind=APPROVAL_KIND)
    if earlier is not None:
        return _same(earlier, draft)
    if not draft.reason.strip():
        raise UnableToCorrect(_("Say why: the reason goes on the note."))
    parts = _parts(draft)
    if draft.total > limit:
        return kernel.request_approval(
            kind=APPROVAL_KIND,
            account_id=bill.account_id,
            amount=draft.signed,
            comment=draft.reason,
            data=draft.as_data(),
            requested_by=actor,
            now=now,
        )
    return _write(bill, draft, parts, issue=Issue(business_date, now, actor))


@transaction.atomic
def approve_note(*, approval_id: int, business_date: date, now: datetime, actor: str) -> Note:
    """Approve a note that waits and issue it; raises kernel's UnableToDecide, UnableToCorrect."""
    approval = kernel.approve(approval_id=approval_id, actor=actor, now=now)
    if approval.kind != APPROVAL_KIND:
        raise UnableToCorrect(_("This approval is not a note."))
    draft = NoteDraft.from_approval(approval)
    bill = _lock(draft.bill_id)
    issue = Issue(business_date, now, approval.requested_by, approval)
    return _write(bill, draft, _parts(draft), issue=issue)


def refuse_note(*, approval_id: int, now: datetime, actor: str) -> Approval:
    """Refuse a note that waits; nothing is issued."""
    return kernel.refuse(approval_id=approval_id, actor=actor, now=now)


def counter_note(
    *,
    note_id: int,
    reason: str,
    request_id: str,
    limit: Decimal,
    business_date: date,
    now: datetime,
    actor: str,
) -> Note | Approval:
    """Answer a note by one the other way, in full, once; notes are never taken back."""
    note = queries.get_note(note_id)
    if note.counters_id is not None:
        raise UnableToCorrect(_("This note answers another one; write a new note instead."))
    draft = NoteDraft(
        bill_id=note.bill_id,
        kind=OTHER_WAY[note.kind],
        parts=[(line.bill_line_id, line.gross) for line in note.lines.order_by("position")],
        reason=reason,
        request_id=request_id,
        counters_id=note_id,
    )
    return issue_note(draft=draft, limit=limit, business_date=business_date, now=now, actor=actor)


def _lock(bill_id: int) -> Bill:
    """Lock the account, so that one thing at a time happens to its documents; return the bill."""
    bill = Bill.objects.select_related("legal_entity", "account").get(pk=bill_id)
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [bill.account_id])
    return bill


def _same(earlier: Note | Approval, draft: NoteDraft) -> Note | Approval:
    if isinstance(earlier, Note):
        is_same = (earlier.gross, earlier.kind) == (draft.total, draft.kind)
    else:
        is_same = earlier.amount == draft.signed
    if not is_same:
        raise UnableToCorrect(_("This form was sent before with another amount."))
    return earlier


def _parts(draft: NoteDraft) -> list[Part]:
    ids = [line_id for line_id, _amount in draft.parts]
    if draft.kind not in OTHER_WAY or not ids or len(ids) != len(set(ids)):
        raise UnableToCorrect(_("Say which lines of the bill are corrected, and by how much."))
    if queries.is_void(draft.bill_id):
        raise UnableToCorrect(_("The bill is void: notes took all of it back."))
    if draft.counters_id and Note.objects.filter(counters_id=draft.counters_id).exists():
        raise UnableToCorrect(_("This note was answered already."))
    lines = {line.line_id: line for line in queries.list_lines_now(draft.bill_id, line_ids=ids)}
    try:
        return [part_of(lines[line_id], amount, kind=draft.kind) for line_id, amount in draft.parts]
    except KeyError as missing:
        raise UnableToCorrect(_("This line is not on the bill.")) from missing
    except WrongPart as wrong:
        text = _("At most %(left)s can be credited of this line.") % {"left": wrong.left}
        raise UnableToCorrect(text) from wrong
    except InvalidOperation as wrong:
        raise UnableToCorrect(_("The amount is too large.")) from wrong


def _write(bill: Bill, draft: NoteDraft, parts: Sequence[Part], *, issue: Issue) -> Note:
    note = _number(bill, draft, issue)
    note.gross = sum((part.gross for part in parts), ZERO)
    note.tax = sum((part.tax for part in parts), ZERO)
    note.net = note.gross - note.tax
    note.save(force_insert=True)
    NoteNumber.objects.create(
        legal_entity=bill.legal_entity,
        document=note.kind,
        year=note.year,
        number=note.number,
        account_id=note.account_id,
        note=note,
    )
    lines = _write_lines(note, parts)
    money = _post(note, bill, lines, parts=parts, issue=issue)
    _tell(note, bill, money=money)
    return note


def _number(bill: Bill, draft: NoteDraft, issue: Issue) -> Note:
    year = issue.business_date.year
    with connection.cursor() as cursor:
        cursor.execute(TAKE_NUMBER, [bill.legal_entity_id, draft.kind, year, PREFIX[draft.kind]])
        number, prefix = cursor.fetchone()
    return Note(
        account_id=bill.account_id,
        legal_entity=bill.legal_entity,
        bill=bill,
        kind=draft.kind,
        number=number,
        year=year,
        number_text=f"{prefix}{year}-{number:07d}",
        issued_on=issue.business_date,
        currency=bill.currency,
        reason=draft.reason.strip()[:200],
        counters_id=draft.counters_id,
        approval=issue.approval,
        request_id=draft.request_id,
        issued_at=issue.now,
        actor=issue.actor,
        on_behalf_of=draft.on_behalf_of,
    )


def _write_lines(note: Note, parts: Sequence[Part]) -> list[NoteLine]:
    rows = [
        NoteLine(
            note=note,
            account_id=note.account_id,
            kind=note.kind,
            bill_line_id=part.line.line_id,
            position=position,
            title_ru=part.line.title_ru,
            title_en=part.line.title_en,
            tax_percent=part.line.tax_percent,
            net=part.net,
            tax=part.tax,
            gross=part.gross,
        )
        for position, part in enumerate(parts, start=1)
    ]
    written: list[NoteLine] = NoteLine.objects.bulk_create(rows)
    return written


def _post(
    note: Note, bill: Bill, lines: Sequence[NoteLine], *, parts: Sequence[Part], issue: Issue
) -> Decimal:
    """Post an entry per line; return the balance after."""
    sign = 1 if note.kind == CREDIT else -1
    title_ru, title_en = TITLES[note.kind]
    postings = [
        Posting(
            account_id=note.account_id,
            kind=LEDGER_KIND[note.kind],
            ref=line.pk,
            amount=sign * line.gross,
            business_date=issue.business_date,
            about_subscription_id=part.line.subscription_id,
            explanation={
                "note": note.pk,
                "number": note.number_text,
                "bill": bill.number_text,
                "bill_line": line.bill_line_id,
                "reason": note.reason,
                "title_ru": f"{title_ru} {note.number_text}: {line.title_ru}"[:LONGEST_TITLE],
                "title_en": f"{title_en} {note.number_text}: {line.title_en}"[:LONGEST_TITLE],
            },
        )
        for line, part in zip(lines, parts, strict=True)
    ]
    posted = accounts.post(
        postings=postings, now=issue.now, actor=issue.actor, on_behalf_of=note.on_behalf_of
    )
    return posted[-1].money


def _tell(note: Note, bill: Bill, *, money: Decimal) -> None:
    kernel.record_event(
        kind=f"{note.kind}.issued",
        account_id=note.account_id,
        customer_id=bill.account.customer_id,
        happened_at=note.issued_at,
        actor=note.actor,
        on_behalf_of=note.on_behalf_of,
        data={
            "note_id": note.pk,
            "number": note.number_text,
            "bill": bill.number_text,
            "amount": str(note.gross),
            "reason": note.reason,
            "money": str(money),
        },
    )
