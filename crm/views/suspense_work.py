"""
Work on many suspended records: corrected by a rule, priced again, given up; progress, undoing.
"""

from collections.abc import Callable
from typing import TypeVar

from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from billing_project.kernel import operations as kernel_operations
from crm.forms import usage as forms
from crm.forms.money import DecisionForm
from crm.queries import staff as staff_queries
from crm.queries import usage as usage_queries
from crm.queries.history.words import money as written
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from crm.views.suspense import address, filters, new_request_id
from rating import queries as rating_queries
from rating.domain.selections import Selection
from rating.models import SuspenseRun
from rating.operations import suspense as suspense_operations

T = TypeVar("T")
REFUSALS = (suspense_operations.UnableToRun, suspense_operations.UnableToCorrect)


@require_GET
@door("see_usage")
def work_list(request: HttpRequest) -> HttpResponse:
    """The newest work on suspended records."""
    return page(request, "crm/suspense_work_list.html", {"work": usage_queries.list_work(limit=50)})


@require_GET
@door("see_usage")
def work(request: HttpRequest, run_id: int) -> HttpResponse:
    """One piece of work: how far it is, what became of the records."""
    return page(request, "crm/suspense_work.html", _context(request, run_id))


@require_GET
@door("see_usage")
def progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """The same as it is at the moment."""
    return page(request, "crm/suspense_work_progress.html", _context(request, run_id))


@require_http_methods(["GET", "POST"])
@door("recycle_usage")
def correct(request: HttpRequest) -> HttpResponse:
    """Type a rule, look at what it makes of the records, apply it."""
    selection = filters(request).selection()
    form = forms.CorrectionForm(
        request.POST or None, initial={"request_id": new_request_id(), "action": "replace"}
    )
    preview: list[suspense_operations.Preview] = []

    def look() -> None:
        preview.extend(suspense_operations.preview_rule(rule=form.rule(), selection=selection))

    if is_sent(request, form):
        is_final = "apply" in request.POST
        run = _try(form, lambda: _start_correction(request, form, selection)) if is_final else None
        if run is not None:
            return go(request, "crm:suspense-work", run.pk)
        _try(form, look)
    count, worth = rating_queries.estimate(selection, today=timezone.localdate())
    context = {
        "form": form,
        "preview": preview,
        "fields": _fields(selection),
        "count": count,
        "worth": worth,
        "back": address("crm:suspense", selection),
    }
    return page(request, "crm/suspense_correct.html", context)


@require_http_methods(["GET", "POST"])
@door("recycle_usage")
def recycle_selection(request: HttpRequest) -> HttpResponse:
    """Price the selected records again as they are, or as they were corrected."""
    selection = filters(request).selection()
    form = forms.OrderForm(request.POST or None, initial={"request_id": new_request_id()})
    started: list[SuspenseRun] = []

    def act() -> str:
        order = suspense_operations.Order(
            SuspenseRun.Kind.RECYCLE, selection, form.cleaned_data["request_id"]
        )
        started.append(_start(request, order))
        return _("The records are being priced again.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:suspense-work", started[0].pk)
    return _show(request, form, selection, title=_("Price again"), send=_("Price again"))


@require_http_methods(["GET", "POST"])
@door("recycle_usage")
def write_off_selection(request: HttpRequest) -> HttpResponse:
    """Give the selected records up; above the role's limit a second person decides."""
    return _write_off(request, filters(request).selection())


@require_http_methods(["GET", "POST"])
@door("recycle_usage")
def write_off(request: HttpRequest, record_id: int) -> HttpResponse:
    """Give one record up."""
    if usage_queries.find_suspended(record_id) is None:
        raise Http404
    return _write_off(request, Selection(record_id=record_id))


@require_http_methods(["GET", "POST"])
@door("undo_write_off")
def undo(request: HttpRequest, run_id: int) -> HttpResponse:
    """Undo a correction or a write-off."""
    found = _work(run_id)
    form = forms.ReasonForm(request.POST or None)

    def act() -> str:
        run = suspense_operations.undo_run(
            run_id=run_id,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
            actor=staff_of(request).actor,
        )
        return str(_("Undone: %(restored)s. Left as they are: %(kept)s.") % run.outcome)

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:suspense-work", run_id)
    back = reverse("crm:suspense-work", args=[run_id])
    title = f"{_('Undo')}: {found.run.get_kind_display()}"
    return show_form(request, form, title=title, back=back, send=_("Undo"))


@require_http_methods(["GET", "POST"])
@door("decide_approval")
def approve(request: HttpRequest, run_id: int) -> HttpResponse:
    """Let a write-off begin that another person asked for."""
    return _decide(request, run_id, is_approved=True)


