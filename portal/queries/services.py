"""
Services of an account: what they are, on which plan, what they may do now.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import IdentifierUse, Subscription
from dunning import queries as dunning_queries
from invoicing.models import PlanChange
from portal.domain import wording
from portal.queries.access import AccessView, describe_access
from portal.queries.allowances import (
    AllowanceView,
    Held,
    PackageView,
    current,
    list_allowances,
    load_held,
    package_views,
)
from portal.queries.people import AccountChoice
from portal.queries.words import FEE_PERIODS, SERVICE_ICONS, SERVICES, say_quantity
from tariffs.models.plans import Allowance, PlanVersion


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan version as a person sees it. Volumes in seconds, messages, bytes a month."""

    version_id: int
    name: str
    fee: Decimal
    period: str
    speed_kbps: int | None
    includes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """An agreed change of plan that has not happened yet."""

    change_id: int
    plan_name: str
    effective_on: date


@dataclass(frozen=True, slots=True)
class ServiceView:
    """One service."""

    id: int
    account_id: int
    service: str
    state: str
    identifiers: tuple[str, ...]
    address: str
    plan: PlanView | None
    planned: PlannedChange | None
    allowances: tuple[AllowanceView, ...]
    active_since: datetime | None
    packages: tuple[PackageView, ...] = ()

    @property
    def can_change(self) -> bool:
        """Whether another plan may be chosen: the service works and nothing is agreed yet."""
        return self.state == Subscription.State.ACTIVE and self.planned is None

    @property
    def title(self) -> str:
        """What tells it from the others: its number or login."""
        return self.identifiers[0] if self.identifiers else self.address


def list_services(
    account_ids: list[int], *, now: datetime, on: date, subscription_id: int | None = None
) -> list[ServiceView]:
    """Return the services of accounts, working ones first: a dozen queries, however many."""
    rows = Subscription.objects.filter(account_id__in=account_ids).select_related("account")
    if subscription_id is not None:
        rows = rows.filter(pk=subscription_id)
    found = list(rows.order_by("pk"))
    ids = [row.pk for row in found]
    held = load_held(found, now=now)
    parts = _Parts(
        identifiers=_identifiers(ids, now=now),
        held=held,
        planned=_planned(ids),
        allowances=list_allowances(found, held, on=on),
    )
    services = [parts.view(row) for row in found]
    return sorted(services, key=lambda view: view.state == Subscription.State.TERMINATED)


@dataclass(frozen=True, slots=True)
class _Parts:
    identifiers: dict[int, list[str]]
    held: Held
    planned: dict[int, PlannedChange]
    allowances: dict[int, tuple[AllowanceView, ...]]

    def view(self, row: Subscription) -> ServiceView:
        version = self.held.plans.get(row.pk)
        return ServiceView(
            id=row.pk,
            account_id=row.account_id,
            service=row.service,
            state=row.state,
            identifiers=tuple(self.identifiers.get(row.pk, ())),
            address=row.address,
            plan=plan_view(version) if version else None,
            planned=self.planned.get(row.pk),
            allowances=self.allowances.get(row.pk, ()),
            active_since=row.activated_at,
            packages=package_views(self.held, row.pk),
        )


def plan_view(version: PlanVersion) -> PlanView:
    """Return the version as a person sees it; its allowances should be prefetched."""
    plan = version.plan
    name = plan.name_en if get_language() == "en" else plan.name_ru
    period = str(FEE_PERIODS[version.fee_period])
    includes = tuple(say_included(row) for row in version.allowances.all())
    return PlanView(version.pk, name, version.fee, period, version.speed_kbps, includes)


def say_included(row: Allowance) -> str:
    """Return what an allowance holds: «300 мин разговоров», «5 ГБ интернета»."""
    if row.is_money:
        money, language = Decimal(row.amount) / 100, (get_language() or "ru")[:2]
        return wording.format_money(money, currency="RUB", language=language)
    if row.usage_kind == "voice":
        return _("%(amount)s of calls") % {"amount": say_quantity("voice", row.amount)}
    if row.usage_kind == "sms":
        return say_quantity("sms", row.amount)
    return _("%(amount)s of internet") % {"amount": say_quantity(row.usage_kind, row.amount)}


def _identifiers(ids: list[int], *, now: datetime) -> dict[int, list[str]]:
    rows = IdentifierUse.objects.filter(current(now), subscription_id__in=ids)
    by_service: dict[int, list[str]] = {}
    for row in rows.order_by("pk"):
        by_service.setdefault(row.subscription_id, []).append(row.value)
    return by_service


def _planned(ids: list[int]) -> dict[int, PlannedChange]:
    changes = list(
        PlanChange.objects.filter(subscription_id__in=ids, state=PlanChange.State.SCHEDULED)
    )
    if not changes:
        return {}
    versions = (
        PlanVersion.objects.select_related("plan")
        .prefetch_related("allowances")
        .in_bulk([change.plan_version_id for change in changes])
    )
    return {
        change.subscription_id: PlannedChange(
            change.pk, plan_view(versions[change.plan_version_id]).name, change.effective_on
        )
        for change in changes
    }


@dataclass(frozen=True, slots=True)
class ServiceCard:
    """A service with what it may do now."""

    view: ServiceView
    access: AccessView
    kind_label: str
    icon: str


def list_cards(
    account: AccountChoice, *, now: datetime, on: date, subscription_id: int | None = None
) -> list[ServiceCard]:
    """Return the services of an account with their access."""
    views = list_services([account.id], now=now, on=on, subscription_id=subscription_id)
    answers = {answer.subscription.pk: answer for answer in dunning_queries.access_of(account.id)}
    return [
        ServiceCard(
            view=view,
            access=_access(view, answers.get(view.id), currency=account.currency),
            kind_label=str(SERVICES[view.service]),
            icon=SERVICE_ICONS[view.service],
        )
        for view in views
    ]


def _access(
    view: ServiceView, answer: dunning_queries.ServiceView | None, *, currency: str
) -> AccessView:
    """A service not decided yet is what its own state says."""
    states = {"ordered": "ordered", "suspended": "paused", "terminated": "ended"}
    if view.state in states or answer is None or not answer.level:
        level = states.get(view.state, "open")
        return describe_access(level, speed_kbps=None, to_pay=Decimal(0), currency=currency)
    return describe_access(
        answer.level, speed_kbps=answer.speed_kbps, to_pay=answer.to_lift, currency=currency
    )
