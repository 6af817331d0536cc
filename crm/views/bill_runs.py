"""
Bill runs: begun, looked through, approved; what is parked, released; how bills go out.
"""

from collections.abc import Callable

from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import LegalEntity
from crm.forms import bill_runs as forms
from crm.forms.money import DecisionForm
from crm.queries import bill_runs as queries
from crm.queries.bill_runs import RunOnDesk
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from crm.views.suspense import number
from invoicing.models import BillRun
from invoicing.operations import bill_runs as operations
from invoicing.operations import parking
from invoicing.operations.bill_runs import UnableToRunBills
from invoicing.queries.bill_runs import find_parked, list_entities, policy_of
from rating.queries import get_overview

REFUSALS = (UnableToRunBills, parking.UnableToRelease)


@require_GET
@door("run_bills")
def run_list(request: HttpRequest) -> HttpResponse:
    """Runs, newest first; legal entities with how their bills go out; what is parked."""
    runs = queries.list_runs(before=number(request, "before") or 0)
    context = {
        "runs": runs,
        "next": runs[-1][0].pk if len(runs) == 30 else None,
        "entities": list_entities(),
        "parked": queries.list_parked(),
    }
    return page(request, "crm/bill_runs.html", context)


@require_http_methods(["GET", "POST"])
@door("run_bills")
def start(request: HttpRequest, entity_id: int) -> HttpResponse:
    """Begin a run; a task drafts it."""
    entity = _entity(entity_id)
    form = forms.RunForm(request.POST or None, initial={"business_date": timezone.localdate()})
    made: list[BillRun] = []

    def act() -> str:
        run = operations.start_run(
            legal_entity_id=entity.pk,
            now=timezone.now(),
            actor=staff_of(request).actor,
            **form.cleaned_data,
        )
        made.append(run)
        return _("The bills are being drafted.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:bill-run", made[0].pk)
    lede = _("Nothing is numbered or sent: you look through the drafts first.")
    title = _("Draft the bills: %(name)s") % {"name": entity.name}
    back = reverse("crm:bill-runs")
    return show_form(request, form, title=title, back=back, send=_("Draft"), lede=lede)


@require_GET
@door("run_bills")
def run(request: HttpRequest, run_id: int) -> HttpResponse:
    """One run: figures, the chart against last month, what is unusual."""
    return page(request, "crm/bill_run.html", _context(request, run_id))


@require_GET
@door("run_bills")
def progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """The same as it is at the moment."""
    return page(request, "crm/bill_run_body.html", _context(request, run_id))


@require_http_methods(["GET", "POST"])
@door("run_bills")
def approve(request: HttpRequest, run_id: int) -> HttpResponse:
    """Let the drafts become bills."""
    found = _run(run_id)
    suspense = get_overview(today=found.run.business_date)
    form = forms.ApproveRunForm(
        request.POST if request.method == "POST" else None, is_suspended=bool(suspense.records)
    )

    def act() -> str:
        operations.approve_run(
            run_id=run_id,
            accepts_suspense=form.cleaned_data.get("accepts_suspense", False),
            now=timezone.now(),
            actor=staff_of(request).actor,
        )
        return _("The bills are being issued.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:bill-run", run_id)
    return show_form(
        request,
        form,
        title=_("Issue the bills"),
        back=reverse("crm:bill-run", args=[run_id]),
        send=_("Issue the bills"),
        outcome="crm/bill_run_terms.html",
        found=found,
        suspense=suspense,
        is_grave=bool(suspense.records),
    )


@require_http_methods(["GET", "POST"])
@door("run_bills")
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    """Give up the drafts."""
    _run(run_id)
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        operations.cancel_run(run_id=run_id, now=timezone.now(), actor=staff_of(request).actor)
        return _("The drafts are given up; nothing was issued.")

    back = reverse("crm:bill-run", args=[run_id])
    return _act(request, form, act, title=_("Give up the drafts"), back=back)


@require_http_methods(["GET", "POST"])
@door("run_bills")
def release(request: HttpRequest, parked_id: int) -> HttpResponse:
    """Let a parked account be billed by the next run."""
    found = find_parked(parked_id)
    if found is None:
        raise Http404
    form = forms.ReleaseForm(request.POST or None)

    def act() -> str:
        parking.release(
            parked_id=parked_id,
            now=timezone.now(),
            actor=staff_of(request).actor,
            **form.cleaned_data,
        )
        return _("Released: the next run bills the account.")

    title = _("Release: %(name)s") % {"name": found.account.customer.name}
    return _act(request, form, act, title=title, back=reverse("crm:bill-runs"))


@require_http_methods(["GET", "POST"])
@door("run_bills")
def policy(request: HttpRequest, entity_id: int) -> HttpResponse:
    """Say how a legal entity's bills go out."""
    entity = _entity(entity_id)
    now = policy_of(entity.pk)
    columns = ("review", "percent", "money", "own_cycle_change")
    initial = {name: getattr(now, name) for name in columns}
    form = forms.PolicyForm(request.POST or None, initial=initial)

    def act() -> str:
        operations.set_policy(legal_entity_id=entity.pk, **form.cleaned_data)
        return _("Saved; the next night goes by it.")

    title = _("How bills go out: %(name)s") % {"name": entity.name}
    return _act(request, form, act, title=title, back=reverse("crm:bill-runs"))


def _act(
    request: HttpRequest, form: BaseForm, act: Callable[[], str], *, title: str, back: str
) -> HttpResponse:
    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, back)
    return show_form(request, form, title=title, back=back)


def _context(request: HttpRequest, run_id: int) -> dict[str, object]:
    flag = request.GET.get("flag", "")
    return {"found": _run(run_id, flag=flag), "flag": flag}


def _run(run_id: int, *, flag: str = "") -> RunOnDesk:
    found = queries.find_run(run_id, flag=flag)
    if found is None:
        raise Http404
    return found


def _entity(entity_id: int) -> LegalEntity:
    found: LegalEntity | None = LegalEntity.objects.filter(pk=entity_id).first()
    if found is None:
        raise Http404
    return found
