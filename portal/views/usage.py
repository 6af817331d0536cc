"""
Call detail and charges.
"""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from portal.queries.money import list_account_charges
from portal.queries.usage import UsageFilter, get_usage_page
from portal.views import keys
from portal.views.door import Visitor, for_subscribers, show

PAGE = 30


@for_subscribers
def usage(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Each call, message and session of a month, newest first."""
    now = timezone.now()
    chosen = UsageFilter(
        month=keys.month(request.GET.get("month"), on=timezone.localdate(now)),
        subscription_id=keys.whole_number(request.GET.get("service")),
        before=request.GET.get("before", ""),
    )
    page = get_usage_page(visitor.account, chosen=chosen, now=now)
    return show(request, visitor, "usage.html", page=page)


@for_subscribers
def charges(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Every movement of the account, newest first."""
    before = keys.day_and_id(request.GET.get("before"))
    rows = list_account_charges(visitor.account, before=before, limit=PAGE, now=timezone.now())
    next_key = rows[-1].key if len(rows) == PAGE else None
    return show(request, visitor, "charges.html", charges=rows, next_key=next_key)
