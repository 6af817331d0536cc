"""
How overdue an account is: due dates, states of a policy, tries of a payment, late fees.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from billing_project.kernel.money import ZERO
from invoicing.domain.proration import Convention


class Basis(StrEnum):
    """What a policy looks at: days since the oldest unpaid invoice, how many, how much."""

    DAYS = "days"
    COUNT = "count"
    BALANCE = "balance"


@dataclass(frozen=True, slots=True)
class Unpaid:
    """An invoice of a day, of which so much is open."""

    issued: date
    open: Decimal


@dataclass(frozen=True, slots=True)
class OverdueState:
    """A state that holds from a threshold on, with what it does to the account."""

    name: str
    threshold: Decimal
    actions: tuple[str, ...] = ()


def overdue_state(
    invoices: Iterable[Unpaid], states: Sequence[OverdueState], *, basis: Basis, on: date
) -> OverdueState | None:
    """
    Return the most severe state that an account is in, the last of the list; None: it is clear.

    Only invoices that were issued and have something open count.
    """
    unpaid = [one for one in invoices if one.issued <= on and one.open > 0]
    if not unpaid:
        return None
    value = {
        Basis.DAYS: Decimal((on - min(one.issued for one in unpaid)).days),
        Basis.COUNT: Decimal(len(unpaid)),
        Basis.BALANCE: sum((one.open for one in unpaid), ZERO),
    }[basis]
    reached = [state for state in states if value >= state.threshold]
    return reached[-1] if reached else None


def due_on(issued: date, net_days: int) -> date:
    """Return the last day on which an invoice may be paid; from the next it is overdue."""
    return issued + timedelta(days=net_days)


def retries(failed_on: date, gaps: Iterable[int]) -> Iterator[date]:
    """
    Yield the days on which a payment is tried again, each so many days after the try before it.

    >>> [day.day for day in retries(date(2026, 1, 1), [1, 3])]
    [2, 5]
    """
    for gap in gaps:
        failed_on += timedelta(days=gap)
        yield failed_on


def late_interest(
    outstanding: Decimal,
    *,
    annual_percent: Decimal,
    days: int,
    year_days: int,
    convention: Convention,
) -> Decimal:
    """
    Return simple interest on what is overdue.

    >>> late_interest(Decimal(100), annual_percent=Decimal(10), days=15, year_days=365,
    ...     convention=Convention())
    Decimal('0.41')
    """
    share = Fraction(days, year_days) * Fraction(annual_percent) / 100
    return convention.rounded(Fraction(outstanding) * share)
