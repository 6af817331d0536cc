"""Packages and pauses for tests, made and used by the product's own operations."""

from datetime import date
from decimal import Decimal

from django.db.models import Sum

from accounts.models import PackageAssignment, Subscription
from invoicing import operations
from invoicing.models import BilledPeriod, BilledPeriodCredit, Pause
from tariffs import operations as tariffs
from tariffs.domain.drafts import AllowanceDraft
from tariffs.models import PackageVersion, PauseRule, Plan
from tests.integration.invoicing.household import ACTOR, _numbers, at, charge, days_from


def make_package(fee: str = "93.00", *, code: str = "", **terms: object) -> PackageVersion:
    """A published package of a hundred messages."""
    code = code or f"pack{next(_numbers)}"
    package = tariffs.create_package(code=code, name_ru=f"Пакет {code}", name_en=f"Pack {code}")
    draft = tariffs.draft_package_version(
        package=package,
        fee=Decimal(fee),
        on_sale_from=date(2025, 1, 1),
        allowances=[AllowanceDraft("sms", 100)],
        **terms,
    )
    return tariffs.publish_package_version(version_id=draft.pk, now=at(date(2025, 1, 1)))


def buy(
    service: Subscription, version: PackageVersion, *, on: date, hour: int = 12, **more: object
) -> PackageAssignment:
    return operations.buy_package(
        subscription_id=service.pk,
        package_version_id=version.pk,
        door="portal",
        now=at(on, hour),
        actor=ACTOR,
        **more,
    )


def drop(assignment: PackageAssignment, *, on: date) -> Decimal:
    return operations.drop_package(assignment_id=assignment.pk, now=at(on), actor=ACTOR)


def make_rule(plan: Plan | None = None, **terms: object) -> PauseRule:
    return PauseRule.objects.create(plan=plan, **terms)


def pause(
    service: Subscription,
    *,
    on: date,
    starts_on: date | None = None,
    until: date | None = None,
    hour: int = 12,
) -> Pause:
    return operations.agree_pause(
        subscription_id=service.pk,
        starts_on=starts_on,
        until=until,
        door="portal",
        now=at(on, hour),
        actor=ACTOR,
    )


def resume(one: Pause, *, on: date) -> Pause:
    return operations.end_pause(pause_id=one.pk, now=at(on), actor=ACTOR)


def night(morning: date) -> None:
    """What the night before a morning does to services and fees."""
    operations.execute_due(business_date=morning, now=at(morning, 3), actor=ACTOR)
    operations.run_pauses(business_date=morning, now=at(morning, 3), actor=ACTOR)
    charge(morning)


def nights(first: date, last: date) -> None:
    for morning in days_from(first, (last - first).days + 1):
        night(morning)


def charged(service: Subscription, *whats: str) -> Decimal:
    """What a service was charged less what was given back, of plan, packages or pauses."""
    periods = BilledPeriod.objects.filter(subscription=service)
    given = BilledPeriodCredit.objects.filter(billed_period__subscription=service)
    if whats:
        periods = periods.filter(what__in=whats)
        given = given.filter(billed_period__what__in=whats)
    return _total(periods) - _total(given)


def _total(rows) -> Decimal:
    return rows.aggregate(total=Sum("amount"))["total"] or Decimal("0.00")


def lines(service: Subscription, *whats: str) -> list[tuple[date, date, Decimal]]:
    rows = BilledPeriod.objects.filter(subscription=service).order_by("period_start", "id")
    if whats:
        rows = rows.filter(what__in=whats)
    return list(rows.values_list("period_start", "period_end", "amount"))
