"""What invoicing does: recurring fees, plan changes, termination, bills."""

from invoicing.operations.bills import issue_bills
from invoicing.operations.bundles import buy_bundle, review_lapsed
from invoicing.operations.consolidation import consolidate_bills
from invoicing.operations.fees import charge_fees
from invoicing.operations.late_fees import charge_late_fees
from invoicing.operations.moves import UnableToMove, announce_moves, move_to_new_version
from invoicing.operations.offers import UnableToBuy, buy_package, drop_package
from invoicing.operations.pauses import (
    UnableToChangePause,
    agree_pause,
    cancel_pause,
    end_pause,
    run_pauses,
)
from invoicing.operations.plan_changes import (
    UnableToChangePlan,
    cancel,
    execute_due,
    schedule,
)
from invoicing.operations.shares import UnableToSplit, settle_shares
from invoicing.operations.splits import split_periods
from invoicing.operations.termination import UnableToTerminate, terminate_service
from invoicing.queries.splits import Cut

__all__ = [
    "Cut",
    "UnableToBuy",
    "UnableToChangePause",
    "UnableToChangePlan",
    "UnableToMove",
    "UnableToSplit",
    "UnableToTerminate",
    "agree_pause",
    "announce_moves",
    "buy_bundle",
    "buy_package",
    "cancel",
    "cancel_pause",
    "charge_fees",
    "charge_late_fees",
    "consolidate_bills",
    "drop_package",
    "end_pause",
    "execute_due",
    "issue_bills",
    "move_to_new_version",
    "review_lapsed",
    "run_pauses",
    "schedule",
    "settle_shares",
    "split_periods",
    "terminate_service",
]
