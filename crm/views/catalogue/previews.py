"""
Previews: what would a call, or a month, cost on this version, and why.
"""

from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.forms.catalogue.preview import CallForm, MonthForm
from crm.queries.catalogue import deck_versions as version_queries
from crm.queries.catalogue import plans as plan_queries
from crm.queries.catalogue import preview as queries
from crm.views.catalogue.asking import address, one
from crm.views.doors import door, page
from tariffs.domain.deck import PlanPricing
from tariffs.models import Allowance


@require_GET
@door("see_catalogue")
def plan(request: HttpRequest, version_id: int) -> HttpResponse:
    """Price a typed-in call or month by a plan version."""
    version = one(plan_queries.find_version(version_id))
    allowances = version.allowances.order_by("usage_kind", "-priority", "pk")
    context = {
        "title": f"{version.plan.name_ru} № {version.number}",
        "named": version.plan,
        "number": version.number,
        "back": address("plan-version", version_id),
        "section": "plans",
    }
    pricing = queries.pricing_of_plan(version)
    fee = version.fee * (28 if version.fee_period == version.FeePeriod.DAY else 1)
    context |= _call(request, pricing, list(allowances)) | _month(request, pricing, fee)
    return page(request, "crm/catalogue/preview.html", context)


@require_GET
@door("see_catalogue")
def deck(request: HttpRequest, version_id: int) -> HttpResponse:
    """Price a typed-in call or month by a deck version alone, without allowances."""
    version = one(version_queries.find_version(version_id))
    context = {
        "title": version.deck.name,
        "version": version,
        "back": address("deck-version", version_id),
        "section": "decks",
    }
    pricing = queries.pricing_of_deck(version)
    context |= _call(request, pricing, []) | _month(request, pricing, Decimal(0))
    return page(request, "crm/catalogue/preview.html", context)


def _call(
    request: HttpRequest, pricing: PlanPricing, allowances: list[Allowance]
) -> dict[str, object]:
    kinds = sorted(pricing.decks)
    now = timezone.localtime().replace(second=0, microsecond=0)
    form = CallForm(
        request.GET if "call" in request.GET else None,
        kinds=kinds,
        allowances=allowances,
        initial={"started_at": now, "length": 125},
    )
    answer = queries.preview_call(pricing, form.typed()) if form.is_valid() else None
    return {"call_form": form, "call": answer, "has_prices": bool(kinds)}


def _month(request: HttpRequest, pricing: PlanPricing, fee: Decimal) -> dict[str, object]:
    form = MonthForm(
        request.GET if "typed_month" in request.GET else None,
        initial={"month": timezone.localdate().strftime("%Y-%m")},
    )
    answer = None
    if form.is_valid():
        answer = queries.preview_month(
            pricing,
            form.uses(),
            fee=fee,
            month=form.first(),
            hour=form.cleaned_data["hour"],
        )
    return {"month_form": form, "month": answer}
