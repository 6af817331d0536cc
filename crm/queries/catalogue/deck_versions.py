"""
Versions of a rate deck: their time line, and what each changes of the one before it.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db import connection
from django.db.models import Count

from crm.queries.catalogue import words
from crm.queries.catalogue.decks import PAGE, where
from tariffs import queries as tariffs_queries
from tariffs.models import Band, RateDeckVersion, Zone

_CHANGED: Final = """
    WITH old AS (
        SELECT z.code AS zone, r.zone_class, b.code AS band, r.price, r.unit, r.connection_fee
          FROM tariffs_rate r JOIN tariffs_band b ON b.id = r.band_id
          LEFT JOIN tariffs_zone z ON z.id = r.zone_id WHERE r.deck_version_id = %s),
    new AS (
        SELECT z.code AS zone, r.zone_class, b.code AS band, r.price, r.unit, r.connection_fee
          FROM tariffs_rate r JOIN tariffs_band b ON b.id = r.band_id
          LEFT JOIN tariffs_zone z ON z.id = r.zone_id WHERE r.deck_version_id = %s)
    SELECT count(*) FILTER (WHERE old.band IS NULL), count(*) FILTER (WHERE new.band IS NULL),
           count(*) FILTER (WHERE new.price * old.unit > old.price * new.unit),
           count(*) FILTER (WHERE new.price * old.unit < old.price * new.unit),
           count(*) FILTER (WHERE new.price * old.unit = old.price * new.unit
                              AND new.connection_fee <> old.connection_fee)
      FROM old FULL JOIN new ON coalesce(old.zone, '') = coalesce(new.zone, '')
       AND old.zone_class = new.zone_class AND old.band = new.band
"""

_CHANGED_ROWS: Final = """
    WITH old AS (
        SELECT coalesce(z.code, '') AS zone, r.zone_class, b.code AS band, r.price, r.unit,
               r.connection_fee, r.zone_id
          FROM tariffs_rate r JOIN tariffs_band b ON b.id = r.band_id
          LEFT JOIN tariffs_zone z ON z.id = r.zone_id WHERE r.deck_version_id = %(old)s),
    new AS (
        SELECT coalesce(z.code, '') AS zone, r.zone_class, b.code AS band, r.price, r.unit,
               r.connection_fee, r.zone_id
          FROM tariffs_rate r JOIN tariffs_band b ON b.id = r.band_id
          LEFT JOIN tariffs_zone z ON z.id = r.zone_id WHERE r.deck_version_id = %(new)s)
    SELECT zone || '~' || zone_class || '~' || band AS key, coalesce(new.zone_id, old.zone_id),
           zone_class, band, old.price, old.unit, old.connection_fee,
           new.price, new.unit, new.connection_fee
      FROM old FULL JOIN new USING (zone, zone_class, band)
     WHERE (old.price, old.unit, old.connection_fee) IS DISTINCT FROM
           (new.price, new.unit, new.connection_fee)
       AND zone || '~' || zone_class || '~' || band > %(after)s
     ORDER BY 1 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class PriceChanges:
    """How many prices a version adds, drops, raises and lowers."""

    added: int
    dropped: int
    raised: int
    lowered: int
    fees: int

    @property
    def is_any(self) -> bool:
        """Whether anything differs."""
        return any((self.added, self.dropped, self.raised, self.lowered, self.fees))


@dataclass(frozen=True, slots=True)
class DeckVersionView:
    """A version on the time line of its deck."""

    version: RateDeckVersion
    state: str
    prices: int
    changes: PriceChanges | None


@dataclass(frozen=True, slots=True)
class ChangedPrice:
    """A price that differs between two versions; an empty side = it isn't there."""

    key: str
    where: str
    band: str
    before: str
    after: str
    percent: Decimal | None


def find_version(version_id: int) -> RateDeckVersion | None:
    """Return a deck version with its deck, scheme and the one it replaces."""
    rows = RateDeckVersion.objects.select_related("deck", "scheme", "replaces")
    return rows.filter(pk=version_id).first()


def state_of(version: RateDeckVersion, on: date) -> str:
    """Return draft, replaced, scheduled, active or closed."""
    if version.published_at is None:
        return "draft"
    if version.replaced_at:
        return "replaced"
    if version.valid_to and version.valid_to <= on:
        return "closed"
    return "scheduled" if version.valid_from > on else "active"


