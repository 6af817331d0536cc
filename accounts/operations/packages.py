"""
Packages of a service: added, taken off, ended with the service or with a plan they don't fit.

Their fees are charged by `invoicing.operations.offers`, which the doors call.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import queries
from accounts.models import PackageAssignment, Subscription
from accounts.operations.bundles import review_bundles
from billing_project.kernel.operations import record_event
from tariffs import queries as tariffs_queries
from tariffs.models import Plan

#: A package is held for some time, be it only this long.
INSTANT: Final = timedelta(microseconds=1)


class UnableToAddPackage(Exception):
    """The service can't have the package; `reasons` says everything that stands in the way."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = list(reasons)
        super().__init__(" ".join(self.reasons))


class UnableToRemovePackage(Exception):
    """The package has ended already."""


@transaction.atomic
def add_package(
    *,
    subscription_id: int,
    package_version_id: int,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> PackageAssignment:
    """
    Give the service a package from now on, for its days of validity or until it is taken off.

    Raises UnableToAddPackage; writes `package.added`.
    """
    subscription = _locked(subscription_id)
    version = tariffs_queries.get_package_version(package_version_id)
    reasons = queries.list_reasons_against(subscription, version, at=now)
    if reasons:
        raise UnableToAddPackage(reasons)
    ends_at = now + timedelta(days=version.validity_days) if version.validity_days else None
    try:
        with transaction.atomic():
            assignment = PackageAssignment.objects.create(
                account_id=subscription.account_id,
                subscription=subscription,
                package_id=version.package_id,
                package_version=version,
                active_from=now,
                active_to=ends_at,
            )
    except IntegrityError:
        raise UnableToAddPackage([_("The service has this package already.")]) from None
    _announce("package.added", assignment, subscription, now=now, who=(actor, on_behalf_of))
    return assignment


def _locked(subscription_id: int) -> Subscription:
    rows = Subscription.objects.select_for_update(no_key=True, of=("self",))
    subscription: Subscription = rows.select_related("account__customer").get(pk=subscription_id)
    return subscription


@transaction.atomic
def remove_package(
    *, assignment_id: int, now: datetime, actor: str, on_behalf_of: str = "", reason: str = ""
) -> PackageAssignment:
    """Take a package off now; what it includes is gone. Writes `package.removed`."""
    found = PackageAssignment.objects.get(pk=assignment_id)
    subscription = _locked(found.subscription_id)
    assignment = PackageAssignment.objects.select_for_update(no_key=True).get(pk=assignment_id)
    if assignment.active_to is not None and assignment.active_to <= now:
        raise UnableToRemovePackage(_("The package has ended already."))
    _end(assignment, subscription, at=now, now=now, who=(actor, on_behalf_of), reason=reason)
    return assignment


def end_packages(
    subscription: Subscription,
    *,
    at: datetime,
    now: datetime,
    who: tuple[str, str],
    plan: Plan | None = None,
) -> None:
    """End the packages of a service at a moment: all of them, or those that don't fit a plan."""
    rows = PackageAssignment.objects.filter(subscription_id=subscription.pk).exclude(
        active_to__lte=at
    )
    for assignment in rows.select_related("package_version").order_by("id"):
        if plan is None or not queries.package_fits(assignment.package_version, plan):
            _end(assignment, subscription, at=at, now=now, who=who)


def _end(
    assignment: PackageAssignment,
    subscription: Subscription,
    *,
    at: datetime,
    now: datetime,
    who: tuple[str, str],
    reason: str = "",
) -> None:
    # Its fee may be charged already: what would have held for no time at all holds for an instant.
    at = max(at, assignment.active_from + INSTANT)
    PackageAssignment.objects.filter(pk=assignment.pk).update(active_to=at)
    assignment.active_to = at
    _announce("package.removed", assignment, subscription, now=now, who=who, reason=reason)
    review_bundles(subscription_id=subscription.pk, at=at, now=now, who=who, reason=reason)


def _announce(
    kind: str,
    assignment: PackageAssignment,
    subscription: Subscription,
    *,
    now: datetime,
    who: tuple[str, str],
    reason: str = "",
) -> None:
    ends_at = assignment.active_to
    data: dict[str, Any] = {
        "package_version_id": assignment.package_version_id,
        "active_from": assignment.active_from.isoformat(),
        "active_to": ends_at.isoformat() if ends_at else None,
        "reason": reason,
    }
    record_event(
        kind=kind,
        account_id=subscription.account_id,
        customer_id=subscription.account.customer_id,
        subscription_id=subscription.pk,
        happened_at=now,
        actor=who[0],
        on_behalf_of=who[1],
        data=data,
    )
