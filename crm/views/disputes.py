"""
Disputes: the queue, one dispute with its messages, decided; raised on the subscriber's word.
"""

import secrets
from collections.abc import Callable
from typing import Any

from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing_project.kernel import operations as kernel_operations
from crm.forms import corrections as forms
from crm.forms.money import DecisionForm
from crm.queries import card as card_queries
from crm.queries import disputes as queries
from crm.queries import staff as staff_queries
from crm.queries.history.words import money as written
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from dunning.operations import disputes as operations
from dunning.operations.disputes import Claim, UnableToDispute
from invoicing.models import BillLine, Dispute
from invoicing.operations import disputes as rows
from invoicing.operations.notes import UnableToCorrect
from invoicing.queries.disputes import Subject, entry_subject, line_subject

REFUSALS = (UnableToDispute, UnableToCorrect, kernel_operations.UnableToDecide)


@require_GET
@door("decide_disputes")
def dispute_list(request: HttpRequest) -> HttpResponse:
    """What waits to be decided, and what was."""
    me = staff_of(request).actor
    state = request.GET.get("state", Dispute.State.OPEN)
    whose = request.GET.get("whose", "")
    after = request.GET.get("after", "")
    found = queries.get_queue(
        state="" if state == "all" else state,
        assignee={"mine": me, "nobody": "-"}.get(whose, ""),
        is_overdue=request.GET.get("overdue") == "1",
        on=timezone.localdate(),
        after=int(after) if after.isdecimal() else 0,
    )
    context = {
        "queue": found,
        "state": state,
        "whose": whose,
        "is_overdue": request.GET.get("overdue") == "1",
        "states": Dispute.State.choices,
    }
    return page(request, "crm/disputes.html", context)


