"""
Usage priced anew: asked for, looked at, approved, applied, undone.
"""

import csv
from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import queries as accounts_queries
from billing_project.kernel import operations as kernel_operations
from crm.domain.writing import cell
from crm.forms.money import DecisionForm
from crm.forms.rerating import RerateForm
from crm.queries import rerating as rerating_queries
from crm.queries import staff as staff_queries
from crm.queries.history.words import money as written
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from crm.views.suspense import new_request_id, number
from rating.domain.rerating import Selection
from rating.models import RerateRun
from rating.operations.rerating import runs
from rating.queries import rerate_runs

REFUSALS = (runs.UnableToRerate, kernel_operations.UnableToDecide)
COLUMNS = (
    "account",
    "customer",
    "records",
    "changed",
    "old",
    "new",
    "difference",
    "bills",
    "outcome",
)


@require_GET
@door("rerate_usage")
def run_list(request: HttpRequest) -> HttpResponse:
    """The newest runs."""
    found = rerating_queries.list_views(before=number(request, "before"))
    context = {"runs": found, "next": found[-1].run.pk if len(found) == 30 else None}
    return page(request, "crm/rerating_list.html", context)


@require_http_methods(["GET", "POST"])
@door("rerate_usage")
def new(request: HttpRequest) -> HttpResponse:
    """Choose what is priced anew; its count comes with every change."""
    form = _form(request, request.POST if request.method == "POST" else None)
    if is_sent(request, form) and _find_account(form):
        try:
            started = runs.start_rerating(
                selection=form.selection(),
                reason=form.cleaned_data["reason"],
                request_id=form.cleaned_data["request_id"],
                actor=staff_of(request).actor,
                now=timezone.now(),
            )
        except runs.UnableToRerate as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("crm:rerating-run", started.pk)
    return page(request, "crm/rerating_new.html", {"form": form, **_counted(form)})


@require_GET
@door("rerate_usage")
def count(request: HttpRequest) -> HttpResponse:
    """How much the selection holds, as it is typed in."""
    form = _form(request, request.GET)
    form.fields["reason"].required = False
    return page(request, "crm/rerating_count.html", _counted(form))


@require_GET
@door("rerate_usage")
def run(request: HttpRequest, run_id: int) -> HttpResponse:
    """One run: how far it is, what it changes, for whom."""
    return page(request, "crm/rerating_run.html", _context(request, run_id))


@require_GET
@door("rerate_usage")
def progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """The same as it is at the moment."""
    return page(request, "crm/rerating_body.html", _context(request, run_id))


@require_GET
@door("rerate_usage")
def export(request: HttpRequest, run_id: int) -> HttpResponse:
    """The accounts of a run as CSV."""
    found = _view(run_id).run
    return StreamingHttpResponse(  # type: ignore[return-value]
        _lines(found),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="rerating-{run_id}.csv"'},
    )


@require_http_methods(["GET", "POST"])
@door("rerate_usage")
def approve(request: HttpRequest, run_id: int) -> HttpResponse:
    """Let a previewed run be applied, or ask a second person, or be that one."""
    view = _view(run_id)
    user, now = staff_of(request), timezone.now()
    limit = staff_queries.rerating_limit(user)

    def act() -> str:
        if view.approval is not None:
            if not user.has_perm("crm.decide_approval"):
                raise runs.UnableToRerate(_("It waits for a second person already."))
            runs.approve_asked_rerating(
                approval_id=view.approval.pk,
                business_date=timezone.localdate(now),
                actor=user.actor,
                now=now,
            )
            return _("Approved; it is being applied.")
        made = runs.approve_rerating(
            run_id=run_id,
            limit=limit,
            business_date=timezone.localdate(now),
            actor=user.actor,
            now=now,
        )
        is_run = isinstance(made, RerateRun)
        return _("It is being applied.") if is_run else _("It waits for a second person.")

    alone = _("Up to %(money)s, whatever their sign, you apply alone.")
    lede = alone % {"money": written(limit, "RUB")} if view.approval is None else ""
    return _decide(request, run_id, act, title=_("Apply"), lede=lede)


@require_http_methods(["GET", "POST"])
@door("decide_approval")
def refuse(request: HttpRequest, run_id: int) -> HttpResponse:
    """Refuse a run that another person asked for."""
    approval = _view(run_id).approval
    if approval is None:
        raise Http404

    def act() -> str:
        runs.refuse_asked_rerating(
            approval_id=approval.pk, actor=staff_of(request).actor, now=timezone.now()
        )
        return _("Refused; nothing was charged.")

    return _decide(request, run_id, act, title=_("Refuse"))


@require_http_methods(["GET", "POST"])
@door("rerate_usage")
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    """Give a run up of which nothing is applied."""

    def act() -> str:
        runs.cancel_rerating(run_id=run_id, actor=staff_of(request).actor, now=timezone.now())
        return _("The run is cancelled; nothing was charged.")

    return _decide(request, run_id, act, title=_("Cancel the run"))


