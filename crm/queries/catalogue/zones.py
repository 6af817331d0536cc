"""
Which zone a number is of: by the longest prefix, in each scheme.
"""

from dataclasses import dataclass
from typing import Final

from django.db.models import Count, F, Q

from crm.queries.catalogue import words
from tariffs.models import Zone, ZonePrefix, ZoneScheme

PAGE: Final = 50
MOST_DIGITS: Final = 15


@dataclass(frozen=True, slots=True)
class ZoneMatch:
    """The zone of a number in a scheme, and every shorter prefix on the way to it."""

    scheme: str
    zone: Zone
    name: str
    prefix: str
    shorter: tuple[tuple[str, str], ...]


def digits_of(text: str) -> str:
    """
    Return the digits of a number as they are dialled; a Russian 8 becomes 7.

    >>> digits_of("8 (921) 555-01-00"), digits_of("+7 921"), digits_of("112")
    ('79215550100', '7921', '112')
    """
    digits = "".join(char for char in text if char.isdigit() and char.isascii())
    if len(digits) == 11 and digits.startswith("8") and not text.strip().startswith("+"):
        return f"7{digits[1:]}"
    return digits


def match_number(digits: str) -> list[ZoneMatch]:
    """Return the zone of a number in the common scheme, and in each other scheme that has one."""
    wanted = [digits[:length] for length in range(1, min(len(digits), MOST_DIGITS) + 1)]
    rows = ZonePrefix.objects.filter(prefix__in=wanted).select_related("zone", "scheme")
    by_scheme: dict[ZoneScheme | None, list[ZonePrefix]] = {}
    for row in rows.order_by(F("scheme").asc(nulls_first=True)):
        by_scheme.setdefault(row.scheme, []).append(row)
    return [_match(scheme, found) for scheme, found in by_scheme.items()]


def _match(scheme: ZoneScheme | None, found: list[ZonePrefix]) -> ZoneMatch:
    longest, *shorter = sorted(found, key=lambda row: -len(row.prefix))
    return ZoneMatch(
        scheme=scheme.name if scheme else "",
        zone=longest.zone,
        name=words.name_of(longest.zone),
        prefix=longest.prefix,
        shorter=tuple((row.prefix, words.name_of(row.zone)) for row in shorter),
    )


def list_zones(
    *, text: str = "", zone_class: str = "", scheme_id: int | None = None, after: str = ""
) -> list[Zone]:
    """Return a page of zones by code with how many prefixes each has (`.many`)."""
    zones = Zone.objects.filter(scheme=scheme_id)
    if text:
        zones = zones.filter(
            Q(code__icontains=text) | Q(name_ru__icontains=text) | Q(name_en__icontains=text)
        )
    if zone_class:
        zones = zones.filter(zone_class=zone_class)
    if after:
        zones = zones.filter(code__gt=after)
    return list(zones.annotate(many=Count("prefixes")).order_by("code")[:PAGE])


def find_zone(zone_id: int) -> Zone | None:
    """Return a zone."""
    return Zone.objects.filter(pk=zone_id).select_related("scheme").first()


def list_prefixes(zone_id: int, *, after: str = "", limit: int = 500) -> list[str]:
    """Return a zone's prefixes in order."""
    rows = ZonePrefix.objects.filter(zone=zone_id, prefix__gt=after)
    return list(rows.order_by("prefix").values_list("prefix", flat=True)[:limit])


def list_schemes() -> list[ZoneScheme]:
    """Return the schemes besides the common one."""
    return list(ZoneScheme.objects.order_by("code"))
