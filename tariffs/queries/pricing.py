"""
Prices as values for the rating core: zones, decks in force, what each plan version is priced by.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Final

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import F, Q, QuerySet

from tariffs.domain import deck as values
from tariffs.domain.price_models import BrokenCharge, Charge, UnableToReadModel, read_charge
from tariffs.models import (
    Allowance,
    Band,
    Holiday,
    PlanDeck,
    PlanVersion,
    PriceModel,
    Rate,
    RateDeckVersion,
    RateStep,
    Surcharge,
    Zone,
    ZoneTerms,
)

ON_HOLIDAYS: Final = {"any": None, "only": True, "never": False}


def load_zones() -> list[values.Zone]:
    """Return all zones with their prefixes, in the order of their ids."""
    rows = Zone.objects.annotate(
        digits=ArrayAgg("prefixes__prefix", filter=Q(prefixes__isnull=False), default=[])
    ).order_by("id")
    return [
        values.Zone(
            zone_id=row.pk,
            zone_class=row.zone_class,
            prefixes=tuple(sorted(row.digits)),
            scheme_id=row.scheme_id or 0,
        )
        for row in rows
    ]


def load_plan_pricing(
    *, on_or_after: date | None = None, decks: Mapping[int, tuple[values.Deck, ...]] | None = None
) -> list[values.PlanPricing]:
    """
    Return what prices usage on every published plan version, for the rating core.

    Only deck versions in force on or after the day are in it; without a day, all. `decks` are those
    of `load_decks` where they were read already. The number of queries doesn't depend on the number
    of plans.
    """
    if decks is None:
        decks = load_decks(on_or_after=on_or_after)
    by_plan: dict[int, dict[values.UsageKind, tuple[values.Deck, ...]]] = defaultdict(dict)
    for plan_version_id, kind, deck_id in PlanDeck.objects.filter(
        plan_version__published_at__isnull=False
    ).values_list("plan_version_id", "usage_kind", "deck_id"):
        by_plan[plan_version_id][values.UsageKind.from_code(kind)] = decks.get(deck_id, ())
    allowances = _load_allowances()
    ids = PlanVersion.objects.filter(published_at__isnull=False).order_by("id")
    return [
        values.PlanPricing(pk, by_plan.get(pk, {}), tuple(allowances.get(pk, ())))
        for pk in ids.values_list("id", flat=True)
    ]


def load_deck(version_id: int) -> values.Deck:
    """Return one deck version, draft or published, as the rating core reads it."""
    by_deck = _load_decks(RateDeckVersion.objects.filter(pk=version_id))
    return next(iter(by_deck.values()))[0]


def load_decks(*, on_or_after: date | None = None) -> dict[int, tuple[values.Deck, ...]]:
    """Return the published versions of every deck, by deck; those in force from the day on."""
    return _load_decks(_published_decks(on_or_after))


def _published_decks(on_or_after: date | None) -> QuerySet[RateDeckVersion]:
    versions = RateDeckVersion.objects.filter(published_at__isnull=False, replaced_at__isnull=True)
    if on_or_after:
        versions = versions.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=on_or_after))
    return versions


def _load_decks(versions: QuerySet[RateDeckVersion]) -> dict[int, tuple[values.Deck, ...]]:
    """Return the decks' versions as values, by deck, in the order of their first days."""
    found = list(versions.select_related("deck").order_by("deck_id", "valid_from"))
    ids = [version.pk for version in found]
    bands, rates, terms = _load_bands(ids), _load_rates(ids), _load_terms(ids)
    models = _load_models(ids)
    holidays = frozenset(Holiday.objects.values_list("day", flat=True))
    by_deck: dict[int, list[values.Deck]] = defaultdict(list)
    for version in found:
        by_deck[version.deck_id].append(
            values.Deck(
                version_id=version.pk,
                kind=values.UsageKind.from_code(version.deck.usage_kind),
                valid_from=version.valid_from,
                valid_to=version.valid_to,
                timezone=version.time_zone,
                bands=tuple(bands.get(version.pk, ())),
                rates=tuple(rates.get(version.pk, ())),
                terms=tuple(terms.get(version.pk, ())),
                rounding=values.Rounding(version.rounding),
                holidays=holidays,
                decimals=version.decimals,
                follows_clock=version.follows_clock,
                scheme_id=version.scheme_id or 0,
                models=models.get(version.pk, {}),
            )
        )
    return {deck_id: tuple(decks) for deck_id, decks in by_deck.items()}


