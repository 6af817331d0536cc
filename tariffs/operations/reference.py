"""
Data that every installation needs: destination zones, tax rates, holidays. All may be run again.
"""

import re
from collections.abc import Sequence

from django.db import transaction

from tariffs.domain import calendar_ru, world
from tariffs.models import Holiday, TaxRate, Zone, ZonePrefix


def ensure_world_zones(
    *,
    home_region: str = "812,813",
    own_prefixes: Sequence[str] = (),
    home_mobile_prefixes: Sequence[str] = (),
) -> int:
    """
    Write the world's zones as seen from the home region; return how many zones there are.

    `home_region` holds ABC codes, with commas or spaces between. `own_prefixes` (the operator's
    numbers) and `home_mobile_prefixes` are E.164 digits; both are local. Zones and prefixes that
    the operator added by hand stay, and a prefix given to such a zone isn't taken from it.
    Raise `world.UnableToNameHomeRegion` for a code that no region has.
    """
    zones = world.list_world_zones(
        home_codes=re.findall(r"\d+", home_region),
        own_prefixes=own_prefixes,
        home_mobile_prefixes=home_mobile_prefixes,
    )
    with transaction.atomic():
        ids = _write_zones(zones)
        _write_prefixes({prefix: ids[zone.code] for zone in zones for prefix in zone.prefixes})
    return len(zones)


def _write_zones(zones: Sequence[world.WorldZone]) -> dict[str, int]:
    known = dict(Zone.objects.filter(scheme=None).values_list("code", "id"))
    fields = ["name_ru", "name_en", "zone_class", "country"]
    rows = [
        Zone(code=zone.code, **{field: getattr(zone, field) for field in fields}) for zone in zones
    ]
    # Known rows are updated by key: an upsert would use up numbers of the small identity.
    for row in rows:
        row.id = known.get(row.code)
    Zone.objects.bulk_update([row for row in rows if row.id], fields, batch_size=200)
    Zone.objects.bulk_create([row for row in rows if not row.id])
    codes = [zone.code for zone in zones]
    return dict(Zone.objects.filter(scheme=None, code__in=codes).values_list("code", "id"))


def _write_prefixes(wanted: dict[str, int]) -> None:
    ours = set(wanted.values())
    stored = dict(ZonePrefix.objects.filter(scheme=None).values_list("prefix", "zone_id"))
    stale = [
        prefix
        for prefix, zone_id in stored.items()
        if zone_id in ours and wanted.get(prefix) != zone_id
    ]
    ZonePrefix.objects.filter(scheme=None, prefix__in=stale).delete()
    kept = stored.keys() - set(stale)
    ZonePrefix.objects.bulk_create(
        ZonePrefix(prefix=prefix, zone_id=zone_id)
        for prefix, zone_id in sorted(wanted.items())
        if prefix not in kept
    )


def ensure_reference_data() -> None:
    """
    Write Russian VAT and the holidays of the known years where nothing is there yet.

    A category of tax or a year that has rows is the operator's own and stays as it is.
    """
    categories = set(TaxRate.objects.values_list("category", flat=True))
    TaxRate.objects.bulk_create(
        TaxRate(
            category=tax.category,
            percent=tax.percent,
            valid_from=tax.valid_from,
            valid_to=tax.valid_to,
        )
        for tax in calendar_ru.TAXES
        if tax.category not in categories
    )
    years = set(Holiday.objects.values_list("day__year", flat=True))
    Holiday.objects.bulk_create(
        (
            Holiday(day=day, name=name)
            for year in calendar_ru.YEARS
            if year not in years
            for day, name in sorted(calendar_ru.list_holidays(year).items())
        ),
        ignore_conflicts=True,
    )
