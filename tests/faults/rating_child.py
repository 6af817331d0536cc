"""
A night of rating in a process of its own: `python -m tests.faults.rating_child FOLDER [POINT]`.

With a point the process kills itself with SIGKILL there: a module's function, which call of it, and
whether before or after it.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import django

NOW = datetime(2026, 11, 21, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)
#: name: (module, function, number of the call, whether the work of that call is done first)
POINTS = {
    "before a file is registered": ("rating.operations.files", "_archive", 2, True),
    "while files are read": ("rating.operations.batches", "read_batch", 1, False),
    "with a slice half written": ("rating.operations.writing", "copy_rows", 3, True),
    "before a slice is committed": ("rating.operations.writing", "add_uses", 2, True),
    "between two slices": ("rating.operations.writing", "write_slice", 2, True),
    "with the suspense half written": ("rating.operations.writing", "suspend", 1, True),
    "before the batch is closed": ("rating.operations.batches", "_close_files", 1, True),
    "with a posting uncommitted": ("accounts.operations", "post_many", 2, True),
    "between two postings": ("rating.operations.posting", "_post", 2, True),
    "before the batch is posted": ("rating.operations.posting", "change_state", 1, False),
}


def main() -> None:
    """Run the night, or as much of it as the point allows."""
    django.setup()
    from rating import operations
    from rating.operations import posting

    posting.ACCOUNTS_AT_ONCE = 10  # type: ignore[misc]
    if len(sys.argv) > 2:
        arm(*POINTS[sys.argv[2]])
    operations.receive_files(folder=Path(sys.argv[1]), now=NOW)
    batch_id = operations.open_batch(business_date=DAY, now=NOW)
    operations.price_batch(batch_id=batch_id or 0, now=NOW, slice_rows=150)
    operations.post_batch(batch_id=batch_id or 0, now=NOW)


def arm(module_name: str, name: str, call: int, is_after: bool) -> None:
    """Make the function kill the process at its so-many-th call."""
    module = import_module(module_name)
    work: Callable[..., Any] = getattr(module, name)
    calls = iter(range(1, 10**9))

    def deadly(*args: Any, **kwargs: Any) -> Any:
        is_last = next(calls) == call
        if is_last and not is_after:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = work(*args, **kwargs)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(module, name, deadly)


if __name__ == "__main__":
    main()