def _load_models(ids: Iterable[int]) -> dict[int, dict[int, Charge | BrokenCharge]]:
    found: dict[int, dict[int, Charge | BrokenCharge]] = defaultdict(dict)
    for row in PriceModel.objects.filter(deck_version__in=ids).order_by("id"):
        found[row.deck_version_id][row.pk] = _charge(row)
    return found


def _charge(row: PriceModel) -> Charge | BrokenCharge:
    """Return the model; a draft's mistake is kept for `deck_checks`."""
    try:
        return read_charge(row.kind, row.terms, is_monthly=row.is_monthly)
    except UnableToReadModel as error:
        return BrokenCharge(f"{row.code}.{error.key}", error.rule)


def _load_bands(ids: Iterable[int]) -> dict[int, list[values.Band]]:
    found: dict[int, list[values.Band]] = defaultdict(list)
    for row in Band.objects.filter(deck_version__in=ids).order_by("id"):
        found[row.deck_version_id].append(
            values.Band(
                code=row.code,
                weekdays=frozenset(row.weekdays),
                from_second=row.from_second,
                to_second=row.to_second,
                on_holidays=ON_HOLIDAYS[row.on_holidays],
                priority=row.priority,
                dates=frozenset(row.dates),
                windows=tuple(
                    (datetime.fromisoformat(first), datetime.fromisoformat(end))
                    for first, end in row.windows
                ),
            )
        )
    return found


def _load_rates(ids: Iterable[int]) -> dict[int, list[values.Rate]]:
    found: dict[int, list[values.Rate]] = defaultdict(list)
    rows = Rate.objects.filter(deck_version__in=ids).annotate(band_code=F("band__code"))
    steps = _load_steps(ids)
    for row in rows.order_by("id"):
        found[row.deck_version_id].append(
            values.Rate(
                band_code=row.band_code,
                price=row.price,
                zone_id=row.zone_id,
                zone_class=row.zone_class,
                unit=row.unit,
                connection_fee=row.connection_fee,
                steps=tuple(steps.get(row.pk, ())),
                model_id=row.model_id,
            )
        )
    return found


def _load_steps(ids: Iterable[int]) -> dict[int, list[values.Step]]:
    found: dict[int, list[values.Step]] = defaultdict(list)
    rows = RateStep.objects.filter(rate__deck_version__in=ids).order_by("rate_id", "from_unit")
    columns = rows.values_list("rate_id", "from_unit", "price", "unit", "increment")
    for rate_id, from_unit, price, unit, increment in columns:
        found[rate_id].append(values.Step(from_unit, price, unit, increment))
    return found


def _load_terms(ids: Iterable[int]) -> dict[int, list[values.ZoneTerms]]:
    found: dict[int, list[values.ZoneTerms]] = defaultdict(list)
    surcharges = _load_surcharges(ids)
    for row in ZoneTerms.objects.filter(deck_version__in=ids).order_by("id"):
        found[row.deck_version_id].append(
            values.ZoneTerms(
                zone_id=row.zone_id,
                first_increment=row.first_increment,
                next_increment=row.next_increment,
                free_units=row.free_units,
                min_units=row.min_units,
                grace_units=row.grace_units,
                max_cost=row.max_cost,
                on_max_cost=values.OnMaxCost(row.on_max_cost),
                surcharges=tuple(surcharges.get(row.pk, ())),
            )
        )
    return found


def _load_surcharges(ids: Iterable[int]) -> dict[int, list[values.Surcharge]]:
    found: dict[int, list[values.Surcharge]] = defaultdict(list)
    rows = Surcharge.objects.filter(terms__deck_version__in=ids).order_by("terms_id", "at_unit")
    for terms_id, at_unit, amount in rows.values_list("terms_id", "at_unit", "amount"):
        found[terms_id].append(values.Surcharge(at_unit, amount))
    return found


def _load_allowances() -> dict[int, list[values.Allowance]]:
    found: dict[int, list[values.Allowance]] = defaultdict(list)
    for row in Allowance.objects.filter(plan_version__published_at__isnull=False).order_by("id"):
        found[row.plan_version_id or 0].append(
            values.Allowance(
                allowance_id=row.pk,
                kind=values.UsageKind.from_code(row.usage_kind),
                amount=row.amount,
                zone_classes=frozenset(row.zone_classes),
                priority=row.priority,
                step=row.step,
                zone_ids=frozenset(row.zone_ids),
                factor=Fraction(row.factor),
                is_money=row.is_money,
                recurrence=values.Recurrence(row.recurrence),
                is_shared=row.is_shared,
                blocks=row.blocks,
            )
        )
    return found
