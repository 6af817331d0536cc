"""What dunning does: decide access, give and close promised payments, set limits."""

from dunning.operations import disputes, promises
from dunning.operations.deciding import (
    Decided,
    UnableToSettle,
    audit_all,
    decide_accounts,
    drain_crossings,
)
from dunning.operations.limits import UnableToSetLimit, set_credit_limit
from dunning.operations.promises import UnableToPromise
from dunning.operations.rules import apply_new_rules, ensure_reference_data

__all__ = [
    "Decided",
    "UnableToPromise",
    "UnableToSetLimit",
    "UnableToSettle",
    "apply_new_rules",
    "audit_all",
    "decide_accounts",
    "disputes",
    "drain_crossings",
    "ensure_reference_data",
    "promises",
    "set_credit_limit",
]
