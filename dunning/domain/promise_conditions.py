"""
The conditions of the promised payment, each with what is in the way and when it will be gone.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from typing import Final

from billing_project.kernel.periods import add_months
from dunning.domain.promise_terms import (
    ACCOUNT_CLOSED,
    BROKE_LATELY,
    BROKEN,
    CLASS_REFUSED,
    DEBT_TOO_LARGE,
    DEBT_TOO_SMALL,
    FEW_PAYMENTS,
    IS_OPEN,
    LITTLE_PAID,
    MONTH,
    NO_SERVICE,
    NOT_HONOURED,
    OPEN,
    TOO_MANY,
    TOO_NEW,
    TOO_SOON,
    ZERO,
    Applicant,
    PromiseTerms,
    Reason,
)

Condition = Callable[[PromiseTerms, Applicant, datetime], Iterator[Reason]]


def standing(_terms: PromiseTerms, applicant: Applicant, _now: datetime) -> Iterator[Reason]:
    """The account lives, has a service, and its credit class may promise."""
    if applicant.is_closed:
        yield Reason(ACCOUNT_CLOSED)
    elif not applicant.has_service:
        yield Reason(NO_SERVICE)
    if not applicant.may_promise:
        yield Reason(CLASS_REFUSED)


def nothing_open(_terms: PromiseTerms, applicant: Applicant, _now: datetime) -> Iterator[Reason]:
    """One promise at a time."""
    for past in applicant.past:
        if past.state == OPEN:
            yield Reason(IS_OPEN, to_pay=past.left or None)


def apart(terms: PromiseTerms, applicant: Applicant, now: datetime) -> Iterator[Reason]:
    """So many days between one promise and the next."""
    if not applicant.past or _is_open(applicant):
        return
    latest = max(past.given_at for past in applicant.past)
    possible_at = latest + timedelta(days=terms.days_between)
    if possible_at > now:
        yield Reason(TOO_SOON, possible_at, asked=terms.days_between)


def seldom(terms: PromiseTerms, applicant: Applicant, now: datetime) -> Iterator[Reason]:
    """So many times in a calendar month, or in so many days back."""
    if not terms.times or _is_open(applicant):
        return
    if terms.times_in == MONTH:
        given = [past.given_at.astimezone(now.tzinfo) for past in applicant.past]
        count = sum((at.year, at.month) == (now.year, now.month) for at in given)
        if count >= terms.times:
            first = add_months(now.replace(day=1), 1)
            yield Reason(TOO_MANY, _midnight(first), asked=terms.times)
        return
    span = timedelta(days=terms.times_days)
    free = sorted(past.given_at + span for past in applicant.past if past.given_at + span > now)
    if len(free) >= terms.times:
        yield Reason(TOO_MANY, free[len(free) - terms.times], asked=terms.times)


def long_enough(terms: PromiseTerms, applicant: Applicant, now: datetime) -> Iterator[Reason]:
    """A subscriber for so many months."""
    if not terms.min_months or applicant.opened_on is None:
        return
    day = add_months(applicant.opened_on, terms.min_months)
    possible_at = datetime.combine(day, time.min, tzinfo=now.tzinfo)
    if possible_at > now:
        yield Reason(TOO_NEW, possible_at, asked=terms.min_months)


def paid_before(terms: PromiseTerms, applicant: Applicant, now: datetime) -> Iterator[Reason]:
    """So many payments, and so much money, in so many days back."""
    span = timedelta(days=terms.history_days)
    sums = [paid.amount for paid in applicant.payments if paid.paid_at + span > now]
    if len(sums) < terms.min_payments:
        more = terms.min_payments - len(sums)
        yield Reason(FEW_PAYMENTS, more=more, asked=terms.min_payments)
    lacking = terms.min_paid - sum(sums, ZERO)
    if lacking > 0:
        yield Reason(LITTLE_PAID, to_pay=lacking, asked=terms.min_paid)


def unbroken(terms: PromiseTerms, applicant: Applicant, now: datetime) -> Iterator[Reason]:
    """No promise broken in so many months back."""
    if not terms.unbroken_months:
        return
    closed = [past.closed_at for past in applicant.past if past.state == BROKEN]
    latest = max((moment for moment in closed if moment is not None), default=None)
    if latest is None:
        return
    possible_at = add_months(latest.astimezone(now.tzinfo), terms.unbroken_months)
    if possible_at > now:
        yield Reason(BROKE_LATELY, possible_at, asked=terms.unbroken_months)


def honoured(terms: PromiseTerms, applicant: Applicant, _now: datetime) -> Iterator[Reason]:
    """What was promised last was paid, be it late."""
    if not terms.after_kept or not applicant.past or _is_open(applicant):
        return
    last = max(applicant.past, key=lambda past: past.given_at)
    if last.state == BROKEN and last.left:
        yield Reason(NOT_HONOURED, to_pay=last.left)


def in_debt(terms: PromiseTerms, applicant: Applicant, _now: datetime) -> Iterator[Reason]:
    """A debt that is neither too small nor too large."""
    if applicant.debt < terms.min_debt:
        yield Reason(DEBT_TOO_SMALL, asked=terms.min_debt)
    if terms.max_debt is not None and applicant.debt > terms.max_debt:
        yield Reason(DEBT_TOO_LARGE, to_pay=applicant.debt - terms.max_debt, asked=terms.max_debt)


#: In the order in which they are told.
CONDITIONS: Final[tuple[Condition, ...]] = (
    standing,
    nothing_open,
    apart,
    seldom,
    long_enough,
    paid_before,
    unbroken,
    honoured,
    in_debt,
)


def _is_open(applicant: Applicant) -> bool:
    return any(past.state == OPEN for past in applicant.past)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
