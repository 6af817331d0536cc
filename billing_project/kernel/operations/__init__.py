"""What the kernel does: months of partitions, events, state changes, approvals."""

from billing_project.kernel.operations.approvals import (
    UnableToDecide,
    approve,
    refuse,
    request_approval,
)
from billing_project.kernel.operations.events import (
    UnableToTakeInbox,
    record_event,
    record_events,
    take_inbox,
)
from billing_project.kernel.operations.months import ensure_months
from billing_project.kernel.operations.states import (
    UnableToChangeState,
    allowed_sources,
    change_state,
)
from billing_project.kernel.operations.statistics import refresh_statistics

__all__ = [
    "UnableToChangeState",
    "UnableToDecide",
    "UnableToTakeInbox",
    "allowed_sources",
    "approve",
    "change_state",
    "ensure_months",
    "record_event",
    "record_events",
    "refresh_statistics",
    "refuse",
    "request_approval",
    "take_inbox",
]
