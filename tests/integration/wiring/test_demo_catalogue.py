"""The demo operator sells something of everything."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing_project.demo.sell import put_on_sale
from tariffs import queries
from tariffs.models import BundleVersion, Product

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_the_demo_catalogue_is_on_sale() -> None:
    versions = put_on_sale(now=NOW)
    sold = {version.plan.code for version in queries.list_plans_on_sale(on=date(2026, 11, 22))}
    assert sold == set(versions) - {"surf"}
    packages = queries.list_packages_on_sale(on=date(2026, 11, 22), plan=versions["wave"].plan)
    assert [one.package.code for one in packages] == ["more-5", "world-60"]
    fees = {f"plan:{versions[code].plan_id}": versions[code].fee for code in ("home-300", "tv")}
    bundle = queries.price_bundle_version(BundleVersion.objects.get().pk, fees=fees)
    assert (bundle.total, bundle.saved) == (Decimal(890), Decimal(90))
    assert versions["home-300"].products.get().product == Product.objects.get(code="access-300")
    (rule,) = queries.list_move_rules()
    assert (rule.fee_up, rule.fee_down, rule.min_days) == (0, 100, 5)
