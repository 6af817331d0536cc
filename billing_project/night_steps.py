"""
The table of steps of the night, and what each does with the apps' operations.
"""

from datetime import timedelta
from typing import Final

from accounts import queries as accounts_queries
from billing_project.invariants import broken_promises
from billing_project.kernel import jobs
from billing_project.kernel import operations as kernel_operations
from billing_project.kernel.models import JobRun
from billing_project.night import Advance, Night, Step, Summary
from dunning import operations as dunning_operations
from invoicing import operations as invoicing_operations
from notifications import operations as notifications_operations
from provisioning import operations as provisioning_operations
from rating import operations as rating_operations

#: Accounts per piece: locks stay under a second, so top-ups go through in between.
ACCOUNTS_A_PIECE: Final = 50_000


def account_ranges() -> list[tuple[int, int]]:
    """Cut the accounts into half-open ranges; the last is open-ended."""
    top = accounts_queries.greatest_account_id()
    lows = list(range(0, top + 1, ACCOUNTS_A_PIECE))
    return [
        (low, jobs.LAST_ACCOUNT if low == lows[-1] else low + ACCOUNTS_A_PIECE) for low in lows
    ]


def prepare_months(night: Night, _piece: JobRun, _advance: Advance) -> Summary:
    """Make the partitions of the coming months."""
    made = kernel_operations.ensure_months(
        first=night.business_date, last=night.business_date + timedelta(days=120)
    )
    return {"months made": len(made)}
