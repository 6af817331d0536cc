"""Reads of the catalogue: prices as values for the rating core, plans on sale, tax, invariants."""

from tariffs.queries.bundles import list_bundle_parts, price_bundle_version
from tariffs.queries.deck_files import (
    ANY_BAND,
    DeckDiff,
    UnableToExportDeck,
    describe_line_error,
    diff_deck_versions,
    find_deck_version,
    find_former_version,
    load_deck_table,
)
from tariffs.queries.drafts import allowance_value, find_replacement, load_version_pricing
from tariffs.queries.invariants import invariants
from tariffs.queries.offers import (
    conditions_of,
    describe_bundle_problem,
    describe_reason,
    fit_of,
    get_package_version,
    list_packages_on_sale,
    load_offer_pricing,
    load_package_pricing,
)
from tariffs.queries.pauses import list_pause_rules
from tariffs.queries.plans import (
    MoveDue,
    find_move,
    get_plan_version,
    is_on_sale,
    list_move_rules,
    list_moves_due,
    list_plans_on_sale,
)
from tariffs.queries.pricing import load_deck, load_decks, load_plan_pricing, load_zones
from tariffs.queries.reference import UnknownTaxRate, get_tax_percent, zone_names

__all__ = [
    "ANY_BAND",
    "DeckDiff",
    "MoveDue",
    "UnableToExportDeck",
    "UnknownTaxRate",
    "allowance_value",
    "conditions_of",
    "describe_bundle_problem",
    "describe_line_error",
    "describe_reason",
    "diff_deck_versions",
    "find_deck_version",
    "find_former_version",
    "find_move",
    "find_replacement",
    "fit_of",
    "get_package_version",
    "get_plan_version",
    "get_tax_percent",
    "invariants",
    "is_on_sale",
    "list_bundle_parts",
    "list_move_rules",
    "list_moves_due",
    "list_packages_on_sale",
    "list_pause_rules",
    "list_plans_on_sale",
    "load_deck",
    "load_deck_table",
    "load_decks",
    "load_offer_pricing",
    "load_package_pricing",
    "load_plan_pricing",
    "load_version_pricing",
    "load_zones",
    "price_bundle_version",
    "zone_names",
]
