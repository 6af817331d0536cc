"""Reads of the catalogue: prices as values for the rating core, plans on sale, tax, invariants."""

from tariffs.queries.drafts import allowance_value, find_replacement, load_version_pricing
from tariffs.queries.invariants import invariants
from tariffs.queries.plans import get_plan_version, list_plans_on_sale
from tariffs.queries.pricing import load_deck, load_plan_pricing, load_zones
from tariffs.queries.reference import UnknownTaxRate, get_tax_percent, zone_names

__all__ = [
    "UnknownTaxRate",
    "allowance_value",
    "find_replacement",
    "get_plan_version",
    "get_tax_percent",
    "invariants",
    "list_plans_on_sale",
    "load_deck",
    "load_plan_pricing",
    "load_version_pricing",
    "load_zones",
    "zone_names",
]
