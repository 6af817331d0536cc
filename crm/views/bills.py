"""
Bills at the desk: one bill with its notes and disputes; notes written, answered, approved.
"""

import secrets

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billing_project.kernel import operations as kernel_operations
from crm.forms import corrections as forms
from crm.forms.money import DecisionForm
from crm.queries import bills as queries
from crm.queries import card as card_queries
from crm.queries import staff as staff_queries
from crm.queries.history.words import money as written
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from dunning import operations as dunning_operations
from invoicing.domain.notes import CREDIT, DEBIT
from invoicing.models import BillVoid, Note
from invoicing.operations import notes as operations
from invoicing.operations.notes import NoteDraft, UnableToCorrect
from invoicing.operations.voiding import APPROVAL_KIND as VOIDS
from invoicing.operations.voiding import VoidOrder, approve_void, void_bill
from invoicing.queries.note_papers import render_note_pdf
from invoicing.queries.notes import get_note

REFUSALS = (
    UnableToCorrect,
    dunning_operations.disputes.UnableToDispute,
    kernel_operations.UnableToDecide,
)


@require_GET
@door("see_customers")
def bills(request: HttpRequest, account_id: int) -> HttpResponse:
    """The bills of an account, newest first."""
    account = card_queries.find_account(account_id)
    if account is None:
        raise Http404
    context = {"account": account, "rows": queries.list_account_bills(account_id)}
    return page(request, "crm/bills.html", context)


@require_GET
@door("see_customers")
def bill(request: HttpRequest, bill_id: int) -> HttpResponse:
    """One bill: its lines as they are now, its notes and disputes."""
    return page(request, "crm/bill.html", {"desk": _bill(bill_id)})


@require_GET
@door("see_customers")
def note_pdf(request: HttpRequest, note_id: int) -> HttpResponse:
    """A note as it is printed."""
    try:
        note = get_note(note_id)
    except Note.DoesNotExist as missing:
        raise Http404 from missing
    pdf = render_note_pdf(note_id, (get_language() or "ru")[:2])
    name = f'inline; filename="note-{note.pk}.pdf"'
    return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": name})


@require_http_methods(["GET", "POST"])
@door("correct_bills")
def write_note(request: HttpRequest, bill_id: int, kind: str) -> HttpResponse:
    """Write a credit or debit note against lines of a bill."""
    desk, user = _bill(bill_id), staff_of(request)
    if kind not in {CREDIT, DEBIT}:
        raise Http404
    limit = staff_queries.adjustment_limit(user)
    form = forms.NoteForm(
        request.POST or None,
        lines=desk.lines,
        kind=kind,
        currency=desk.bill.currency,
        initial={"request_id": secrets.token_hex(16)},
    )

    def act() -> str:
        now = timezone.now()
        draft = NoteDraft(
            bill_id=bill_id,
            kind=kind,
            parts=form.parts,
            reason=form.cleaned_data["reason"],
            request_id=form.cleaned_data["request_id"],
        )
        made = operations.issue_note(
            draft=draft,
            limit=limit,
            business_date=timezone.localdate(now),
            now=now,
            actor=user.actor,
        )
        return _said(made)

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:bill", bill_id)
    title = _("Credit note") if kind == CREDIT else _("Debit note")
    return show_form(
        request,
        form,
        title=f"{title}: {desk.bill.number_text}",
        back=reverse("crm:bill", args=[bill_id]),
        send=_("Issue the note"),
        lede=_up_to(limit, desk.bill.currency),
        is_grave=kind == DEBIT,
    )


