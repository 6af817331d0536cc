"""
The spending guard of a service: set, lifted, and more allowed for this month.
"""

from collections.abc import Callable
from datetime import date, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.forms import GuardForm
from portal.queries.limits import LimitsPage, find_limits
from portal.views.door import Visitor, for_subscribers, show
from rating.operations import limits as operations


@require_http_methods(["GET", "POST"])
@for_subscribers
def limits(request: HttpRequest, visitor: Visitor, subscription_id: int) -> HttpResponse:
    """Show the guard and what is spent; on POST do what the button said."""
    now = timezone.now()
    today = timezone.localdate(now)
    page = find_limits(visitor.account, subscription_id=subscription_id, now=now, on=today)
    if page is None:
        raise Http404
    form = GuardForm(request.POST or None, initial=_initial(page))
    if request.method == "POST" and form.is_valid():
        act = _acts(visitor, form, subscription_id=subscription_id, now=now, on=today)
        try:
            done = act()
        except operations.UnableToGuard as refusal:
            form.add_error("amount", str(refusal))
        else:
            messages.success(request, done)
            return redirect("portal:limits", subscription_id)
    return show(request, visitor, "limits.html", page=page, form=form)


def _initial(page: LimitsPage) -> dict[str, object]:
    return {"amount": page.guard.guard.amount} if page.guard else {}


def _acts(
    visitor: Visitor, form: GuardForm, *, subscription_id: int, now: datetime, on: date
) -> Callable[[], str]:
    """Return what the pressed button does, and says when it is done."""
    amount = form.cleaned_data["amount"]
    actor = visitor.user.actor

    def lift() -> str:
        operations.lift_guard(subscription_id=subscription_id, now=now, actor=actor)
        return _("The limit is lifted.")

    def allow_more() -> str:
        operations.allow_more(
            subscription_id=subscription_id, amount=amount, on=on, now=now, actor=actor
        )
        return _("Done: more may be spent this month.")

    def set_limit() -> str:
        operations.set_guard(subscription_id=subscription_id, amount=amount, now=now, actor=actor)
        return _("The limit is set.")

    return {"lift": lift, "more": allow_more}.get(form.cleaned_data["act"], set_limit)