def list_versions(deck_id: int, *, on: date) -> list[DeckVersionView]:
    """Return the versions, the newest first, each with what it changes of the one before it."""
    rows = RateDeckVersion.objects.filter(deck=deck_id).annotate(prices=Count("rates"))
    versions = list(rows.order_by("valid_from", "pk"))
    by_id = {version.pk: version for version in versions}
    views: list[DeckVersionView] = []
    for place, version in enumerate(versions):
        before = by_id.get(version.replaces_id or 0) or (versions[place - 1] if place else None)
        changes = count_changes(before, version) if before else None
        views.append(DeckVersionView(version, state_of(version, on), version.prices, changes))
    return views[::-1]


def find_previous(version: RateDeckVersion) -> RateDeckVersion | None:
    """Return the version whose place a version takes, or the published one before it."""
    if version.replaces_id:
        return find_version(version.replaces_id)
    rows = RateDeckVersion.objects.filter(
        deck=version.deck_id, published_at__isnull=False, replaced_at__isnull=True
    )
    earlier = rows.exclude(pk=version.pk).filter(valid_from__lte=version.valid_from)
    return earlier.select_related("deck").order_by("-valid_from", "-pk").first()


def count_changes(old: RateDeckVersion, new: RateDeckVersion) -> PriceChanges | None:
    """
    Count what differs between the prices of two versions, zones and tariff times by code.

    None for versions that divide the numbers otherwise: those are compared prefix by prefix.
    """
    if old.scheme_id != new.scheme_id:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, [old.pk, new.pk])
        return PriceChanges(*cursor.fetchone())


def list_changed_prices(
    old: RateDeckVersion, new: RateDeckVersion, *, after: str = "", limit: int = PAGE
) -> list[ChangedPrice]:
    """Return a page of the prices that differ, by zone code, or by prefix of other divisions."""
    if old.scheme_id != new.scheme_id:
        return _by_prefix(old, new, after=after, limit=limit)
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"old": old.pk, "new": new.pk, "after": after, "limit": limit}
        cursor.execute(_CHANGED_ROWS, values)
        rows = cursor.fetchall()
    zones = Zone.objects.in_bulk({row[1] for row in rows} - {None})
    bands = {
        band.code: words.name_of(band)
        for band in Band.objects.filter(deck_version__in=[old, new]).order_by("pk")
    }
    kind = new.deck.usage_kind
    return [
        ChangedPrice(
            key=key,
            where=where(zones.get(zone_id), zone_class),
            band=bands.get(band, band),
            before=_priced(kind, figures[:3]),
            after=_priced(kind, figures[3:]),
            percent=_percent(*figures),
        )
        for key, zone_id, zone_class, band, *figures in rows
    ]


def _priced(kind: str, figures: list[Any]) -> str:
    price, unit, fee = figures
    if price is None:
        return "—"
    text = words.unit_price(kind, price, unit)
    return f"{text} + {words.price(fee)}" if fee else text


def _percent(*figures: Any) -> Any:
    """Return by how many percent the price changes; None if one of them is nothing."""
    before, unit_before, _fee, after, unit_after, _fee_after = figures
    if not before or not after:
        return None
    ratio = (after * unit_before) / (before * unit_after)
    return ((ratio - 1) * 100).quantize(Decimal("0.1"))


def _by_prefix(
    old: RateDeckVersion, new: RateDeckVersion, *, after: str, limit: int
) -> list[ChangedPrice]:
    """Raises tariffs.queries.UnableToExportDeck for a version that no table of prefixes can hold."""
    found = tariffs_queries.diff_deck_versions(old.pk, new.pk, after=after, limit=limit)
    kind = new.deck.usage_kind
    return [
        ChangedPrice(
            key=row.prefix,
            where=f"{row.prefix} {row.new_destination or row.old_destination}",
            band=change.band,
            before=_priced(kind, [change.old, row.unit, 0]),
            after=_priced(kind, [change.new, row.unit, 0]),
            percent=change.percent,
        )
        for row in found.rows
        for change in row.bands
    ]
