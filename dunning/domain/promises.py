"""
Promised payment: credit for some days against a promise, by one rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

OPEN: Final = "open"
KEPT: Final = "kept"
BROKEN: Final = "broken"

# Reasons of a refusal; what a person reads is made of them in dunning.queries.
NOT_OFFERED: Final = "not_offered"
ACCOUNT_CLOSED: Final = "account_closed"
NO_SERVICE: Final = "no_service"
IS_OPEN: Final = "is_open"
TOO_SOON: Final = "too_soon"
TOO_DEEP: Final = "too_deep"
TOO_MUCH: Final = "too_much"
TOO_LITTLE: Final = "too_little"


@dataclass(frozen=True, slots=True)
class PromiseTerms:
    """The PromiseRule as values."""

    max_amount: Decimal
    days: int
    price: Decimal
    days_between: int


@dataclass(frozen=True, slots=True)
class Past:
    """One promise of the past, or the open one."""

    given_at: datetime
    due_at: datetime
    state: str
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Applicant:
    """What the rule looks at: available money is balance + floor."""

    available: Decimal
    is_closed: bool
    has_service: bool
    past: Sequence[Past]


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing in the way, and when it will be gone (None = not by time alone)."""

    code: str
    possible_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a promise may be given now, up to how much, until when, at what price; or why not."""

    reasons: tuple[Reason, ...]
    max_amount: Decimal
    due_at: datetime
    price: Decimal

    @property
    def is_allowed(self) -> bool:
        """Nothing is in the way."""
        return not self.reasons


def judge(terms: PromiseTerms | None, *, applicant: Applicant, now: datetime) -> Verdict:
    """
    Judge whether the applicant may have a promised payment now. `terms` None = not offered.
    """
    if terms is None:
        return Verdict((Reason(NOT_OFFERED),), Decimal("0.00"), now, Decimal("0.00"))
    reasons = [*_standing_reasons(applicant), *_past_reasons(terms, applicant=applicant, now=now)]
    # Credit that would not even reach zero after its price helps nobody.
    if applicant.available + terms.max_amount - terms.price <= 0:
        reasons.append(Reason(TOO_DEEP))
    due_at = now + timedelta(days=terms.days)
    return Verdict(tuple(reasons), terms.max_amount, due_at, terms.price)


def check_amount(amount: Decimal, *, verdict: Verdict) -> Reason | None:
    """Return what is wrong with the amount asked for, or None."""
    if amount > verdict.max_amount:
        return Reason(TOO_MUCH)
    if amount <= verdict.price:
        return Reason(TOO_LITTLE)
    return None


def find_outcome(*, amount: Decimal, paid: Decimal, due_at: datetime, now: datetime) -> str | None:
    """
    Return kept, broken, or None while it is still open.

    A promise is kept as soon as the payments since reach its amount.
    """
    if paid >= amount:
        return KEPT
    return BROKEN if due_at <= now else None


def _standing_reasons(applicant: Applicant) -> list[Reason]:
    reasons = []
    if applicant.is_closed:
        reasons.append(Reason(ACCOUNT_CLOSED))
    elif not applicant.has_service:
        reasons.append(Reason(NO_SERVICE))
    return reasons


def _past_reasons(terms: PromiseTerms, *, applicant: Applicant, now: datetime) -> list[Reason]:
    if any(past.state == OPEN for past in applicant.past):
        return [Reason(IS_OPEN)]
    if not applicant.past:
        return []
    latest = max(past.given_at for past in applicant.past)
    possible_at = latest + timedelta(days=terms.days_between)
    return [Reason(TOO_SOON, possible_at)] if possible_at > now else []
