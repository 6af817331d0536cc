"""
Disputes as rows: raised, answered, decided. The doors call `dunning.operations.disputes`, which
also keeps the disputed money from restricting the service.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts import operations as accounts
from accounts.models import Account, Adjustment
from billing_project.kernel import operations as kernel
from billing_project.kernel.models import Approval
from invoicing.domain.disputes import Obstacle, answer_by, find_obstacle
from invoicing.domain.notes import CREDIT
from invoicing.models import Dispute, DisputeMessage, Note
from invoicing.operations.notes import APPROVAL_KIND, NoteDraft, approve_note, issue_note
from invoicing.queries import disputes as queries
from invoicing.queries.disputes import Subject

#: `Approval.kind` of a charge given back that is on no bill yet.
CHARGE_APPROVAL: Final = "disputed_charge"
LOCK: Final = "SELECT id FROM accounts_account WHERE id = %s FOR NO KEY UPDATE"


class UnableToDispute(Exception):
    """The charge can't be disputed, or the dispute not be decided so; `field` of a form."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """
    What is disputed and why: a line of a bill or an entry of the ledger. `amount` None: all of it.

    `claim_days`: how long after the charge it may be disputed; None: at any time.
    """

    account_id: int
    reason: str
    request_id: str
    bill_line_id: int | None = None
    entry_id: int | None = None
    amount: Decimal | None = None
    claim_days: int | None = None


@transaction.atomic
def open_dispute(
    *, claim: Claim, business_date: date, now: datetime, actor: str, on_behalf_of: str = ""
) -> Dispute:
    """Write a dispute; the same request answers with what it made. Raises UnableToDispute."""
    _lock(claim.account_id)
    earlier = Dispute.objects.filter(
        account_id=claim.account_id, request_id=claim.request_id
    ).first()
    if earlier is not None:
        return earlier
    subject = _subject(claim)
    amount = subject.charged.left if claim.amount is None else claim.amount
    _check(claim, subject, amount=amount, on=business_date)
    account = Account.objects.get(pk=claim.account_id)
    entry_id, entry_on = subject.entry or (None, None)
    dispute = Dispute.objects.create(
        account=account,
        bill_line_id=subject.bill_line_id,
        entry_id=entry_id,
        entry_on=entry_on,
        title_ru=subject.title_ru,
        title_en=subject.title_en,
        charged=subject.gross,
        amount=amount,
        currency=account.currency,
        reason=claim.reason.strip(),
        raised_at=now,
        due_on=answer_by(business_date),
        actor=actor,
        on_behalf_of=on_behalf_of,
        request_id=claim.request_id,
    )
    _tell("raised", dispute, now=now, actor=actor, on_behalf_of=on_behalf_of)
    return dispute


@transaction.atomic
def accept_dispute(
    *,
    dispute_id: int,
    amount: Decimal,
    answer: str,
    limit: Decimal,
    business_date: date,
    now: datetime,
    actor: str,
) -> Dispute | Approval:
    """
    Accept a dispute, wholly or in part: a credit note, or an adjustment where no bill is yet.

    Above `limit` it waits for a second person and stays open. Raises UnableToDispute.
    """
    dispute = _open(dispute_id)
    if not 0 < amount <= dispute.amount:
        raise UnableToDispute(
            _("Up to %(sum)s is in dispute.") % {"sum": dispute.amount}, field="amount"
        )
    if not answer.strip():
        raise UnableToDispute(_("Answer the subscriber in a few words."), field="answer")
    if queries.find_waiting_approval(dispute) is not None:
        raise UnableToDispute(_("It waits for a second person already."))
    made = _give(dispute, amount, answer, limit=limit, at=(business_date, now), actor=actor)
    if isinstance(made, Approval):
        return made
    return _accepted(dispute, made, answer, now=now, actor=actor)


@transaction.atomic
def approve_disputed(
    *, approval_id: int, business_date: date, now: datetime, actor: str
) -> Dispute:
    """Approve the acceptance of a dispute that waits for a second person, and carry it out."""
    approval = Approval.objects.get(pk=approval_id)
    dispute = _open(approval.data["dispute_id"])
    made: Note | Adjustment
    if approval.kind == APPROVAL_KIND:
        made = approve_note(
            approval_id=approval_id, business_date=business_date, now=now, actor=actor
        )
    else:
        kernel.approve(approval_id=approval_id, actor=actor, now=now)
        found = _give(
            dispute,
            approval.amount or dispute.amount,
            approval.comment,
            limit=approval.amount or dispute.amount,
            at=(business_date, now),
            actor=approval.requested_by,
        )
        if isinstance(found, Approval):  # pragma: no cover - its limit is its own amount
            raise UnableToDispute(_("It waits for a second person already."))
        made = found
    return _accepted(dispute, made, approval.comment, now=now, actor=actor)


@transaction.atomic
def close_dispute(
    *, dispute_id: int, to: str, answer: str, now: datetime, actor: str, on_behalf_of: str = ""
) -> Dispute:
    """Reject (with a reason) or withdraw a dispute; what waits for a second person is refused."""
    dispute = _open(dispute_id)
    if to == Dispute.State.REJECTED and not answer.strip():
        raise UnableToDispute(_("Answer the subscriber in a few words."), field="answer")
    if queries.find_waiting_approval(dispute) is not None:
        raise UnableToDispute(_("It waits for a second person; that is decided first."))
    closing = {"answer": answer.strip()}
    return _close(dispute, to, closing, now=now, who=(actor, on_behalf_of))


@transaction.atomic
def say(
    *, dispute_id: int, text: str, now: datetime, actor: str, is_internal: bool = False
) -> DisputeMessage:
    """Add a message; the subscriber is told of what staff writes, unless it is for colleagues."""
    if not text.strip():
        raise UnableToDispute(_("The message is empty."), field="text")
    dispute = queries.get_dispute(dispute_id)
    message = DisputeMessage.objects.create(
        dispute=dispute,
        account_id=dispute.account_id,
        text=text.strip(),
        is_internal=is_internal,
        written_at=now,
        actor=actor,
    )
    if actor.startswith("staff:") and not is_internal:
        _tell("answered", dispute, now=now, actor=actor, reason=text.strip())
    return message


def assign(*, dispute_id: int, to: str) -> Dispute:
    """Say who of the staff decides a dispute («staff:7»); '' is nobody."""
    Dispute.objects.filter(pk=dispute_id).update(assignee=to)
    return queries.get_dispute(dispute_id)


def _lock(account_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [account_id])


def _open(dispute_id: int) -> Dispute:
    """Return an open dispute, its account locked; one that is decided can't be decided again."""
    _lock(queries.get_dispute(dispute_id).account_id)
    dispute = queries.get_dispute(dispute_id)
    if dispute.state != Dispute.State.OPEN:
        text = _("This dispute is closed: %(state)s.") % {"state": dispute.get_state_display()}
        raise UnableToDispute(text)
    return dispute


