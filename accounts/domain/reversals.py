"""
Which entries a person may take back by hand.
"""

from typing import Final

from accounts.domain.kinds import Kind
from accounts.domain.posting import OWN_REFS

#: Kinds that nothing else depends on: what was corrected by hand is corrected back by hand.
REVERSIBLE: Final = frozenset(
    {Kind.ADJUSTMENT, Kind.WRITE_OFF, Kind.PROMISE_PRICE, Kind.OPENING, Kind.LATE_FEE}
)


def is_reversible(*, kind: Kind, ref: int, is_reversal: bool) -> bool:
    """
    Whether the entry may be taken back by hand; a reversal never is.

    >>> is_reversible(kind=Kind.WRITE_OFF, ref=7, is_reversal=False)
    True
    >>> is_reversible(kind=Kind.ONE_OFF, ref=7, is_reversal=False)
    False
    """
    if is_reversal:
        return False
    # One-off charges are those of plans and packages, but for what was taken of a hold.
    return kind in REVERSIBLE or (kind == Kind.ONE_OFF and ref >= OWN_REFS)
