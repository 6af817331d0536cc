"""
Who of a household may do what with whose account.
"""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a person is in a household."""

    OWNER = "owner"
    PAYER = "payer"
    USER = "user"
    CHILD = "child"


class Right(StrEnum):
    """How far a log-in reaches into an account: everything, or its money only."""

    MANAGE = "manage"
    PAY = "pay"


#: Whose account it is when it is not a member's: the household's own.
HOUSEHOLD: Final = "household"


def right_over(viewer: Role, of: str, *, has_payer: bool) -> Right | None:
    """
    Return what a member may do with an account of the household (`of` HOUSEHOLD) or of a member.

    The owner manages what is the household's and the children's. The payer sees the money of
    everybody and pays, nobody's calls. Without a payer the owner pays for everybody. Own accounts
    are no matter of the household.
    """
    if viewer == Role.OWNER and of in {HOUSEHOLD, Role.CHILD}:
        return Right.MANAGE
    if viewer == Role.PAYER or (viewer == Role.OWNER and not has_payer):
        return Right.PAY
    return None
