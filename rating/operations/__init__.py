"""What rating does: files in, batches priced and posted, suspense recycled or written off."""

from rating.operations.batches import BatchReport, open_batch, price_batch, report_of
from rating.operations.days import UnableToChargeDay, check_day
from rating.operations.files import Received, UnableToReceive, receive_files
from rating.operations.incomplete import suspend_incomplete
from rating.operations.loading import Loaded, load_usage
from rating.operations.posting import UnableToPostBatch, post_batch
from rating.operations.summaries import summarise_batches
from rating.operations.suspense import (
    Recycled,
    UnableToRecycle,
    UnableToWriteOff,
    follow_up,
    recycle,
    watch_suspense,
    write_off,
)
from rating.operations.writing import UnableToPriceBatch

__all__ = [
    "BatchReport",
    "Loaded",
    "Received",
    "Recycled",
    "UnableToChargeDay",
    "UnableToPostBatch",
    "UnableToPriceBatch",
    "UnableToReceive",
    "UnableToRecycle",
    "UnableToWriteOff",
    "check_day",
    "follow_up",
    "load_usage",
    "open_batch",
    "post_batch",
    "price_batch",
    "receive_files",
    "recycle",
    "report_of",
    "summarise_batches",
    "suspend_incomplete",
    "watch_suspense",
    "write_off",
]
