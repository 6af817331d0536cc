"""
When a voucher may be used, and by whom.
"""

from collections.abc import Set as AbstractSet
from enum import StrEnum


class Use(StrEnum):
    """How often: once at all, once by each customer, or as often as one likes."""

    SINGLE_USE = "single_use"
    ONCE_PER_CUSTOMER = "once_per_customer"
    MULTI_USE = "multi_use"


def may_use(use: Use, *, user: str, used_by: AbstractSet[str]) -> bool:
    """
    Return whether a customer may use a voucher that others have used.

    >>> may_use(Use.SINGLE_USE, user="B", used_by={"A"})
    False
    """
    if use is Use.MULTI_USE:
        return True
    return user not in used_by if use is Use.ONCE_PER_CUSTOMER else not used_by
