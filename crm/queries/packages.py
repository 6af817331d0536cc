"""
The packages of a service as the desk sees them: held, past, and what may be added.
"""

from dataclasses import dataclass
from datetime import datetime

from accounts import queries as accounts_queries
from accounts.models import IdentifierUse, PackageAssignment, Subscription
from accounts.queries import PackageOffer
from crm.queries.catalogue import words
from crm.queries.history.words import is_russian, money
from tariffs.models import PackageVersion


@dataclass(frozen=True, slots=True)
class PackageView:
    """A package version in words: what it is called, costs and holds."""

    version: PackageVersion
    name: str
    price: str
    includes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeldPackage:
    """A package that the service has or had."""

    assignment: PackageAssignment
    package: PackageView


@dataclass(frozen=True, slots=True)
class OfferedPackage:
    """A package on sale, and why the service can't have it, if so."""

    package: PackageView
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServicePackages:
    """A service's numbers and packages."""

    numbers: tuple[str, ...]
    held: tuple[HeldPackage, ...]
    past: tuple[HeldPackage, ...]
    offered: tuple[OfferedPackage, ...]


def get_packages(service: Subscription, *, now: datetime) -> ServicePackages:
    """Return everything the page shows."""
    history = [
        HeldPackage(one, describe(one.package_version))
        for one in accounts_queries.list_package_history([service.pk])
    ]
    uses = IdentifierUse.objects.filter(subscription_id=service.pk, active_to=None)
    is_over = service.state == Subscription.State.TERMINATED
    offers = [] if is_over else accounts_queries.list_package_offers(service, at=now)
    return ServicePackages(
        numbers=tuple(uses.order_by("pk").values_list("value", flat=True)),
        held=tuple(one for one in history if _holds(one.assignment, now)),
        past=tuple(one for one in history if not _holds(one.assignment, now)),
        offered=tuple(OfferedPackage(describe(one.version), one.reasons) for one in offers),
    )


def _holds(assignment: PackageAssignment, now: datetime) -> bool:
    return assignment.active_to is None or assignment.active_to > now


def find_offer(service: Subscription, version_id: int, *, now: datetime) -> PackageOffer | None:
    """Return a package that is offered to the service, refused or not, or None."""
    offers = accounts_queries.list_package_offers(service, at=now)
    return next((offer for offer in offers if offer.version.pk == version_id), None)


def find_held(
    service: Subscription, assignment_id: int, *, now: datetime
) -> PackageAssignment | None:
    """Return a package that the service holds, or None."""
    held = accounts_queries.list_packages(subscription_id=service.pk, at=now)
    return next((one for one in held if one.pk == assignment_id), None)


def describe(version: PackageVersion) -> PackageView:
    """Return a package version in words."""
    return PackageView(
        version=version,
        name=package_name(version),
        price=f"{money(version.fee, 'RUB')} {version.get_fee_period_display()}",
        includes=tuple(
            f"{words.volume(one)} {one.get_recurrence_display()}"
            for one in version.allowances.all()
        ),
    )


def package_name(version: PackageVersion) -> str:
    """Return what the package is called."""
    package = version.package
    return str(package.name_ru if is_russian() else package.name_en)
