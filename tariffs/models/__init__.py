"""Tables of the catalogue."""

from tariffs.models.bundles import Bundle, BundlePart, BundleVersion
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
from tariffs.models.moves import MoveRule
from tariffs.models.packages import Package, PackagePlan, PackageVersion
from tariffs.models.pauses import PauseRule
from tariffs.models.plans import LEGAL_NOTICE_DAYS, Allowance, Plan, PlanDeck, PlanVersion
from tariffs.models.products import PlanProduct, Product
from tariffs.models.zones import Zone, ZonePrefix, ZoneScheme

__all__ = [
    "LEGAL_NOTICE_DAYS",
    "Allowance",
    "Band",
    "Bundle",
    "BundlePart",
    "BundleVersion",
    "Holiday",
    "MoveRule",
    "Package",
    "PackagePlan",
    "PackageVersion",
    "PauseRule",
    "Plan",
    "PlanDeck",
    "PlanProduct",
    "PlanVersion",
    "PriceModel",
    "Product",
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
