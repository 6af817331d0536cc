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
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts import queries as accounts_queries
from accounts.models import Account, Subscription
from dunning.domain import promises
from dunning.domain.promises import Applicant, Past, PromiseTerms, Reason, Verdict
from dunning.models import PromisedPayment, PromiseRule

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

    `possible_at` is when time alone will have made it possible, if it will.
    """

    is_allowed: bool
    max_amount: Decimal
    price: Decimal
    due_at: datetime
    reasons: tuple[str, ...]
    possible_at: datetime | None
    verdict: Verdict


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
    verdict = promises.judge(_load_terms(), applicant=_load_applicant(account_id), now=now)
    times = [reason.possible_at for reason in verdict.reasons]
    passing = [moment for moment in times if moment is not None]
    return PromiseAnswer(
        is_allowed=verdict.is_allowed,
        max_amount=verdict.max_amount,
        price=verdict.price,
        due_at=verdict.due_at,
        reasons=tuple(explain(reason, verdict=verdict) for reason in verdict.reasons),
        possible_at=max(passing) if passing and len(passing) == len(times) else None,
        verdict=verdict,
    )


def explain(reason: Reason, *, verdict: Verdict) -> str:
    """Return the sentence that tells a person what is in the way, and what would help."""
    day = formats.date_format(timezone.localtime(reason.possible_at)) if reason.possible_at else ""
    sentences = {
        promises.NOT_OFFERED: _("Promised payments are not offered now. Top up the account."),
        promises.ACCOUNT_CLOSED: _("The account is closed."),
        promises.NO_SERVICE: _("The account has no service that works or waits for money."),
        promises.IS_OPEN: _("A promised payment is open already. Pay it first."),
        promises.TOO_SOON: _("The last promised payment was not long ago. Possible from %(day)s.")
        % {"day": day},
        promises.TOO_DEEP: _(
            "The debt is larger than a promised payment can lift. Pay a part of it first."
        ),
        promises.TOO_MUCH: _("At most %(amount)s.") % {"amount": _money(verdict.max_amount)},
        promises.TOO_LITTLE: _("It must be more than its price, %(price)s.")
        % {"price": _money(verdict.price)},
    }
    return sentences[reason.code]


def _money(amount: Decimal) -> str:
    return f"{formats.number_format(amount, decimal_pos=2, force_grouping=True)}\u00a0₽"


def find_open_promise(account_id: int) -> PromisedPayment | None:
    """Find the open promised payment of the account."""
    return PromisedPayment.objects.filter(
        account_id=account_id, state=PromisedPayment.State.OPEN
    ).first()


def list_promises(*, account_id: int, limit: int = 50) -> list[PromisedPayment]:
    """List the promised payments of the account, newest first."""
    return list(PromisedPayment.objects.filter(account_id=account_id).order_by("-pk")[:limit])


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


def _load_terms() -> PromiseTerms | None:
    rule = PromiseRule.objects.filter(is_active=True).order_by("pk").first()
    if rule is None:
        return None
    return PromiseTerms(rule.max_amount, rule.days, rule.price, rule.days_between)


def _load_applicant(account_id: int) -> Applicant:
    account = Account.objects.get(pk=account_id)
    balance = accounts_queries.get_balance(account_id)
    alive = account.subscriptions.exclude(
        state__in=[Subscription.State.ORDERED, Subscription.State.TERMINATED]
    )
    past = PromisedPayment.objects.filter(account=account).order_by("pk")
    return Applicant(
        available=balance.money + balance.floor,
        is_closed=account.closed_on is not None,
        has_service=alive.exists(),
        past=tuple(Past(row.given_at, row.due_at, row.state, row.closed_at) for row in past),
    )
