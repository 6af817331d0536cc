"""Keeping spending in hand: guards of services, notices of allowances, groups that share them."""

from rating.operations.limits.groups import (
    UnableToShare,
    add_member,
    open_group,
    remove_member,
)
from rating.operations.limits.guards import (
    UnableToGuard,
    allow_more,
    check_guards,
    lift_guard,
    set_guard,
    stops,
)
from rating.operations.limits.notices import notice_allowances
from rating.operations.limits.rollover import carry_over

__all__ = [
    "UnableToGuard",
    "UnableToShare",
    "add_member",
    "allow_more",
    "carry_over",
    "check_guards",
    "lift_guard",
    "notice_allowances",
    "open_group",
    "remove_member",
    "set_guard",
    "stops",
]
