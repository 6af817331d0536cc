"""What notifications does: turn events into messages, deliver them, keep choices and wordings."""

from notifications.operations.choices import UnableToSetPreference, mark_read, set_preference
from notifications.operations.delivering import Delivered, deliver, requeue
from notifications.operations.reading import Told, read_events
from notifications.operations.templates import (
    UnableToChangeTemplate,
    change_template,
    ensure_reference_data,
)

__all__ = [
    "Delivered",
    "Told",
    "UnableToChangeTemplate",
    "UnableToSetPreference",
    "change_template",
    "deliver",
    "ensure_reference_data",
    "mark_read",
    "read_events",
    "requeue",
    "set_preference",
]
