"""
Plans and their versions: lists, the time line with what changed, who is on which version.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Account, Customer, PlanAssignment
from crm.queries.catalogue import words
from tariffs import queries as tariffs_queries
from tariffs.models import Plan, PlanVersion

PAGE: Final = 50
ON_SALE, DRAFTS, ARCHIVED = "sale", "drafts", "archived"


@dataclass(frozen=True, slots=True)
class PlanFilter:
    """Which plans are asked for; empty = all."""

    shown: str = ON_SALE
    text: str = ""
    service: str = ""
    audience: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan with the version that is sold, and its draft if there is one."""

    plan: Plan
    current: PlanVersion | None
    draft: PlanVersion | None


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between two versions: a term's name, and how it reads in each."""

    term: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version on the time line: its state, who has it, and what it changed."""

    version: PlanVersion
    state: str
    subscribers: int
    terms: tuple[tuple[str, str], ...]
    changes: tuple[Change, ...]


def list_plans(*, chosen: PlanFilter, on: date, limit: int = PAGE) -> list[PlanRow]:
    """Return a page of plans by code, after the given code."""
    plans = _filtered(Plan.objects.all(), chosen, on)
    if chosen.after:
        plans = plans.filter(code__gt=chosen.after)
    versions = Prefetch("versions", PlanVersion.objects.order_by("-number"))
    return [_row(plan, on) for plan in plans.prefetch_related(versions).order_by("code")[:limit]]


def count_plans(*, on: date) -> dict[str, int]:
    """Return how many plans each of the three lists has."""
    return {
        shown: _filtered(Plan.objects.all(), PlanFilter(shown=shown), on).count()
        for shown in (ON_SALE, DRAFTS, ARCHIVED)
    }


def _filtered(plans: "QuerySet[Plan]", chosen: PlanFilter, on: date) -> "QuerySet[Plan]":
    plans = plans.filter(is_archived=chosen.shown == ARCHIVED)
    drafts = PlanVersion.objects.filter(published_at__isnull=True).values("plan")
    if chosen.shown == DRAFTS:
        published = PlanVersion.objects.filter(published_at__isnull=False).values("plan")
        plans = plans.filter(Q(pk__in=drafts) | ~Q(pk__in=published))
    elif chosen.shown == ON_SALE:
        sold = PlanVersion.objects.filter(published_at__isnull=False).filter(
            Q(closed_on__isnull=True) | Q(closed_on__gt=on)
        )
        plans = plans.filter(pk__in=sold.values("plan"))
    if chosen.text:
        plans = plans.filter(
            Q(code__icontains=chosen.text)
            | Q(name_ru__icontains=chosen.text)
            | Q(name_en__icontains=chosen.text)
        )
    if chosen.service:
        plans = plans.filter(service=chosen.service)
    if chosen.audience:
        plans = plans.filter(audience__in=[chosen.audience, Plan.Audience.ALL])
    return plans


def _row(plan: Plan, on: date) -> PlanRow:
    versions = list(plan.versions.all())
    published = [version for version in versions if version.published_at]
    sold = [version for version in published if state_of(version, on) == "active"]
    drafts = [version for version in versions if not version.published_at]
    return PlanRow(plan, next(iter(sold or published), None), next(iter(drafts), None))


def state_of(version: PlanVersion, on: date) -> str:
    """Return draft, scheduled (published, not sold yet), active or closed."""
    if version.published_at is None:
        return "draft"
    if version.closed_on and version.closed_on <= on:
        return "closed"
    return "scheduled" if version.on_sale_from > on else "active"


def find_plan(plan_id: int) -> Plan | None:
    """Return a plan."""
    return Plan.objects.filter(pk=plan_id).first()


def find_version(version_id: int) -> PlanVersion | None:
    """Return a plan version with its plan and everything it is made of."""
    return _whole().filter(pk=version_id).first()


def _whole() -> "QuerySet[PlanVersion]":
    rows = PlanVersion.objects.select_related("plan")
    return rows.prefetch_related("allowances", "decks__deck", "products__product")


def list_versions(plan_id: int, *, on: date) -> list[VersionView]:
    """Return the plan's versions, the newest first, each with what it changed of the one before."""
    versions = list(_whole().filter(plan=plan_id).order_by("number"))
    counts = count_subscribers([version.pk for version in versions])
    zones = zone_names(versions)
    told = [describe(version, zones=zones) for version in versions]
    before: list[dict[str, str]] = [{}, *told[:-1]]
    views = [
        VersionView(
            version=version,
            state=state_of(version, on),
            subscribers=counts.get(version.pk, 0),
            terms=tuple(now.items()),
            changes=tuple(differences(then, now)) if then else (),
        )
        for version, now, then in zip(versions, told, before, strict=True)
    ]
    return views[::-1]


def compare_with_previous(version: PlanVersion) -> list[Change]:
    """Return what a version changes of the one published before it."""
    previous_id = find_previous_id(version.pk)
    previous = _whole().filter(pk=previous_id).first() if previous_id else None
    return compare(previous, version) if previous else []


