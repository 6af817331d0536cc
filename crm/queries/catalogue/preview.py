"""
Previews: a typed-in call or month priced by any version, through the cores that price real usage.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _

from crm.queries.catalogue import words
from crm.queries.catalogue.zones import match_number
from rating.domain.allowances import no_counters
from rating.domain.compilation import compile_tariffs
from rating.domain.compiled import join
from rating.domain.engine import price_columns
from rating.domain.priced import AllowanceLeft
from rating.domain.prices import DeckPrices
from rating.domain.subscribers import IdentifierColumns, PlanColumns, compile_subscribers
from rating.domain.twin import Priced, Use, price_one
from rating.domain.usage import FOREVER, Ints, PricedColumns, Reason, UsageColumns
from rating.domain.whatif import stretch
from rating.queries import telling
from rating.queries.whatif import midnight
from tariffs import queries as tariffs_queries
from tariffs.domain.deck import NO_ZONE, Allowance, Deck, PlanPricing, UsageKind, Zone
from tariffs.models import Allowance as AllowanceRow
from tariffs.models import Band, PlanVersion, RateDeckVersion, ZonePrefix
from tariffs.models import Zone as ZoneRow

#: Only rows of a typed-in month need a number of their own.
ONLY: Final = 1
MOST_CALLS: Final = 20_000


@dataclass(frozen=True, slots=True)
class TypedCall:
    """A call, message or session as typed in; `used` of allowances, by id, in units."""

    kind: UsageKind
    number: str
    started_at: datetime
    quantity: int
    used: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class CallPreview:
    """The price of a typed-in record with its explanation; `problem` instead if it has none."""

    amount: Decimal | None
    steps: tuple[telling.Step, ...]
    problem: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class TypedUse:
    """Some usage of a month: minutes to a zone in calls of a length, messages, bytes."""

    kind: UsageKind
    zone_id: int
    records: int
    quantity: int


@dataclass(frozen=True, slots=True)
class MonthLine:
    """What usage of a kind to a zone comes to in a month."""

    what: str
    zone: str
    records: int
    quantity: str
    covered: str
    amount: Decimal
    problem: str = ""


@dataclass(frozen=True, slots=True)
class MonthPreview:
    """The bill of a typed-in month."""

    lines: tuple[MonthLine, ...]
    fee: Decimal
    usage: Decimal

    @property
    def total(self) -> Decimal:
        """Fee and usage."""
        return self.fee + self.usage


class CrmWords:
    """How the CRM writes money and volumes in an explanation."""

    def price(self, amount: Decimal) -> str:
        """Write an amount with as many decimals as it has."""
        return words.price(amount)

    def quantity(self, kind: str, units: int) -> str:
        """Write seconds, messages or bytes."""
        return words.quantity(kind, units)

    def unit_price(self, kind: str, amount: Decimal, unit: int) -> str:
        """Write a price per so many units."""
        return words.unit_price(kind, amount, unit)


def pricing_of_plan(version: PlanVersion) -> PlanPricing:
    """Return what prices usage on a plan version, draft or published."""
    return tariffs_queries.load_version_pricing(version.pk)


def pricing_of_deck(version: RateDeckVersion) -> PlanPricing:
    """Return a deck version alone as what prices its kind of usage, on any day."""
    deck = tariffs_queries.load_deck(version.pk)
    return PlanPricing(0, {deck.kind: (deck,)})


def preview_call(pricing: PlanPricing, typed: TypedCall) -> CallPreview:
    """Price one typed-in record by the scalar twin and tell why."""
    day = typed.started_at.date()
    decks = stretch(pricing.decks.get(typed.kind, ()), first=day, end=day + timedelta(days=1))
    if not decks:
        return CallPreview(None, (), _("This usage has no price on the version."))
    deck = decks[0]
    zones = _candidates(typed.number, deck)
    prices = DeckPrices(deck, zones=[zone for zone, _prefix in zones])
    zone, prefix = _longest(zones, prices)
    lefts = [
        AllowanceLeft(one, max(one.amount - typed.used.get(one.allowance_id, 0), 0))
        for one in pricing.allowances_for(typed.kind)
        if one.covers(zone)
    ]
    use = Use(int(typed.started_at.timestamp()), typed.kind, typed.quantity)
    priced = price_one(use, prices=prices, zone_id=zone.zone_id, allowances=lefts)
    return _told(priced, typed, deck, zone=zone, prefix=prefix, lefts=lefts)


def _candidates(number: str, deck: Deck) -> list[tuple[Zone, str]]:
    """Return the zones on the way to a number in the deck's scheme, the longest prefix first."""
    digits = number[:15]
    wanted = [digits[:length] for length in range(1, len(digits) + 1)]
    rows = ZonePrefix.objects.filter(prefix__in=wanted, scheme=deck.scheme_id or None)
    found = sorted(rows.select_related("zone"), key=lambda row: -len(row.prefix))
    return [
        (Zone(row.zone_id, row.zone.zone_class, scheme_id=deck.scheme_id), row.prefix)
        for row in found
    ]


def _longest(zones: Sequence[tuple[Zone, str]], prices: DeckPrices) -> tuple[Zone, str]:
    """Return the zone of the longest prefix that the deck prices, as the batch core finds it."""
    for zone, prefix in zones:
        if zone.zone_id in prices.zones:
            return zone, prefix
    return Zone(NO_ZONE), ""


