"""
Promised payment: credit for some days against a promise, by the first rule that gives it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from billing_project.kernel.money import round_money
from dunning.domain.promise_conditions import CONDITIONS
from dunning.domain.promise_terms import (
    BROKEN,
    FEE_SHARE,
    KEPT,
    MISSING,
    NO_FEE,
    NOT_EXACT,
    NOT_OFFERED,
    NOTHING_MISSING,
    OPEN,
    TOO_DEEP,
    TOO_LITTLE,
    TOO_MUCH,
    UP_TO,
    ZERO,
    Applicant,
    Paid,
    Past,
    PromiseTerms,
    Reason,
    Rule,
    Verdict,
)
from tariffs.domain import eligibility

__all__ = [
    "BROKEN",
    "KEPT",
    "OPEN",
    "Applicant",
    "Paid",
    "Past",
    "PromiseTerms",
    "Reason",
    "Rule",
    "Verdict",
    "check_amount",
    "choose",
    "concerns",
    "find_outcome",
    "judge",
]

UNIT: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class _Offer:
    amount: Decimal
    is_exact: bool
    reasons: tuple[Reason, ...] = ()


def choose(rules: Sequence[Rule], *, applicant: Applicant, now: datetime) -> Verdict:
    """
    Return the verdict of the first rule, by position, that gives the applicant a promise now.

    If none does: that of the rule which time alone will fulfil soonest, or else of the rule with the
    fewest things in the way. `now` is in the operator's zone. No rule for the applicant: NOT_OFFERED.
    """
    mine = [rule for rule in rules if not eligibility.judge(rule.whom, buyer=applicant.buyer)]
    offered = [rule for rule in mine if concerns(rule, on=now.date())]
    if not offered:
        return _not_offered(mine, now=now)
    ordered = sorted(offered, key=lambda rule: (rule.position, rule.id))
    verdicts = [_judge_rule(rule, applicant=applicant, now=now) for rule in ordered]
    for verdict in verdicts:
        if verdict.is_allowed:
            return verdict
    return min(verdicts, key=_distance)


def concerns(rule: Rule, *, on: date) -> bool:
    """Return whether the rule is offered on the day."""
    return (rule.valid_from is None or rule.valid_from <= on) and (
        rule.valid_to is None or on < rule.valid_to
    )


def judge(terms: PromiseTerms | None, *, applicant: Applicant, now: datetime) -> Verdict:
    """
    Judge whether the applicant may have a promised payment now. `terms` None = not offered.
    """
    if terms is None:
        return _not_offered([], now=now)
    offer = _offer(terms, applicant)
    told = [reason for holds in CONDITIONS for reason in holds(terms, applicant, now)]
    due_at = now + timedelta(days=terms.days)
    reasons = (*told, *offer.reasons)
    return Verdict(reasons, offer.amount, due_at, terms.price, is_exact=offer.is_exact)


def check_amount(amount: Decimal, *, verdict: Verdict) -> Reason | None:
    """Return what is wrong with the amount asked for, or None."""
    if verdict.is_exact and amount != verdict.max_amount:
        return Reason(NOT_EXACT)
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


def _judge_rule(rule: Rule, *, applicant: Applicant, now: datetime) -> Verdict:
    verdict = replace(judge(rule.terms, applicant=applicant, now=now), rule_id=rule.id)
    if rule.valid_to is None:
        return verdict
    # A day on which the rule is gone is no promise.
    end = datetime.combine(rule.valid_to, time.min, tzinfo=now.tzinfo)
    reasons = [
        replace(each, possible_at=None) if each.possible_at and each.possible_at >= end else each
        for each in verdict.reasons
    ]
    return replace(verdict, reasons=tuple(reasons))


def _distance(verdict: Verdict) -> tuple[bool, datetime, int]:
    """Order refusals: first what passes by itself, the sooner the better; then the fewest reasons."""
    possible_at = verdict.possible_at
    return possible_at is None, possible_at or verdict.due_at, len(verdict.reasons)


def _not_offered(rules: Sequence[Rule], *, now: datetime) -> Verdict:
    later = [rule.valid_from for rule in rules if rule.valid_from and rule.valid_from > now.date()]
    opens = datetime.combine(min(later), time.min, tzinfo=now.tzinfo) if later else None
    return Verdict((Reason(NOT_OFFERED, opens),), ZERO, now, ZERO)


def _offer(terms: PromiseTerms, applicant: Applicant) -> _Offer:
    """Return the amount the terms offer, and what about it is in the way."""
    if terms.amount_is == MISSING:
        return _what_is_missing(terms, applicant)
    amount, is_exact = terms.max_amount, terms.amount_is != UP_TO
    if terms.amount_is == FEE_SHARE:
        amount = min(amount, round_money(applicant.monthly_fee * terms.fee_percent / 100))
        if amount <= 0:
            return _Offer(ZERO, is_exact, (Reason(NO_FEE),))
    if is_exact and amount <= terms.price:
        return _Offer(amount, is_exact, (Reason(TOO_LITTLE),))
    # Credit that would not even reach zero after its price helps nobody.
    depth = terms.price - amount - applicant.available
    if depth >= 0:
        to_pay = round_money(depth, digits=0, mode="down") + UNIT
        return _Offer(amount, is_exact, (Reason(TOO_DEEP, to_pay=to_pay, asked=amount),))
    return _Offer(amount, is_exact)


def _what_is_missing(terms: PromiseTerms, applicant: Applicant) -> _Offer:
    missing = max(applicant.missing, applicant.debt)
    if missing <= 0:
        return _Offer(ZERO, True, (Reason(NOTHING_MISSING),))
    exact = missing + terms.price
    wanted = round_money(exact, digits=0, mode="up")
    if wanted <= terms.max_amount:
        return _Offer(wanted, True)
    to_pay = exact - round_money(terms.max_amount, digits=0, mode="down")
    return _Offer(
        terms.max_amount, True, (Reason(TOO_DEEP, to_pay=to_pay, asked=terms.max_amount),)
    )
