"""
Everything a folder of usage files becomes, in one go: received, priced, posted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from billing_project.kernel.operations import ensure_months
from rating.models import UsageBatch
from rating.operations.batches import BatchReport, open_batch, price_batch
from rating.operations.files import Received, receive_files
from rating.operations.incomplete import suspend_incomplete
from rating.operations.posting import post_batch

#: Told the step (receive, price, post), how much of it is done, and of how much.
Watcher = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a folder: files, the batches they went through, entries in the ledger."""

    received: Received
    reports: list[BatchReport]
    entries: int


def load_usage(
    *, folder: Path, business_date: date, now: datetime, watch: Watcher | None = None
) -> Loaded:
    """
    Receive the folder's files, price and post them, for a business day.

    A batch of the day that was not finished is finished first. Nothing to do is no error.
    """
    watch = watch or _look_away
    ensure_months(first=business_date, last=business_date)
    received = receive_files(folder=folder, now=now)
    suspend_incomplete(now=now)
    watch("receive", len(received.new), len(received.new))
    reports: list[BatchReport] = []
    entries = 0
    while True:
        batch_id = open_batch(business_date=business_date, now=now)
        if batch_id is None or _is_posted(batch_id):
            return Loaded(received, reports, entries)
        reports.append(price_batch(batch_id=batch_id, now=now, progress=_step(watch, "price")))
        entries += post_batch(batch_id=batch_id, now=now, progress=_step(watch, "post"))


def _is_posted(batch_id: int) -> bool:
    return UsageBatch.objects.filter(pk=batch_id, state=UsageBatch.State.POSTED).exists()


def _step(watch: Watcher, name: str) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        watch(name, done, total)

    return progress


def _look_away(_step: str, _done: int, _total: int) -> None:
    """Ignore."""
