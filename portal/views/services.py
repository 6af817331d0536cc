"""
Services and their plans.
"""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from portal.queries.services import list_cards
from portal.views.door import Visitor, for_subscribers, show


@for_subscribers
def services(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Every service of the account with plan, what is left, and what is agreed for later."""
    now = timezone.now()
    cards = list_cards(visitor.account, now=now, on=timezone.localdate(now))
    return show(request, visitor, "services.html", services=cards)
