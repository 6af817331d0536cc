"""
An entry taken back by hand: whole, once, by an entry of the same kind with the other sign.

Only kinds whose cause is here may be taken back so; payments, fees, usage and bills have ways of
their own, which know what else has to change.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.domain.posting import REVERSAL_REFS, Posting
from accounts.domain.reversals import is_reversible
from accounts.models import EntryReversal
from accounts.models.ledger import AccountBalance
from accounts.operations.posting import post
from accounts.operations.second_person import (
    UnableToCorrect,
    approved,
    ask,
    check_reason,
    find_asked,
    tell,
)
from accounts.queries.entries import Entry, find_entry
from billing_project.kernel.models import Approval

#: `Approval.kind` of a reversal that waits.
APPROVAL_KIND: Final = "entry_reversal"


def reverse_entry(
    *,
    account_id: int,
    entry_id: int,
    reason: str,
    limit: Decimal,
    business_date: date,
    now: datetime,
    actor: str,
) -> EntryReversal | Approval:
    """
    Take an entry back, naming it; above `limit` (whatever the sign) ask for approval instead.

    An entry taken back before is answered with what took it back. Raises UnableToCorrect for kinds
    that are not taken back by hand.
    """
    check_reason(reason)
    with transaction.atomic():
        entry = _locked(account_id, entry_id)
        earlier = _find_earlier(entry)
        if earlier is not None:
            return earlier
        if abs(entry.amount) > limit:
            return ask(
                kind=APPROVAL_KIND,
                account_id=account_id,
                amount=-entry.amount,
                reason=reason,
                data={"request_id": str(entry_id), "entry_id": entry_id},
                actor=actor,
                now=now,
            )
        draft = _draft(entry, reason=reason, on=business_date, now=now, actor=actor)
        return _write(draft, entry)


@transaction.atomic
def approve_reversal(
    *, approval_id: int, business_date: date, now: datetime, actor: str
) -> EntryReversal:
    """Approve a reversal that waits and post it; raises kernel's UnableToDecide."""
    approval = approved(approval_id=approval_id, kind=APPROVAL_KIND, actor=actor, now=now)
    entry = _locked(approval.account_id, approval.data["entry_id"])
    draft = _draft(
        entry,
        reason=approval.comment,
        on=business_date,
        now=now,
        actor=approval.requested_by,
    )
    draft.approval = approval
    return _write(draft, entry)


def _locked(account_id: int, entry_id: int) -> Entry:
    """Return the entry with its account's balance locked, or say why it stays."""
    AccountBalance.objects.select_for_update(no_key=True).filter(pk=account_id).first()
    entry = find_entry(account_id=account_id, entry_id=entry_id)
    if entry is None:
        raise UnableToCorrect(_("This account has no such entry."))
    if not is_reversible(kind=entry.kind, ref=entry.ref, is_reversal=entry.reverses_id is not None):
        message = _("Entries of this kind are taken back where they were made: %(kind)s.")
        raise UnableToCorrect(message % {"kind": entry.kind_label})
    return entry


def _find_earlier(entry: Entry) -> EntryReversal | Approval | None:
    rows = EntryReversal.objects.filter(account_id=entry.account_id, entry_id=entry.id)
    asked = find_asked(kind=APPROVAL_KIND, account_id=entry.account_id, request_id=str(entry.id))
    # What was refused may be asked for anew.
    waiting = asked if asked is not None and asked.state == Approval.State.PENDING else None
    return rows.first() or waiting


def _draft(entry: Entry, *, reason: str, on: date, now: datetime, actor: str) -> EntryReversal:
    return EntryReversal(
        account_id=entry.account_id,
        entry_id=entry.id,
        entry_date=entry.business_date,
        kind=int(entry.kind),
        amount=-entry.amount,
        reason=reason,
        business_date=on,
        reversed_at=now,
        actor=actor,
    )


def _write(draft: EntryReversal, entry: Entry) -> EntryReversal:
    if EntryReversal.objects.filter(account_id=entry.account_id, entry_id=entry.id).exists():
        raise UnableToCorrect(_("This entry is taken back already."))
    draft.save()
    posting = Posting(
        account_id=entry.account_id,
        kind=entry.kind,
        ref=REVERSAL_REFS + draft.pk,
        amount=draft.amount,
        business_date=draft.business_date,
        about_subscription_id=entry.about_subscription_id,
        reverses=entry.key[::-1],
        explanation={"reason": draft.reason},
        fund=entry.fund,
    )
    post(postings=[posting], now=draft.reversed_at, actor=draft.actor)
    tell(
        "entry.reversed",
        account_id=draft.account_id,
        amount=draft.amount,
        reason=f"{entry.kind_label}: {draft.reason}",
        now=draft.reversed_at,
        actor=draft.actor,
    )
    return draft