def _told(
    priced: Priced,
    typed: TypedCall,
    deck: Deck,
    *,
    zone: Zone,
    prefix: str,
    lefts: Iterable[AllowanceLeft],
) -> CallPreview:
    row = ZoneRow.objects.filter(pk=zone.zone_id).first()
    name = words.name_of(row) if row else _("everything else")
    names = telling.Names(
        zone=name,
        prefix=prefix,
        bands=band_names(deck.version_id),
        allowances=allowance_names(left.allowance for left in lefts),
    )
    steps = telling.tell(
        priced,
        kind=typed.kind,
        quantity=typed.quantity,
        deck=deck,
        names=names,
        words=CrmWords(),
    )
    if priced.reason is not Reason.PRICED:
        return CallPreview(None, (), telling.tell_reason(priced.reason), name)
    return CallPreview(priced.amount, tuple(steps), "", name)


def band_names(deck_version_id: int) -> dict[str, str]:
    """Return the names of a version's tariff times; where there is one only, it needs none."""
    rows = list(Band.objects.filter(deck_version=deck_version_id).order_by("pk"))
    return {row.code: words.name_of(row) for row in rows} if len(rows) > 1 else {}


def allowance_names(allowances: Iterable[Allowance]) -> dict[int, str]:
    """Return what allowances are called: by how much they hold."""
    rows = AllowanceRow.objects.filter(pk__in={one.allowance_id for one in allowances})
    return {row.pk: f"{words.volume(row)} {row.get_recurrence_display()}" for row in rows}


def preview_month(
    pricing: PlanPricing, uses: Sequence[TypedUse], *, fee: Decimal, month: date, hour: int
) -> MonthPreview:
    """
    Price a typed-in month by the batch core, its records spread evenly over the days at an hour.

    The allowances begin untouched. At most MOST_CALLS records of a line are priced one by one.
    """
    usage, line = _spread(uses, month=month, hour=hour)
    priced = _priced(pricing, usage, month=month)
    names = tariffs_queries.zone_names(language="ru" if words.is_russian() else "en")
    lines = tuple(
        _line(use, priced, rows=np.flatnonzero(line == place), names=names)
        for place, use in enumerate(uses)
    )
    return MonthPreview(lines, fee, sum((one.amount for one in lines), Decimal(0)))


def _spread(uses: Sequence[TypedUse], *, month: date, hour: int) -> tuple[UsageColumns, Ints]:
    """Return the records of a month in order of time, and to which line each belongs."""
    counts = [min(use.records, MOST_CALLS) for use in uses]
    line = np.repeat(np.arange(len(uses)), counts)
    place = np.concatenate([np.arange(count) for count in counts] or [np.zeros(0, np.int64)])
    start = int(midnight(month).timestamp()) + hour * 3600
    # A record a day, then the next round a minute later, so that none begin together.
    started = start + place % 28 * 86_400 + place // 28 * 60 + line
    numbers = [_number_of(use.zone_id) for use in uses]

    def pick(values: list[int]) -> Ints:
        return np.array(values or [0], np.int64)[line]

    order = np.argsort(started, kind="stable")
    count = len(line)
    usage = UsageColumns(
        record_key=np.arange(count, dtype=np.int64),
        source_id=np.zeros(count, np.int64),
        subscriber_key=np.full(count, ONLY, np.int64),
        started_at=started[order].astype(np.int64),
        kind=pick([int(use.kind) for use in uses])[order],
        number_b=pick([int(number or 0) for number in numbers])[order],
        number_b_length=pick([len(number) for number in numbers])[order],
        quantity=pick([use.quantity for use in uses])[order],
    )
    return usage, line[order]


def _number_of(zone_id: int) -> str:
    """Return a number of a zone: its shortest prefix, which no other zone can have."""
    rows = ZonePrefix.objects.filter(zone=zone_id).values_list("prefix", flat=True)
    return min(rows, key=lambda prefix: (len(prefix), prefix), default="")


def _priced(pricing: PlanPricing, usage: UsageColumns, *, month: date) -> PricedColumns:
    """Price the records as those of one service on the plan."""
    end = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
    decks = {kind: stretch(found, first=month, end=end) for kind, found in pricing.decks.items()}
    only = np.array([ONLY], np.int64)
    always = {
        "active_from": np.array([-FOREVER], np.int64),
        "active_to": np.array([FOREVER], np.int64),
    }
    tariffs = compile_tariffs(
        [PlanPricing(ONLY, decks, pricing.allowances)],
        zones=tariffs_queries.load_zones(),
        time_zone=settings.TIME_ZONE,
    )
    subscribers = compile_subscribers(
        identifiers=IdentifierColumns(key=only, subscription_id=only, account_id=only, **always),
        plans=PlanColumns(subscription_id=only, plan_version_id=only, **always),
    )
    catalogue = join(tariffs, subscribers)
    return price_columns(usage, catalogue=catalogue, counters=no_counters())[0]


def _line(
    use: TypedUse, priced: PricedColumns, *, rows: Ints, names: Mapping[int, str]
) -> MonthLine:
    reasons = priced.reason[rows]
    bad = reasons[reasons != Reason.PRICED]
    return MonthLine(
        what=str(words.KINDS[use.kind.code]),
        zone=names.get(use.zone_id, ""),
        records=len(rows),
        quantity=words.quantity(use.kind.code, use.quantity * len(rows)),
        covered=words.quantity(use.kind.code, int(priced.allowance_used[rows].sum())),
        amount=Decimal(int(priced.amount[rows].sum())).scaleb(-2),
        problem=telling.tell_reason(Reason(int(bad[0]))) if len(bad) else "",
    )


def zone_of(number: str) -> ZoneRow | None:
    """Return the common scheme's zone of a number."""
    found = [match.zone for match in match_number(number) if match.zone.scheme_id is None]
    return found[0] if found else None
