"""
Services: connecting.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import operations as accounts_operations
from crm.forms.services import ConnectForm
from crm.operations import services as services_operations
from crm.queries import card as card_queries
from crm.queries import sales
from crm.views.doors import carry_out, door, go, is_sent, show_form, staff_of


@require_http_methods(["GET", "POST"])
@door("connect_service")
def connect(request: HttpRequest, account_id: int) -> HttpResponse:
    """Choose a plan and a number, and begin the service."""
    account = card_queries.find_account(account_id)
    if account is None:
        raise Http404
    today = timezone.localdate()
    plans = sales.list_plans(account=account, on=today)
    form = ConnectForm(
        request.POST or None,
        plans=plans,
        numbers=sales.list_numbers(on=today, chosen=request.POST.get("number", "")),
        initial={"address": account.customer.address},
    )

    def act() -> str:
        service = services_operations.connect(
            account=account,
            plan_version=form.version,
            identifiers=form.identifiers(),
            address=form.cleaned_data["address"],
            now=timezone.now(),
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{account.customer_id}",
        )
        return _("%(service)s is connected.") % {
            "service": service.get_service_display().capitalize()
        }

    refusals = (
        accounts_operations.UnableToOrder,
        accounts_operations.UnableToOccupy,
        accounts_operations.UnableToChangeService,
    )
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:card", account.customer_id)
    return show_form(
        request,
        form,
        title=_("Connect a service"),
        back=reverse("crm:card", args=[account.customer_id]),
        send=_("Connect"),
        is_impossible=not plans,
        lede="" if plans else _("No plan is on sale for this kind of account."),
    )
