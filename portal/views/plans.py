"""
Change of plan: choose, look at the price, agree, call off.
"""

from datetime import date

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from invoicing import operations
from portal.forms import DayForm
from portal.queries import plans as queries
from portal.queries.services import ServiceView
from portal.queries.subscriptions import consent_words
from portal.views.door import Visitor, for_subscribers, show

#: What was shown travels signed with the form, and is what is agreed to.
SALT = "portal.plan_change"


@for_subscribers
def choose(request: HttpRequest, visitor: Visitor, subscription_id: int) -> HttpResponse:
    """The plans a service may change to."""
    service = _own_service(visitor, subscription_id)
    if service.plan is None:
        raise Http404
    page = queries.get_plans_page(service, on=timezone.localdate())
    return show(request, visitor, "plans.html", page=page)


@for_subscribers
def change(
    request: HttpRequest, visitor: Visitor, *, subscription_id: int, version_id: int
) -> HttpResponse:
    """The price before and after; on POST agree to exactly what was shown."""
    service = _own_service(visitor, subscription_id)
    if request.method == "POST":
        return _agree(request, visitor, service=service, version_id=version_id)
    form = DayForm(request.GET)
    wanted = form.cleaned_data["on"] if form.is_valid() else None
    page = queries.find_change_page(
        service,
        version_id=version_id,
        currency=visitor.account.currency,
        on=timezone.localdate(),
        wanted=wanted,
    )
    if page is None:
        raise Http404
    shown = {"offer": page.offer, "wanted": wanted.isoformat() if wanted else None}
    return show(
        request,
        visitor,
        "plan_change.html",
        page=page,
        form=form,
        mark=signing.dumps(shown, salt=SALT) if page.offer else "",
        consent=consent_words("plan"),
    )


@require_POST
@for_subscribers
def cancel(request: HttpRequest, visitor: Visitor, subscription_id: int) -> HttpResponse:
    """Stay on the present plan."""
    service = _own_service(visitor, subscription_id)
    if service.planned is None:
        raise Http404
    try:
        operations.cancel(
            change_id=service.planned.change_id, now=timezone.now(), actor=visitor.user.actor
        )
    except operations.UnableToChangePlan as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The change is called off: you stay on the present plan."))
    return redirect("portal:services")


def _agree(
    request: HttpRequest, visitor: Visitor, *, service: ServiceView, version_id: int
) -> HttpResponse:
    try:
        shown = signing.loads(request.POST.get("mark", ""), salt=SALT)
    except signing.BadSignature:
        raise Http404 from None
    try:
        operations.schedule(
            subscription_id=service.id,
            plan_version_id=version_id,
            on=timezone.localdate(),
            now=timezone.now(),
            actor=visitor.user.actor,
            agreed=shown["offer"],
            wanted=date.fromisoformat(shown["wanted"]) if shown["wanted"] else None,
            door="portal",
        )
    except operations.UnableToChangePlan as refusal:
        messages.error(request, str(refusal))
        return redirect("portal:plan-change", service.id, version_id)
    messages.success(request, _("Agreed. Until then you can still call it off here."))
    return redirect("portal:services")


def _own_service(visitor: Visitor, subscription_id: int) -> ServiceView:
    service = queries.find_service(
        subscription_id, account_ids=visitor.account_ids, now=timezone.now()
    )
    if service is None:
        raise Http404
    return service
