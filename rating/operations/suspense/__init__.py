"""What people do with suspended records: test, correct, price again, give up, watch."""

from rating.domain.selections import Limits
from rating.operations.suspense.correcting import Preview, UnableToCorrect, preview_rule
from rating.operations.suspense.fields import Fields, fields_of
from rating.operations.suspense.reading import UnableToRecycle
from rating.operations.suspense.recycling import Recycled, recycle
from rating.operations.suspense.runs import (
    Order,
    UnableToRun,
    approve_write_off,
    carry_out,
    drain_runs,
    refuse_write_off,
    start_run,
    undo_run,
)
from rating.operations.suspense.trials import Trial, Trials, try_pricing, try_selection
from rating.operations.suspense.watching import (
    FollowedUp,
    follow_up,
    see_alarm,
    watch_suspense,
)
from rating.operations.suspense.writing_off import UnableToWriteOff, take_back, write_off

__all__ = [
    "Fields",
    "FollowedUp",
    "Limits",
    "Order",
    "Preview",
    "Recycled",
    "Trial",
    "Trials",
    "UnableToCorrect",
    "UnableToRecycle",
    "UnableToRun",
    "UnableToWriteOff",
    "approve_write_off",
    "carry_out",
    "drain_runs",
    "fields_of",
    "follow_up",
    "preview_rule",
    "recycle",
    "refuse_write_off",
    "see_alarm",
    "start_run",
    "take_back",
    "try_pricing",
    "try_selection",
    "undo_run",
    "watch_suspense",
    "write_off",
]