def _subject(claim: Claim) -> Subject:
    found = None
    if claim.bill_line_id is not None:
        found = queries.line_subject(claim.bill_line_id, account_id=claim.account_id)
    elif claim.entry_id is not None:
        found = queries.entry_subject(claim.entry_id, account_id=claim.account_id)
    if found is None:
        raise UnableToDispute(_("This can't be disputed: it is not a charge."))
    return found


def _check(claim: Claim, subject: Subject, *, amount: Decimal, on: date) -> None:
    if not claim.reason.strip():
        raise UnableToDispute(_("Say what is wrong with the charge."), field="reason")
    obstacle = find_obstacle(subject.charged, amount=amount, on=on, claim_days=claim.claim_days)
    if obstacle is Obstacle.OPEN_ALREADY:
        raise UnableToDispute(_("This charge is in dispute already."))
    if obstacle is Obstacle.NOTHING_LEFT:
        raise UnableToDispute(_("Nothing is left of this charge: it was given back already."))
    if obstacle is Obstacle.TOO_MUCH:
        text = _("At most %(left)s of it can be disputed.") % {"left": subject.charged.left}
        raise UnableToDispute(text, field="amount")
    if obstacle is Obstacle.TOO_LATE:
        text = _("A charge can be disputed for %(days)s days; call us if it matters.")
        raise UnableToDispute(text % {"days": claim.claim_days})