@require_http_methods(["GET", "POST"])
@door("see_customers")
def dispute(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """One dispute; a message may be written."""
    found = _page(dispute_id)
    user = staff_of(request)
    form = forms.MessageForm(request.POST or None)

    def act() -> str:
        rows.say(dispute_id=dispute_id, now=timezone.now(), actor=user.actor, **form.cleaned_data)
        return _("The message is written.")

    may_write = user.has_perm("crm.decide_disputes") or user.has_perm("crm.raise_dispute")
    if may_write and is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:dispute", dispute_id)
    context = {"found": found, "form": form if may_write else None, "me": user.actor}
    return page(request, "crm/dispute.html", context)


@require_http_methods(["GET", "POST"])
@door("raise_dispute")
def dispute_line(request: HttpRequest, line_id: int) -> HttpResponse:
    """Dispute a line of a bill on the subscriber's word."""
    line = BillLine.objects.filter(pk=line_id).first()
    subject = line_subject(line_id, account_id=line.account_id) if line else None
    if line is None or subject is None:
        raise Http404
    back = reverse("crm:bill", args=[line.bill_id])
    about = {"bill_line_id": line_id}
    return _raise(request, subject, account_id=line.account_id, back=back, about=about)


@require_http_methods(["GET", "POST"])
@door("raise_dispute")
def dispute_entry(request: HttpRequest, account_id: int, entry_id: int) -> HttpResponse:
    """Dispute a charge that is on no bill yet on the subscriber's word."""
    account = card_queries.find_account(account_id)
    subject = entry_subject(entry_id, account_id=account_id) if account else None
    if account is None:
        raise Http404
    if subject is None:
        return show_form(
            request,
            DecisionForm(),
            title=_("Dispute the charge"),
            back=reverse("crm:bills", args=[account_id]),
            lede=_("This charge is a part of a bill's line: dispute the line, on the bill."),
            is_impossible=True,
        )
    back = reverse("crm:card", args=[account.customer_id])
    about = {"entry_id": entry_id}
    return _raise(request, subject, account_id=account_id, back=back, about=about)


@require_http_methods(["GET", "POST"])
@door("decide_disputes")
def accept(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """Give back what is in dispute, or a part of it."""
    found = _page(dispute_id).row.dispute
    user = staff_of(request)
    limit = staff_queries.adjustment_limit(user)
    form = forms.AcceptForm(request.POST or None, initial={"amount": found.amount})

    def act() -> str:
        now = timezone.now()
        made = operations.accept(
            dispute_id=dispute_id,
            limit=limit,
            business_date=timezone.localdate(now),
            now=now,
            actor=user.actor,
            **form.cleaned_data,
        )
        if isinstance(made, Dispute):
            amount = written(made.accepted or made.amount, made.currency)
            return _("%(amount)s is given back.") % {"amount": amount}
        return _("It waits for a second person.")

    lede = _("Up to %(limit)s you decide alone; above it a second person has to approve.")
    lede %= {"limit": written(limit, found.currency)}
    return _form(request, form, act, found=found, title=_("Accept the dispute"), lede=lede)


@require_http_methods(["GET", "POST"])
@door("decide_disputes")
def reject(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """Say why the charge is right."""
    found = _page(dispute_id).row.dispute
    form = forms.AnswerForm(request.POST or None)

    def act() -> str:
        operations.reject(
            dispute_id=dispute_id,
            now=timezone.now(),
            actor=staff_of(request).actor,
            **form.cleaned_data,
        )
        return _("The dispute is rejected; the subscriber is told why.")

    lede = _("The amount counts as owed again, and may restrict the services.")
    return _form(
        request, form, act, found=found, title=_("Reject the dispute"), lede=lede, is_grave=True
    )


@require_http_methods(["GET", "POST"])
@door("raise_dispute")
def withdraw(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """Withdraw it on the subscriber's word."""
    found = _page(dispute_id).row.dispute
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        operations.withdraw(
            dispute_id=dispute_id,
            now=timezone.now(),
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{found.account.customer_id}",
        )
        return _("The dispute is withdrawn.")

    return _form(request, form, act, found=found, title=_("Withdraw the dispute"))


@require_POST
@door("decide_disputes")
def take(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """Take a dispute upon oneself, or give it back."""
    found = _page(dispute_id).row.dispute
    me = staff_of(request).actor
    rows.assign(dispute_id=dispute_id, to="" if found.assignee == me else me)
    return go(request, "crm:dispute", dispute_id)


def _raise(
    request: HttpRequest, subject: Subject, *, account_id: int, back: str, about: dict[str, int]
) -> HttpResponse:
    account = card_queries.find_account(account_id)
    if account is None:
        raise Http404
    initial = {"amount": subject.charged.left, "request_id": secrets.token_hex(16)}
    form = forms.DisputeForm(request.POST or None, initial=initial)
    made: list[Dispute] = []

    def act() -> str:
        now = timezone.now()
        claim = Claim(
            account_id=account_id,
            bill_line_id=about.get("bill_line_id"),
            entry_id=about.get("entry_id"),
            **form.cleaned_data,
        )
        found = operations.raise_dispute(
            claim=claim,
            business_date=timezone.localdate(now),
            now=now,
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{account.customer_id}",
        )
        made.append(found)
        return _("Dispute %(number)s is raised.") % {"number": found.pk}

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:dispute", made[0].pk)
    values = {"charge": subject.title, "sum": written(subject.gross, account.currency)}
    lede = _("%(charge)s, %(sum)s. Until it is decided, the amount doesn't restrict the services.")
    title = _("Dispute the charge")
    return show_form(request, form, title=title, back=back, send=title, lede=lede % values)


def _form(
    request: HttpRequest,
    form: BaseForm,
    act: Callable[[], str],
    *,
    found: Dispute,
    title: str,
    **context: Any,
) -> HttpResponse:
    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:dispute", found.pk)
    back = reverse("crm:dispute", args=[found.pk])
    return show_form(request, form, title=title, back=back, send=title, **context)


def _page(dispute_id: int) -> queries.DisputePage:
    found = queries.find_page(dispute_id, on=timezone.localdate())
    if found is None:
        raise Http404
    return found
