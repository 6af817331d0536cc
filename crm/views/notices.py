"""
Incoming payments: what came, what waits for a person, assigning it and giving it back.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import queries as accounts_queries
from accounts.models import PaymentNotice
from accounts.operations import intake
from accounts.queries import intake as intake_queries
from accounts.queries.intake import NoticeFilter
from billing_project.kernel.operations import UnableToDecide
from crm.forms import notices as forms
from crm.forms.money import DecisionForm
from crm.queries import card as card_queries
from crm.queries import notices as queries
from crm.queries import staff as staff_queries
from crm.queries.history.words import gateway_name
from crm.queries.history.words import money as written
from crm.queries.notices import NoticeView
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from crm.views.suspense import number

PAGE = queries.PAGE


@require_GET
@door("see_payments")
def notices(request: HttpRequest) -> HttpResponse:
    """Everything that said money, newest first."""
    gateways = [(code, gateway_name(code)) for code in intake_queries.list_gateways()]
    form = forms.NoticeFilterForm(request.GET or None, gateways=gateways)
    found = list(
        intake_queries.list_notices(
            _wanted(form), before=number(request, "before") or None, limit=PAGE
        )
    )
    asked = request.GET.copy()
    asked.pop("before", None)
    context = {
        "form": form,
        "notices": queries.view_notices(found),
        "conflicts": list(intake_queries.list_conflicts()),
        "next": found[-1].pk if len(found) == PAGE else None,
        "kept": asked.urlencode(),
    }
    return page(request, "crm/notices.html", context)


def _wanted(form: forms.NoticeFilterForm) -> NoticeFilter:
    if not form.is_valid():
        return NoticeFilter()
    wanted = dict(form.cleaned_data)
    account = wanted.pop("account")
    if not account:
        return NoticeFilter(**wanted)
    found = accounts_queries.find_account(account)
    # No account has the id 0, so a number that nobody has shows nothing.
    return NoticeFilter(account_id=found.pk if found else -1, **wanted)


@require_GET
@door("see_payments")
def unassigned(request: HttpRequest) -> HttpResponse:
    """Money that no account has, oldest first."""
    found = list(intake_queries.list_unassigned(after=number(request, "after"), limit=PAGE))
    waiting, total = queries.sum_unassigned()
    context = {
        "notices": queries.view_notices(found),
        "waiting": waiting,
        "total": total,
        "next": found[-1].pk if len(found) == PAGE else None,
    }
    return page(request, "crm/unassigned.html", context)


@require_GET
@door("see_payments")
def notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """One notice: the message, what became of it, and whose it may be."""
    view = _find(notice_id)
    text = request.GET.get("q", "").strip()[:100]
    is_open = view.notice.state == PaymentNotice.State.UNASSIGNED
    context = {
        "view": view,
        "notice": view.notice,
        "is_open": is_open,
        "text": text,
        "payers": queries.list_payers(view.notice, text) if is_open else [],
        "others": queries.list_same_id(view.notice),
        "conflicts": queries.list_conflicts_of(view.notice),
        "asked": next((a for a in queries.list_asked() if a.notice.pk == notice_id), None)
        if is_open
        else None,
        "me": staff_of(request).actor,
    }
    return page(request, "crm/notice.html", context)


@require_http_methods(["GET", "POST"])
@door("assign_payment")
def assign(request: HttpRequest, notice_id: int, account_id: int) -> HttpResponse:
    """Credit money that waits to an account."""
    view, account = _find(notice_id), card_queries.find_account(account_id)
    if account is None:
        raise Http404
    form = forms.AssignForm(request.POST or None)
    amount = written(view.notice.amount, view.notice.currency)

    def act() -> str:
        intake.assign(
            notice_id=notice_id,
            account_id=account_id,
            note=form.cleaned_data["note"],
            now=timezone.now(),
            actor=staff_of(request).actor,
        )
        values = {"amount": amount, "account": account.number}
        return _("%(amount)s is credited to account %(account)s.") % values

    if is_sent(request, form) and carry_out(request, form, act, refusals=(intake.UnableToAssign,)):
        return go(request, "crm:unassigned")
    values = {"amount": amount, "account": account.number, "name": account.customer.name}
    lede = _("%(amount)s is credited to %(name)s, account %(account)s, today.") % values
    return _show(request, form, view, title=_("Assign the money"), send=_("Credit"), lede=lede)


@require_http_methods(["GET", "POST"])
@door("assign_payment")
def give_back(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Give money back that waits; above the role's limit a second person decides."""
    view, user = _find(notice_id), staff_of(request)
    form = forms.GiveBackForm(request.POST or None)
    limit = staff_queries.adjustment_limit(user)

    def act() -> str:
        done = intake.give_back(
            notice_id=notice_id,
            reason=form.cleaned_data["reason"],
            limit=limit,
            now=timezone.now(),
            actor=user.actor,
        )
        if isinstance(done, PaymentNotice):
            return _("The money is marked as given back.")
        return _("It waits for a second person to approve it.")

    refusals = (intake.UnableToGiveBack,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:unassigned")
    lede = _("Send the money back where it came from; it can be credited to nobody afterwards.")
    title = _("Give the money back")
    return _show(request, form, view, title=title, send=title, lede=lede, is_grave=True)


@require_http_methods(["GET", "POST"])
@door("decide_approval")
def approve_return(request: HttpRequest, approval_id: int) -> HttpResponse:
    """Let the money go back that a colleague asked for."""
    return _decide(request, approval_id, is_approved=True)


@require_http_methods(["GET", "POST"])
@door("decide_approval")
def refuse_return(request: HttpRequest, approval_id: int) -> HttpResponse:
    """Keep the money; it waits on."""
    return _decide(request, approval_id, is_approved=False)


def _decide(request: HttpRequest, approval_id: int, *, is_approved: bool) -> HttpResponse:
    asked = queries.find_asked(approval_id)
    if asked is None:
        raise Http404
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        now, actor = timezone.now(), staff_of(request).actor
        if is_approved:
            intake.approve_return(approval_id=approval_id, now=now, actor=actor)
            return _("The money is marked as given back.")
        intake.refuse_return(approval_id=approval_id, now=now, actor=actor)
        return _("Refused; the money waits on.")

    refusals = (intake.UnableToGiveBack, UnableToDecide)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:approval-list")
    title = _("Give the money back") if is_approved else _("Keep the money")
    lede = f"{asked.approval.comment} ({asked.asked_by})"
    return _show(request, form, _find(asked.notice.pk), title=title, send=title, lede=lede)


@require_http_methods(["GET", "POST"])
@door("assign_payment")
def see_conflict(request: HttpRequest, conflict_id: int) -> HttpResponse:
    """Note that a contradiction is cleared up."""
    conflict = queries.find_conflict(conflict_id)
    if conflict is None:
        raise Http404
    form = forms.SeenForm(request.POST or None)

    def act() -> str:
        intake.see_conflict(
            conflict_id=conflict_id,
            note=form.cleaned_data["note"],
            now=timezone.now(),
            actor=staff_of(request).actor,
        )
        return _("Noted.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=()):
        return go(request, "crm:notices")
    view = _find(conflict.notice_id)
    lede = _("It came again for %(amount)s, account “%(account)s”; nothing was changed by it.") % {
        "amount": written(conflict.amount, conflict.currency),
        "account": conflict.account_hint,
    }
    return _show(request, form, view, title=_("Cleared up"), send=_("Cleared up"), lede=lede)


def _show(request: HttpRequest, form: Any, view: NoticeView, **context: Any) -> HttpResponse:
    amount = written(view.notice.amount, view.notice.currency)
    title = f"{context.pop('title')}: {amount}, {view.gateway}"
    back = reverse("crm:notices-one", args=[view.notice.pk])
    return show_form(request, form, title=title, back=back, **context)


def _find(notice_id: int) -> NoticeView:
    view = queries.find_notice(notice_id)
    if view is None:
        raise Http404
    return view
