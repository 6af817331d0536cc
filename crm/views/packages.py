"""
Packages of services: seen, added, taken off.
"""

from typing import Any

from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import operations
from accounts.models import Subscription
from crm.forms.offers import RemovePackageForm
from crm.forms.subscriptions import SeenForm, with_seen
from crm.queries import packages as package_queries
from crm.queries.history.words import money
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from crm.views.found import service_or_404
from invoicing import operations as invoicing_operations
from invoicing.queries.offers import PackageQuote, UnableToOffer, get_package_quote


@require_GET
@door("see_customers")
def packages(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Show the packages that a service has, had and may have."""
    service = service_or_404(subscription_id)
    found = package_queries.get_packages(service, now=timezone.now())
    return page(request, "crm/packages.html", {"service": service, "packages": found})


@require_http_methods(["GET", "POST"])
@door("change_plan")
def add(request: HttpRequest, subscription_id: int, version_id: int) -> HttpResponse:
    """Show what the package brings and costs; add it."""
    service = service_or_404(subscription_id)
    offer = package_queries.find_offer(service, version_id, now=timezone.now())
    if offer is None:
        raise Http404
    package = package_queries.describe(offer.version)
    form = SeenForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        invoicing_operations.buy_package(
            subscription_id=service.pk,
            package_version_id=offer.version.pk,
            agreed=form.agreed,
            door="crm",
            **_who(request, service),
        )
        return _("Package “%(name)s” is added.") % {"name": package.name}

    refusals = (invoicing_operations.UnableToBuy,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:packages", service.pk)
    title = _("Add package “%(name)s”") % {"name": package.name}
    quote, reasons = _quote(service, version_id)
    return _ask(
        request,
        with_seen(form, quote) if quote else form,
        service,
        title=title,
        send=_("Add"),
        outcome="crm/package_terms.html",
        package=package,
        quote=quote,
        reasons=reasons,
        is_impossible=bool(reasons),
    )


def _quote(service: Subscription, version_id: int) -> tuple[PackageQuote | None, list[str]]:
    """Return what the package costs now, or every reason against it."""
    try:
        quote = get_package_quote(
            subscription_id=service.pk, package_version_id=version_id, now=timezone.now()
        )
    except UnableToOffer as refusal:
        return None, refusal.reasons
    return quote, []


@require_http_methods(["GET", "POST"])
@door("change_plan")
def remove(request: HttpRequest, subscription_id: int, assignment_id: int) -> HttpResponse:
    """Take a package off now."""
    service = service_or_404(subscription_id)
    held = package_queries.find_held(service, assignment_id, now=timezone.now())
    if held is None:
        raise Http404
    name = package_queries.package_name(held.package_version)
    form = RemovePackageForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        given_back = invoicing_operations.drop_package(
            assignment_id=held.pk, reason=form.cleaned_data["reason"], **_who(request, service)
        )
        return _("Package “%(name)s” is taken off, %(amount)s is given back.") % {
            "name": name,
            "amount": money(given_back, service.account.currency),
        }

    refusals = (operations.UnableToRemovePackage,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:packages", service.pk)
    title = _("Take off package “%(name)s”") % {"name": name}
    lede = _("It ends at once; what is left of its volume is gone.")
    return _ask(request, form, service, title=title, send=_("Take off"), lede=lede, is_grave=True)


def _who(request: HttpRequest, service: Subscription) -> dict[str, Any]:
    return {
        "now": timezone.now(),
        "actor": staff_of(request).actor,
        "on_behalf_of": f"customer:{service.account.customer_id}",
    }


def _ask(
    request: HttpRequest, form: BaseForm, service: Subscription, **context: Any
) -> HttpResponse:
    return show_form(request, form, back=reverse("crm:packages", args=[service.pk]), **context)
