"""From price values to the plain dictionaries that `plain_rating.Description` reads."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tariffs.domain.deck import Deck, OnMaxCost, PlanPricing, Zone, ZoneTerms

HOLIDAYS = {None: "any", True: "only", False: "never"}


def describe_catalogue(
    plans: Iterable[PlanPricing], *, zones: Iterable[Zone], time_zone: str
) -> dict[str, Any]:
    """Return the catalogue's part of the description."""
    return {
        "time_zone": time_zone,
        "zones": [
            {"id": zone.zone_id, "class": zone.zone_class, "prefixes": list(zone.prefixes)}
            for zone in zones
        ],
        "plans": {plan.plan_version_id: describe_plan(plan) for plan in plans},
    }


def describe_plan(plan: PlanPricing) -> dict[str, Any]:
    """Return a plan version with its decks and allowances."""
    return {
        "decks": {
            kind.code: [describe_deck(deck) for deck in decks] for kind, decks in plan.decks.items()
        },
        "allowances": [
            {
                "id": allowance.allowance_id,
                "kind": allowance.kind.code,
                "amount": allowance.amount,
                "classes": sorted(allowance.zone_classes),
                "zones": sorted(allowance.zone_ids),
                "priority": allowance.priority,
                "step": allowance.step,
                "factor": str(Decimal(allowance.factor.numerator) / allowance.factor.denominator),
                "money": allowance.is_money,
                "recurrence": str(allowance.recurrence),
            }
            for allowance in plan.allowances
        ],
    }


def describe_deck(deck: Deck) -> dict[str, Any]:
    """Return a deck version."""
    return {
        "id": deck.version_id,
        "from": deck.valid_from.isoformat(),
        "to": deck.valid_to.isoformat() if deck.valid_to else None,
        "time_zone": deck.timezone,
        "rounding": str(deck.rounding),
        "decimals": deck.decimals,
        "follows_clock": deck.follows_clock,
        "holidays": [day.isoformat() for day in sorted(deck.holidays)],
        "bands": [
            {
                "code": band.code,
                "weekdays": sorted(band.weekdays),
                "from": band.from_second,
                "to": band.to_second,
                "holidays": HOLIDAYS[band.on_holidays],
                "priority": band.priority,
                "dates": sorted(band.dates),
                "windows": [[start.isoformat(), end.isoformat()] for start, end in band.windows],
            }
            for band in deck.bands
        ],
        "rates": [
            {
                "band": rate.band_code,
                "zone": rate.zone_id,
                "class": rate.zone_class,
                "price": str(rate.price),
                "unit": rate.unit,
                "fee": str(rate.connection_fee),
                "steps": [[s.from_unit, str(s.price), s.unit, s.increment] for s in rate.steps],
            }
            for rate in deck.rates
        ],
        "terms": [
            {
                "zone": terms.zone_id,
                "first": terms.first_increment,
                "next": terms.next_increment,
                "free": terms.free_units,
                "min": terms.min_units,
                "grace": terms.grace_units,
                "most": _most(terms),
                "surcharges": [[due.at_unit, str(due.amount)] for due in terms.surcharges],
            }
            for terms in deck.terms
        ],
    }


def _most(terms: ZoneTerms) -> str | None:
    """Return the maximum of a record's cost; one that ends sessions limits no record."""
    is_cap = terms.max_cost is not None and terms.on_max_cost is OnMaxCost.CAP
    return str(terms.max_cost) if is_cap else None
