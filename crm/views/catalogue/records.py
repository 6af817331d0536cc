"""
Call detail of an account: each record, and «why this much?».
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from crm.queries.catalogue import records as queries
from crm.views.catalogue.asking import one
from crm.views.doors import door, page


@require_GET
@door("see_customers")
def records(request: HttpRequest, account_id: int) -> HttpResponse:
    """List an account's calls, messages and sessions with their explanations."""
    account = one(queries.find_account(account_id))
    before = queries.read_key(request.GET.get("before", ""))
    rows, following = queries.list_records(account_id, before=before)
    context = {"account": account, "rows": rows, "next": following}
    return page(request, "crm/catalogue/records.html", context)
