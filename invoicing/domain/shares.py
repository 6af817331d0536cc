"""
A payment for a consolidated bill, split among the accounts that it is made of.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from billing_project.kernel.money import ZERO, spread
from invoicing.domain.receivables import oldest_first


class Split(StrEnum):
    """How too little is split: to each in proportion, or to the first ones whole."""

    SHARE = "share"
    ORDER = "order"


def split_payment(amount: Decimal, open_shares: Sequence[Decimal], *, how: Split) -> list[Decimal]:
    """
    Return what of an amount each open share gets, to the kopeck, never more than it needs.

    What all together don't need is left over.

    >>> [str(part) for part in split_payment(Decimal("1.00"), [Decimal(1)] * 3, how=Split.SHARE)]
    ['0.34', '0.33', '0.33']
    >>> split_payment(Decimal(5), [Decimal(3), Decimal(4)], how=Split.ORDER)
    [Decimal('3'), Decimal('2')]
    """
    wanted = [max(ZERO, share) for share in open_shares]
    if amount >= sum(wanted, ZERO):
        return wanted
    if how == Split.ORDER:
        return list(oldest_first(wanted, amount))
    return spread(amount, weights=wanted)
