"""
The promised payment: what is offered, what is open, or why not.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from dunning import queries as dunning_queries
from dunning.queries.promise_rules import paid_since


@dataclass(frozen=True, slots=True)
class OpenPromise:
    """A promise to be kept."""

    amount: Decimal
    due_at: datetime
    left: Decimal


@dataclass(frozen=True, slots=True)
class PromiseView:
    """Either `open`, or the terms if `is_allowed`, or `reasons` why not."""

    open: OpenPromise | None
    is_allowed: bool
    reasons: tuple[str, ...]
    max_amount: Decimal
    due_at: datetime | None
    price: Decimal
    is_exact: bool = False
    possible_at: datetime | None = None


def find_promise(account_id: int, *, now: datetime) -> PromiseView:
    """Return the promise of an account."""
    row = dunning_queries.find_open_promise(account_id)
    answer = dunning_queries.can_promise(account_id, now)
    return PromiseView(
        open=OpenPromise(row.amount, row.due_at, max(row.amount - paid_since(row), Decimal(0)))
        if row
        else None,
        is_allowed=answer.is_allowed,
        reasons=answer.reasons,
        max_amount=answer.max_amount,
        due_at=answer.due_at,
        price=answer.price,
        is_exact=answer.is_exact,
        possible_at=answer.possible_at,
    )
