"""
The world's destination zones and their number prefixes, out of the metadata of `phonenumbers`.

Prefixes are E.164 digits without plus, or short numbers; a longer prefix wins over a shorter. Short
numbers can't be taken for foreign ones: no E.164 number begins with 101–104 or 112.

Conventions, relative to the operator's home region in Russia:
- each Russian region (its ABC codes) is a zone; home regions are local, the others long-distance;
- mobile numbers have no region in the metadata: «Россия, мобильные» is long-distance as a whole.
  Ranges that the operator knows better are given to `list_world_zones`: its own numbers and the
  mobile ranges of its region, both local;
- every other country is a zone, and a second one for its mobile ranges where they can be told
  apart (not in +1); territories that share a code with a country are zones of their own;
- emergency numbers, 8-800 and the international freephone service are free of charge.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import phonenumbers
from babel import Locale
from phonenumbers.geodata import GEOCODE_DATA

from tariffs.domain.number_patterns import heads, shortest_own

HOME_COUNTRY: Final = "RU"
LOCAL: Final = "local"
LONG_DISTANCE: Final = "long_distance"
INTERNATIONAL: Final = "international"
FREE: Final = "free"

EMERGENCY: Final = ("101", "102", "103", "104", "112")
#: 8-800 of Russia and the freephone service of the world.
FREEPHONE: Final = ("7800", "800")
#: Codes of services rather than of places: satellites, ships, shared networks.
NO_PLACE: Final = "001"
#: The metadata knows only 77; 76 is set aside for Kazakhstan too.
KAZAKHSTAN: Final = ("76", "77")

#: Kinds of numbers in the metadata, and how many of their first digits are looked at.
_PLACES: Final = ("fixed_line", "mobile")
_NOT_MOBILE: Final = ("fixed_line", "toll_free", "premium_rate", "shared_cost", "uan")
_TERRITORY_DIGITS: Final = 5
_AREA_CODE_DIGITS: Final = 3
_MOBILE_DIGITS: Final = 4


class UnableToNameHomeRegion(ValueError):
    """No Russian region has this ABC code."""


@dataclass(frozen=True, slots=True)
class WorldZone:
    """A destination with its names, class and prefixes (sorted)."""

    code: str
    name_ru: str
    name_en: str
    zone_class: str
    country: str
    prefixes: tuple[str, ...]


def list_world_zones(
    *,
    home_codes: Sequence[str],
    own_prefixes: Sequence[str] = (),
    home_mobile_prefixes: Sequence[str] = (),
) -> list[WorldZone]:
    """
    Return all zones as seen from the home region; each prefix is in one of them.

    `home_codes` are ABC codes of the home region (812, 813). Raise UnableToNameHomeRegion for
    a code that no region has.
    """
    special = [
        WorldZone("EMERGENCY", "Экстренные службы", "Emergency services", FREE, "", EMERGENCY),
        WorldZone("FREEPHONE", "Бесплатный вызов 8-800", "Freephone", FREE, "", FREEPHONE),
        WorldZone("OWN", "Внутри сети", "Within the network", LOCAL, "RU", tuple(own_prefixes)),
        WorldZone(
            "RU-HOME-M",
            "Мобильные домашнего региона",
            "Mobile phones of the home region",
            LOCAL,
            "RU",
            tuple(home_mobile_prefixes),
        ),
    ]
    taken = {prefix for zone in special for prefix in zone.prefixes}
    zones = [*_russian_zones(frozenset(home_codes)), *_foreign_zones(), _networks_without_place()]
    rest = [
        WorldZone(
            zone.code,
            zone.name_ru,
            zone.name_en,
            zone.zone_class,
            zone.country,
            tuple(sorted(set(zone.prefixes) - taken)),
        )
        for zone in zones
    ]
    return [zone for zone in [*special, *rest] if zone.prefixes]


def _russian_zones(home_codes: frozenset[str]) -> Iterator[WorldZone]:
    known = {code for region in _russian_regions() for code in region.prefixes}
    unknown = sorted(code for code in home_codes if f"7{code}" not in known)
    if unknown or not home_codes:
        raise UnableToNameHomeRegion(", ".join(unknown))
    for region in _russian_regions():
        is_home = any(prefix[1:] in home_codes for prefix in region.prefixes)
        yield WorldZone(
            region.code,
            region.name_ru,
            region.name_en,
            LOCAL if is_home else LONG_DISTANCE,
            HOME_COUNTRY,
            region.prefixes,
        )
    for zone in _countries():
        if zone.country == HOME_COUNTRY:
            yield zone


def _foreign_zones() -> Iterator[WorldZone]:
    return (zone for zone in _countries() if zone.country != HOME_COUNTRY)


@lru_cache(maxsize=1)
def _russian_regions() -> tuple[WorldZone, ...]:
    """Group the ABC codes by the region's Russian name; the lowest code gives the zone's."""
    regions: dict[str, list[str]] = {}
    for prefix, names in GEOCODE_DATA.items():
        if prefix[0] == "7" and 3 <= len(prefix) <= 4 and not prefix.startswith(KAZAKHSTAN):
            regions.setdefault(_tidy(names["ru"]), []).append(prefix)
    return tuple(
        WorldZone(
            f"RU-{min(prefixes)[1:]}",
            name,
            _english_name(min(prefixes)) or name,
            LONG_DISTANCE,
            HOME_COUNTRY,
            tuple(sorted(prefixes)),
        )
        for name, prefixes in regions.items()
    )


def _english_name(prefix: str) -> str:
    """Return the English name of an ABC code, or that of its first town."""
    for candidate in (prefix, *(f"{prefix}{digit}" for digit in range(10))):
        name = GEOCODE_DATA.get(candidate, {}).get("en", "")
        if name:
            return str(name)
    return ""


def _tidy(name: str) -> str:
    """Take stress marks out of a Russian name: «Луга́нская» → «Луганская»."""
    bare = unicodedata.normalize("NFD", name).replace("\N{COMBINING ACUTE ACCENT}", "")
    return unicodedata.normalize("NFC", bare).replace(" /", " (").replace("/", ")")


@lru_cache(maxsize=1)
def _countries() -> tuple[WorldZone, ...]:
    """Return country zones and their mobile zones; the classes are those seen from Russia."""
    zones: list[WorldZone] = []
    for calling_code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        if NO_PLACE in regions:
            continue
        for region in regions:
            mobile = _mobile_prefixes_of(str(calling_code), region, regions)
            prefixes = _prefixes_of(str(calling_code), region, regions) - mobile
            if prefixes:
                zones.append(_country_zone(region, prefixes))
            if mobile:
                zones.append(_mobile_zone(region, mobile))
    return tuple(zones)


def _country_zone(region: str, prefixes: Iterable[str]) -> WorldZone:
    zone_class = LONG_DISTANCE if region == HOME_COUNTRY else INTERNATIONAL
    name_ru, name_en = country_name(region, "ru"), country_name(region, "en")
    return WorldZone(region, name_ru, name_en, zone_class, region, tuple(sorted(prefixes)))


def _mobile_zone(region: str, prefixes: Iterable[str]) -> WorldZone:
    zone = _country_zone(region, prefixes)
    name_ru, name_en = f"{zone.name_ru}, мобильные", f"{zone.name_en}, mobile"
    return WorldZone(f"{region}-M", name_ru, name_en, zone.zone_class, region, zone.prefixes)


def country_name(region: str, language: str) -> str:
    """
    Return the name of a country by its two letters.

    The names are those of Unicode's locale data: the table inside `phonenumbers` leaves sixty
    places in English where Russian is asked for, Serbia among them.

    >>> country_name("DE", "ru")
    'Германия'
    """
    return str(Locale(language).territories[region])


def _networks_without_place() -> WorldZone:
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()
    prefixes = sorted(str(code) for code, regions in codes if NO_PLACE in regions)
    name_ru, name_en = "Спутниковые и международные сети", "Satellite and international networks"
    return WorldZone("NETWORKS", name_ru, name_en, INTERNATIONAL, "", tuple(prefixes))


def _prefixes_of(calling_code: str, region: str, regions: Sequence[str]) -> set[str]:
    """Return the prefixes of a region: the whole code, or its part of a code that others share."""
    if region == regions[0]:
        return {calling_code}
    leading = _metadata(region).leading_digits
    extra = set(KAZAKHSTAN) if region == "KZ" else set()
    if leading:
        return extra | {calling_code + head for head in heads(leading, length=_TERRITORY_DIGITS)}
    length = _AREA_CODE_DIGITS if calling_code == "1" else _TERRITORY_DIGITS
    mine = _heads_of(region, _PLACES, length)
    others = [_heads_of(other, _PLACES, length) for other in regions if other != region]
    return {calling_code + head for head in shortest_own(mine, set().union(*others))}


def _mobile_prefixes_of(calling_code: str, region: str, regions: Sequence[str]) -> set[str]:
    """
    Return the shortest prefixes under which a region has mobile numbers and nothing else.

    A country doesn't share its ranges with the territories of its code: theirs are longer.
    """
    mine = _heads_of(region, ("mobile",), _MOBILE_DIGITS)
    others = set(_heads_of(region, _NOT_MOBILE, _MOBILE_DIGITS))
    if region != regions[0]:
        for other in set(regions) - {region}:
            others |= _heads_of(other, _PLACES, _MOBILE_DIGITS)
    return {calling_code + head for head in shortest_own(mine, others)}


@cache
def _heads_of(region: str, kinds: tuple[str, ...], length: int) -> set[str]:
    metadata = _metadata(region)
    found: set[str] = set()
    for kind in kinds:
        described = getattr(metadata, kind)
        if described and described.national_number_pattern:
            found |= heads(described.national_number_pattern, length=length)
    return found


def _metadata(region: str) -> phonenumbers.PhoneMetadata:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    if metadata is None:
        raise LookupError(region)
    return metadata