def _give(
    dispute: Dispute,
    amount: Decimal,
    answer: str,
    *,
    limit: Decimal,
    at: tuple[date, datetime],
    actor: str,
) -> Note | Adjustment | Approval:
    """Write the credit note against the line, or the adjustment of a charge that has none."""
    business_date, now = at
    line_id = dispute.bill_line_id or queries.find_line_of(
        dispute.entry_id or 0, account_id=dispute.account_id
    )
    if line_id is None:
        return _give_charge(dispute, amount, answer, limit=limit, at=at, actor=actor)
    draft = NoteDraft(
        bill_id=queries.bill_of(line_id),
        kind=CREDIT,
        parts=[(line_id, amount)],
        reason=answer.strip()[:200],
        # A second person may refuse, and the dispute be accepted with another sum after it.
        request_id=f"dispute-{dispute.pk}-{queries.count_asked(dispute)}",
        dispute_id=dispute.pk,
        on_behalf_of=f"customer:{dispute.account.customer_id}",
    )
    return issue_note(draft=draft, limit=limit, business_date=business_date, now=now, actor=actor)


def _give_charge(
    dispute: Dispute,
    amount: Decimal,
    answer: str,
    *,
    limit: Decimal,
    at: tuple[date, datetime],
    actor: str,
) -> Adjustment | Approval:
    business_date, now = at
    reason = answer.strip()[:200]
    if amount > limit:
        return kernel.request_approval(
            kind=CHARGE_APPROVAL,
            account_id=dispute.account_id,
            amount=amount,
            comment=reason,
            data={"dispute_id": dispute.pk},
            requested_by=actor,
            now=now,
        )
    return accounts.adjust(
        account_id=dispute.account_id,
        amount=amount,
        reason=reason,
        request_id=f"dispute-{dispute.pk}",
        limit=amount,
        business_date=business_date,
        now=now,
        actor=actor,
    )


def _accepted(
    dispute: Dispute, made: Note | Adjustment, answer: str, *, now: datetime, actor: str
) -> Dispute:
    is_note = isinstance(made, Note)
    closing = {
        "answer": answer.strip(),
        "accepted": made.gross if isinstance(made, Note) else made.amount,
        "note": made if is_note else None,
        "adjustment_id": None if is_note else made.pk,
    }
    return _close(dispute, Dispute.State.ACCEPTED, closing, now=now, who=(actor, ""))


def _close(
    dispute: Dispute, to: str, closing: dict[str, Any], *, now: datetime, who: tuple[str, str]
) -> Dispute:
    actor, on_behalf_of = who
    kernel.change_state(
        model=Dispute, ids=[dispute.pk], to=to, at=now, actor=actor, on_behalf_of=on_behalf_of
    )
    Dispute.objects.filter(pk=dispute.pk).update(closed_at=now, closed_by=actor, **closing)
    closed = queries.get_dispute(dispute.pk)
    _tell(to, closed, now=now, actor=actor, on_behalf_of=on_behalf_of, reason=closed.answer)
    return closed


def _tell(
    what: str,
    dispute: Dispute,
    *,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    reason: str = "",
) -> None:
    kernel.record_event(
        kind=f"dispute.{what}",
        account_id=dispute.account_id,
        customer_id=dispute.account.customer_id,
        happened_at=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        data={
            "dispute_id": dispute.pk,
            "number": str(dispute.pk),
            "amount": str(dispute.accepted or dispute.amount),
            "about_ru": dispute.title_ru,
            "about_en": dispute.title_en,
            "due_on": dispute.due_on.isoformat(),
            "reason": reason or dispute.reason,
        },
    )
