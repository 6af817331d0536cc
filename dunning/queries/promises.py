"""
Promised payments: whether one may be given, those that are open, those that are due.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models import Sum

from dunning.domain.promises import Verdict
from dunning.models import PromisedPayment
from dunning.queries.promise_rules import judge_account, load_rules
from dunning.queries.promise_words import explain

# Payments since the promise was given, reversed ones left out.
DUE: Final = """
    SELECT pp.id, pp.account_id, pp.amount, pp.due_at, coalesce(sum(p.amount), 0)
      FROM dunning_promisedpayment pp
      LEFT JOIN accounts_payment p ON p.account_id = pp.account_id AND p.state = 'posted'
       AND p.paid_at >= pp.given_at
     WHERE pp.state = 'open' AND pp.id > %(after)s
     GROUP BY pp.id
    HAVING pp.due_at <= %(now)s OR coalesce(sum(p.amount), 0) >= pp.amount
     ORDER BY pp.id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class PromiseAnswer:
    """
    Whether a promised payment may be given now, on which terms, or why not (sentences, all of them).

    `possible_at` is when time alone will have made it possible, if it will; `to_pay` the payment
    that does away with all that money can. `is_exact`: the amount is `max_amount` and no other.
    """

    is_allowed: bool
    max_amount: Decimal
    price: Decimal
    due_at: datetime
    reasons: tuple[str, ...]
    possible_at: datetime | None
    verdict: Verdict

    @property
    def is_exact(self) -> bool:
        """Whether there is but one amount."""
        return self.verdict.is_exact

    @property
    def to_pay(self) -> Decimal | None:
        """Which payment helps, if one does."""
        return self.verdict.to_pay


@dataclass(frozen=True, slots=True)
class DuePromise:
    """An open promise whose time has come, or that is paid already."""

    id: int
    account_id: int
    amount: Decimal
    due_at: datetime
    paid: Decimal


def can_promise(account_id: int, now: datetime) -> PromiseAnswer:
    """Answer whether the account may have a promised payment now; a refusal says everything."""
    verdict = judge_account(account_id, rules=load_rules(), now=now)
    return PromiseAnswer(
        is_allowed=verdict.is_allowed,
        max_amount=verdict.max_amount,
        price=verdict.price,
        due_at=verdict.due_at,
        reasons=tuple(explain(reason, verdict=verdict) for reason in verdict.reasons),
        possible_at=verdict.possible_at,
        verdict=verdict,
    )


def find_open_promise(account_id: int) -> PromisedPayment | None:
    """Find the open promised payment of the account."""
    return PromisedPayment.objects.filter(
        account_id=account_id, state=PromisedPayment.State.OPEN
    ).first()


def list_promises(*, account_id: int, limit: int = 50) -> list[PromisedPayment]:
    """List the promised payments of the account, newest first, each with its rule."""
    rows = PromisedPayment.objects.filter(account_id=account_id).select_related("rule")
    return list(rows.order_by("-pk")[:limit])


def list_due(*, now: datetime, limit: int, after: int = 0) -> list[DuePromise]:
    """List open promises, by id from `after` on, that are paid or whose time is over."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"now": now, "limit": limit, "after": after})
        return [DuePromise(*row) for row in cursor.fetchall()]


def sum_open_promises(account_ids: Sequence[int]) -> dict[int, Decimal]:
    """Return account id -> money of open promises, for accounts that have some."""
    opened = PromisedPayment.objects.filter(
        account_id__in=account_ids, state=PromisedPayment.State.OPEN
    )
    rows = opened.values_list("account_id").annotate(total=Sum("amount")).order_by("account_id")
    return dict(rows)