@require_http_methods(["GET", "POST"])
@door("correct_bills")
def counter(request: HttpRequest, note_id: int) -> HttpResponse:
    """Answer a note by one the other way, in full."""
    try:
        note = get_note(note_id)
    except Note.DoesNotExist as missing:
        raise Http404 from missing
    user = staff_of(request)
    limit = staff_queries.adjustment_limit(user)
    form = forms.ReasonForm(request.POST or None, initial={"request_id": secrets.token_hex(16)})

    def act() -> str:
        now = timezone.now()
        made = operations.counter_note(
            note_id=note_id,
            limit=limit,
            business_date=timezone.localdate(now),
            now=now,
            actor=user.actor,
            **form.cleaned_data,
        )
        return _said(made)

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:bill", note.bill_id)
    values = {"number": note.number_text, "amount": written(note.gross, note.currency)}
    lede = _("A note is never taken back: %(amount)s of note %(number)s go the other way.")
    return show_form(
        request,
        form,
        title=_("Answer note %(number)s") % values,
        back=reverse("crm:bill", args=[note.bill_id]),
        send=_("Issue the counter-note"),
        lede=lede % values,
        is_grave=True,
    )


@require_http_methods(["GET", "POST"])
@door("correct_bills")
def void(request: HttpRequest, bill_id: int) -> HttpResponse:
    """Void a bill by notes, and issue another in its place."""
    desk, user = _bill(bill_id), staff_of(request)
    limit = staff_queries.adjustment_limit(user)
    form = forms.VoidForm(request.POST or None, lines=desk.lines, currency=desk.bill.currency)

    def act() -> str:
        now = timezone.now()
        made = void_bill(
            order=VoidOrder(bill_id, form.cleaned_data["reason"], form.amounts),
            limit=limit,
            business_date=timezone.localdate(now),
            now=now,
            actor=user.actor,
        )
        if isinstance(made, BillVoid):
            return _("The bill is void.")
        return _("It waits for a second person.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:bill", bill_id)
    title = _("Void bill %(number)s") % {"number": desk.bill.number_text}
    lede = _("Notes take all of it back; the bill and its number stay. %(limit)s")
    return show_form(
        request,
        form,
        title=title,
        back=reverse("crm:bill", args=[bill_id]),
        send=_("Void the bill"),
        lede=lede % {"limit": _up_to(limit, desk.bill.currency)},
        is_grave=True,
    )


@require_http_methods(["GET", "POST"])
@door("decide_approval")
def approve_note(request: HttpRequest, approval_id: int) -> HttpResponse:
    """Approve a note that another person asked for."""
    return _decide(request, approval_id, is_approved=True)


@require_http_methods(["GET", "POST"])
@door("decide_approval")
def refuse_note(request: HttpRequest, approval_id: int) -> HttpResponse:
    """Refuse it; nothing is issued."""
    return _decide(request, approval_id, is_approved=False)


def _decide(request: HttpRequest, approval_id: int, *, is_approved: bool) -> HttpResponse:
    waiting = queries.find_waiting_note(approval_id)
    if waiting is None:
        raise Http404
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        now, actor = timezone.now(), staff_of(request).actor
        if not is_approved:
            operations.refuse_note(approval_id=approval_id, now=now, actor=actor)
            return _("Refused; nothing was posted.")
        decide = (
            approve_void if waiting.approval.kind == VOIDS else dunning_operations.disputes.approve
        )
        decide(approval_id=approval_id, business_date=timezone.localdate(now), now=now, actor=actor)
        return _("Approved and posted.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:approval-list")
    title = _("Approve") if is_approved else _("Refuse")
    return show_form(
        request,
        form,
        title=title,
        back=reverse("crm:approval-list"),
        send=title,
        outcome="crm/approval.html",
        waiting=waiting,
    )


def _bill(bill_id: int) -> queries.BillOnDesk:
    found = queries.find_bill(bill_id)
    if found is None:
        raise Http404
    return found


def _up_to(limit: object, currency: str) -> str:
    return _("Up to %(limit)s you decide alone; above it a second person has to approve.") % {
        "limit": written(limit, currency)  # type: ignore[arg-type]
    }


def _said(made: object) -> str:
    if isinstance(made, Note):
        return _("Note %(number)s is issued.") % {"number": made.number_text}
    return _("The note waits for a second person to approve it.")
