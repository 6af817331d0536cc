"""
Prices of a company's own: seen, agreed, ended. Private persons have none.
"""

from datetime import timedelta
from typing import Any

from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import operations
from accounts.models import Customer
from crm.forms.offers import CompanyDeckForm, CompanyFeeForm, EndPriceForm
from crm.queries import card as card_queries
from crm.queries import company_prices as price_queries
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of

REFUSALS = (operations.UnableToSetCompanyPrice,)


@require_GET
@door("see_customers")
def prices(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Show the prices that hold for one company only."""
    company = _company(customer_id)
    found = price_queries.list_prices(company.pk, on=timezone.localdate())
    fees = [view for view in found if view.kind == "fee"]
    decks = [view for view in found if view.kind == "deck"]
    return page(
        request, "crm/company_prices.html", {"customer": company, "fees": fees, "decks": decks}
    )


@require_http_methods(["GET", "POST"])
@door("agree_price")
def agree_fee(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Agree a fee on a plan version."""
    company = _company(customer_id)
    plans = price_queries.list_versions(company.pk)
    form = CompanyFeeForm(request.POST or None, plans=plans, initial=_from_today())

    def act() -> str:
        operations.set_company_fee(
            customer_id=company.pk,
            plan_version_id=form.cleaned_data["plan_version"],
            fee=form.cleaned_data["fee"],
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
            actor=staff_of(request).actor,
            **form.days(),
        )
        return _("The fee is agreed.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:company-prices", company.pk)
    lede = _("Periods that begin on these days cost it; what is billed already stays.")
    return _ask(
        request,
        form,
        company,
        title=_("Agree a fee"),
        send=_("Agree the price"),
        lede=lede if plans else _("No plan is published that a company may have."),
        is_impossible=not plans,
    )


@require_http_methods(["GET", "POST"])
@door("agree_price")
def agree_deck(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Agree a rate deck for a kind of usage."""
    company = _company(customer_id)
    decks = price_queries.list_decks()
    form = CompanyDeckForm(request.POST or None, decks=decks, initial=_from_today())

    def act() -> str:
        operations.set_company_deck(
            customer_id=company.pk,
            usage_kind=form.chosen.usage_kind,
            deck=form.chosen,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
            actor=staff_of(request).actor,
            **form.days(),
        )
        return _("The rate deck is agreed.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:company-prices", company.pk)
    lede = _(
        "It prices this usage of all services of the company in place of the deck of the plan. "
        "Usage of past days that is priced already changes only if it is priced anew."
    )
    return _ask(
        request,
        form,
        company,
        title=_("Agree a rate deck"),
        send=_("Agree the price"),
        lede=lede if decks else _("No rate deck is published."),
        is_impossible=not decks,
    )


@require_http_methods(["GET", "POST"])
@door("agree_price")
def end_price(request: HttpRequest, kind: str, price_id: int) -> HttpResponse:
    """End a price after a day, today at the earliest."""
    price = price_queries.find_price(kind, price_id)
    if price is None:
        raise Http404
    form = EndPriceForm(request.POST or None, initial={"last": timezone.localdate()})

    def act() -> str:
        operations.end_company_price(
            price=price,
            active_to=form.cleaned_data["last"] + timedelta(days=1),
            now=timezone.now(),
            actor=staff_of(request).actor,
        )
        return _("The price ends.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:company-prices", price.customer_id)
    return _ask(
        request,
        form,
        price.customer,
        title=_("End the price"),
        send=_("End it"),
        lede=price_queries.end_words(price),
        is_grave=True,
    )


def _from_today() -> dict[str, object]:
    return {"active_from": timezone.localdate()}


def _ask(request: HttpRequest, form: BaseForm, company: Customer, **context: Any) -> HttpResponse:
    back = reverse("crm:company-prices", args=[company.pk])
    return show_form(request, form, back=back, **context)


def _company(customer_id: int) -> Customer:
    customer = card_queries.find_customer(customer_id)
    if customer is None or customer.kind != Customer.Kind.COMPANY:
        raise Http404
    return customer
