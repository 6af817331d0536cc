"""What dunning does: decide access, give and close promised payments, set limits."""

from dunning.operations import credit_rules, disputes, instalments, promises
from dunning.operations.deciding import (
    Decided,
    UnableToSettle,
    audit_all,
    decide_accounts,
    drain_crossings,
    mend_floors,
)
from dunning.operations.limits import (
    UnableToChangeCredit,
    UnableToSetLimit,
    change_credit_class,
    choose_credit_limit,
    set_credit_limit,
)
from dunning.operations.promises import UnableToPromise
from dunning.operations.rules import apply_new_rules, ensure_reference_data

__all__ = [
    "Decided",
    "UnableToChangeCredit",
    "UnableToPromise",
    "UnableToSetLimit",
    "UnableToSettle",
    "apply_new_rules",
    "audit_all",
    "change_credit_class",
    "choose_credit_limit",
    "credit_rules",
    "decide_accounts",
    "disputes",
    "drain_crossings",
    "ensure_reference_data",
    "instalments",
    "mend_floors",
    "promises",
    "set_credit_limit",
]
