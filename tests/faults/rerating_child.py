"""
Pricing again in a process of its own: `python -m tests.faults.rerating_child late FOLDER [POINT]`
prices and posts what lies in the folder, `… apply RUN [POINT]` goes on with a run.

With a point the process kills itself with SIGKILL there.
"""

import sys
from pathlib import Path

import django

from tests.faults.rating_child import DAY, NOW, arm

#: name: (module, function, number of the call, whether the work of that call is done first)
POINTS = {
    "late": {
        "before what is displaced is looked for": ("rating.operations.batches", "revise", 1, False),
        "with the new prices uncommitted": ("rating.operations.order", "write_outcome", 1, True),
        "between two transactions": ("rating.operations.order", "_put_in_order", 2, True),
        "when all is in order, before the close": ("rating.operations.batches", "revise", 1, True),
    },
    "apply": {
        "with a range uncommitted": ("rating.operations.rerating.ranges", "write_outcome", 1, True),
        "between two ranges": ("rating.operations.rerating.runs", "do_range", 2, True),
        "with the end uncommitted": ("rating.operations.rerating.ranges", "_finish", 1, True),
        "applied, not posted": ("rating.operations.rerating.runs", "post_batch", 1, False),
    },
}


def main() -> None:
    """Do the work, or as much of it as the point allows."""
    django.setup()
    from rating import operations
    from rating.operations import order
    from rating.operations.rerating import ranges, runs

    ranges.AT_ONCE = 3  # type: ignore[misc]
    order.AT_ONCE = 2  # type: ignore[misc]
    what, about, *point = sys.argv[1:]
    if point:
        arm(*POINTS[what][point[0]])
    if what == "apply":
        runs.go_on_rerating(run_id=int(about), now=NOW)
        return
    operations.receive_files(folder=Path(about), now=NOW)
    batch_id = operations.open_batch(business_date=DAY, now=NOW) or 0
    operations.price_batch(batch_id=batch_id, now=NOW)
    operations.post_batch(batch_id=batch_id, now=NOW)


if __name__ == "__main__":
    main()
