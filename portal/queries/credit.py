"""
The credit limit of one's own choice: what it is, what is used, what may be chosen.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from accounts.queries.credit import list_credit_changes
from dunning.queries.limits import Credit, get_credit

CHANGES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class LimitChange:
    """How the limit came to be what it was."""

    at: datetime
    before: Decimal
    after: Decimal
    is_own: bool


@dataclass(frozen=True, slots=True)
class CreditView:
    """The page: the credit, and how the limit changed, newest first."""

    credit: Credit
    changes: tuple[LimitChange, ...]

    @property
    def least(self) -> Decimal:
        """How far the limit may be lowered now."""
        return self.credit.standing.used


def find_credit(account_id: int) -> CreditView:
    """Return the credit of an account."""
    rows = list_credit_changes(account_id, limit=CHANGES_SHOWN)
    return CreditView(
        credit=get_credit(account_id),
        changes=tuple(
            LimitChange(row.changed_at, row.limit_before, row.limit_after, row.is_own)
            for row in rows
            if row.limit_before != row.limit_after
        ),
    )
