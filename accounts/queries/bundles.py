"""
Bundles of accounts, and whether their parts are held.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, TypeVar

from django.db.models import Q
from django.utils import timezone

from accounts.models import (
    BundleHolding,
    BundleShare,
    PackageAssignment,
    PlanAssignment,
    Subscription,
)
from accounts.queries.sales import company_fee
from tariffs.models import BundlePart


class Part(Protocol):
    """Where a part of a bundle is held."""

    @property
    def part_id(self) -> int: ...
    @property
    def subscription_id(self) -> int: ...
    @property
    def package_assignment_id(self) -> int | None: ...


P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True)
class StandingPart:
    """A part that is held: its key in the bundle, and what it costs alone."""

    key: str
    fee: Decimal
    fee_period: str


def standing_of_parts(
    bundle_version_id: int, parts: Sequence[P], *, at: datetime
) -> dict[P, StandingPart | None]:
    """Return what each part is from a moment on: None for one that isn't held."""
    rows = BundlePart.objects.filter(bundle_version_id=bundle_version_id).in_bulk()
    return {part: _standing(rows[part.part_id], part, at=at) for part in parts}


def _standing(row: BundlePart, part: Part, *, at: datetime) -> StandingPart | None:
    service = Subscription.objects.select_related("account").get(pk=part.subscription_id)
    if service.terminated_at is not None and service.terminated_at <= at:
        return None
    if row.package_id is not None:
        return _standing_package(row, part, at=at)
    held = PlanAssignment.objects.select_related("plan_version").filter(
        Q(active_to__isnull=True) | Q(active_to__gt=at),
        subscription_id=part.subscription_id,
        active_from__lte=at,
        plan_version__plan_id=row.plan_id or 0,
    )
    found = held.first()
    if found is None:
        return None
    version = found.plan_version
    own = company_fee(
        customer_id=service.account.customer_id,
        plan_version_id=version.pk,
        on=timezone.localdate(at),
    )
    fee = version.fee if own is None else own
    return StandingPart(f"plan:{row.plan_id}", fee, version.fee_period)


def _standing_package(row: BundlePart, part: Part, *, at: datetime) -> StandingPart | None:
    held = PackageAssignment.objects.select_related("package_version").filter(
        Q(active_to__isnull=True) | Q(active_to__gt=at),
        pk=part.package_assignment_id or 0,
        package_id=row.package_id or 0,
    )
    found = held.first()
    if found is None:
        return None
    version = found.package_version
    return StandingPart(f"package:{row.package_id}", version.fee, version.fee_period)


def share_of(
    *, subscription_id: int, package_assignment_id: int | None = None, on: date
) -> BundleShare | None:
    """Return what a plan (or package) of a service costs in its bundle on a day, or None."""
    rows = BundleShare.objects.select_related("holding__bundle_version__bundle").filter(
        Q(until__isnull=True) | Q(until__gt=on),
        subscription_id=subscription_id,
        package_assignment_id=package_assignment_id,
        first__lte=on,
    )
    return rows.first()


def list_bundles(account_ids: Iterable[int], *, only_in_force: bool = True) -> list[BundleHolding]:
    """Return the bundles of accounts, the newest first, with their present shares."""
    rows = BundleHolding.objects.filter(account_id__in=list(account_ids))
    if only_in_force:
        rows = rows.filter(active_to__isnull=True)
    rows = rows.select_related("bundle_version__bundle").prefetch_related("shares__part")
    return list(rows.order_by("-active_from", "-id"))


def list_lapsed(*, now: datetime, account_from: int, account_to: int) -> list[int]:
    """Return services of whose packages one in a bundle has ended by itself."""
    rows = BundleShare.objects.filter(
        until__isnull=True,
        holding__active_to__isnull=True,
        package_assignment__active_to__lte=now,
        account_id__gte=account_from,
        account_id__lt=account_to,
    )
    return sorted(set(rows.values_list("subscription_id", flat=True)))
