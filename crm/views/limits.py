"""
Spending guards of services, and groups that share allowances.
"""

from typing import Any

from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Subscription
from crm.forms.limits import GroupForm, GuardForm, MemberForm, MoreForm
from crm.forms.money import DecisionForm
from crm.queries import limits as limit_queries
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from crm.views.found import service_or_404
from rating.models import AllowanceGroup
from rating.operations import limits as operations


@require_GET
@door("see_customers")
def limits(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Show what guards a service, what is left of its allowances, and with whom it shares them."""
    service = service_or_404(subscription_id)
    now = timezone.now()
    found = limit_queries.get_limits(service, now=now, on=timezone.localdate(now))
    return page(request, "crm/limits.html", {"service": service, "limits": found})


@require_http_methods(["GET", "POST"])
@door("guard_spending")
def set_guard(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Set or change the guard."""
    service = service_or_404(subscription_id)
    form = GuardForm(request.POST or None)

    def act() -> str:
        operations.set_guard(
            subscription_id=service.pk, amount=form.cleaned_data["amount"], **_who(request, service)
        )
        return _("The limit is set.")

    refusals = (operations.UnableToGuard,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:limits", service.pk)
    return _ask(request, form, service, title=_("Spending limit"), send=_("Set the limit"))


@require_http_methods(["GET", "POST"])
@door("guard_spending")
def allow_more(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Allow more for this month."""
    service = service_or_404(subscription_id)
    form = MoreForm(request.POST or None)

    def act() -> str:
        operations.allow_more(
            subscription_id=service.pk,
            amount=form.cleaned_data["amount"],
            on=timezone.localdate(),
            **_who(request, service),
        )
        return _("Done: more may be spent this month.")

    refusals = (operations.UnableToGuard,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:limits", service.pk)
    return _ask(request, form, service, title=_("Allow more this month"), send=_("Allow"))


@require_http_methods(["GET", "POST"])
@door("guard_spending")
def lift_guard(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Take the guard away."""
    service = service_or_404(subscription_id)
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        operations.lift_guard(subscription_id=service.pk, **_who(request, service))
        return _("The limit is lifted.")

    refusals = (operations.UnableToGuard,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:limits", service.pk)
    title = _("Lift the limit")
    return _ask(request, form, service, title=title, send=title)


@require_http_methods(["GET", "POST"])
@door("guard_spending")
def open_group(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Open a group that shares the allowances of the service."""
    service = service_or_404(subscription_id)
    form = GroupForm(request.POST or None)

    def act() -> str:
        operations.open_group(
            owner_id=service.pk, name=form.cleaned_data["name"], **_who(request, service)
        )
        return _("The group is open.")

    refusals = (operations.UnableToShare,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:limits", service.pk)
    return _ask(request, form, service, title=_("Share allowances"), send=_("Open the group"))


@require_http_methods(["GET", "POST"])
@door("guard_spending")
def add_member(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Let another service of the customer use the group's allowances."""
    service = service_or_404(subscription_id)
    group = AllowanceGroup.objects.filter(owner_id=service.pk).first()
    if group is None:
        raise Http404
    services = limit_queries.list_joinable(group, at=timezone.now())
    form = MemberForm(request.POST or None, services=services)

    def act() -> str:
        operations.add_member(
            group_id=group.pk,
            subscription_id=form.cleaned_data["service"],
            **form.caps(),
            **_who(request, service),
        )
        return _("The service uses the group's allowances from now on.")

    refusals = (operations.UnableToShare,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:limits", service.pk)
    lede = "" if services else _("The customer has no other service that could join.")
    title = _("Add a service to the group")
    return _ask(
        request, form, service, title=title, send=_("Add"), lede=lede, is_impossible=not services
    )


@require_http_methods(["GET", "POST"])
@door("guard_spending")
def remove_member(request: HttpRequest, subscription_id: int, member_id: int) -> HttpResponse:
    """End a service's place in the group."""
    service = service_or_404(subscription_id)
    member = limit_queries.find_member(member_id, owner_id=service.pk)
    if member is None:
        raise Http404
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        operations.remove_member(member_id=member.pk, **_who(request, service))
        return _("The service has left the group.")

    refusals = (operations.UnableToShare,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:limits", service.pk)
    title = _("Remove from the group")
    return _ask(request, form, service, title=title, send=_("Remove"))


def _who(request: HttpRequest, service: Subscription) -> dict[str, Any]:
    return {
        "now": timezone.now(),
        "actor": staff_of(request).actor,
        "on_behalf_of": f"customer:{service.account.customer_id}",
    }


def _ask(
    request: HttpRequest, form: BaseForm, service: Subscription, **context: object
) -> HttpResponse:
    return show_form(request, form, back=reverse("crm:limits", args=[service.pk]), **context)
