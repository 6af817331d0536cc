"""
Messages.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from notifications import operations
from portal.queries import inbox as queries
from portal.views.door import Visitor, for_payers, show
from portal.views.keys import whole_number


@for_payers
def inbox(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The inbox, newest first."""
    before = whole_number(request.GET.get("before"))
    letters = queries.list_letters(visitor.customer_id, before=before)
    next_key = letters[-1].id if len(letters) == queries.PAGE else None
    return show(request, visitor, "inbox.html", letters=letters, next_key=next_key)


@require_POST
@for_payers
def read_all(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Mark what the subscriber has seen as read; what came since stays new."""
    up_to = whole_number(request.POST.get("up_to"))
    if up_to is not None:
        operations.mark_read(customer_id=visitor.customer_id, up_to=up_to, now=timezone.now())
    return redirect("portal:inbox")
