"""
Rate decks as tables: a version prefix by prefix, what changes between two, words for faults.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from tariffs.domain import deck as values
from tariffs.domain.deck_diff import Change, DiffRow, DiffSummary, Entry, compare, summarise
from tariffs.domain.deck_lines import REST, LineError, LinePrices, LineRule
from tariffs.models import RateDeckVersion, Zone, ZonePrefix
from tariffs.queries.pricing import load_deck

#: Code of the band of a deck with one price for all hours.
ANY_BAND = "any"


class UnableToExportDeck(Exception):
    """The version has prices that no table of prefixes can hold: models, steps, caps, surcharges."""


@dataclass(frozen=True, slots=True)
class DeckTable:
    """A version as a file shows it; `bands` empty = one price for all hours; REST is in entries."""

    version_id: int
    bands: tuple[str, ...]
    entries: dict[str, Entry]
    valid_from: date


@dataclass(frozen=True, slots=True)
class DeckDiff:
    """A page of what changes; `after` is the prefix to ask on from, "" at the end."""

    summary: DiffSummary
    rows: list[DiffRow]
    after: str


def find_deck_version(*, deck_id: int, on: date) -> RateDeckVersion | None:
    """Return the version of a deck that prices the day, or None."""
    versions = RateDeckVersion.objects.filter(
        deck_id=deck_id,
        published_at__isnull=False,
        replaced_at__isnull=True,
        valid_from__lte=on,
    )
    return versions.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=on)).first()


def find_former_version(*, deck_id: int, on: date) -> RateDeckVersion | None:
    """Return the version that a new one from that day on is compared with and made like."""
    in_force = find_deck_version(deck_id=deck_id, on=on)
    if in_force:
        return in_force
    known = RateDeckVersion.objects.filter(
        deck_id=deck_id, published_at__isnull=False, replaced_at__isnull=True
    )
    return known.filter(valid_from__lt=on).order_by("-valid_from").first() or known.first()


def load_deck_table(version_id: int) -> DeckTable:
    """Return a version, draft or published, prefix by prefix; UnableToExportDeck."""
    deck = load_deck(version_id)
    _check_plain(deck)
    bands = tuple(band.code for band in deck.bands)
    is_plain = [(band.code, band.weekdays, band.on_holidays) for band in deck.bands] == [
        (ANY_BAND, frozenset(), None)
    ]
    names = dict(Zone.objects.filter(scheme=deck.scheme_id or None).values_list("id", "name_ru"))
    zones = [
        values.Zone(pk, zone_class, (), deck.scheme_id)
        for pk, zone_class in Zone.objects.filter(scheme=deck.scheme_id or None).values_list(
            "id", "zone_class"
        )
    ]
    by_zone = {
        zone.zone_id: (
            names.get(zone.zone_id, REST),
            zone.zone_class or values.INTERNATIONAL,
            _line_prices(deck, zone, rates=rates, bands=bands),
        )
        for zone, rates in deck.priced_zones(zones)
    }
    entries: dict[str, Entry] = {}
    rest = by_zone.pop(values.NO_ZONE, None)
    if rest:
        entries[REST] = rest
    prefixes = ZonePrefix.objects.filter(scheme=deck.scheme_id or None).order_by("prefix")
    for prefix, zone_id in prefixes.values_list("prefix", "zone_id"):
        if zone_id in by_zone:
            entries[prefix] = by_zone[zone_id]
    return DeckTable(version_id, () if is_plain else bands, entries, deck.valid_from)


def _check_plain(deck: values.Deck) -> None:
    is_rich = any(rate.steps or rate.model_id for rate in deck.rates) or any(
        terms.surcharges or terms.max_cost is not None for terms in deck.terms
    )
    if is_rich:
        message = _("The deck has steps, models, surcharges or caps; a table of prefixes has none.")
        raise UnableToExportDeck(message)


def _line_prices(
    deck: values.Deck,
    zone: values.Zone,
    *,
    rates: Mapping[str, values.Rate],
    bands: tuple[str, ...],
) -> LinePrices:
    units = {rate.unit for rate in rates.values()}
    if len(units) > 1:
        raise UnableToExportDeck(_("Prices of a zone are per different units."))
    terms = deck.terms_for(zone) or values.ZoneTerms()
    return LinePrices(
        prices=tuple(rates[code].price if code in rates else None for code in bands),
        fees=tuple(rates[code].connection_fee if code in rates else Decimal(0) for code in bands),
        unit=units.pop(),
        first_increment=terms.first_increment,
        next_increment=terms.next_increment,
        min_units=terms.min_units,
        grace_units=terms.grace_units,
        free_units=terms.free_units,
    )


def diff_deck_versions(
    old_id: int,
    new_id: int,
    *,
    changes: Collection[Change] = (),
    after: str = "",
    limit: int = 100,
) -> DeckDiff:
    """
    Compare two versions, drafts too; a page of prefixes after `after`, of the wanted changes only.

    Raises UnableToExportDeck for a version that a table can't hold.
    """
    old, new = load_deck_table(old_id), load_deck_table(new_id)
    rows = compare(old.entries, new.entries, old_bands=old.bands, new_bands=new.bands)
    summary = summarise(rows, old=old.entries, new=new.entries)
    wanted = frozenset(changes) or frozenset(Change)
    page = [row for row in rows if row.prefix > after and row.changes & wanted][: limit + 1]
    return DeckDiff(summary, page[:limit], page[limit - 1].prefix if len(page) > limit else "")


def describe_line_error(error: LineError) -> str:
    """Return what is wrong in a line of a deck's file, for people."""
    words = {"value": error.value, "line": error.other_line}
    return _line_rules()[error.rule] % words


def _line_rules() -> dict[LineRule, str]:
    return {
        LineRule.NO_LINES: _("The file has no lines."),
        LineRule.MISSING_COLUMN: _("The column is missing."),
        LineRule.UNKNOWN_COLUMN: _("There is no such column; see the template."),
        LineRule.COLUMN_TWICE: _("The column is there twice."),
        LineRule.UNKNOWN_BAND: _("The deck has no tariff time “%(value)s”."),
        LineRule.EMPTY: _("A value is missing."),
        LineRule.NOT_A_PREFIX: _("“%(value)s” is not a prefix: up to 15 digits."),
        LineRule.BAD_RANGE: _(
            "“%(value)s” is not a range: two numbers of equal length, at most 1000 prefixes."
        ),
        LineRule.BAD_TEXT: _("“%(value)s” can't be a name."),
        LineRule.UNKNOWN_CLASS: _(
            "“%(value)s” is no class: local, long_distance, international, free."
        ),
        LineRule.NOT_A_NUMBER: _("“%(value)s” is not a number."),
        LineRule.NEGATIVE: _("“%(value)s” is below zero."),
        LineRule.TOO_PRECISE: _("“%(value)s” has too many digits after the point."),
        LineRule.TOO_LARGE: _("“%(value)s” is too large."),
        LineRule.NOT_WHOLE: _("“%(value)s” is not a whole number above zero."),
        LineRule.NOT_A_DATE: _("“%(value)s” is not a date."),
        LineRule.OTHER_DATE: _(
            "The file is of %(value)s, the version begins on another day: change the column or leave it out."
        ),
        LineRule.DUPLICATE: _("Prefix %(value)s is in line %(line)s already."),
        LineRule.CONTRADICTION: _(
            "Prefix %(value)s lies inside that of line %(line)s, of the same destination, at other "
            "terms."
        ),
        LineRule.TOO_MANY_ZONES: _("The file makes more zones than there are numbers left."),
    }
