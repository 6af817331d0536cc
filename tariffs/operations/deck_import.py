"""
A rate deck out of a file: read and checked as a whole, then written as a draft, or not at all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Final

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from tariffs import queries
from tariffs.domain.deck_lines import (
    Group,
    LineError,
    LinePrices,
    LineRule,
    Lines,
    UnableToReadLines,
    same_division,
)
from tariffs.domain.deck_reading import read_lines
from tariffs.formats.tables import read_table
from tariffs.models import (
    Band,
    RateDeck,
    RateDeckVersion,
    Zone,
    ZonePrefix,
    ZoneScheme,
    ZoneTerms,
)

#: Zones are numbered in two bytes, as the usage that refers to them.
LAST_ZONE: Final = 32_767
AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """A fault of the file: its line and column, the rule, and the words for it."""

    line: int
    column: str
    rule: LineRule
    message: str

    def __str__(self) -> str:
        return f"{self.line}, {self.column}: {self.message}"


class UnableToImportDeck(Exception):
    """The file has faults, nothing was written; `problems` are all of them, up to 200."""

    def __init__(self, errors: Sequence[LineError]) -> None:
        self.problems = [
            ImportProblem(error.line, error.column, error.rule, queries.describe_line_error(error))
            for error in errors
        ]
        told = _(
            "The file has faults: %(count)s. The first is in line %(line)s, %(column)s: %(why)s"
        )
        first = self.problems[0]
        super().__init__(
            told
            % {
                "count": len(self.problems),
                "line": first.line,
                "column": first.column,
                "why": first.message,
            }
        )


@dataclass(frozen=True, slots=True)
class ImportedDeck:
    """The draft, and what was read; with the former scheme the division of numbers is as before."""

    version: RateDeckVersion
    lines: int
    prefixes: int
    zones: int
    is_scheme_reused: bool


def import_deck(
    *,
    deck: RateDeck,
    data: bytes,
    valid_from: date,
    valid_to: date | None = None,
    replaces_id: int | None = None,
) -> ImportedDeck:
    """
    Write a version of a deck as a draft, out of a file of lines by prefix (docs/catalogue.md).

    Tariff times, time zone and rounding are those of the version in force before; a new deck has one
    price for all hours. With `replaces_id` the draft is a correction of that version. Raises
    `UnableToImportDeck`, `formats.tables.UnreadableTable`; nothing is written then.
    """
    former = (
        RateDeckVersion.objects.get(pk=replaces_id)
        if replaces_id
        else queries.find_former_version(deck_id=deck.pk, on=valid_from)
    )
    if replaces_id and former:
        valid_from, valid_to = former.valid_from, former.valid_to
    lines = _read(data, former=former, valid_from=valid_from)
    with transaction.atomic():
        scheme, zone_of, is_reused = _scheme(deck, lines, former=former, on=valid_from)
        version = RateDeckVersion.objects.create(
            deck=deck,
            valid_from=valid_from,
            valid_to=valid_to,
            scheme=scheme,
            replaces_id=replaces_id,
            **_manners(former),
        )
        _write_prices(version, lines, former=former, zone_of=zone_of)
    prices = len(set(zone_of.values()))
    return ImportedDeck(version, lines.count, len(lines.entries), prices, is_reused)


def _read(data: bytes, *, former: RateDeckVersion | None, valid_from: date) -> Lines:
    header, rows = read_table(data)
    bands = list(former.bands.order_by("id").values_list("code", flat=True)) if former else []
    try:
        return read_lines(header, rows, bands=bands, valid_from=valid_from)
    except UnableToReadLines as refusal:
        raise UnableToImportDeck(refusal.errors) from None


def _manners(former: RateDeckVersion | None) -> dict[str, object]:
    names = ("time_zone", "rounding", "decimals", "follows_clock")
    return {name: getattr(former, name) for name in names} if former else {}


def _scheme(
    deck: RateDeck, lines: Lines, *, former: RateDeckVersion | None, on: date
) -> tuple[ZoneScheme | None, dict[str, int], bool]:
    """Return the zones of the file's prefixes: those of the former version, or new ones."""
    if not lines.entries:
        return None, {}, False
    if former is not None and former.scheme is not None:
        known = {
            prefix: (zone_id, name, zone_class)
            for prefix, zone_id, name, zone_class in ZonePrefix.objects.filter(
                scheme=former.scheme
            ).values_list("prefix", "zone_id", "zone__name_ru", "zone__zone_class")
        }
        if same_division(lines, known):
            return former.scheme, {prefix: zone[0] for prefix, zone in known.items()}, True
    return (*_new_scheme(deck, lines.groups(), on=on), False)


