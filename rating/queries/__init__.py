"""What rating reads: the catalogue for pricing, batches, usage of accounts, suspense, promises."""

from rating.queries.batches import (
    charges_of,
    find_batch_of_day,
    has_rows,
    list_batch_files,
    list_batches,
    priced_before,
    sources_by_code,
    totals_of,
)
from rating.queries.catalogue import Catalogue, load_catalogue, load_counters
from rating.queries.invariants import invariants
from rating.queries.suspense import WaitingReason, count_suspense, list_suspense
from rating.queries.usage import Explanation, explain_usage, key_of, list_usage
from rating.queries.zones import ZoneUsage, sum_usage_by_zone, usage_by_zone_sql

__all__ = [
    "Catalogue",
    "Explanation",
    "WaitingReason",
    "ZoneUsage",
    "charges_of",
    "count_suspense",
    "explain_usage",
    "find_batch_of_day",
    "has_rows",
    "invariants",
    "key_of",
    "list_batch_files",
    "list_batches",
    "list_suspense",
    "list_usage",
    "load_catalogue",
    "load_counters",
    "priced_before",
    "sources_by_code",
    "sum_usage_by_zone",
    "totals_of",
    "usage_by_zone_sql",
]
