"""
Rate decks and their versions: lists, prices page by page, tariff times, what a version changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, F, Max, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from crm.domain.week_grid import WeekGrid, draw_week, letter_of
from crm.queries.catalogue import words
from tariffs.domain import deck as values
from tariffs.models import (
    Band,
    PlanDeck,
    Rate,
    RateDeck,
    RateDeckVersion,
    Zone,
    ZonePrefix,
    ZoneTerms,
)
from tariffs.queries.pricing import ON_HOLIDAYS

PAGE: Final = 50
MOST_DIGITS: Final = 15


@dataclass(frozen=True, slots=True)
class DeckRow:
    """A deck with how many versions it has, the last day that begins one, and its plans."""

    deck: RateDeck
    versions: int
    drafts: int
    latest: date | None
    plans: int


@dataclass(frozen=True, slots=True)
class BandView:
    """A tariff time as people read it; `letter` is that of the drawing."""

    band: Band
    letter: str
    name: str
    hours: str
    days: str
    rates: int


@dataclass(frozen=True, slots=True)
class RateView:
    """A price as people read it."""

    rate: Rate
    where: str
    code: str
    band: str
    price: str
    fee: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TermsView:
    """A counting rule as people read it."""

    terms: ZoneTerms
    where: str
    lines: tuple[str, ...]


def list_decks(
    *, text: str = "", kind: str = "", after: str = "", limit: int = PAGE
) -> list[DeckRow]:
    """Return a page of decks by code."""
    decks = RateDeck.objects.order_by("code")
    if text:
        decks = decks.filter(Q(code__icontains=text) | Q(name__icontains=text))
    if kind:
        decks = decks.filter(usage_kind=kind)
    if after:
        decks = decks.filter(code__gt=after)
    counted = decks.annotate(
        many=Count("versions"),
        drafts=Count("versions", filter=Q(versions__published_at__isnull=True)),
        latest=Max("versions__valid_from", filter=Q(versions__published_at__isnull=False)),
    )[:limit]
    found = list(counted)
    used = PlanDeck.objects.filter(deck__in=[deck.pk for deck in found]).order_by()
    plans = dict(
        used.values_list("deck").annotate(plans=Count("plan_version__plan", distinct=True))
    )
    return [
        DeckRow(deck, deck.many, deck.drafts, deck.latest, plans.get(deck.pk, 0)) for deck in found
    ]


def find_deck(deck_id: int) -> RateDeck | None:
    """Return a deck."""
    return RateDeck.objects.filter(pk=deck_id).first()


def list_plans_of(deck_id: int) -> list[tuple[int, str]]:
    """Return the plans that use a deck in some version."""
    rows = PlanDeck.objects.filter(deck=deck_id).select_related("plan_version__plan")
    found = {row.plan_version.plan_id: words.name_of(row.plan_version.plan) for row in rows}
    return sorted(found.items(), key=lambda item: item[1])


def list_bands(version_id: int) -> list[BandView]:
    """Return the tariff times in the order of the drawing's letters."""
    rows = Band.objects.filter(deck_version=version_id).annotate(many=Count("rates")).order_by("pk")
    return [
        BandView(
            band=band,
            letter=letter_of(place),
            name=words.name_of(band),
            hours=_hours(band),
            days=_days(band),
            rates=band.many,
        )
        for place, band in enumerate(rows)
    ]


def _hours(band: Band) -> str:
    if band.from_second == 0 and band.to_second == values.DAY:
        return _("round the clock")
    return f"{words.clock(band.from_second)} – {words.clock(band.to_second)}"


def _days(band: Band) -> str:
    parts = [words.weekdays(band.weekdays)]
    if band.on_holidays != Band.OnHolidays.ANY:
        parts.append(str(band.get_on_holidays_display()))
    parts += band.dates
    parts += [f"{first.replace('T', ' ')} – {end.replace('T', ' ')}" for first, end in band.windows]
    return ", ".join(parts)


def draw_bands(bands: Iterable[Band]) -> WeekGrid:
    """Draw the week of a version's tariff times, without loading its prices."""
    found = tuple(
        values.Band(
            code=band.code,
            weekdays=frozenset(band.weekdays),
            from_second=band.from_second,
            to_second=band.to_second,
            on_holidays=ON_HOLIDAYS[band.on_holidays],
            priority=band.priority,
            dates=frozenset(band.dates),
        )
        for band in bands
        if not band.windows
    )
    return draw_week(
        values.Deck(
            version_id=0,
            kind=values.UsageKind.VOICE,
            valid_from=date.min,
            valid_to=None,
            timezone="UTC",
            bands=found,
            rates=(),
        )
    )


