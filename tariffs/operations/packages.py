"""
Packages and bundles: drafting, publishing, closing of versions. Published, they never change.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from tariffs import queries
from tariffs.domain.bundles import BundleProblem, find_problems
from tariffs.domain.drafts import AllowanceDraft, BundlePartDraft
from tariffs.models import (
    Bundle,
    BundlePart,
    BundleVersion,
    Package,
    PackagePlan,
    PackageVersion,
    Plan,
)
from tariffs.operations.plans import find_wrong_allowances, write_allowances


class UnableToPublishPackage(Exception):
    """The package is published already, brings nothing, or an allowance that can't be counted."""


class UnableToPublishBundle(Exception):
    """The bundle is published already, or its parts don't make one; `problems` says why."""

    def __init__(self, message: str, problems: Iterable[BundleProblem] = ()) -> None:
        self.problems = list(problems)
        super().__init__(message)


class UnableToCloseOffer(Exception):
    """The version isn't published, or the day isn't after its first."""


def create_package(*, code: str, name_ru: str, name_en: str) -> Package:
    """Create a package without versions."""
    package = Package(code=code, name_ru=name_ru, name_en=name_en)
    package.full_clean()
    package.save()
    return package


@transaction.atomic
def draft_package_version(
    *,
    package: Package,
    fee: Decimal,
    on_sale_from: date,
    allowances: Iterable[AllowanceDraft] = (),
    plans: Iterable[Plan] = (),
    **terms: object,
) -> PackageVersion:
    """
    Write the next version of a package as a draft.

    `terms` are further columns: fee_period (month, day, once), validity_days, services, tax, whom it
    is sold to. `plans` are those it fits, none = any of its services.
    """
    number = _next_number(package)
    version = PackageVersion(
        package=package, number=number, fee=fee, on_sale_from=on_sale_from, **terms
    )
    version.full_clean()
    if not set(version.services) <= set(Plan.Service.values):
        raise ValidationError({"services": _("There is no such service.")})
    version.save()
    write_allowances(allowances, package_version=version)
    PackagePlan.objects.bulk_create(
        PackagePlan(package_version=version, plan=plan) for plan in plans
    )
    return version


def _next_number(parent: Any) -> int:
    type(parent).objects.select_for_update(no_key=True).get(pk=parent.pk)
    return int(parent.versions.aggregate(latest=Max("number"))["latest"] or 0) + 1


@transaction.atomic
def publish_package_version(*, version_id: int, now: datetime) -> PackageVersion:
    """Fix the version for good; from `on_sale_from` on it can be sold."""
    version = PackageVersion.objects.select_for_update(no_key=True).get(pk=version_id)
    if version.published_at:
        raise UnableToPublishPackage(_("This version is published already."))
    if not version.allowances.exists():
        raise UnableToPublishPackage(_("The package includes nothing."))
    wrong = find_wrong_allowances(version.allowances.all())
    if wrong:
        raise UnableToPublishPackage(" ".join(wrong))
    version.published_at = now
    version.save(update_fields=["published_at"])
    return version


def close_package_version(*, version_id: int, closed_on: date) -> PackageVersion:
    """Stop selling a version from that day on; those who have it keep it."""
    closed: PackageVersion = _close(PackageVersion, version_id, closed_on=closed_on)
    return closed


def archive_package(*, package_id: int) -> None:
    """Take a package off sale as a whole."""
    Package.objects.filter(pk=package_id).update(is_archived=True)


def create_bundle(*, code: str, name_ru: str, name_en: str) -> Bundle:
    """Create a bundle without versions."""
    bundle = Bundle(code=code, name_ru=name_ru, name_en=name_en)
    bundle.full_clean()
    bundle.save()
    return bundle


@transaction.atomic
def draft_bundle_version(
    *,
    bundle: Bundle,
    on_sale_from: date,
    parts: Iterable[BundlePartDraft],
    price: Decimal | None = None,
    **terms: object,
) -> BundleVersion:
    """Write the next version of a bundle as a draft; parts by code, with discounts or one price."""
    number = _next_number(bundle)
    version = BundleVersion(
        bundle=bundle, number=number, price=price, on_sale_from=on_sale_from, **terms
    )
    version.full_clean()
    version.save()
    plans = dict(Plan.objects.values_list("code", "id"))
    packages = dict(Package.objects.values_list("code", "id"))
    rows = [
        BundlePart(
            bundle_version=version,
            plan_id=_known(part.plan_code, plans),
            package_id=_known(part.package_code, packages),
            discount_percent=part.discount_percent,
            discount_amount=part.discount_amount,
        )
        for part in parts
    ]
    for row in rows:
        row.full_clean()
    BundlePart.objects.bulk_create(rows)
    return version


def _known(code: str, ids: dict[str, int]) -> int | None:
    if code and code not in ids:
        message = _("There is no plan or package “%(code)s”.") % {"code": code}
        raise ValidationError(message)
    return ids[code] if code else None


@transaction.atomic
def publish_bundle_version(*, version_id: int, now: datetime) -> BundleVersion:
    """Fix the version for good, checked against what its parts cost on the day."""
    on = timezone.localdate(now)
    version = BundleVersion.objects.select_for_update(no_key=True).get(pk=version_id)
    if version.published_at:
        raise UnableToPublishBundle(_("This version is published already."))
    parts = queries.list_bundle_parts(version_id, on=on)
    if len(parts) < version.parts.count():
        raise UnableToPublishBundle(_("A part of the bundle is not on sale."))
    problems = find_problems(parts, price=version.price)
    if problems:
        told = " ".join(queries.describe_bundle_problem(problem) for problem in problems)
        raise UnableToPublishBundle(told, problems)
    version.published_at = now
    version.save(update_fields=["published_at"])
    return version


def close_bundle_version(*, version_id: int, closed_on: date) -> BundleVersion:
    """Stop selling a bundle from that day on."""
    closed: BundleVersion = _close(BundleVersion, version_id, closed_on=closed_on)
    return closed


def archive_bundle(*, bundle_id: int) -> None:
    """Take a bundle off sale as a whole."""
    Bundle.objects.filter(pk=bundle_id).update(is_archived=True)


@transaction.atomic
def _close(model: type[models.Model], version_id: int, *, closed_on: date) -> Any:
    version: Any = model._default_manager.select_for_update(no_key=True).get(pk=version_id)
    if not version.published_at:
        raise UnableToCloseOffer(_("A draft is not on sale."))
    if closed_on < version.on_sale_from:
        raise UnableToCloseOffer(_("The last day lies before the first."))
    version.closed_on = closed_on
    version.save(update_fields=["closed_on"])
    return version
