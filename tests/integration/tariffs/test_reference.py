"""Zones, tax rates and holidays are written once, and again without harm."""

from datetime import date
from decimal import Decimal

import pytest

from billing_project.kernel.invariants import find_violations
from tariffs import operations, queries
from tariffs.models import Holiday, TaxRate, Zone, ZonePrefix

pytestmark = pytest.mark.django_db


def test_reference_data_is_there_after_migrating() -> None:
    assert queries.get_tax_percent(category="standard", on=date(2025, 12, 31)) == Decimal(20)
    assert queries.get_tax_percent(category="standard", on=date(2026, 1, 1)) == Decimal(22)
    assert queries.get_tax_percent(category="none", on=date(2026, 1, 1)) == Decimal(0)
    assert Holiday.objects.count() == 54


def test_the_operators_own_rates_and_holidays_stay() -> None:
    TaxRate.objects.filter(category="standard", valid_to__isnull=True).update(percent=25)
    Holiday.objects.filter(day=date(2027, 5, 3)).delete()
    operations.ensure_reference_data()
    assert queries.get_tax_percent(category="standard", on=date(2026, 6, 1)) == Decimal(25)
    assert not Holiday.objects.filter(day=date(2027, 5, 3)).exists()


def test_a_day_before_the_first_rate_has_none() -> None:
    with pytest.raises(queries.UnknownTaxRate):
        queries.get_tax_percent(category="standard", on=date(2018, 12, 31))


def test_a_gap_between_tax_rates_is_found() -> None:
    gaps = next(one for one in queries.invariants() if "tax rates" in one.name)
    assert find_violations(gaps) == []
    TaxRate.objects.filter(percent=20).update(valid_to=date(2025, 12, 1))
    assert find_violations(gaps) == [("standard", date(2025, 12, 1), date(2026, 1, 1))]


def test_zones_written_twice_are_the_same_zones() -> None:
    count = operations.ensure_world_zones(home_region="812,813")
    before = dict(ZonePrefix.objects.values_list("prefix", "zone_id"))
    assert operations.ensure_world_zones(home_region="812, 813") == count == Zone.objects.count()
    assert dict(ZonePrefix.objects.values_list("prefix", "zone_id")) == before


def test_a_prefix_given_by_hand_to_a_zone_of_the_operator_stays() -> None:
    zone = Zone.objects.create(code="NEIGHBOUR", name_ru="Сосед", name_en="N", zone_class="local")
    ZonePrefix.objects.create(zone=zone, prefix="7814")
    operations.ensure_world_zones(home_region="812")
    assert ZonePrefix.objects.get(prefix="7814").zone == zone
    assert not Zone.objects.get(code="RU-814").prefixes.exists()


def test_moving_the_home_region_moves_the_classes() -> None:
    operations.ensure_world_zones(home_region="812", own_prefixes=["7921555"])
    operations.ensure_world_zones(home_region="383")
    classes = dict(Zone.objects.values_list("code", "zone_class"))
    assert (classes["RU-812"], classes["RU-383"]) == ("long_distance", "local")
    assert ZonePrefix.objects.get(prefix="7921555").zone.code == "OWN"
