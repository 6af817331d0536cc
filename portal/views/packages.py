"""
Packages of a service: what it has, what may be added. They are added by the operator's people.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import Subscription
from portal.queries.packages import get_packages_page
from portal.queries.plans import find_service
from portal.views.door import Visitor, for_subscribers, show


@require_GET
@for_subscribers
def packages(request: HttpRequest, visitor: Visitor, subscription_id: int) -> HttpResponse:
    """Show the packages of one of the visitor's own services that isn't over."""
    now = timezone.now()
    service = find_service(subscription_id, account_ids=visitor.account_ids, now=now)
    if service is None or service.state == Subscription.State.TERMINATED:
        raise Http404
    page = get_packages_page(service, now=now)
    return show(request, visitor, "packages.html", page=page)
