"""Tables of the catalogue."""

from tariffs.models.calendar import Holiday, TaxRate
from tariffs.models.decks import (
    Band,
    PriceModel,
    Rate,
    RateDeck,
    RateDeckVersion,
    RateStep,
    Surcharge,
    ZoneTerms,
)
from tariffs.models.plans import Allowance, Plan, PlanDeck, PlanVersion
from tariffs.models.zones import Zone, ZonePrefix, ZoneScheme

__all__ = [
    "Allowance",
    "Band",
    "Holiday",
    "Plan",
    "PlanDeck",
    "PlanVersion",
    "PriceModel",
    "Rate",
    "RateDeck",
    "RateDeckVersion",
    "RateStep",
    "Surcharge",
    "TaxRate",
    "Zone",
    "ZonePrefix",
    "ZoneScheme",
    "ZoneTerms",
]
