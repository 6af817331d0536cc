"""
What a debt is made of: the youngest charges are the ones that nobody has paid yet.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from billing_project.kernel.money import ZERO
from invoicing.domain.aging import OpenItem


@dataclass(frozen=True, slots=True)
class BilledSum:
    """A bill that counts: until when it was to be paid, and what it charged, notes taken off."""

    due_on: date
    charged: Decimal


def open_items(
    debt: Decimal, *, unbilled: Decimal, bills: Iterable[BilledSum], on: date
) -> Iterator[OpenItem]:
    """
    Yield what of a debt is open on which due day; the parts add up to the debt.

    Money pays the oldest first, so the debt is `unbilled` charges, not due yet, then of the bills,
    the youngest first. What no bill explains is older than all of them.
    """
    rest = debt
    for part, due in _parts(unbilled, bills, on=on):
        taken = min(rest, max(part, ZERO))
        if taken > 0:
            yield OpenItem(due, taken)
            rest -= taken
    if rest > 0:
        yield OpenItem(date.min + timedelta(days=1), rest)


def _parts(
    unbilled: Decimal, bills: Iterable[BilledSum], *, on: date
) -> Iterator[tuple[Decimal, date]]:
    yield unbilled, on
    for bill in bills:
        yield bill.charged, bill.due_on


def unbilled_part(debt: Decimal, *, closing: Decimal | None, paid_since: Decimal) -> Decimal:
    """
    Return what of a debt was charged after the last bill: it is not due yet.

    `closing` is what that bill asked for, None without a bill; `paid_since` what came after it.

    >>> unbilled_part(Decimal(500), closing=Decimal(300), paid_since=Decimal(100))
    Decimal('300')
    """
    if closing is None:
        return debt
    return max(debt - max(closing - paid_since, ZERO), ZERO)
