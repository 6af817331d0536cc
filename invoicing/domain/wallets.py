"""
Prepaid credit: in which order it is used, on what, and what of it unbilled usage has spoken for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Final

from billing_project.kernel.money import ZERO
from invoicing.domain.proration import Convention

#: The priority of a grant that names none; lower goes first.
USUAL_PRIORITY: Final = 50
GRANTED: Final = "granted"
PURCHASED: Final = "purchased"


class NotEnough(ValueError):
    """More is to be taken away than there is."""


@dataclass(slots=True)
class Grant:
    """
    Credit with its own priority and end. `came_at` and `expires_at` are moments as text of one form
    (ISO), '' = never.
    """

    code: str
    left: Decimal
    came_at: str = ""
    expires_at: str = ""
    priority: int = USUAL_PRIORITY
    source: str = GRANTED

    def is_usable(self, at: str) -> bool:
        """Whether it can be used at a moment: its end is not in it any more."""
        return not self.expires_at or at < self.expires_at


def in_order(grants: Sequence[Grant]) -> list[Grant]:
    """
    Return grants as they are used: by priority, then what expires first, free before bought, oldest.
    """
    return sorted(
        grants,
        key=lambda one: (
            one.priority,
            (not one.expires_at, one.expires_at),
            one.source != GRANTED,
            one.came_at,
        ),
    )


def use(
    grants: Sequence[Grant], amount: Decimal, *, at: str, in_full: bool = False
) -> list[tuple[Grant, Decimal]]:
    """
    Use credit and return what of which grant; with `in_full` raise NotEnough rather than use less.

    >>> low, high = Grant("low", Decimal(50), priority=20), Grant("high", Decimal(50), priority=10)
    >>> [(one.code, taken) for one, taken in use([low, high], Decimal(60), at="2026-01-01")]
    [('high', Decimal('50')), ('low', Decimal('10'))]
    """
    usable = [grant for grant in in_order(grants) if grant.is_usable(at)]
    if in_full and amount > sum((grant.left for grant in usable), ZERO):
        raise NotEnough(amount)
    used = []
    for grant in usable:
        taken = min(grant.left, amount)
        grant.left -= taken
        amount -= taken
        if taken:
            used.append((grant, taken))
    return used


@dataclass(frozen=True, slots=True)
class Due:
    """An amount with tax of a type (`charge`, `subscription`, …) that credit may pay."""

    code: str
    kind: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Purse:
    """A balance for some types of dues only, or for all; lower priority goes first."""

    code: str
    balance: Decimal
    priority: int = USUAL_PRIORITY
    kinds: frozenset[str] | None = None


def pay_from_purses(
    purses: Sequence[Purse], dues: Sequence[Due]
) -> tuple[list[tuple[Purse, Decimal]], Decimal]:
    """Return what each purse pays, in the order they are used, and what is left to pay."""
    left = {due.code: due.amount for due in dues}
    paid = []
    for purse in sorted(purses, key=lambda one: one.priority):
        spent = ZERO
        for due in dues:
            if purse.kinds is None or due.kind in purse.kinds:
                taken = min(purse.balance - spent, left[due.code])
                left[due.code] -= taken
                spent += taken
        paid.append((purse, spent))
    return paid, sum(left.values(), ZERO)


@dataclass(slots=True)
class Wallet:
    """
    A balance, and what unbilled usage and draft invoices will take of it, tax included.

    `rate` is the money in one credit; what waits is exact, what is taken is rounded.
    """

    balance: Decimal
    tax_rate: Decimal = ZERO
    rate: Decimal = Decimal(1)
    convention: Convention = field(default_factory=Convention)
    waiting: dict[str, Fraction] = field(default_factory=dict)

    @property
    def ongoing(self) -> Decimal:
        """What is left once all that waits is billed."""
        waiting = sum(self.waiting.values(), Fraction(0))
        return self.convention.rounded(Fraction(self.balance) - waiting)

    @property
    def credits(self) -> Fraction:
        """The balance in credits."""
        return Fraction(self.balance) / Fraction(self.rate)

    def use(self, bucket: str, amount: Decimal) -> None:
        """Let usage wait in a bucket."""
        self.waiting[bucket] = self.waiting.get(bucket, Fraction(0)) + self._taxed(amount)

    def draft(self, draft: str, *, bucket: str, extra: Decimal = ZERO) -> None:
        """Move a bucket, and something beside it, into a draft invoice."""
        moved = self.waiting.pop(bucket, Fraction(0)) + self._taxed(extra)
        self.waiting[draft] = self.waiting.get(draft, Fraction(0)) + moved

    def take_now(self, amount: Decimal) -> None:
        """Take an amount and its tax at once."""
        self.balance -= self.convention.rounded(self._taxed(amount))

    def finalize(self, bucket: str) -> None:
        """Bill what waits in a bucket, or a draft."""
        self.balance -= self.convention.rounded(self.waiting.pop(bucket, Fraction(0)))

    def _taxed(self, amount: Decimal) -> Fraction:
        return Fraction(amount) * (1 + Fraction(self.tax_rate))
