"""
Spending guards: set and lifted by the subscriber or an agent, checked by the night.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import Subscription
from billing_project.kernel.operations import record_event, record_events
from rating.domain.spending import GuardState, period_number
from rating.models import SpendingGuard
from rating.queries import limits as queries

MOST: Final = Decimal("1000000.00")

#: Guards whose month's spending has reached them, marked and told once a month.
REACHED: Final = """
    UPDATE rating_spendingguard g SET reached_month = %(month)s
      FROM (SELECT g.id, s.spent
              FROM rating_spendingguard g
              JOIN accounts_subscription b ON b.id = g.subscription_id
              CROSS JOIN LATERAL (
                  SELECT coalesce(sum(u.amount), 0) AS spent FROM rating_pricedusage u
                   WHERE u.account_id = g.account_id AND u.subscription_id = g.subscription_id
                     AND u.started_at >= %(first)s AND u.started_at < %(end)s) s
             WHERE g.reached_month <> %(month)s AND b.state <> 'terminated'
               AND g.account_id >= %(account_from)s AND g.account_id < %(account_to)s
               AND s.spent >= g.amount
                   + CASE WHEN g.allowed_month = %(month)s THEN g.allowed_more ELSE 0 END
             ORDER BY g.id FOR NO KEY UPDATE OF g) r
     WHERE g.id = r.id
    RETURNING g.id, r.spent
"""

EVENTS: Final = """
    SELECT g.account_id, NULL::bigint, g.subscription_id, %s::timestamptz,
           jsonb_build_object(
               'amount', (g.amount + CASE WHEN g.allowed_month = g.reached_month
                                          THEN g.allowed_more ELSE 0 END)::text,
               'spent', r.spent::text)
      FROM unnest(%s::bigint[], %s::numeric[]) AS r (id, spent)
      JOIN rating_spendingguard g ON g.id = r.id
"""


class UnableToGuard(Exception):
    """The limit makes no sense, the service is over, or there is no guard."""


@transaction.atomic
def set_guard(
    *, subscription_id: int, amount: Decimal, now: datetime, actor: str, on_behalf_of: str = ""
) -> SpendingGuard:
    """
    Set how much a service may spend on usage in a calendar month.

    A new limit is looked at anew: if the month has spent it, the next check says so.
    """
    if not Decimal(1) <= amount <= MOST or amount != round(amount, 2):
        message = _("A limit is from 1 to %(most)s, with kopecks at most.")
        raise UnableToGuard(message % {"most": f"{MOST:,.0f}"})
    service = Subscription.objects.select_for_update(no_key=True).get(pk=subscription_id)
    if service.state == Subscription.State.TERMINATED:
        raise UnableToGuard(_("The service is terminated."))
    guard, _is_new = SpendingGuard.objects.update_or_create(
        account_id=service.account_id,
        subscription_id=subscription_id,
        defaults={
            "amount": amount,
            "reached_month": 0,
            "changed_at": now,
            "changed_by": actor[:60],
        },
    )
    _tell("guard.set", guard, now=now, actor=actor, on_behalf_of=on_behalf_of)
    return guard


@transaction.atomic
def lift_guard(*, subscription_id: int, now: datetime, actor: str, on_behalf_of: str = "") -> None:
    """Take the guard away: the service spends without a limit of its own."""
    guard = _locked(subscription_id)
    _tell("guard.lifted", guard, now=now, actor=actor, on_behalf_of=on_behalf_of)
    guard.delete()


@transaction.atomic
def allow_more(
    *,
    subscription_id: int,
    amount: Decimal,
    on: date,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> SpendingGuard:
    """Let the service spend so much more, this month only."""
    guard = _locked(subscription_id)
    month = period_number(on.replace(day=1))
    allowed = guard.allowed_more if guard.allowed_month == month else Decimal("0.00")
    if amount <= 0 or amount != round(amount, 2) or guard.amount + allowed + amount > MOST:
        raise UnableToGuard(_("Say how much more may be spent this month."))
    guard.allowed_more, guard.allowed_month = allowed + amount, month
    guard.reached_month, guard.changed_at, guard.changed_by = 0, now, actor[:60]
    guard.save()
    _tell("guard.extended", guard, now=now, actor=actor, on_behalf_of=on_behalf_of, more=amount)
    return guard


@transaction.atomic
def check_guards(
    *,
    business_date: date,
    now: datetime,
    actor: str,
    account_from: int = 0,
    account_to: int = 2**62,
) -> int:
    """
    Note which guards the month of the day has reached and say so, once a month; return how many.

    One statement for all accounts of [account_from, account_to).
    """
    first, end = queries.month_moments(business_date)
    params: dict[str, Any] = {
        "month": period_number(business_date.replace(day=1)),
        "first": first,
        "end": end,
        "account_from": account_from,
        "account_to": account_to,
    }
    with connection.cursor() as cursor:
        cursor.execute(REACHED, params)
        reached = cursor.fetchall()
    if reached:
        ids, spent = zip(*reached, strict=True)
        told = [now, list(ids), list(spent)]
        record_events(kind="guard.reached", source_sql=EVENTS, params=told, actor=actor)
    return len(reached)


def stops(*, account_id: int, subscription_id: int, on: date) -> bool:
    """Whether the service's guard refuses further spending now (asked by online charging)."""
    answer = queries.judge_guard_of(account_id=account_id, subscription_id=subscription_id, on=on)
    return answer is not None and answer.state == GuardState.REACHED


def _locked(subscription_id: int) -> SpendingGuard:
    guard = (
        SpendingGuard.objects.select_for_update(no_key=True)
        .filter(subscription_id=subscription_id)
        .first()
    )
    if guard is None:
        raise UnableToGuard(_("The service has no spending guard."))
    return guard


def _tell(
    kind: str,
    guard: SpendingGuard,
    *,
    now: datetime,
    actor: str,
    on_behalf_of: str,
    more: Decimal | None = None,
) -> None:
    data = {"amount": str(guard.amount)}
    if more is not None:
        data["more"] = str(more)
    record_event(
        kind=kind,
        happened_at=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        account_id=guard.account_id,
        subscription_id=guard.subscription_id,
        data=data,
    )
