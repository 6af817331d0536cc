"""
The records of a batch that were resolved, as columns ready to be priced.
"""

from dataclasses import dataclass

from rating.domain.compiled import CompiledTariffs
from rating.domain.usage import Bools, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """
    Resolved records by their `rows` in the usage; `length` is to be walked.

    `group_id` is the subscription whose allowances they share, `day` that of the day tables;
    `by_twin` marks what columns can't price.
    """

    tariffs: CompiledTariffs
    rows: Ints
    start: Ints
    kind: Ints
    quantity: Ints
    account_id: Ints
    subscription_id: Ints
    group_id: Ints
    day: Ints
    slot: Ints
    deck: Ints
    zone: Ints
    cell: Ints
    length: Ints
    by_twin: Bools
