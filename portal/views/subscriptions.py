"""
Subscriptions and charges, packages bought and taken off, bundles bought: the price is shown first.
"""

from typing import Any, Final

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts import operations as accounts
from invoicing import operations
from invoicing.queries.offers import UnableToOffer, get_package_quote
from portal.queries import subscriptions as queries
from portal.queries.packages import find_held, find_offered
from portal.queries.plans import find_service
from portal.queries.services import ServiceView
from portal.views.door import Visitor, for_subscribers, show

#: What was shown travels signed with the form, and is what is agreed to.
SALT: Final = "portal.offers"
DOOR: Final = "portal"


@require_GET
@for_subscribers
def subscriptions(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show everything that will be charged, when and how much."""
    page = queries.get_subscriptions_page(visitor.account, now=timezone.now())
    return show(request, visitor, "subscriptions.html", page=page)


@for_subscribers
def add_package(
    request: HttpRequest, visitor: Visitor, *, subscription_id: int, version_id: int
) -> HttpResponse:
    """The price of a package; on POST buy it at exactly that."""
    service = _own_service(visitor, subscription_id)
    offered = find_offered(service, version_id, now=timezone.now())
    if offered is None:
        raise Http404
    if request.method == "POST" and _bought(
        request,
        lambda who: operations.buy_package(
            subscription_id=service.id, package_version_id=version_id, **who
        ),
        visitor=visitor,
    ):
        messages.success(request, _("Package “%(name)s” is connected.") % {"name": offered.name})
        return redirect("portal:packages", service.id)
    quote, refusal = None, ""
    try:
        quote = get_package_quote(
            subscription_id=service.id, package_version_id=version_id, now=timezone.now()
        )
    except UnableToOffer as refused:
        refusal = str(refused)
    return show(
        request,
        visitor,
        "package_add.html",
        service=service,
        package=offered,
        quote=quote,
        refusal=refusal,
        mark=_sign(quote),
        consent=queries.consent_words("package"),
    )


@for_subscribers
def remove_package(
    request: HttpRequest, visitor: Visitor, *, subscription_id: int, assignment_id: int
) -> HttpResponse:
    """What is given back; on POST take the package off."""
    service = _own_service(visitor, subscription_id)
    held = find_held(service, assignment_id, now=timezone.now())
    if held is None:
        raise Http404
    if request.method == "POST":
        try:
            operations.drop_package(
                assignment_id=assignment_id, now=timezone.now(), actor=visitor.user.actor
            )
        except accounts.UnableToRemovePackage as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Package “%(name)s” is taken off.") % {"name": held.name})
        return redirect("portal:subscriptions")
    return show(request, visitor, "package_remove.html", service=service, package=held)


@for_subscribers
def bundle(request: HttpRequest, visitor: Visitor, version_id: int) -> HttpResponse:
    """The price of a bundle and of its parts; on POST buy it at exactly that."""
    if request.method == "POST" and _bought(
        request,
        lambda who: operations.buy_bundle(
            account_id=visitor.account.id, bundle_version_id=version_id, **who
        ),
        visitor=visitor,
    ):
        messages.success(request, _("The bundle is connected."))
        return redirect("portal:subscriptions")
    offered = queries.find_bundle(visitor.account.id, version_id, now=timezone.now())
    return show(
        request,
        visitor,
        "bundle.html",
        bundle=offered,
        mark=_sign(offered.quote),
        consent=queries.consent_words("bundle"),
    )


def _sign(quote: Any) -> str:
    return signing.dumps(quote.as_json(), salt=SALT) if quote else ""


def _bought(request: HttpRequest, buy: Any, *, visitor: Visitor) -> bool:
    """Buy what was shown; what can't be bought any more is told."""
    try:
        offer = signing.loads(request.POST.get("mark", ""), salt=SALT)
    except signing.BadSignature:
        raise Http404 from None
    try:
        buy({"agreed": offer, "door": DOOR, "now": timezone.now(), "actor": visitor.user.actor})
    except operations.UnableToBuy as refusal:
        messages.error(request, str(refusal))
        return False
    return True


def _own_service(visitor: Visitor, subscription_id: int) -> ServiceView:
    service = find_service(subscription_id, account_ids=visitor.account_ids, now=timezone.now())
    if service is None or service.state == "terminated":
        raise Http404
    return service