def find_previous_id(version_id: int) -> int | None:
    """Return the version published before another one of its plan."""
    version = PlanVersion.objects.filter(pk=version_id).first()
    if version is None:
        return None
    previous = PlanVersion.objects.filter(
        plan=version.plan_id, number__lt=version.number, published_at__isnull=False
    )
    return previous.order_by("-number").values_list("pk", flat=True).first()


def compare(old: PlanVersion, new: PlanVersion) -> list[Change]:
    """Return what differs between any two versions."""
    zones = zone_names([old, new])
    return differences(describe(old, zones=zones), describe(new, zones=zones))


def zone_names(versions: Iterable[PlanVersion]) -> dict[int, str]:
    """Return names of zones if an allowance of the versions names some; else none are needed."""
    if any(row.zone_ids for version in versions for row in version.allowances.all()):
        return tariffs_queries.zone_names(language="ru" if words.is_russian() else "en")
    return {}


def count_subscribers(version_ids: Iterable[int]) -> dict[int, int]:
    """Return how many services are on each version at present."""
    rows = PlanAssignment.objects.filter(plan_version__in=list(version_ids), active_to=None)
    counted = rows.order_by().values_list("plan_version").annotate(services=Count("pk"))
    return dict(counted)


def differences(before: dict[str, str], after: dict[str, str]) -> list[Change]:
    """Return the terms that read differently, in the order of the newer version."""
    terms = [*after, *(term for term in before if term not in after)]
    return [
        Change(term, before.get(term, "—"), after.get(term, "—"))
        for term in terms
        if before.get(term, "—") != after.get(term, "—")
    ]


def describe(version: PlanVersion, *, zones: dict[int, str] | None = None) -> dict[str, str]:
    """Return the terms of a version as people read them, by name."""
    told = {
        _("Recurring fee"): f"{words.price(version.fee)} {version.get_fee_period_display()}",
        _("Fee is charged"): version.get_fee_timing_display(),
        _("Part of a period"): version.get_proration_display(),
        _("Connection"): words.price(version.connection_price),
        _("Tax"): _tax(version),
    }
    told |= _conventions(version)
    if version.speed_kbps:
        told[_("Speed")] = _speed(version.speed_kbps)
    if version.slow_speed_kbps:
        told[_("Reduced speed")] = _speed(version.slow_speed_kbps)
    for product in version.products.all():
        told[_("Product “%(name)s”") % {"name": words.name_of(product.product)}] = str(
            product.quantity
        )
    for deck in sorted(version.decks.all(), key=lambda row: row.usage_kind):
        told[_("Prices: %(kind)s") % {"kind": words.KINDS[deck.usage_kind]}] = deck.deck.name
    told |= _allowances(version, zones or {})
    told[_("Earlier versions")] = _effect(version)
    told[_("Sold to")] = _whom(version)
    return told


def _conventions(version: PlanVersion) -> dict[str, str]:
    """Return what is otherwise than usual: days that aren't charged, minimum, deposit."""
    told: dict[str, str] = {}
    if not version.bills_last_day:
        told[_("Day of termination")] = _("not charged")
    if not version.bills_change_day:
        told[_("Day of a change to this plan")] = _("charged by the former plan")
    if version.minimum:
        told[_("Minimum charge a month")] = words.price(version.minimum)
    if version.deposit:
        told[_("Deposit")] = words.price(version.deposit)
    return told


def _whom(version: PlanVersion) -> str:
    kinds = {**dict(Customer.Kind.choices), **dict(Account.Kind.choices)}
    named = [*version.customer_kinds, *version.account_kinds]
    parts = [str(kinds.get(code, code)) for code in named]
    parts += [*version.regions, *version.credit_classes]
    return ", ".join([str(version.get_whom_display()), *parts])


def _tax(version: PlanVersion) -> str:
    included = _("included in prices") if version.tax_included else _("on top of prices")
    return f"{version.get_tax_category_display()}, {included}"


def _effect(version: PlanVersion) -> str:
    if version.effect == PlanVersion.Effect.KEEP:
        return version.get_effect_display()
    notice = _("%(days)s days of notice") % {"days": version.notice_days}
    day = f" ({version.moves_on:%d.%m.%Y})" if version.moves_on else ""
    return f"{version.get_effect_display()}{day}, {notice}"


def _speed(kbps: int) -> str:
    if kbps % 1000 == 0:
        return _("%(n)s Mbit/s") % {"n": kbps // 1000}
    return _("%(n)s kbit/s") % {"n": kbps}


def _allowances(version: PlanVersion, zones: dict[int, str]) -> dict[str, str]:
    """Allowances that read alike are told apart by a number, so that none is lost."""
    told: dict[str, str] = {}
    rows = sorted(version.allowances.all(), key=lambda row: (row.usage_kind, -row.priority, row.pk))
    for row in rows:
        kind = words.KINDS[row.usage_kind]
        name = _("Included: %(kind)s, %(where)s") % {"kind": kind, "where": words.where(row, zones)}
        again = sum(1 for other in told if other.partition(" №")[0] == name)
        told[f"{name} №{again + 1}" if again else name] = (
            f"{words.volume(row)} {row.get_recurrence_display()}"
        )
    return told
