"""
Packages of a service: those it has, and those that may be added.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import get_language

from accounts import queries as accounts_queries
from accounts.models import Subscription
from invoicing.queries.splits import PACKAGE, Cut, quote_given_back
from portal.queries.allowances import package_name
from portal.queries.services import ServiceView, say_included
from portal.queries.words import FEE_PERIODS
from tariffs.models import PackageVersion


@dataclass(frozen=True, slots=True)
class OfferedPackage:
    """A package on sale that the service may have; `days` is how long it is held, None: no end."""

    version_id: int
    name: str
    fee: Decimal
    period: str
    days: int | None
    includes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PackagesPage:
    """A service with its packages, and what may be added."""

    service: ServiceView
    offered: tuple[OfferedPackage, ...]


def get_packages_page(service: ServiceView, *, now: datetime) -> PackagesPage:
    """Return the page of a service; what it can't have is left out."""
    row = Subscription.objects.select_related("account__customer").get(pk=service.id)
    offers = accounts_queries.list_package_offers(row, at=now)
    return PackagesPage(
        service=service,
        offered=tuple(_offered(one.version) for one in offers if not one.reasons),
    )


def find_offered(service: ServiceView, version_id: int, *, now: datetime) -> OfferedPackage | None:
    """Return a package on sale that is for this kind of service, refused or not, or None."""
    row = Subscription.objects.select_related("account__customer").get(pk=service.id)
    offers = accounts_queries.list_package_offers(row, at=now)
    return next((_offered(one.version) for one in offers if one.version.pk == version_id), None)


@dataclass(frozen=True, slots=True)
class HeldPackage:
    """A package that the service has; `given_back` is what taking it off today gives back."""

    assignment_id: int
    name: str
    given_back: Decimal


def find_held(service: ServiceView, assignment_id: int, *, now: datetime) -> HeldPackage | None:
    """Return a package that the service holds now, or None."""
    held = accounts_queries.list_packages(subscription_id=service.id, at=now)
    for row in held:
        if row.pk == assignment_id:
            cut = Cut(
                service.id,
                timezone.localdate(now) + timedelta(days=1),
                what=PACKAGE,
                source_id=row.pk,
            )
            return HeldPackage(row.pk, package_name(row), quote_given_back(cut))
    return None


def _offered(version: PackageVersion) -> OfferedPackage:
    package = version.package
    return OfferedPackage(
        version_id=version.pk,
        name=package.name_en if get_language() == "en" else package.name_ru,
        fee=version.fee,
        period=str(FEE_PERIODS[version.fee_period]),
        days=version.validity_days,
        includes=tuple(say_included(row) for row in version.allowances.all()),
    )