@require_http_methods(["GET", "POST"])
@door("decide_approval")
def refuse(request: HttpRequest, run_id: int) -> HttpResponse:
    """Refuse a write-off; the records wait on."""
    return _decide(request, run_id, is_approved=False)


def _decide(request: HttpRequest, run_id: int, *, is_approved: bool) -> HttpResponse:
    approval = _work(run_id).approval
    if approval is None:
        raise Http404
    form = DecisionForm(request.POST if request.method == "POST" else None)
    decide = (
        suspense_operations.approve_write_off
        if is_approved
        else suspense_operations.refuse_write_off
    )

    def act() -> str:
        decide(approval_id=approval.pk, now=timezone.now(), actor=staff_of(request).actor)
        return _("Approved.") if is_approved else _("Refused; the records wait on.")

    refusals = (*REFUSALS, kernel_operations.UnableToDecide)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:suspense-work", run_id)
    name = _("Approve") if is_approved else _("Refuse")
    back = reverse("crm:suspense-work", args=[run_id])
    return show_form(request, form, title=name, back=back, send=name, lede=approval.comment)


def _write_off(request: HttpRequest, selection: Selection) -> HttpResponse:
    form = forms.WriteOffForm(request.POST or None, initial={"request_id": new_request_id()})
    limits = staff_queries.write_off_limits(staff_of(request))
    started: list[SuspenseRun] = []

    def act() -> str:
        order = suspense_operations.Order(
            SuspenseRun.Kind.WRITE_OFF,
            selection,
            form.cleaned_data["request_id"],
            note=form.cleaned_data["reason"],
        )
        started.append(_start(request, order, limits=limits))
        is_asked = started[0].state == SuspenseRun.State.ASKED
        return _("It waits for a second person.") if is_asked else _("The records are given up.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        if selection.record_id:
            return go(request, "crm:suspended", selection.record_id)
        return go(request, "crm:suspense-work", started[0].pk)
    alone = _(
        "Up to %(records)s records and about %(money)s you decide alone; above it a second person "
        "has to approve."
    ) % {"records": limits.records, "money": written(limits.money, "RUB")}
    return _show(
        request,
        form,
        selection,
        title=_("Write off"),
        send=_("Write off"),
        alone=alone,
        is_grave=True,
    )


def _start_correction(
    request: HttpRequest, form: forms.CorrectionForm, selection: Selection
) -> SuspenseRun:
    order = suspense_operations.Order(
        SuspenseRun.Kind.CORRECT,
        selection,
        form.cleaned_data["request_id"],
        note=form.cleaned_data["note"],
        rule=form.rule(),
    )
    return _start(request, order)


def _start(
    request: HttpRequest,
    order: suspense_operations.Order,
    *,
    limits: suspense_operations.Limits | None = None,
) -> SuspenseRun:
    return suspense_operations.start_run(
        order=order, now=timezone.now(), actor=staff_of(request).actor, limits=limits
    )


def _try(form: BaseForm, act: Callable[[], T]) -> T | None:
    """Do it; a refusal becomes an error of the form."""
    try:
        return act()
    except REFUSALS as refusal:
        field = getattr(refusal, "field", None)
        form.add_error(field if field in form.fields else None, str(refusal))
        return None


def _show(
    request: HttpRequest, form: BaseForm, selection: Selection, **context: object
) -> HttpResponse:
    count, worth = rating_queries.estimate(selection, today=timezone.localdate())
    lede = ngettext("%(count)s record.", "%(count)s records.", count) % {"count": count}
    if worth is not None:
        lede += " " + _("Worth about %(money)s.") % {"money": written(worth, "RUB")}
    alone = context.pop("alone", "")
    to = reverse("crm:suspended", args=[selection.record_id]) if selection.record_id else ""
    return show_form(
        request,
        form,
        back=to or address("crm:suspense", selection),
        lede=f"{lede} {alone}".strip(),
        **context,
    )


def _fields(selection: Selection) -> tuple[str, ...]:
    """Return the names of the fields of the first selected record, to choose from."""
    first = rating_queries.list_suspense(selection=selection, limit=1)
    return suspense_operations.fields_of(first[0].file).names if first else ()


def _context(request: HttpRequest, run_id: int) -> dict[str, object]:
    found = _work(run_id)
    is_correction = found.run.kind == SuspenseRun.Kind.CORRECT
    return {
        "each": found,
        "run": found.run,
        "me": staff_of(request).actor,
        "lines": rating_queries.list_changed_lines(found.run) if is_correction else [],
        "poll": reverse("crm:suspense-progress", args=[run_id]),
    }


def _work(run_id: int) -> usage_queries.Work:
    found = usage_queries.find_work(run_id)
    if found is None:
        raise Http404
    return found
