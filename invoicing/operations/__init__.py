"""What invoicing does: recurring fees, plan changes, termination, bills."""

from invoicing.operations.bills import issue_bills
from invoicing.operations.fees import charge_fees
from invoicing.operations.moves import UnableToMove, announce_moves, move_to_new_version
from invoicing.operations.plan_changes import (
    UnableToChangePlan,
    cancel,
    execute_due,
    schedule,
)
from invoicing.operations.splits import Cut, split_periods
from invoicing.operations.termination import UnableToTerminate, terminate_service

__all__ = [
    "Cut",
    "UnableToChangePlan",
    "UnableToMove",
    "UnableToTerminate",
    "announce_moves",
    "cancel",
    "charge_fees",
    "execute_due",
    "issue_bills",
    "move_to_new_version",
    "schedule",
    "split_periods",
    "terminate_service",
]
