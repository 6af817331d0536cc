"""What the catalogue does: reference data, zones, plans and decks with their published versions."""

from tariffs.operations.decks import (
    UnableToCloseDeckVersion,
    UnableToDraftDeck,
    UnableToPublishDeck,
    close_deck_version,
    create_deck,
    draft_deck_version,
    publish_deck_version,
)
from tariffs.operations.plans import (
    UnableToClosePlanVersion,
    UnableToPublishPlan,
    archive_plan,
    close_plan_version,
    create_plan,
    draft_plan_version,
    publish_plan_version,
)
from tariffs.operations.reference import ensure_reference_data, ensure_world_zones

__all__ = [
    "UnableToCloseDeckVersion",
    "UnableToClosePlanVersion",
    "UnableToDraftDeck",
    "UnableToPublishDeck",
    "UnableToPublishPlan",
    "archive_plan",
    "close_deck_version",
    "close_plan_version",
    "create_deck",
    "create_plan",
    "draft_deck_version",
    "draft_plan_version",
    "ensure_reference_data",
    "ensure_world_zones",
    "publish_deck_version",
    "publish_plan_version",
]
