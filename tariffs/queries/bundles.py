"""
Bundles: their parts at the fees of the day, and what they cost together.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from tariffs.domain.bundles import Part, PricedBundle, price_bundle
from tariffs.models import BundlePart, BundleVersion
from tariffs.queries.offers import list_packages_on_sale
from tariffs.queries.plans import list_plans_on_sale


def list_bundle_parts(version_id: int, *, on: date) -> list[Part]:
    """
    Return the parts of a bundle at the fees of the versions on sale.

    Parts that are not on sale are not among them.
    """
    plans = {version.plan_id: version for version in list_plans_on_sale(on=on)}
    packages = {version.package_id: version for version in list_packages_on_sale(on=on)}
    version = BundleVersion.objects.prefetch_related("parts").get(pk=version_id)
    parts = []
    for row in version.parts.order_by("id"):
        sold = plans.get(row.plan_id or 0) or packages.get(row.package_id or 0)
        if sold is not None:
            parts.append(Part(_key(row), sold.fee, row.discount_percent, row.discount_amount))
    return parts


def _key(row: BundlePart) -> str:
    return f"plan:{row.plan_id}" if row.plan_id else f"package:{row.package_id}"


def price_bundle_version(version_id: int, *, fees: Mapping[str, Decimal]) -> PricedBundle:
    """
    Return what a bundle costs whose parts are held at these fees, by `plan:<id>`, `package:<id>`.

    KeyError for a part without a fee: a bundle is valid while all its parts are held.
    """
    version = BundleVersion.objects.get(pk=version_id)
    parts = []
    for row in version.parts.order_by("id"):
        key = _key(row)
        parts.append(Part(key, fees[key], row.discount_percent, row.discount_amount))
    return price_bundle(parts, price=version.price)
