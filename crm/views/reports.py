"""
Reports for the accountant: the trial balance of any days, down to each day of a kind, and as XLSX.
"""

from datetime import date, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts import queries as accounts_queries
from accounts.domain.kinds import Contra, Kind
from crm.forms.money import PeriodForm
from crm.queries import trial as queries
from crm.views.account_money import attached
from crm.views.doors import door, page

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
@door("see_reports")
def trial_balance(request: HttpRequest) -> HttpResponse:
    """Both sides of the ledger by contra account and kind; this month unless asked otherwise."""
    form, first, last = _period(request)
    trial = queries.get_trial_balance(first=first, last=last)
    return page(request, "crm/reports.html", {"form": form, "trial": trial})


@require_GET
@door("see_reports")
def trial_days(request: HttpRequest, contra: int, kind: int) -> HttpResponse:
    """One kind against one contra account, day by day."""
    form, first, last = _period(request)
    try:
        chosen = Contra(contra), Kind(kind)
    except ValueError:
        raise Http404 from None
    days = accounts_queries.trial_days(first=first, last=last, contra=chosen[0], kind=chosen[1])
    context = {
        "form": form,
        "first": first,
        "last": last,
        "days": days,
        "contra": accounts_queries.contra_label(chosen[0]),
        "kind": accounts_queries.kind_label(chosen[1]),
        "entries": sum(day.entries for day in days),
        "debit": sum(day.debit for day in days),
        "credit": sum(day.credit for day in days),
    }
    return page(request, "crm/report_days.html", context)


@require_GET
@door("see_reports")
def trial_workbook(request: HttpRequest) -> HttpResponse:
    """The trial balance as XLSX."""
    _form, first, last = _period(request)
    book = queries.as_workbook(queries.get_trial_balance(first=first, last=last))
    headers = attached(f"trial-balance-{first}-{last}.xlsx")
    return HttpResponse(book, content_type=XLSX, headers=headers)


def _period(request: HttpRequest) -> tuple[PeriodForm, date, date]:
    first, last = _this_month()
    form = PeriodForm(
        request.GET if "first" in request.GET else None, initial={"first": first, "last": last}
    )
    if form.is_bound and form.is_valid():
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    return form, first, last


def _this_month() -> tuple[date, date]:
    today = timezone.localdate()
    following = (today.replace(day=28) + timedelta(days=4)).replace(day=1)
    return today.replace(day=1), following - timedelta(days=1)