def list_rates(
    version: RateDeckVersion, *, text: str = "", after: str = "", limit: int = PAGE
) -> list[RateView]:
    """
    Return a page of prices by zone code, everything else first; `after` is `key_of` the last one.

    `text` is part of a zone's name or code, or digits: zones on the way to that number, and those
    that begin with it.
    """
    rates = _found(Rate.objects.filter(deck_version=version), text, scheme_id=version.scheme_id)
    rates = rates.annotate(order=Coalesce("zone__code", F("zone_class"), Value("")))
    place, _tilde, pk = after.rpartition("~")
    if pk.isdigit():
        rates = rates.filter(Q(order__gt=place) | Q(order=place, pk__gt=int(pk)))
    rows = rates.select_related("zone", "band", "model").prefetch_related("steps")
    return [
        _rate_view(rate, version.deck.usage_kind) for rate in rows.order_by("order", "pk")[:limit]
    ]


def key_of(view: RateView) -> str:
    """Return the key after which the next page of prices goes on."""
    return f"{view.rate.order}~{view.rate.pk}"  # type: ignore[attr-defined]


def _found(rates: "QuerySet[Rate]", text: str, *, scheme_id: int | None) -> "QuerySet[Rate]":
    """Narrow to the zones asked for: their own prices, else those of their class, else the rest."""
    text = text.strip()
    if not text:
        return rates
    digits = text.lstrip("+").replace(" ", "").replace("-", "")
    zones = Zone.objects.filter(scheme=scheme_id)
    if digits.isascii() and digits.isdigit():
        zones = zones.filter(pk__in=zones_of(digits, scheme_id=scheme_id))
    else:
        zones = zones.filter(
            Q(code__icontains=text) | Q(name_ru__icontains=text) | Q(name_en__icontains=text)
        )
    own = rates.filter(zone__in=zones.values("pk"))
    if own.exists() or not zones.exists():
        return own
    of_class = rates.filter(zone=None, zone_class__in=zones.values("zone_class"))
    return of_class if of_class.exists() else rates.filter(zone=None, zone_class="")


def zones_of(digits: str, *, scheme_id: int | None) -> list[int]:
    """Return the zones whose prefixes lead to the number or begin with it."""
    on_the_way = [digits[:length] for length in range(1, min(len(digits), MOST_DIGITS) + 1)]
    rows = ZonePrefix.objects.filter(
        Q(prefix__in=on_the_way) | Q(prefix__startswith=digits), scheme=scheme_id
    )
    return list(rows.values_list("zone", flat=True).distinct())


def _rate_view(rate: Rate, kind: str) -> RateView:
    steps = [
        _("from %(from)s: %(price)s, counted by %(increment)s")
        % {
            "from": words.quantity(kind, step.from_unit),
            "price": words.unit_price(kind, step.price, step.unit),
            "increment": words.quantity(kind, step.increment),
        }
        for step in sorted(rate.steps.all(), key=lambda step: step.from_unit)
    ]
    if rate.model:
        steps.append(f"{rate.model.get_kind_display()}: {rate.model.code}")
    return RateView(
        rate=rate,
        where=where(rate.zone, rate.zone_class),
        code=rate.zone.code if rate.zone else "",
        band=words.name_of(rate.band),
        price=words.unit_price(kind, rate.price, rate.unit),
        fee=words.price(rate.connection_fee) if rate.connection_fee else "",
        steps=tuple(steps),
    )


def where(zone: Zone | None, zone_class: str = "") -> str:
    """Return a zone's name, a class of zones, or everything else."""
    if zone:
        return words.name_of(zone)
    if zone_class:
        name = dict(Zone.ZoneClass.choices).get(zone_class, zone_class)
        return _("class: %(name)s") % {"name": name}
    return _("everything else")


def list_terms(version: RateDeckVersion, *, limit: int = 200) -> list[TermsView]:
    """Return the counting rules, the deck's own first."""
    rows = ZoneTerms.objects.filter(deck_version=version).select_related("zone")
    ordered = rows.prefetch_related("surcharges").order_by(
        F("zone__code").asc(nulls_first=True), "pk"
    )
    kind = version.deck.usage_kind
    return [
        TermsView(row, where(row.zone) if row.zone else _("all zones"), tuple(_lines(row, kind)))
        for row in ordered[:limit]
    ]


def _lines(terms: ZoneTerms, kind: str) -> list[str]:
    def said(units: int) -> str:
        return words.quantity(kind, units)

    counted = {"first": said(terms.first_increment), "next": said(terms.next_increment)}
    same = terms.first_increment == terms.next_increment
    text = _("counted by %(first)s") if same else _("the first %(first)s, then by %(next)s")
    lines = [text % counted]
    named: list[tuple[str, Any]] = [
        (_("not charged up to %(units)s"), terms.grace_units),
        (_("the first %(units)s are free"), terms.free_units),
        (_("at least %(units)s"), terms.min_units),
    ]
    lines += [text % {"units": said(units)} for text, units in named if units]
    lines += [
        _("surcharge %(amount)s after %(units)s")
        % {"amount": words.price(row.amount), "units": said(row.at_unit)}
        for row in sorted(terms.surcharges.all(), key=lambda row: row.at_unit)
    ]
    if terms.max_cost is not None:
        values = {
            "amount": words.price(Decimal(terms.max_cost)),
            "then": terms.get_on_max_cost_display(),
        }
        lines.append(_("at most %(amount)s, then %(then)s") % values)
    return lines
