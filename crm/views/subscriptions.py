"""
What an account is charged for again and again; bundles bought, services paused.
"""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Account, Subscription
from crm.forms.money import DecisionForm
from crm.forms.subscriptions import PauseForm, SeenForm, with_seen
from crm.queries import subscriptions as queries
from crm.queries.history.words import written_day
from crm.views.doors import carry_out, door, go, is_sent, page, show_about, show_form, staff_of
from crm.views.found import service_or_404
from invoicing import operations
from invoicing.queries.bundles import get_bundle_quote
from invoicing.queries.offers import UnableToOffer
from invoicing.queries.pauses import UnableToPause, find_pause, get_pause_quote


@require_GET
@door("see_customers")
def subscriptions(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show everything that will be charged to an account, its bundles and consents."""
    account = _account(account_id)
    found = queries.get_subscriptions(account, now=timezone.now())
    return page(request, "crm/subscriptions.html", {"account": account, "found": found})


@require_http_methods(["GET", "POST"])
@door("change_plan")
def buy_bundle(request: HttpRequest, account_id: int, version_id: int) -> HttpResponse:
    """Show what the bundle costs, buy it at exactly that."""
    account = _account(account_id)
    form = SeenForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        operations.buy_bundle(
            account_id=account.pk,
            bundle_version_id=version_id,
            agreed=form.agreed,
            **_who(request, account),
        )
        return _("The bundle is connected.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=(operations.UnableToBuy,)):
        return go(request, "crm:subscriptions", account.pk)
    shown: dict[str, Any] = {"is_impossible": True}
    try:
        quote = get_bundle_quote(
            account_id=account.pk, bundle_version_id=version_id, now=timezone.now()
        )
    except UnableToOffer as refusal:
        shown["reasons"] = refusal.reasons
    else:
        form = with_seen(form, quote)
        shown = {"quote": quote, "parts": queries.describe_parts(quote)}
    return show_form(
        request,
        form,
        title=_("Connect a bundle"),
        send=_("Connect"),
        back=reverse("crm:subscriptions", args=[account.pk]),
        outcome="crm/bundle_terms.html",
        **shown,
    )


@require_http_methods(["GET", "POST"])
@door("change_plan")
def pause(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Ask from when to when, show the terms, agree on exactly these."""
    service = service_or_404(subscription_id)
    form = PauseForm(request.POST or None)
    shown: dict[str, Any] = {"send": _("Show the terms")}
    if is_sent(request, form):
        if form.cleaned_data["seen"] and _agree(request, form, service):
            return go(request, "crm:card", service.account.customer_id)
        shown |= _terms(form, service)
    return show_about(request, form, service, title=_("Pause the service"), **shown)


def _agree(request: HttpRequest, form: PauseForm, service: Subscription) -> bool:
    def act() -> str:
        agreed = operations.agree_pause(
            subscription_id=service.pk,
            agreed=form.agreed,
            **form.days(),
            **_who(request, service.account),
        )
        return _("The service rests from %(day)s.") % {"day": written_day(agreed.starts_on)}

    return carry_out(request, form, act, refusals=(operations.UnableToChangePause,))


def _terms(form: PauseForm, service: Subscription) -> dict[str, Any]:
    try:
        quote = get_pause_quote(subscription_id=service.pk, on=timezone.localdate(), **form.days())
    except UnableToPause as refusal:
        form.add_error(None, str(refusal))
        return {"send": _("Show the terms")}
    form.data = {**dict(form.data.items()), "seen": json.dumps(quote.as_json())}
    return {"send": _("Agree"), "outcome": "crm/pause_terms.html", "quote": quote}


@require_http_methods(["GET", "POST"])
@door("change_plan")
def end_pause(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """End a pause that runs, or call off one that waits."""
    service = service_or_404(subscription_id)
    found = find_pause(subscription_id)
    if found is None:
        raise Http404
    form = DecisionForm(request.POST if request.method == "POST" else None)
    is_running = found.state == "running"

    def act() -> str:
        who = _who(request, service.account)
        del who["door"]
        if is_running:
            operations.end_pause(pause_id=found.pk, **who)
            return _("The service works again.")
        operations.cancel_pause(pause_id=found.pk, **who)
        return _("The pause is called off.")

    refusals = (operations.UnableToChangePause,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:card", service.account.customer_id)
    title = _("End the pause") if is_running else _("Call the pause off")
    lede = _("From %(day)s.") % {"day": written_day(found.starts_on)}
    return show_about(request, form, service, title=title, send=title, lede=lede)


def _who(request: HttpRequest, account: Account) -> dict[str, Any]:
    return {
        "now": timezone.now(),
        "actor": staff_of(request).actor,
        "on_behalf_of": f"customer:{account.customer_id}",
        "door": "crm",
    }


def _account(account_id: int) -> Account:
    account = queries.find_account(account_id)
    if account is None:
        raise Http404
    return account