@require_http_methods(["GET", "POST"])
@door("rerate_usage")
def undo(request: HttpRequest, run_id: int) -> HttpResponse:
    """Ask for a run that puts every price back."""
    started: list[RerateRun] = []

    def act() -> str:
        started.append(
            runs.start_undoing(
                run_id=run_id,
                reason="",
                request_id=f"undo-{run_id}-{new_request_id()}"[:40],
                actor=staff_of(request).actor,
                now=timezone.now(),
            )
        )
        return _("The way back is being computed.")

    lede = _("A new run is made, which is looked at and approved like any.")
    return _decide(request, run_id, act, title=_("Put the prices back"), lede=lede, made=started)


@require_http_methods(["GET", "POST"])
@door("rerate_usage")
def rest(request: HttpRequest, run_id: int) -> HttpResponse:
    """Ask for a run over the accounts that had changed since the preview."""
    started: list[RerateRun] = []

    def act() -> str:
        started.append(
            runs.rest_of_rerating(
                run_id=run_id,
                request_id=f"rest-{run_id}-{new_request_id()}"[:40],
                actor=staff_of(request).actor,
                now=timezone.now(),
            )
        )
        return _("The rest is being computed.")

    return _decide(request, run_id, act, title=_("Price the rest anew"), made=started)


def _decide(
    request: HttpRequest,
    run_id: int,
    act: object,
    *,
    title: str,
    lede: str = "",
    made: list[RerateRun] | None = None,
) -> HttpResponse:
    _view(run_id)
    form = DecisionForm(request.POST if request.method == "POST" else None)
    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):  # type: ignore[arg-type]
        return go(request, "crm:rerating-run", made[0].pk if made else run_id)
    back = reverse("crm:rerating-run", args=[run_id])
    return show_form(request, form, title=title, back=back, send=title, lede=lede)


def _form(request: HttpRequest, data: object) -> RerateForm:
    today = timezone.localdate()
    initial = {
        "first": today.replace(day=1).isoformat(),
        "last": today.isoformat(),
        "account": request.GET.get("account", ""),
        "version": request.GET.get("version", ""),
        "request_id": new_request_id(),
    }
    language = get_language() or "ru"
    return RerateForm(
        data or None, choices=rerating_queries.choices(language=language), initial=initial
    )


def _find_account(form: RerateForm) -> bool:
    """Look the account's number up; without one all are meant."""
    text = form.cleaned_data.get("account", "").strip()
    if not text:
        return True
    found = accounts_queries.find_account(text)
    if found is None:
        form.add_error("account", _("There is no such account."))
        return False
    form.account_id = found.pk
    return True


def _counted(form: RerateForm) -> dict[str, object]:
    if not form.is_bound:
        return {"counted": None}
    form.is_valid()
    needed = {"first", "last"} <= set(form.cleaned_data)
    if not needed or set(form.errors) - {"reason", "request_id"} or not _find_account(form):
        return {"counted": None}
    return {"counted": rerate_runs.count_selection(form.selection())}


def _context(request: HttpRequest, run_id: int) -> dict[str, object]:
    view = _view(run_id)
    selection = Selection.from_json(view.run.selection)
    after, wanted = request.GET.get("after", ""), request.GET.get("number", "").strip()[:20]
    lines = rerating_queries.list_line_views(view.run, after=after, number=wanted)
    full = len(lines) == rerating_queries.PAGE
    return {
        "view": view,
        "run": view.run,
        "totals": view.totals,
        "selection": selection,
        "last_day": rerating_queries.last_day(selection),
        "about": rerating_queries.describe(selection, language=get_language() or "ru"),
        "bills": rerating_queries.count_touched_bills(view.run),
        "bars": rerating_queries.draw_distribution(run_id),
        "lines": lines,
        "number": wanted,
        "next": lines[-1].key if full else "",
        "is_working": view.run.state in {RerateRun.State.DRAFT, RerateRun.State.APPROVED},
        "is_mine": staff_of(request).actor in {view.run.asked_by, _asker(view)},
    }


def _asker(view: rerating_queries.RunView) -> str:
    return view.approval.requested_by if view.approval else ""


def _view(run_id: int) -> rerating_queries.RunView:
    found = rerating_queries.find_view(run_id)
    if found is None:
        raise Http404
    return found


class _Echo:
    """What csv writes to; the line is handed on."""

    def write(self, text: str) -> str:
        """Return the line."""
        return text


def _lines(found: RerateRun) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(COLUMNS)
    for each in rerating_queries.export_lines(found):
        line = each.line
        row = (
            each.account.number,
            cell(each.account.customer.name),
            line.records,
            line.changed,
            line.old_amount,
            line.new_amount,
            line.difference,
            " ".join(bill.number_text for bill in each.bills),
            line.get_outcome_display(),
        )
        yield writer.writerow(row)
