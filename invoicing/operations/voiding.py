"""
A void bill: notes take all of it back; another bill may be issued in its place. Neither the bill
nor its number is changed.

The bill in its place is outside of the chain of balances: what it charges is posted, an entry per
line, and the next bill of the cycle carries those entries and the notes' together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts import operations as accounts
from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from billing_project.kernel import operations as kernel
from billing_project.kernel.models import Approval
from billing_project.kernel.money import ZERO, round_money
from invoicing.domain.notes import CREDIT, DEBIT, SOLD, take_all
from invoicing.models import Bill, BillLine, BillNumber, BillVoid, Dispute
from invoicing.operations.bills import DUE_DAYS
from invoicing.operations.notes import (
    LOCK,
    LONGEST_TITLE,
    TAKE_NUMBER,
    NoteDraft,
    UnableToCorrect,
    issue_note,
)
from invoicing.queries import notes as queries

#: `Approval.kind` of a bill to void that waits.
APPROVAL_KIND: Final = "void_bill"
#: More than any bill: the notes of a void bill were approved with it.
NO_LIMIT: Final = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class VoidOrder:
    """
    Which bill is void and why. `amounts`: what the lines of the bill in its place charge, by the id
    of the old line (0 leaves it out, a line not named stays as it was); None: no other bill.
    """

    bill_id: int
    reason: str
    amounts: Mapping[int, Decimal] | None = None

    def as_data(self) -> dict[str, Any]:
        """Plain values for an approval that waits."""
        amounts = self.amounts
        told = None if amounts is None else {str(key): str(each) for key, each in amounts.items()}
        return {"bill_id": self.bill_id, "amounts": told}

    @classmethod
    def from_approval(cls, approval: Approval) -> "VoidOrder":
        """Read back what waited."""
        told = approval.data["amounts"]
        amounts = None if told is None else {int(key): Decimal(each) for key, each in told.items()}
        return cls(approval.data["bill_id"], approval.comment, amounts)


@transaction.atomic
def void_bill(
    *, order: VoidOrder, limit: Decimal, business_date: date, now: datetime, actor: str
) -> BillVoid | Approval:
    """
    Void a bill, and issue another in its place if `amounts` are given; above `limit` ask first.

    The second time it answers with what was done. Raises UnableToCorrect.
    """
    bill = _lock(order.bill_id)
    earlier = BillVoid.objects.filter(account_id=bill.account_id, bill=bill).first()
    if earlier is not None:
        return earlier
    _check(bill, order)
    waiting = Approval.objects.filter(
        kind=APPROVAL_KIND,
        account_id=bill.account_id,
        state=Approval.State.PENDING,
        data__bill_id=bill.pk,
    ).first()
    if waiting is not None:
        return waiting
    if bill.gross > limit:
        return kernel.request_approval(
            kind=APPROVAL_KIND,
            account_id=bill.account_id,
            amount=bill.gross,
            comment=order.reason.strip(),
            data=order.as_data(),
            requested_by=actor,
            now=now,
        )
    return _void(bill, order, business_date=business_date, now=now, actor=actor)


@transaction.atomic
def approve_void(*, approval_id: int, business_date: date, now: datetime, actor: str) -> BillVoid:
    """Approve a bill to void that waits, and void it; raises kernel's UnableToDecide."""
    approval = kernel.approve(approval_id=approval_id, actor=actor, now=now)
    if approval.kind != APPROVAL_KIND:
        raise UnableToCorrect(_("This approval is not a bill to void."))
    order = VoidOrder.from_approval(approval)
    bill = _lock(order.bill_id)
    _check(bill, order)
    return _void(bill, order, business_date=business_date, now=now, actor=approval.requested_by)


def _lock(bill_id: int) -> Bill:
    bill = Bill.objects.select_related("legal_entity", "account").get(pk=bill_id)
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [bill.account_id])
    return bill


def _check(bill: Bill, order: VoidOrder) -> None:
    if not order.reason.strip():
        raise UnableToCorrect(_("Say why: the reason goes on the note."))
    if queries.is_void(bill.pk):
        raise UnableToCorrect(_("The bill is void: notes took all of it back."))
    if Dispute.objects.filter(
        account_id=bill.account_id, bill_line__bill=bill, state=Dispute.State.OPEN
    ).exists():
        raise UnableToCorrect(_("A line of the bill is in dispute: decide that first."))
    for amount in (order.amounts or {}).values():
        if amount < 0 or amount != round_money(amount):
            raise UnableToCorrect(_("Amounts of lines are not negative, in whole minor units."))


