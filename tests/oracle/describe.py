"""From price values to the plain dictionaries that `plain_rating.Description` reads."""

from collections.abc import Iterable
from typing import Any

from tariffs.domain.deck import Deck, PlanPricing, Zone

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
                "priority": allowance.priority,
                "step": allowance.step,
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
        "holidays": [day.isoformat() for day in sorted(deck.holidays)],
        "bands": [
            {
                "code": band.code,
                "weekdays": sorted(band.weekdays),
                "from": band.from_second,
                "to": band.to_second,
                "holidays": HOLIDAYS[band.on_holidays],
                "priority": band.priority,
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
            }
            for terms in deck.terms
        ],
    }
