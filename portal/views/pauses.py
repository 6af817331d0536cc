"""
The pause of a service: terms first, then the agreement; ended or called off here too.
"""

from datetime import date
from typing import Any, Final

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from invoicing import operations
from invoicing.queries.pauses import PauseQuote, UnableToPause, find_pause, get_pause_quote
from portal.forms import PauseForm
from portal.queries.plans import find_service
from portal.queries.services import ServiceView
from portal.queries.subscriptions import consent_words
from portal.views.door import Visitor, for_subscribers, show

SALT: Final = "portal.pause"


@for_subscribers
def pause(request: HttpRequest, visitor: Visitor, subscription_id: int) -> HttpResponse:
    """Ask from when to when, show the terms, agree on exactly these."""
    service = _own_service(visitor, subscription_id)
    agreed = find_pause(service.id)
    if request.method == "POST" and request.POST.get("mark"):
        return _agree(request, visitor, service=service)
    is_sent = request.method == "POST" and agreed is None
    form = PauseForm(request.POST if is_sent else None)
    quote: PauseQuote | None = None
    mark = ""
    if is_sent and form.is_valid():
        wish = {"starts_on": form.first_day, "until": form.last_day}
        try:
            quote = get_pause_quote(subscription_id=service.id, on=timezone.localdate(), **wish)
        except UnableToPause as refusal:
            form.add_error(None, str(refusal))
        else:
            mark = signing.dumps({"wish": _plain(wish), "quote": quote.as_json()}, salt=SALT)
    return show(
        request,
        visitor,
        "pause.html",
        service=service,
        pause=agreed,
        form=form,
        quote=quote,
        mark=mark,
        consent=consent_words("pause"),
    )


def _plain(wish: dict[str, date | None]) -> dict[str, str | None]:
    return {key: value.isoformat() if value else None for key, value in wish.items()}


def _agree(request: HttpRequest, visitor: Visitor, *, service: ServiceView) -> HttpResponse:
    try:
        shown: dict[str, Any] = signing.loads(request.POST["mark"], salt=SALT)
    except signing.BadSignature:
        raise Http404 from None
    days: dict[str, Any] = {
        key: date.fromisoformat(value) if value else None for key, value in shown["wish"].items()
    }
    try:
        operations.agree_pause(
            subscription_id=service.id,
            agreed=shown["quote"],
            door="portal",
            now=timezone.now(),
            actor=visitor.user.actor,
            **days,
        )
    except operations.UnableToChangePause as refusal:
        messages.error(request, str(refusal))
        return redirect("portal:pause", service.id)
    messages.success(request, _("The pause is agreed."))
    return redirect("portal:services")


@require_POST
@for_subscribers
def end(request: HttpRequest, visitor: Visitor, subscription_id: int) -> HttpResponse:
    """End a pause that runs, or call off one that waits."""
    service = _own_service(visitor, subscription_id)
    found = find_pause(service.id)
    if found is None:
        raise Http404
    who: dict[str, Any] = {"pause_id": found.pk, "now": timezone.now(), "actor": visitor.user.actor}
    try:
        if found.state == "running":
            operations.end_pause(**who)
            messages.success(request, _("The pause is over: the service works again."))
        else:
            operations.cancel_pause(**who)
            messages.success(request, _("The pause is called off."))
    except operations.UnableToChangePause as refusal:
        messages.error(request, str(refusal))
    return redirect("portal:services")


def _own_service(visitor: Visitor, subscription_id: int) -> ServiceView:
    service = find_service(subscription_id, account_ids=visitor.account_ids, now=timezone.now())
    if service is None or service.state == "terminated":
        raise Http404
    return service