def _void(
    bill: Bill, order: VoidOrder, *, business_date: date, now: datetime, actor: str
) -> BillVoid:
    reason = order.reason.strip()[:200]
    credits, debits = take_all(queries.list_lines_now(bill.pk))
    for kind, parts in ((CREDIT, credits), (DEBIT, debits)):
        if parts:
            draft = NoteDraft(bill.pk, kind, parts, reason, request_id=f"void-{bill.pk}-{kind}")
            issue_note(
                draft=draft, limit=NO_LIMIT, business_date=business_date, now=now, actor=actor
            )
    void = BillVoid.objects.create(
        account_id=bill.account_id, bill=bill, reason=reason, voided_at=now, actor=actor
    )
    if order.amounts is None:
        _tell("bill.voided", bill, bill, reason=reason, now=now, actor=actor)
        return void
    replacement = _replace(bill, order.amounts, business_date=business_date, now=now, actor=actor)
    _tell("bill.reissued", bill, replacement, reason=reason, now=now, actor=actor)
    return void


def _replace(
    bill: Bill, amounts: Mapping[int, Decimal], *, business_date: date, now: datetime, actor: str
) -> Bill:
    old = list(bill.lines.filter(kind__in=SOLD).order_by("position"))
    lines = [
        _line_anew(line, amounts.get(line.pk, line.gross))
        for line in old
        if amounts.get(line.pk, line.gross)
    ]
    replacement = _bill_anew(bill, lines, on=business_date)
    for position, line in enumerate(lines, start=1):
        line.bill, line.position = replacement, position
    written = BillLine.objects.bulk_create(lines)
    _post(replacement, written, on=business_date, now=now, actor=actor, former=bill)
    return replacement


def _line_anew(line: BillLine, gross: Decimal) -> BillLine:
    tax = line.tax
    if gross != line.gross:
        tax = round_money(gross * line.tax_percent / (100 + line.tax_percent))
    told = {key: value for key, value in line.explanation.items() if key != "entry"}
    return BillLine(
        account_id=line.account_id,
        kind=line.kind,
        subscription_id=line.subscription_id,
        title_ru=line.title_ru,
        title_en=line.title_en,
        quantity=line.quantity,
        count=line.count,
        unit=line.unit,
        tax_percent=line.tax_percent,
        net=gross - tax,
        tax=tax,
        gross=gross,
        explanation={**told, "replaces_line": line.pk},
    )


def _bill_anew(bill: Bill, lines: Sequence[BillLine], *, on: date) -> Bill:
    gross = sum((line.gross for line in lines), ZERO)
    tax = sum((line.tax for line in lines), ZERO)
    with connection.cursor() as cursor:
        cursor.execute(TAKE_NUMBER, [bill.legal_entity_id, "bill", on.year, ""])
        number, prefix = cursor.fetchone()
    replacement: Bill = Bill.objects.create(
        account=bill.account,
        legal_entity=bill.legal_entity,
        number=number,
        year=on.year,
        number_text=f"{prefix}{on.year}-{number:07d}",
        period_start=bill.period_start,
        period_end=bill.period_end,
        issued_on=on,
        due_on=on + timedelta(days=DUE_DAYS),
        currency=bill.currency,
        opening=ZERO,
        net=gross - tax,
        tax=tax,
        gross=gross,
        payments=ZERO,
        adjustments=ZERO,
        closing=gross,
        replaces=bill,
    )
    BillNumber.objects.create(
        legal_entity=bill.legal_entity,
        year=on.year,
        number=number,
        account_id=bill.account_id,
        bill=replacement,
    )
    return replacement


def _post(
    bill: Bill, lines: Sequence[BillLine], *, on: date, now: datetime, actor: str, former: Bill
) -> None:
    """Post an entry per line; references of notes are positive, these are the lines' negative."""
    postings = [
        Posting(
            account_id=bill.account_id,
            kind=Kind.DEBIT_NOTE if line.gross > 0 else Kind.CREDIT_NOTE,
            ref=-line.pk,
            amount=-line.gross,
            business_date=on,
            about_subscription_id=line.subscription_id,
            explanation={
                "bill": bill.number_text,
                "replaces": former.number_text,
                "title_ru": f"Счёт {bill.number_text}: {line.title_ru}"[:LONGEST_TITLE],
                "title_en": f"Bill {bill.number_text}: {line.title_en}"[:LONGEST_TITLE],
            },
        )
        for line in lines
    ]
    if postings:
        accounts.post(postings=postings, now=now, actor=actor)


def _tell(kind: str, former: Bill, bill: Bill, *, reason: str, now: datetime, actor: str) -> None:
    kernel.record_event(
        kind=kind,
        account_id=former.account_id,
        customer_id=former.account.customer_id,
        happened_at=now,
        actor=actor,
        data={
            "bill_id": bill.pk,
            "number": bill.number_text,
            "bill": former.number_text,
            "amount": str(bill.gross),
            "reason": reason,
        },
    )
