"""What dunning can tell: access per service and why, promised payments, promises that are queries."""

from dunning.queries.access import (
    ServiceView,
    access_of,
    list_changes,
)
from dunning.queries.gathering import (
    list_astray,
    list_rules,
    list_service_rows,
    lock_accounts,
)
from dunning.queries.invariants import alarms, invariants
from dunning.queries.promises import (
    PromiseAnswer,
    can_promise,
    find_open_promise,
    list_due,
    list_promises,
    sum_open_promises,
)

__all__ = [
    "PromiseAnswer",
    "ServiceView",
    "access_of",
    "alarms",
    "can_promise",
    "find_open_promise",
    "invariants",
    "list_astray",
    "list_changes",
    "list_due",
    "list_promises",
    "list_rules",
    "list_service_rows",
    "lock_accounts",
    "sum_open_promises",
]
