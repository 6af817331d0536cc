"""
Which packages a service may have: what is offered, and every reason against the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import PackageAssignment, Subscription
from accounts.queries.accounts import plan_at, plans_after
from accounts.queries.sales import buyer_of, list_packages
from tariffs import queries as tariffs_queries
from tariffs.domain.eligibility import Buyer, judge
from tariffs.models import PackageVersion, Plan


@dataclass(frozen=True, slots=True)
class PackageOffer:
    """A package version that is on sale, and what stands in the way of adding it: no reason, none."""

    version: PackageVersion
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Standing:
    """What a service is at a moment: its plan, those that are set for later, and who asks."""

    is_ended: bool
    plan: Plan | None
    coming: tuple[Plan, ...]
    buyer: Buyer

    def reasons_against(self, version: PackageVersion) -> list[str]:
        reasons = []
        if self.is_ended:
            reasons.append(_("The service has ended."))
        if self.plan is None or not package_fits(version, self.plan):
            reasons.append(_("This package doesn't fit the plan of the service."))
        elif not all(package_fits(version, plan) for plan in self.coming):
            reasons.append(_("This package doesn't fit the plan that the service gets."))
        refused = judge(tariffs_queries.conditions_of(version), buyer=self.buyer)
        return [*reasons, *(tariffs_queries.describe_reason(reason) for reason in refused)]


def package_fits(version: PackageVersion, plan: Plan) -> bool:
    """Whether the package can be held on the plan."""
    return tariffs_queries.fit_of(version).holds(service=plan.service, plan_id=plan.pk)


def list_reasons_against(
    subscription: Subscription, version: PackageVersion, *, at: datetime
) -> list[str]:
    """Return everything that stands in the way of a package, but that the service has it."""
    reasons = _standing(subscription, at).reasons_against(version)
    on_sale = tariffs_queries.list_packages_on_sale(on=timezone.localdate(at))
    if version.pk not in {sold.pk for sold in on_sale}:
        reasons.insert(0, _("This package is not on sale."))
    return reasons


def list_package_offers(subscription: Subscription, *, at: datetime) -> list[PackageOffer]:
    """
    Return the packages on sale that aren't for another kind of service, those that may be added
    first, then the cheapest.
    """
    standing = _standing(subscription, at)
    held = {one.package_id for one in list_packages(subscription_id=subscription.pk, at=at)}
    found = [
        _offer(version, standing, held=held)
        for version in tariffs_queries.list_packages_on_sale(on=timezone.localdate(at))
        if not version.services or subscription.service in version.services
    ]
    return sorted(found, key=lambda offer: bool(offer.reasons))


def _offer(version: PackageVersion, standing: _Standing, *, held: set[int]) -> PackageOffer:
    reasons = standing.reasons_against(version)
    if version.package_id in held:
        reasons.insert(0, _("The service has this package already."))
    return PackageOffer(version, tuple(reasons))


def _standing(subscription: Subscription, at: datetime) -> _Standing:
    present = plan_at(subscription_id=subscription.pk, at=at)
    return _Standing(
        is_ended=subscription.state == Subscription.State.TERMINATED,
        plan=present.plan_version.plan if present else None,
        coming=tuple(one.plan_version.plan for one in plans_after(subscription.pk, after=at)),
        buyer=buyer_of(subscription.account, service=subscription.service),
    )


def list_package_history(subscription_ids: Sequence[int]) -> list[PackageAssignment]:
    """Return the packages that services have or had, the newest first, with what they include."""
    rows = PackageAssignment.objects.filter(subscription_id__in=subscription_ids)
    rows = rows.select_related("package_version__package")
    return list(
        rows.prefetch_related("package_version__allowances").order_by("-active_from", "-id")
    )
