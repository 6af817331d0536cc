"""
Disputes: raised from a line of a bill or a charge, read, answered, withdrawn.
"""

import secrets

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dunning.operations import disputes as operations
from dunning.operations.disputes import Claim, UnableToDispute
from invoicing.domain.disputes import CLAIM_DAYS, answer_by
from invoicing.models import Note
from invoicing.operations import disputes as rows
from invoicing.queries.disputes import Subject
from invoicing.queries.note_papers import render_note_pdf
from invoicing.queries.notes import get_note
from portal.forms import DisputeForm, MessageForm
from portal.queries import disputes as queries
from portal.views.door import Visitor, for_payers, show


@require_GET
@for_payers
def disputes(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """What was disputed, the open ones first."""
    found = queries.list_disputes(visitor.account_ids)
    return show(request, visitor, "disputes.html", disputes=found)


@require_http_methods(["GET", "POST"])
@for_payers
def dispute_line(request: HttpRequest, visitor: Visitor, line_id: int) -> HttpResponse:
    """Dispute a line of a bill."""
    found = queries.find_line(line_id, account_ids=visitor.account_ids)
    if found is None:
        raise Http404
    return _raise(request, visitor, found=found)


@require_http_methods(["GET", "POST"])
@for_payers
def dispute_entry(request: HttpRequest, visitor: Visitor, entry_id: int) -> HttpResponse:
    """Dispute a charge that is on no bill yet."""
    found = queries.find_charge(entry_id, account_ids=visitor.account_ids)
    if found is None:
        raise Http404
    return _raise(request, visitor, found=found)


@require_http_methods(["GET", "POST"])
@for_payers
def dispute(request: HttpRequest, visitor: Visitor, dispute_id: int) -> HttpResponse:
    """One dispute; on POST a message is added."""
    page = queries.find_dispute(dispute_id, account_ids=visitor.account_ids)
    if page is None:
        raise Http404
    form = MessageForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        rows.say(
            dispute_id=dispute_id,
            text=form.cleaned_data["text"],
            now=timezone.now(),
            actor=visitor.user.actor,
        )
        return redirect("portal:dispute", dispute_id)
    return show(request, visitor, "dispute.html", page=page, form=form)


@require_POST
@for_payers
def withdraw(request: HttpRequest, visitor: Visitor, dispute_id: int) -> HttpResponse:
    """Withdraw one's own dispute."""
    if queries.find_dispute(dispute_id, account_ids=visitor.account_ids) is None:
        raise Http404
    try:
        operations.withdraw(dispute_id=dispute_id, now=timezone.now(), actor=visitor.user.actor)
    except UnableToDispute as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The dispute is withdrawn."))
    return redirect("portal:dispute", dispute_id)


@require_GET
@for_payers
def note_pdf(request: HttpRequest, visitor: Visitor, note_id: int) -> HttpResponse:
    """A note as it is printed."""
    try:
        note = get_note(note_id, account_ids=visitor.account_ids)
    except Note.DoesNotExist as missing:
        raise Http404 from missing
    pdf = render_note_pdf(note_id, (get_language() or "ru")[:2])
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="note-{note.pk}.pdf"'
    return answer


def _raise(request: HttpRequest, visitor: Visitor, *, found: tuple[int, Subject]) -> HttpResponse:
    account_id, subject = found
    now = timezone.now()
    today = timezone.localdate(now)
    initial = {"amount": subject.charged.left, "request_id": secrets.token_hex(16)}
    form = DisputeForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        entry_id = subject.entry[0] if subject.entry else None
        claim = Claim(
            account_id=account_id,
            bill_line_id=subject.bill_line_id,
            entry_id=entry_id,
            claim_days=CLAIM_DAYS,
            **form.cleaned_data,
        )
        try:
            made = operations.raise_dispute(
                claim=claim, business_date=today, now=now, actor=visitor.user.actor
            )
        except UnableToDispute as refusal:
            form.add_error(refusal.field or None, str(refusal))
        else:
            messages.success(request, _("We have your dispute and will look into the charge."))
            return redirect("portal:dispute", made.pk)
    return show(
        request,
        visitor,
        "dispute_raise.html",
        subject=subject,
        form=form,
        answer_by=answer_by(today),
    )
