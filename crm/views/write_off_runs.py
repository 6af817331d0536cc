"""
Old debts of closed accounts written off together: chosen, looked at, approved, posted.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import operations
from accounts.models import WriteOffRun
from billing_project.kernel import operations as kernel_operations
from crm.forms.ledger import WriteOffRunForm
from crm.forms.money import DecisionForm
from crm.queries import staff as staff_queries
from crm.queries import write_off_runs as queries
from crm.queries.history.words import money as written
from crm.views.corrections import request_id
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of

REFUSALS = (operations.UnableToCorrect, kernel_operations.UnableToDecide)


@require_GET
@door("write_off_debts")
def run_list(request: HttpRequest) -> HttpResponse:
    """The newest runs."""
    found = queries.list_runs(before=_number(request, "before"))
    context = {"runs": found, "next": found[-1].run.pk if len(found) == 30 else None}
    return page(request, "crm/write_off_runs.html", context)


@require_http_methods(["GET", "POST"])
@door("write_off_debts")
def new(request: HttpRequest) -> HttpResponse:
    """Choose the debts; nothing is posted yet."""
    initial = request_id() | {"closed_before": timezone.localdate().replace(month=1, day=1)}
    form = WriteOffRunForm(request.POST or None, initial=initial)
    if is_sent(request, form):
        try:
            run = operations.preview_write_off_run(
                now=timezone.now(), actor=staff_of(request).actor, **form.cleaned_data
            )
        except operations.UnableToCorrect as refusal:
            form.add_error(refusal.field or None, str(refusal))
        else:
            return redirect("crm:old-debts-run", run.pk)
    return show_form(
        request,
        form,
        title=_("Write-off of old debts"),
        back=reverse("crm:old-debts"),
        send=_("Choose and look"),
    )


@require_GET
@door("write_off_debts")
def run(request: HttpRequest, run_id: int) -> HttpResponse:
    """One run: what was chosen, how far it is."""
    return page(request, "crm/write_off_run.html", _context(request, run_id))


@require_GET
@door("write_off_debts")
def progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """The same as it is at the moment."""
    return page(request, "crm/write_off_run_body.html", _context(request, run_id))


@require_http_methods(["GET", "POST"])
@door("write_off_debts")
def approve(request: HttpRequest, run_id: int) -> HttpResponse:
    """Post what was chosen, or ask a second person, or be that one."""
    view, user = _find(run_id), staff_of(request)
    limit = staff_queries.debts_limit(user)
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        now = timezone.now()
        if view.waits and not user.has_perm("crm.decide_approval"):
            raise operations.UnableToCorrect(_("It waits for a second person already."))
        made = operations.approve_write_off_run(
            run_id=run_id,
            limit=limit,
            business_date=timezone.localdate(now),
            now=now,
            actor=user.actor,
        )
        is_run = isinstance(made, WriteOffRun)
        return _("It is being posted.") if is_run else _("It waits for a second person.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:old-debts-run", run_id)
    lede = _("%(amount)s on %(count)s accounts. Up to %(limit)s you decide alone.") % {
        "amount": written(view.run.amount, "RUB"),
        "count": view.run.accounts,
        "limit": written(limit, "RUB"),
    }
    return _form(request, form, run_id, title=_("Write off"), lede=lede, is_grave=True)


@require_http_methods(["GET", "POST"])
@door("write_off_debts")
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    """Give up what was chosen; nothing is posted."""
    _find(run_id)
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        operations.cancel_write_off_run(
            run_id=run_id, now=timezone.now(), actor=staff_of(request).actor
        )
        return _("Given up; nothing was posted.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:old-debts-run", run_id)
    return _form(request, form, run_id, title=_("Give the run up"), lede="", is_grave=False)


def _form(request: HttpRequest, form: DecisionForm, run_id: int, **context: object) -> HttpResponse:
    back = reverse("crm:old-debts-run", args=[run_id])
    title = context.pop("title")
    return show_form(request, form, title=title, back=back, send=title, **context)


def _context(request: HttpRequest, run_id: int) -> dict[str, Any]:
    view = _find(run_id)
    lines = queries.list_lines(view.run, after=_number(request, "after") or 0)
    return {
        "view": view,
        "run": view.run,
        "lines": lines,
        "next": lines[-1].line.account_id if len(lines) == queries.PAGE else None,
        "is_mine": view.asked_of_second_by == staff_of(request).actor,
    }


def _find(run_id: int) -> queries.RunView:
    view = queries.find_run(run_id)
    if view is None:
        raise Http404
    return view


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 19 else None
