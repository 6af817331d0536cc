"""
Which records need their covers written down beside the priced row, which names one allowance only.
"""

from dataclasses import dataclass

import numpy as np

from rating.domain.usage import Bools, Ints, PricedColumns


@dataclass(frozen=True, slots=True, eq=False)
class Covers:
    """Parts of records taken out of counters; `row` is the record's position in what was priced."""

    row: Ints
    owner_id: Ints
    owner_account_id: Ints
    allowance_id: Ints
    period: Ints
    used: Ints

    def __len__(self) -> int:
        return len(self.row)


def covers_of(priced: PricedColumns) -> Covers:
    """
    Return the parts of the records that their rows don't tell, ordered by record.

    A row tells of one allowance that is its subscription's own and covered `allowance_used` units.
    """
    uses = priced.uses
    wanted = _is_not_told(priced)[uses.row]
    return Covers(
        row=uses.row[wanted],
        owner_id=uses.subscription_id[wanted],
        owner_account_id=uses.account_id[wanted],
        allowance_id=uses.allowance_id[wanted],
        period=uses.period[wanted],
        used=uses.used[wanted],
    )


def _is_not_told(priced: PricedColumns) -> Bools:
    """Return for each record whether its parts have to be written."""
    uses = priced.uses
    is_plain = uses.subscription_id == priced.subscription_id[uses.row]
    is_plain &= uses.allowance_id == priced.allowance_id[uses.row]
    is_plain &= uses.used == priced.allowance_used[uses.row]
    answer = np.bincount(uses.row, minlength=len(priced)) > 1
    answer[uses.row[~is_plain]] = True
    return answer
