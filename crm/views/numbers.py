"""
Another number for a service at the desk.
"""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.operations import numbers
from crm.forms.numbers import ChangeNumberForm
from crm.queries import numbers as queries
from crm.views.doors import carry_out, door, go, is_sent, show_about, staff_of
from crm.views.found import service_or_404


@require_http_methods(["GET", "POST"])
@door("connect_service")
def change_number(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Give a service that goes on another number or login; the former rests."""
    service, now = service_or_404(subscription_id), timezone.now()
    uses = queries.list_uses(service, at=now)
    offered = queries.list_offered(
        uses, on=timezone.localdate(now), chosen=request.POST.get("number", "")
    )
    form = ChangeNumberForm(request.POST or None, uses=uses, numbers=offered)

    def act() -> str:
        given = numbers.change_number(
            subscription_id=subscription_id,
            former=form.cleaned_data["former"],
            value=form.cleaned_data["value"],
            now=now,
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{service.account.customer_id}",
        )
        return _("The number is %(number)s now.") % {"number": given.value}

    refusals = (numbers.UnableToChangeNumber,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:card", service.account.customer_id)
    return show_about(
        request,
        form,
        service,
        title=_("Change the number"),
        send=_("Change the number"),
        lede=_("Usage goes by the new one from now on; the former rests before others get it.")
        if uses
        else _("The service has no number."),
        is_impossible=not uses,
    )
