"""
Packages of a service: those it has, and those that may be added.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import get_language

from accounts import queries as accounts_queries
from accounts.models import Subscription
from portal.queries.services import ServiceView, say_included
from portal.queries.words import FEE_PERIODS
from tariffs.models import PackageVersion


@dataclass(frozen=True, slots=True)
class OfferedPackage:
    """A package on sale that the service may have; `days` is how long it is held, None: no end."""

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


def _offered(version: PackageVersion) -> OfferedPackage:
    package = version.package
    return OfferedPackage(
        name=package.name_en if get_language() == "en" else package.name_ru,
        fee=version.fee,
        period=str(FEE_PERIODS[version.fee_period]),
        days=version.validity_days,
        includes=tuple(say_included(row) for row in version.allowances.all()),
    )
