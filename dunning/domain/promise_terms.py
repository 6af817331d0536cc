"""
The promised payment in values: a rule, who asks, what is in the way, the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from tariffs.domain.eligibility import Buyer, Conditions

OPEN: Final = "open"
KEPT: Final = "kept"
BROKEN: Final = "broken"

# What the amount of a rule is.
UP_TO: Final = "up_to"
FIXED: Final = "fixed"
MISSING: Final = "missing"
FEE_SHARE: Final = "fee_share"

# What "times" is counted in.
MONTH: Final = "month"
DAYS: Final = "days"

# Reasons of a refusal; what a person reads is made of them in dunning.queries.
NOT_OFFERED: Final = "not_offered"
CLASS_REFUSED: Final = "class_refused"
ACCOUNT_CLOSED: Final = "account_closed"
NO_SERVICE: Final = "no_service"
IS_OPEN: Final = "is_open"
TOO_SOON: Final = "too_soon"
TOO_MANY: Final = "too_many"
TOO_NEW: Final = "too_new"
FEW_PAYMENTS: Final = "few_payments"
LITTLE_PAID: Final = "little_paid"
BROKE_LATELY: Final = "broke_lately"
NOT_HONOURED: Final = "not_honoured"
DEBT_TOO_SMALL: Final = "debt_too_small"
DEBT_TOO_LARGE: Final = "debt_too_large"
NOTHING_MISSING: Final = "nothing_missing"
NO_FEE: Final = "no_fee"
TOO_DEEP: Final = "too_deep"
TOO_MUCH: Final = "too_much"
TOO_LITTLE: Final = "too_little"
NOT_EXACT: Final = "not_exact"

ZERO: Final = Decimal("0.00")
EVERYBODY: Final = Conditions()
ANYBODY: Final = Buyer("person", "prepaid")


@dataclass(frozen=True, slots=True)
class PromiseTerms:
    """
    What a PromiseRule offers and asks, as values. A zero, or None, asks nothing.

    Money in the account's currency; the debt is what is below zero beyond the credit limit.
    """

    max_amount: Decimal
    days: int
    price: Decimal
    days_between: int
    amount_is: str = UP_TO
    fee_percent: Decimal = Decimal(100)
    times: int = 0
    times_in: str = MONTH
    times_days: int = 30
    min_months: int = 0
    history_days: int = 90
    min_payments: int = 0
    min_paid: Decimal = ZERO
    unbroken_months: int = 0
    min_debt: Decimal = ZERO
    max_debt: Decimal | None = None
    after_kept: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A PromiseRule: for whom, on the days [valid_from, valid_to), on which terms."""

    id: int
    position: int
    terms: PromiseTerms
    whom: Conditions = EVERYBODY
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """One promise of the past, or the open one; `paid` since it was given, late payments too."""

    given_at: datetime
    due_at: datetime
    state: str
    closed_at: datetime | None
    amount: Decimal = ZERO
    paid: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        """What of it was not paid."""
        return max(self.amount - self.paid, ZERO)


@dataclass(frozen=True, slots=True)
class Paid:
    """One payment that stands."""

    paid_at: datetime
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Applicant:
    """
    What rules look at: available money is balance + floor, `missing` what has to come in for every
    service to work without limits, `monthly_fee` what its services cost a month.
    """

    available: Decimal
    is_closed: bool
    has_service: bool
    past: Sequence[Past]
    payments: Sequence[Paid] = ()
    opened_on: date | None = None
    missing: Decimal = ZERO
    monthly_fee: Decimal = ZERO
    may_promise: bool = True
    buyer: Buyer = ANYBODY

    @property
    def debt(self) -> Decimal:
        """What is below zero beyond the credit limit."""
        return max(-self.available, ZERO)


@dataclass(frozen=True, slots=True)
class Reason:
    """
    One thing in the way, and when it will be gone: at a moment, or after a payment of `to_pay`, or
    after `more` payments; none of them: neither time nor money alone will do.

    `asked` is the figure of the rule that isn't met, for the sentence.
    """

    code: str
    possible_at: datetime | None = None
    to_pay: Decimal | None = None
    more: int = 0
    asked: Decimal | int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    Whether a promise may be given now, up to how much, until when, at what price; or why not.

    `is_exact`: the amount is `max_amount` and no other. `rule_id` 0: no rule is for this account.
    """

    reasons: tuple[Reason, ...]
    max_amount: Decimal
    due_at: datetime
    price: Decimal
    is_exact: bool = False
    rule_id: int = 0

    @property
    def is_allowed(self) -> bool:
        """Nothing is in the way."""
        return not self.reasons

    @property
    def possible_at(self) -> datetime | None:
        """When time alone will have made it possible, if it will."""
        times = [reason.possible_at for reason in self.reasons]
        passing = [moment for moment in times if moment is not None]
        return max(passing) if passing and len(passing) == len(times) else None

    @property
    def to_pay(self) -> Decimal | None:
        """Which payment does away with all that money alone can do away with."""
        sums = [reason.to_pay for reason in self.reasons if reason.to_pay is not None]
        return max(sums) if sums else None
