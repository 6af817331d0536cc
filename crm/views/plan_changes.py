"""
Changing the plan and ending a service: the price is shown first.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from crm.views.doors import door


@require_http_methods(["GET", "POST"])
@door("change_plan")
def change_plan(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Show what the change costs, then agree on it."""
    raise Http404


@require_http_methods(["GET", "POST"])
@door("change_plan")
def cancel(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Cancel a change that waits."""
    raise Http404


@require_http_methods(["GET", "POST"])
@door("terminate_service")
def terminate(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """End the service."""
    raise Http404
