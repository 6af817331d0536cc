"""The world's zones as an operator in St Petersburg sees them."""

import phonenumbers
import pytest

from tariffs.domain.world import UnableToNameHomeRegion, WorldZone, country_name, list_world_zones

ZONES = {zone.code: zone for zone in list_world_zones(home_codes=("812", "813"))}


def zone_of(number: str, zones: dict[str, WorldZone] = ZONES) -> WorldZone:
    """Longest prefix by hand."""
    of_prefix = {prefix: zone for zone in zones.values() for prefix in zone.prefixes}
    longest = max(size for size in range(1, len(number) + 1) if number[:size] in of_prefix)
    return of_prefix[number[:longest]]


NUMBERS = [
    ("78123334455", "RU-812", "г. Санкт-Петербург", "local"),
    ("78137054321", "RU-813", "Ленинградская обл.", "local"),
    ("74951234567", "RU-495", "Московская обл.", "long_distance"),
    ("73652123456", "RU-36", "Республика Крым", "long_distance"),
    ("79215550101", "RU-M", "Россия, мобильные", "long_distance"),
    ("78001234567", "FREEPHONE", "Бесплатный вызов 8-800", "free"),
    ("112", "EMERGENCY", "Экстренные службы", "free"),
    ("101", "EMERGENCY", "Экстренные службы", "free"),
    ("77172123456", "KZ", "Казахстан", "international"),
    ("77012345678", "KZ-M", "Казахстан, мобильные", "international"),
    ("76123456789", "KZ", "Казахстан", "international"),
    ("493012345678", "DE", "Германия", "international"),
    ("491701234567", "DE-M", "Германия, мобильные", "international"),
    ("38111234567", "RS", "Сербия", "international"),
    ("375171234567", "BY", "Беларусь", "international"),
    ("442079460000", "GB", "Великобритания", "international"),
    ("441481256789", "GG", "Гернси", "international"),
    ("12125550123", "US", "Соединенные Штаты", "international"),
    ("14165550123", "CA", "Канада", "international"),
    ("18765550123", "JM", "Ямайка", "international"),
    ("881612345678", "NETWORKS", "Спутниковые и международные сети", "international"),
]


@pytest.mark.parametrize(("number", "code", "name", "zone_class"), NUMBERS)
def test_a_number_leads_to_its_zone(number: str, code: str, name: str, zone_class: str) -> None:
    zone = zone_of(number)
    assert (zone.code, zone.name_ru, zone.zone_class) == (code, name, zone_class)


def test_each_prefix_is_in_one_zone_and_each_zone_has_prefixes() -> None:
    prefixes = [prefix for zone in ZONES.values() for prefix in zone.prefixes]
    assert len(prefixes) == len(set(prefixes)) > 2000
    assert all(zone.prefixes and zone.name_ru and zone.name_en for zone in ZONES.values())
    assert all(len(zone.code) <= 24 and zone.code.isascii() for zone in ZONES.values())
    assert all(prefix.isdigit() and len(prefix) <= 15 for prefix in prefixes)


def test_example_numbers_of_every_country_lead_home() -> None:
    strangers = {}
    for region in phonenumbers.SUPPORTED_REGIONS:
        number = phonenumbers.example_number_for_type(
            region, phonenumbers.PhoneNumberType.FIXED_LINE
        )
        digits = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
        zone = zone_of(digits)
        if zone.country != region:
            strangers[region] = zone.code
    # Places whose numbers can't be told from their large neighbour's by five digits.
    assert set(strangers) <= {"CC", "CX", "EH", "BL", "MF", "SJ"}


def test_mobile_example_numbers_lead_to_mobile_zones() -> None:
    for region in ("RU", "KZ", "DE", "FR", "BY", "UA", "UZ", "TJ", "FI", "EE", "CN", "TR"):
        number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        digits = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
        assert zone_of(digits).code == f"{region}-M"


def test_own_numbers_and_home_mobiles_are_local() -> None:
    zones = {
        zone.code: zone
        for zone in list_world_zones(
            home_codes=("812",), own_prefixes=("7921555",), home_mobile_prefixes=("79219",)
        )
    }
    assert zone_of("79215550101", zones).code == "OWN"
    assert zone_of("79219000000", zones).zone_class == "local"
    assert zone_of("79211000000", zones).zone_class == "long_distance"
    assert zone_of("78137054321", zones).zone_class == "long_distance"


@pytest.mark.parametrize("codes", [("999",), ()])
def test_an_unknown_home_region_is_refused(codes: tuple[str, ...]) -> None:
    with pytest.raises(UnableToNameHomeRegion):
        list_world_zones(home_codes=codes)


def test_countries_have_names_in_both_languages() -> None:
    assert country_name("ME", "ru") == "Черногория"
    assert country_name("XK", "en") == "Kosovo"
