"""
Reports for the accountant: the trial balance of a period.
"""

from datetime import date, timedelta
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts import queries as accounts_queries
from crm.forms.money import PeriodForm
from crm.views.doors import door, page


@require_GET
@door("see_reports")
def trial_balance(request: HttpRequest) -> HttpResponse:
    """Sums of the ledger by kind and contra account; this month unless asked otherwise."""
    first, last = _this_month()
    form = PeriodForm(
        request.GET if "first" in request.GET else None, initial={"first": first, "last": last}
    )
    if form.is_bound and form.is_valid():
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    lines = accounts_queries.trial_balance(first=first, last=last)
    context = {
        "form": form,
        "lines": lines,
        "first": first,
        "last": last,
        "credited": sum((line.amount for line in lines if line.amount > 0), Decimal(0)),
        "charged": sum((line.amount for line in lines if line.amount < 0), Decimal(0)),
        "total": sum((line.amount for line in lines), Decimal(0)),
    }
    return page(request, "crm/reports.html", context)


def _this_month() -> tuple[date, date]:
    today = timezone.localdate()
    following = (today.replace(day=28) + timedelta(days=4)).replace(day=1)
    return today.replace(day=1), following - timedelta(days=1)
