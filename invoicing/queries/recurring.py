"""
Everything that will be charged again: what, when, how much, by which consent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Max, Q
from django.utils import timezone

from accounts import queries as accounts_queries
from accounts.models import BundleShare, Consent, PackageAssignment, Subscription
from accounts.queries.calendars import calendar_of
from billing_project.kernel.money import ZERO
from billing_project.kernel.periods import Period
from invoicing.models import BilledPeriod, Pause
from invoicing.queries.offers import first_day_of, package_period
from invoicing.queries.pauses import OPEN, pause_fee
from invoicing.queries.plans import find_scheduled_change, forecast_fee, get_plan_on, own_fee


@dataclass(frozen=True, slots=True)
class Recurring:
    """
    A charge that recurs, or is still to come: the fee of a plan, a package or a pause.

    `source_id` is the package's assignment or the pause. `next_on` None: nothing is to be charged as
    things stand (a pause without an end, a fee that was due once). `fee` is of a whole period;
    `fee_alone` what it would be without its bundle. Without a `consent` it was agreed to by contract.
    """

    what: str
    subscription_id: int
    account_id: int
    source_id: int
    name_ru: str
    name_en: str
    fee: Decimal
    fee_period: str
    is_advance: bool
    next_on: date | None = None
    next_until: date | None = None
    next_amount: Decimal = ZERO
    ends_before: date | None = None
    bundle_ru: str = ""
    bundle_en: str = ""
    fee_alone: Decimal | None = None
    gives_back: bool = True
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What is looked up once for all services of a page."""

    on: date
    now: datetime
    consents: dict[tuple[str, int | None, int], Consent]


def list_recurring(account_ids: Iterable[int], *, now: datetime) -> list[Recurring]:
    """Return what will be charged to accounts, by service: its plan, its packages, its pause."""
    ids = list(account_ids)
    services = Subscription.objects.select_related("account__customer").filter(
        ~Q(state=Subscription.State.TERMINATED), account_id__in=ids
    )
    given = accounts_queries.list_consents(ids, only_in_force=True)
    known = _Known(
        timezone.localdate(now),
        now,
        {(one.what, one.subscription_id, one.object_id): one for one in given},
    )
    found: list[Recurring] = []
    for service in services.order_by("id"):
        found.append(_plan(service, known))
        held = accounts_queries.list_packages(subscription_id=service.pk, at=now)
        found += [_package(service, one, known) for one in held]
        pauses = Pause.objects.filter(subscription=service, state__in=OPEN, fee__gt=0)
        found += [_pause(service, one, known) for one in pauses]
    return found


def _plan(service: Subscription, known: _Known) -> Recurring:
    version = get_plan_on(service.pk, on=known.on)
    coming = forecast_fee(subscription_id=service.pk, on=known.on)
    day = coming.period.start if coming else known.on
    share = accounts_queries.share_of(subscription_id=service.pk, on=max(day, known.on))
    alone = own_fee(service.account, version, on=known.on)
    change = find_scheduled_change(service.pk)
    return Recurring(
        what="plan",
        subscription_id=service.pk,
        account_id=service.account_id,
        source_id=version.pk,
        name_ru=version.plan.name_ru,
        name_en=version.plan.name_en,
        fee=share.fee if share else alone,
        fee_period=version.fee_period,
        is_advance=version.fee_timing == "advance",
        next_on=max(coming.due_on, known.on) if coming and coming.amount else None,
        next_until=coming.period.end if coming else None,
        next_amount=coming.amount if coming else ZERO,
        ends_before=change.effective_on if change else None,
        **_bundle_of(share, alone),
        consent=known.consents.get(("plan", service.pk, version.pk)),
    )


def _bundle_of(share: BundleShare | None, alone: Decimal) -> dict[str, Any]:
    if share is None:
        return {}
    bundle = share.holding.bundle_version.bundle
    return {"bundle_ru": bundle.name_ru, "bundle_en": bundle.name_en, "fee_alone": alone}


def _package(service: Subscription, held: PackageAssignment, known: _Known) -> Recurring:
    version = held.package_version
    starts_on = _next_start(service, held, known)
    share = accounts_queries.share_of(
        subscription_id=service.pk,
        package_assignment_id=held.pk,
        on=max(starts_on or known.on, known.on),
    )
    fee = share.fee if share else version.fee
    ends_before = timezone.localdate(held.active_to) if held.active_to else None
    charge: dict[str, Any] = {}
    if starts_on is not None and (ends_before is None or starts_on < ends_before):
        period, amount = package_period(
            version,
            fee,
            starts_on=starts_on,
            ends_before=ends_before,
            calendar=calendar_of(service.account),
        )
        is_advance = version.fee_timing == "advance"
        due_on = max(period.start if is_advance else period.end, known.on)
        charge = {"next_on": due_on, "next_until": period.end, "next_amount": amount}
    return Recurring(
        what="package",
        subscription_id=service.pk,
        account_id=service.account_id,
        source_id=held.pk,
        name_ru=version.package.name_ru,
        name_en=version.package.name_en,
        fee=fee,
        fee_period=version.fee_period,
        is_advance=version.fee_timing == "advance",
        ends_before=ends_before,
        **_bundle_of(share, version.fee),
        gives_back=version.gives_back and version.is_recurring,
        consent=known.consents.get(("package", service.pk, version.pk)),
        **charge,
    )


def _next_start(service: Subscription, held: PackageAssignment, known: _Known) -> date | None:
    """Return the first day of a package that isn't charged yet; None if nothing follows."""
    if service.activated_at is None:
        return None
    rows = BilledPeriod.objects.filter(
        account_id=service.account_id, subscription_id=service.pk, kind=f"p{held.pk}"
    )
    billed_to: date | None = rows.aggregate(latest=Max("period_end"))["latest"]
    if billed_to is not None and not held.package_version.is_recurring:
        return None
    if service.state == Subscription.State.SUSPENDED:
        rests = Pause.objects.filter(subscription=service, state=Pause.State.RUNNING).first()
        if rests is None or not rests.keeps_packages:
            return rests.ends_on if rests else None
    first = first_day_of(service.pk, held.package_id, on=timezone.localdate(held.active_from))
    return billed_to or max(first, timezone.localdate(service.activated_at))


def _pause(service: Subscription, pause: Pause, known: _Known) -> Recurring:
    total = ZERO
    if pause.ends_on is not None:
        first = min(pause.starts_on + timedelta(days=pause.free_days), pause.ends_on)
        total = pause_fee(
            Period(first, pause.ends_on),
            fee=pause.fee,
            fee_period=pause.fee_period,
            calendar=calendar_of(service.account),
        )
    version = get_plan_on(service.pk, on=known.on)
    return Recurring(
        what="pause",
        subscription_id=service.pk,
        account_id=service.account_id,
        source_id=pause.pk,
        name_ru=version.plan.name_ru,
        name_en=version.plan.name_en,
        fee=pause.fee,
        fee_period=pause.fee_period,
        is_advance=False,
        next_on=pause.ends_on,
        next_amount=total,
        ends_before=pause.ends_on,
        consent=known.consents.get(("pause", service.pk, pause.pk)),
    )
