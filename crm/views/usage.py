"""
Usage files and suspense: corrected, priced again, written off.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from crm.forms import usage as forms
from crm.forms.money import DecisionForm
from crm.queries import usage as usage_queries
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from rating.models import SuspenseRecord
from rating.operations import suspense as suspense_operations

#: Recycled by one press of the button; press again for more.
PORTION = 5_000


@require_GET
@door("see_usage")
def suspense(request: HttpRequest) -> HttpResponse:
    """List what waits, by reason."""
    reason = request.GET.get("reason", "")
    records = list(usage_queries.list_suspense(reason=reason, after=_number(request, "after")))
    context = {
        "reasons": usage_queries.count_suspense_by_reason(),
        "reason": reason,
        "records": records,
        "next": records[-1].pk if len(records) == usage_queries.PAGE else None,
    }
    return page(request, "crm/suspense.html", context)


@require_GET
@door("see_usage")
def suspended(request: HttpRequest, record_id: int) -> HttpResponse:
    """Show one record."""
    return page(request, "crm/suspended.html", {"record": _record(record_id)})


@require_GET
@door("see_usage")
def usage_files(request: HttpRequest) -> HttpResponse:
    """List files with where their records went."""
    files = list(usage_queries.list_files(before=_number(request, "before") or None))
    context = {
        "files": files,
        "totals": usage_queries.sum_files(),
        "next": files[-1].pk if len(files) == usage_queries.PAGE else None,
    }
    return page(request, "crm/usage_files.html", context)


@require_http_methods(["GET", "POST"])
@door("recycle_usage")
def recycle(request: HttpRequest, record_id: int) -> HttpResponse:
    """Correct a record and price it again."""
    record = _record(record_id)
    present = record.corrected or record.raw
    form = forms.RecycleForm(request.POST or None, initial={"corrected": present})

    def act() -> str:
        line = form.cleaned_data["corrected"].strip("\r\n")
        recycled = suspense_operations.recycle(
            record_ids=[record_id],
            corrected={} if line == present else {record_id: line},
            now=timezone.now(),
            actor=staff_of(request).actor,
        )
        return _told(recycled)

    refusals = (suspense_operations.UnableToRecycle,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:suspended", record_id)
    back = reverse("crm:suspended", args=[record_id])
    return show_form(
        request, form, title=_("Correct and price again"), back=back, send=_("Price again")
    )


@require_http_methods(["GET", "POST"])
@door("recycle_usage")
def recycle_reason(request: HttpRequest) -> HttpResponse:
    """Price again all that wait for one reason (or all), a portion at a time."""
    reason = request.GET.get("reason", "")
    form = DecisionForm(request.POST if request.method == "POST" else None)
    records = usage_queries.list_suspense(reason=reason, limit=PORTION)

    def act() -> str:
        recycled = suspense_operations.recycle(
            record_ids=[record.pk for record in records],
            now=timezone.now(),
            actor=staff_of(request).actor,
        )
        return _told(recycled)

    refusals = (suspense_operations.UnableToRecycle,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:suspense")
    lede = ngettext("%(count)s record as it is.", "%(count)s records as they are.", len(records))
    return show_form(
        request,
        form,
        title=_("Price again"),
        back=reverse("crm:suspense"),
        send=_("Price again"),
        lede=lede % {"count": len(records)},
    )


@require_http_methods(["GET", "POST"])
@door("recycle_usage")
def write_off(request: HttpRequest, record_id: int) -> HttpResponse:
    """Close a record that will never be charged."""
    _record(record_id)
    form = forms.WriteOffForm(request.POST or None)

    def act() -> str:
        suspense_operations.write_off(
            record_ids=[record_id],
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
            actor=staff_of(request).actor,
        )
        return _("The record is written off.")

    refusals = (suspense_operations.UnableToWriteOff,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:suspended", record_id)
    return show_form(
        request,
        form,
        title=_("Write off"),
        back=reverse("crm:suspended", args=[record_id]),
        send=_("Write off"),
        is_grave=True,
    )


def _told(recycled: suspense_operations.Recycled) -> str:
    return _(
        "Priced: %(priced)s. Closed without charge: %(closed)s. Waiting still: %(waiting)s."
    ) % {
        "priced": len(recycled.priced),
        "closed": len(recycled.closed),
        "waiting": len(recycled.waiting),
    }


def _record(record_id: int) -> SuspenseRecord:
    record = usage_queries.find_suspended(record_id)
    if record is None:
        raise Http404
    return record


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
