"""
Suspended records: the overview, the list with its filters, one record, trials, export.
"""

import csv
import secrets
from collections.abc import Iterator
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.domain.writing import cell
from crm.forms import usage as forms
from crm.queries import usage as usage_queries
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from rating import queries as rating_queries
from rating.domain.selections import Selection
from rating.models import SuspenseRecord
from rating.operations import suspense as suspense_operations

COLUMNS = (
    "id",
    "state",
    "reason",
    "detail",
    "source",
    "file",
    "line",
    "since",
    "record",
    "corrected",
)


@require_GET
@door("see_usage")
def suspense(request: HttpRequest) -> HttpResponse:
    """What waits by reason, what grew, and the records that are asked for."""
    form = filters(request)
    selection = form.selection()
    records = rating_queries.list_suspense(
        selection=selection, after_id=number(request, "after"), limit=usage_queries.PAGE
    )
    context = {
        "form": form,
        "selection": selection,
        "filters": as_query(selection),
        "overview": rating_queries.get_overview(today=timezone.localdate()),
        "alarms": rating_queries.list_alarms(),
        "work": usage_queries.list_work(limit=5),
        "records": records,
        "file": usage_queries.find_file(selection.file_id) if selection.file_id else None,
        "next": records[-1].pk if len(records) == usage_queries.PAGE else None,
    }
    return page(request, "crm/suspense.html", context)


@require_GET
@door("see_usage")
def suspended(request: HttpRequest, record_id: int) -> HttpResponse:
    """Show one record with what was done to it."""
    context = {
        "record": _record(record_id),
        "changes": usage_queries.list_changes(record_id),
        "work": usage_queries.list_work_on(record_id),
    }
    return page(request, "crm/suspended.html", context)


@require_GET
@door("see_usage")
def export(request: HttpRequest) -> HttpResponse:
    """The selected records as CSV, a portion in memory at a time."""
    selection = filters(request).selection()
    name = f"suspense-{timezone.localdate():%Y-%m-%d}.csv"
    return StreamingHttpResponse(  # type: ignore[return-value]
        _lines(selection),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_GET
@door("see_usage")
def try_record(request: HttpRequest, record_id: int) -> HttpResponse:
    """What pricing would make of one record now; nothing is written."""
    _record(record_id)
    trials = suspense_operations.try_pricing(record_ids=[record_id], now=timezone.now())
    return _trials(request, trials, back=reverse("crm:suspended", args=[record_id]))


@require_GET
@door("see_usage")
def try_selection(request: HttpRequest) -> HttpResponse:
    """What pricing would make of the selected records now; nothing is written."""
    selection = filters(request).selection()
    count, _worth = rating_queries.estimate(selection, today=timezone.localdate())
    trials = suspense_operations.try_selection(selection=selection, now=timezone.now())
    return _trials(request, trials, back=address("crm:suspense", selection), selected=count)


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
@door("undo_write_off")
def take_back(request: HttpRequest, record_id: int) -> HttpResponse:
    """Let a record that was given up wait again."""
    _record(record_id)
    form = forms.ReasonForm(request.POST or None)

    def act() -> str:
        suspense_operations.take_back(
            record_ids=[record_id],
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
            actor=staff_of(request).actor,
        )
        return _("The record waits again.")

    refusals = (suspense_operations.UnableToWriteOff,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:suspended", record_id)
    back = reverse("crm:suspended", args=[record_id])
    return show_form(request, form, title=_("Take back"), back=back, send=_("Take back"))


@require_POST
@door("recycle_usage")
def see_alarm(request: HttpRequest, alarm_id: int) -> HttpResponse:
    """Note that this member of staff looks after what grew."""
    suspense_operations.see_alarm(
        alarm_id=alarm_id, now=timezone.now(), actor=staff_of(request).actor
    )
    return go(request, "crm:suspense")


def filters(request: HttpRequest) -> forms.SuspenseFilterForm:
    """Return the filters of the address."""
    sources = usage_queries.list_sources()
    # A dialog on the same page has fields of these names too.
    return forms.SuspenseFilterForm(request.GET, sources=sources, auto_id="filter_%s")


def as_query(selection: Selection) -> str:
    """Return a selection as the filters of an address."""
    values = selection.as_json()
    names = {"source_id": "source", "file_id": "file"}
    return urlencode({names.get(name, name): value for name, value in values.items()})


def address(to: str, selection: Selection) -> str:
    """Return the address of a page with the filters of the selection."""
    return f"{reverse(to)}?{as_query(selection)}"


def new_request_id() -> str:
    """Return what tells one form from another."""
    return secrets.token_hex(16)


def number(request: HttpRequest, name: str) -> int:
    """Return a number of the address, 0 for what is none."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _trials(
    request: HttpRequest,
    trials: suspense_operations.Trials,
    *,
    back: str,
    selected: int | None = None,
) -> HttpResponse:
    shown = trials.records[: usage_queries.PAGE]
    context = {
        "trials": trials,
        "shown": usage_queries.name_trials(shown, language=get_language() or "ru"),
        "selected": selected,
        "back": back,
    }
    return page(request, "crm/suspense_trials.html", context)


def _lines(selection: Selection) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(COLUMNS)
    for record in rating_queries.export_suspense(selection):
        source = record.file.source
        row = (
            record.pk,
            record.get_state_display(),
            record.get_reason_display(),
            cell(record.detail),
            cell(source.name if source else ""),
            cell(record.file.name),
            record.line,
            timezone.localtime(record.suspended_at).strftime("%Y-%m-%d %H:%M:%S"),
            cell(record.raw),
            cell(record.corrected),
        )
        yield writer.writerow(row)


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


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
