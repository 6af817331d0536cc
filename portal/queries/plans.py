"""
Other plans for a service, and one change of plan as it would be: before, after, from when.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from billing_project.kernel.money import ZERO
from invoicing import queries as invoicing_queries
from portal.domain import wording
from portal.queries.services import PlanView, ServiceView, list_services, plan_view
from tariffs.models.plans import PlanVersion


@dataclass(frozen=True, slots=True)
class PlansPage:
    """The plans a service may change to, cheapest first."""

    service: ServiceView
    plans: tuple[PlanView, ...]


@dataclass(frozen=True, slots=True)
class ChangePage:
    """
    A change of plan before it is agreed: either the offer, or why not (`refusal`).

    `offer` are the plain values to hand to `invoicing.operations.schedule` as what was agreed.
    """

    service: ServiceView
    plan: PlanView
    refusal: str
    effective_on: date | None = None
    first_fee: Decimal | None = None
    first_fee_until: date | None = None
    difference: str = ""
    cost_now: Decimal = ZERO
    offer: dict[str, Any] | None = None


def find_service(
    subscription_id: int, *, account_ids: list[int], now: datetime
) -> ServiceView | None:
    """Return the service if it is on one of these accounts."""
    on = timezone.localdate(now)
    found = list_services(account_ids, now=now, on=on, subscription_id=subscription_id)
    return found[0] if found else None


def get_plans_page(service: ServiceView, *, on: date) -> PlansPage:
    """Return the plans on sale for the service but for its own."""
    quotes = invoicing_queries.list_quotes(subscription_id=service.id, on=on)
    versions = _versions([quote.plan_version_id for quote in quotes])
    return PlansPage(
        service=service,
        plans=tuple(plan_view(versions[quote.plan_version_id]) for quote in quotes),
    )


def find_change_page(
    service: ServiceView, *, version_id: int, currency: str, on: date, wanted: date | None = None
) -> ChangePage | None:
    """Return the change to a published version of a plan; None if there is none with this id."""
    version = _versions([version_id]).get(version_id)
    if version is None or service.plan is None:
        return None
    plan = plan_view(version)
    try:
        quote = invoicing_queries.get_quote(
            subscription_id=service.id, plan_version_id=version_id, on=on, wanted=wanted
        )
    except invoicing_queries.UnableToQuote as refusal:
        return ChangePage(service, plan, str(refusal))
    return ChangePage(
        service=service,
        plan=plan,
        refusal="",
        effective_on=quote.effective_on,
        first_fee=quote.next_fee,
        first_fee_until=quote.next_fee_until,
        difference=_difference(service.plan, plan, currency=currency),
        cost_now=max(quote.cost_now, ZERO),
        offer=quote.as_json(),
    )


def _difference(before: PlanView, after: PlanView, *, currency: str) -> str:
    if before.period != after.period:
        return ""
    more = after.fee - before.fee
    language = (get_language() or "ru")[:2]
    amount = wording.format_money(abs(more), currency=currency, language=language)
    values = {"amount": amount, "period": after.period}
    if more > 0:
        return _("You will pay %(amount)s more %(period)s.") % values
    if more < 0:
        return _("You will pay %(amount)s less %(period)s.") % values
    return _("The price stays the same.")


def _versions(ids: list[int]) -> dict[int, PlanVersion]:
    published = PlanVersion.objects.filter(published_at__isnull=False)
    return published.select_related("plan").prefetch_related("allowances").in_bulk(ids)
