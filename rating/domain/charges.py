"""
What accounts owe for a batch: sums of its priced rows, one per account and kind of usage.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from rating.domain.usage import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Charges:
    """
    Amounts in minor units, one per kind of usage and account, in that order.

    `subscription_id` is 0 where several services of the account were used.
    """

    kind: Ints
    account_id: Ints
    amount: Ints
    subscription_id: Ints

    def __len__(self) -> int:
        return len(self.kind)

    def some(self, rows: Ints) -> "Charges":
        """Return the charges at these positions."""
        return Charges(*(getattr(self, column.name)[rows] for column in fields(self)))

    def parts(self, size: int) -> Iterator["Charges"]:
        """Yield the charges by kind, at most so many at once."""
        for kind in np.unique(self.kind):
            rows = np.flatnonzero(self.kind == kind)
            for start in range(0, len(rows), size):
                yield self.some(rows[start : start + size])


def added_up(rows: Charges) -> Charges:
    """
    Add up what rows in the order of accounts charge; who owes nothing is left out.

    >>> one = np.array([1, 1, 1])
    >>> sums = added_up(Charges(one, np.array([7, 7, 8]), np.array([30, 12, 0]), one))
    >>> sums.account_id.tolist(), sums.amount.tolist()
    ([7], [42])
    """
    if not len(rows):
        return rows
    # Stable: within a kind the accounts stay in their order.
    ordered = rows.some(np.argsort(rows.kind.astype(np.int8), kind="stable"))
    kind, account = ordered.kind, ordered.account_id
    is_first = np.append(True, (kind[1:] != kind[:-1]) | (account[1:] != account[:-1]))
    firsts = np.flatnonzero(is_first)
    amount = np.add.reduceat(ordered.amount, firsts)
    least = np.minimum.reduceat(ordered.subscription_id, firsts)
    most = np.maximum.reduceat(ordered.subscription_id, firsts)
    sums = Charges(kind[firsts], account[firsts], amount, np.where(least == most, least, 0))
    return sums.some(np.flatnonzero(amount))
