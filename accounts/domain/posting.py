"""
One posting to the ledger, checked before it reaches the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from accounts.domain.kinds import CONTRA_OF, SIGN, Contra, Fund, Kind
from billing_project.kernel.money import round_money

#: What numeric(14,2) holds.
LARGEST: Final = Decimal("999999999999.99")
#: Refs of kinds with several causes: captures of holds (ONE_OFF) and opening balances count from
#: here, reversals by hand (of any kind) from twice it; below are the ids of the other causes.
OWN_REFS: Final = 1 << 60
REVERSAL_REFS: Final = 1 << 61


class WrongPosting(ValueError):
    """The amount is zero, of the wrong sign, not rounded to the minor unit, or too large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """
    What to write to one account: `amount` negative takes, positive gives, rounded already.

    `ref` is the id of what caused it (payment, billed period, batch …): (account_id, kind, ref) is
    posted once. `reverses` is (id, business date) of the entry it reverses, and then the amount has
    the other sign. `explanation` holds plain values that answer «why was I charged».
    """

    account_id: int
    kind: Kind
    ref: int
    amount: Decimal
    business_date: date
    about_subscription_id: int | None = None
    explanation: Mapping[str, Any] | None = None
    reverses: tuple[int, date] | None = None
    fund: Fund = Fund.MONEY

    def __post_init__(self) -> None:
        sign = SIGN.get(self.kind, 0)
        if self.ref >= REVERSAL_REFS:
            sign = -sign
        if self.amount == 0 or (sign and (self.amount > 0) != (sign > 0)):
            message = f"{self.kind.name} of {self.amount}"
            raise WrongPosting(message)
        if abs(self.amount) > LARGEST or self.amount != round_money(self.amount):
            message = f"{self.amount} is too large or not rounded"
            raise WrongPosting(message)

    @property
    def contra(self) -> Contra:
        """The contra account of the kind."""
        return CONTRA_OF[self.kind]


def transfer_postings(
    *, from_account_id: int, to_account_id: int, amount: Decimal, ref: int, business_date: date
) -> list[Posting]:
    """
    Return the two postings of a transfer, against the contra account «transfers».

    >>> [p.amount for p in transfer_postings(from_account_id=1, to_account_id=2, ref=9,
    ...     amount=Decimal("5.00"), business_date=date(2026, 11, 1))]
    [Decimal('-5.00'), Decimal('5.00')]
    """
    return [
        Posting(
            account_id=account_id,
            kind=kind,
            ref=ref,
            amount=signed,
            business_date=business_date,
            explanation={"other_account_id": other_id},
        )
        for account_id, other_id, kind, signed in (
            (from_account_id, to_account_id, Kind.TRANSFER_OUT, -amount),
            (to_account_id, from_account_id, Kind.TRANSFER_IN, amount),
        )
    ]
