"""Tables of the catalogue."""

from tariffs.models.calendar import Holiday, TaxRate
from tariffs.models.decks import Band, Rate, RateDeck, RateDeckVersion, ZoneTerms
from tariffs.models.plans import Allowance, Plan, PlanDeck, PlanVersion
from tariffs.models.zones import Zone, ZonePrefix

__all__ = [
    "Allowance",
    "Band",
    "Holiday",
    "Plan",
    "PlanDeck",
    "PlanVersion",
    "Rate",
    "RateDeck",
    "RateDeckVersion",
    "TaxRate",
    "Zone",
    "ZonePrefix",
    "ZoneTerms",
]