def _new_scheme(
    deck: RateDeck, groups: Sequence[Group], *, on: date
) -> tuple[ZoneScheme, dict[str, int]]:
    # One after the other: two imports must not count on the same free numbers.
    RateDeck.objects.select_for_update(no_key=True).get(pk=deck.pk)
    highest = Zone.objects.aggregate(highest=Max("id"))["highest"] or 0
    if highest + len(groups) > LAST_ZONE:
        raise UnableToImportDeck([LineError(1, "prefix", LineRule.TOO_MANY_ZONES)])
    number = ZoneScheme.objects.filter(code__startswith=f"{deck.code}-{on}").count() + 1
    scheme = ZoneScheme.objects.create(code=f"{deck.code}-{on}-{number}", name=f"{deck.name}, {on}")
    zones = Zone.objects.bulk_create(
        [
            Zone(
                scheme=scheme,
                code=f"{place:05d}",
                name_ru=group.destination,
                name_en=group.destination,
                zone_class=group.zone_class,
            )
            for place, group in enumerate(groups, start=1)
        ],
        batch_size=AT_ONCE,
    )
    zone_of = {
        prefix: zone.pk
        for group, zone in zip(groups, zones, strict=True)
        for prefix in group.prefixes
    }
    _copy(
        "tariffs_zoneprefix",
        ("scheme_id", "zone_id", "prefix"),
        ((scheme.pk, zone_id, prefix) for prefix, zone_id in zone_of.items()),
    )
    return scheme, zone_of


def _write_prices(
    version: RateDeckVersion,
    lines: Lines,
    *,
    former: RateDeckVersion | None,
    zone_of: dict[str, int],
) -> None:
    by_zone: dict[int | None, LinePrices] = {
        zone_id: lines.entries[prefix][2] for prefix, zone_id in zone_of.items()
    }
    if lines.rest is not None:
        by_zone[None] = lines.rest
    bands = _write_bands(version, lines, former=former)
    _write_terms(version, by_zone)
    _copy(
        "tariffs_rate",
        ("deck_version_id", "zone_id", "zone_class", "band_id", "price", "unit", "connection_fee"),
        (
            (version.pk, zone_id, "", band_id, price, prices.unit, fee)
            for zone_id, prices in by_zone.items()
            for band_id, price, fee in zip(bands, prices.prices, prices.fees, strict=True)
            if price is not None
        ),
    )


def _write_bands(
    version: RateDeckVersion, lines: Lines, *, former: RateDeckVersion | None
) -> list[int]:
    if not lines.bands or former is None:
        band = Band(deck_version=version, code=queries.ANY_BAND, name_ru="Всегда", name_en="Always")
        bands = [band]
    else:
        bands = list(former.bands.order_by("id"))
        for band in bands:
            band.pk, band.deck_version = None, version
    return [band.pk for band in Band.objects.bulk_create(bands)]


def _write_terms(version: RateDeckVersion, by_zone: dict[int | None, LinePrices]) -> None:
    """Write the most common way of counting as the deck's own, and the zones that differ."""
    counts: dict[tuple[int, ...], int] = {}
    for prices in by_zone.values():
        counts[prices.counting] = counts.get(prices.counting, 0) + 1
    rest = by_zone.get(None)
    usual = rest.counting if rest else max(counts, key=counts.__getitem__)
    rows: dict[int | None, tuple[int, ...]] = {None: usual}
    for zone_id, prices in by_zone.items():
        if prices.counting != usual:
            rows[zone_id] = prices.counting
    names = ("first_increment", "next_increment", "free_units", "min_units", "grace_units")
    ZoneTerms.objects.bulk_create(
        (
            ZoneTerms(
                deck_version=version, zone_id=zone_id, **dict(zip(names, counting, strict=True))
            )
            for zone_id, counting in rows.items()
        ),
        batch_size=AT_ONCE,
    )


def _copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Append rows of numbers, digits and codes by COPY; None is null."""
    buffer = StringIO()
    for row in rows:
        buffer.write("\t".join("\\N" if value is None else str(value) for value in row))
        buffer.write("\n")
    buffer.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", buffer)
