"""
What is done to the catalogue for good, each with the business event that tells who did it.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from django.db import transaction

from billing_project.kernel.operations import record_event
from tariffs import operations as tariffs_operations
from tariffs.domain.drafts import BundlePartDraft
from tariffs.models import BundleVersion, PackageVersion, Plan, PlanVersion, RateDeckVersion

Row = TypeVar("Row")

PUBLISHED, CLOSED, ARCHIVED = "catalogue.published", "catalogue.closed", "catalogue.archived"


def publish_plan(*, version_id: int, now: datetime, actor: str) -> PlanVersion:
    """Publish a plan version; from `on_sale_from` on it can be sold."""

    def publish() -> PlanVersion:
        return tariffs_operations.publish_plan_version(version_id=version_id, now=now)

    return _noted(publish, kind=PUBLISHED, now=now, actor=actor, data=_plan_data(version_id))


def close_plan(*, version_id: int, closed_on: date, now: datetime, actor: str) -> PlanVersion:
    """Stop selling a plan version from a day on."""
    data = {**_plan_data(version_id), "on": closed_on.isoformat()}

    def close() -> PlanVersion:
        return tariffs_operations.close_plan_version(version_id=version_id, closed_on=closed_on)

    return _noted(close, kind=CLOSED, now=now, actor=actor, data=data)


def archive_plan(*, plan_id: int, now: datetime, actor: str) -> None:
    """Take a plan off sale as a whole."""
    data = {"what": "plan", "plan": plan_id, "code": Plan.objects.get(pk=plan_id).code}

    def archive() -> None:
        tariffs_operations.archive_plan(plan_id=plan_id)

    _noted(archive, kind=ARCHIVED, now=now, actor=actor, data=data)


def publish_deck(*, version_id: int, now: datetime, actor: str) -> RateDeckVersion:
    """Publish a deck version; it prices from its first day on."""

    def publish() -> RateDeckVersion:
        return tariffs_operations.publish_deck_version(version_id=version_id, now=now)

    return _noted(publish, kind=PUBLISHED, now=now, actor=actor, data=_deck_data(version_id))


def close_deck(*, version_id: int, valid_to: date, now: datetime, actor: str) -> RateDeckVersion:
    """Set the day from which a deck version prices nothing any more."""
    data = {**_deck_data(version_id), "on": valid_to.isoformat()}

    def close() -> RateDeckVersion:
        return tariffs_operations.close_deck_version(version_id=version_id, valid_to=valid_to)

    return _noted(close, kind=CLOSED, now=now, actor=actor, data=data)


class Closing(Protocol):
    """Stops the sale of a version of something."""

    def __call__(self, *, version_id: int, closed_on: date, now: datetime, actor: str) -> object:
        """Close the version from a day on."""


def publish_package(*, version_id: int, now: datetime, actor: str) -> PackageVersion:
    """Publish a package version."""

    def publish() -> PackageVersion:
        return tariffs_operations.publish_package_version(version_id=version_id, now=now)

    data = _package_data(version_id)
    return _noted(publish, kind=PUBLISHED, now=now, actor=actor, data=data)


def close_package(*, version_id: int, closed_on: date, now: datetime, actor: str) -> PackageVersion:
    """Stop selling a package version from a day on."""
    data = {**_package_data(version_id), "on": closed_on.isoformat()}

    def close() -> PackageVersion:
        return tariffs_operations.close_package_version(version_id=version_id, closed_on=closed_on)

    return _noted(close, kind=CLOSED, now=now, actor=actor, data=data)


@transaction.atomic
def draft_bundle(
    *,
    names: Mapping[str, str],
    on_sale_from: date,
    parts: Iterable[BundlePartDraft],
    price: Decimal | None,
) -> BundleVersion:
    """Create a bundle with its first draft, or neither."""
    bundle = tariffs_operations.create_bundle(**names)
    return tariffs_operations.draft_bundle_version(
        bundle=bundle, on_sale_from=on_sale_from, parts=parts, price=price
    )


def publish_bundle(*, version_id: int, now: datetime, actor: str) -> BundleVersion:
    """Publish a bundle version."""

    def publish() -> BundleVersion:
        return tariffs_operations.publish_bundle_version(version_id=version_id, now=now)

    data = _bundle_data(version_id)
    return _noted(publish, kind=PUBLISHED, now=now, actor=actor, data=data)


def close_bundle(*, version_id: int, closed_on: date, now: datetime, actor: str) -> BundleVersion:
    """Stop selling a bundle version from a day on."""
    data = {**_bundle_data(version_id), "on": closed_on.isoformat()}

    def close() -> BundleVersion:
        return tariffs_operations.close_bundle_version(version_id=version_id, closed_on=closed_on)

    return _noted(close, kind=CLOSED, now=now, actor=actor, data=data)


def _noted(
    act: Callable[[], Row], *, kind: str, now: datetime, actor: str, data: dict[str, Any]
) -> Row:
    with transaction.atomic():
        done = act()
        record_event(kind=kind, happened_at=now, actor=actor, data=data)
    return done


def _plan_data(version_id: int) -> dict[str, Any]:
    version = PlanVersion.objects.select_related("plan").get(pk=version_id)
    return {
        "what": "plan",
        "plan": version.plan_id,
        "code": version.plan.code,
        "version": version.number,
        "version_id": version_id,
    }


def _deck_data(version_id: int) -> dict[str, Any]:
    version = RateDeckVersion.objects.select_related("deck").get(pk=version_id)
    return {
        "what": "deck",
        "deck": version.deck_id,
        "code": version.deck.code,
        "version": version.valid_from.isoformat(),
        "version_id": version_id,
    }


def _package_data(version_id: int) -> dict[str, Any]:
    version = PackageVersion.objects.select_related("package").get(pk=version_id)
    return {
        "what": "package",
        "package": version.package_id,
        "code": version.package.code,
        "version": version.number,
        "version_id": version_id,
    }


def _bundle_data(version_id: int) -> dict[str, Any]:
    version = BundleVersion.objects.select_related("bundle").get(pk=version_id)
    return {
        "what": "bundle",
        "bundle": version.bundle_id,
        "code": version.bundle.code,
        "version": version.number,
        "version_id": version_id,
    }
