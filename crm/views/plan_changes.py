"""
Changing the plan and ending a service: the price is shown first.
"""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Subscription
from crm.forms.money import DecisionForm
from crm.forms.services import ChangePlanForm, TerminateForm
from crm.queries import sales
from crm.queries.history.words import money, written_day
from crm.views.doors import carry_out, door, go, is_sent, show_about, staff_of
from crm.views.found import service_or_404
from invoicing import operations as invoicing_operations
from invoicing import queries as invoicing_queries
from invoicing.models import PlanChange


@require_http_methods(["GET", "POST"])
@door("change_plan")
def change_plan(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Choose a plan, see what the change costs, agree on exactly that."""
    service = service_or_404(subscription_id)
    today = timezone.localdate()
    form = ChangePlanForm(
        request.POST or None, plans=sales.list_other_plans(service=service, on=today)
    )
    shown: dict[str, Any] = {"send": _("Show the price"), "is_impossible": not form.plans}
    if is_sent(request, form):
        if form.cleaned_data["seen"] and _schedule(request, form, service):
            return go(request, "crm:card", service.account.customer_id)
        shown |= _offer(form, service)
    return show_about(request, form, service, title=_("Change the plan"), **shown)


@require_http_methods(["GET", "POST"])
@door("change_plan")
def cancel(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Cancel a change that waits."""
    service = service_or_404(subscription_id)
    change = invoicing_queries.find_scheduled_change(subscription_id)
    if change is None:
        raise Http404
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        invoicing_operations.cancel(
            change_id=change.pk,
            now=timezone.now(),
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{service.account.customer_id}",
        )
        return _("The change of plan is cancelled.")

    refusals = (invoicing_operations.UnableToChangePlan,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:card", service.account.customer_id)
    lede = _("It was to happen on %(day)s.") % {"day": written_day(change.effective_on)}
    title = _("Cancel the change of plan")
    return show_about(request, form, service, title=title, send=title, lede=lede)


@require_http_methods(["GET", "POST"])
@door("terminate_service")
def terminate(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Show what is given back, then end the service for good."""
    service = service_or_404(subscription_id)
    form = TerminateForm(request.POST or None)

    def act() -> str:
        given_back = invoicing_operations.terminate_service(
            subscription_id=subscription_id,
            now=timezone.now(),
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{service.account.customer_id}",
            reason=form.cleaned_data["reason"],
            is_final=form.cleaned_data["is_final"],
        )
        return _("The service is terminated; %(amount)s is given back.") % {
            "amount": money(given_back, service.account.currency)
        }

    refusals = (invoicing_operations.UnableToTerminate,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:card", service.account.customer_id)
    lede = sales.termination_terms(service=service, on=timezone.localdate())
    title = _("Terminate the service")
    return show_about(
        request, form, service, title=title, send=_("Terminate"), lede=lede, is_grave=True
    )


def _schedule(request: HttpRequest, form: ChangePlanForm, service: Subscription) -> bool:
    scheduled: list[PlanChange] = []

    def act() -> str:
        change = invoicing_operations.schedule(
            subscription_id=service.pk,
            plan_version_id=form.version.pk,
            on=timezone.localdate(),
            now=timezone.now(),
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{service.account.customer_id}",
            agreed=_agreed(form),
            door="crm",
            wanted=form.cleaned_data["wanted"],
        )
        scheduled.append(change)
        return _("The plan changes on %(day)s.") % {"day": written_day(change.effective_on)}

    return carry_out(request, form, act, refusals=(invoicing_operations.UnableToChangePlan,))


def _agreed(form: ChangePlanForm) -> dict[str, Any]:
    """Return the quote as it was shown; what can't be read agrees with nothing."""
    try:
        agreed = json.loads(form.cleaned_data["seen"])
    except ValueError:
        return {}
    return agreed if isinstance(agreed, dict) else {}


def _offer(form: ChangePlanForm, service: Subscription) -> dict[str, Any]:
    """Return what the form shows of the quote, and puts it into the form to be agreed on."""
    try:
        quote = invoicing_queries.get_quote(
            subscription_id=service.pk,
            plan_version_id=form.version.pk,
            on=timezone.localdate(),
            wanted=form.cleaned_data["wanted"],
        )
    except invoicing_queries.UnableToQuote as refusal:
        form.add_error(None, str(refusal))
        return {"send": _("Show the price")}
    form.data = {**form.data, "plan_version": form.version.pk, "seen": json.dumps(quote.as_json())}
    return {"send": _("Agree"), "outcome": "crm/quote.html", "quote": quote}
