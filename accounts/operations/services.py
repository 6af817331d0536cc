"""
Services on an account: ordered, activated, paused, ended; their plan and its history.

Fees, quotes and what the network allows are decided higher up (decision B6).
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import queries
from accounts.models import Account, PausedDays, PlanAssignment, Subscription
from accounts.operations import deposits, pool
from accounts.operations.bundles import review_bundles
from accounts.operations.packages import end_packages
from billing_project.kernel.operations import change_state, record_event
from tariffs import queries as tariffs_queries
from tariffs.domain.eligibility import judge
from tariffs.models import PlanVersion

#: A number rests so long after its service ended, before somebody else gets it.
QUARANTINE_DAYS: Final = 180


class UnableToOrder(Exception):
    """The account is closed, or the plan is not on sale, for another service, or for others."""


class UnableToChangeService(Exception):
    """The service is in a state from which it can't be moved so."""


class UnableToSetPlan(Exception):
    """The service ended, the plan does not fit it, or the day lies before its present plan's."""


@transaction.atomic
def order_service(
    *,
    account: Account,
    service: str,
    plan_version: PlanVersion,
    now: datetime,
    actor: str,
    identifiers: Sequence[tuple[str, str]] = (),
    address: str = "",
    on_behalf_of: str = "",
) -> Subscription:
    """
    Order a service with its plan and its numbers, (kind, value) pairs; all or nothing.

    The plan's deposit is taken off the balance. Raises UnableToOrder, or `pool.UnableToOccupy` for a
    number that is not free.
    """
    on = timezone.localdate(now)
    who = (actor, on_behalf_of)
    _check_order(account, plan_version, service=service, now=now)
    subscription: Subscription = Subscription.objects.create(
        account=account, service=service, address=address, ordered_at=now
    )
    PlanAssignment.objects.create(
        account=account, subscription=subscription, plan_version=plan_version, active_from=now
    )
    for kind, value in identifiers:
        pool.occupy(subscription=subscription, kind=kind, value=value, now=now, on=on)
    _take_deposit(subscription, plan_version, now=now, who=who)
    _announce(
        "service.ordered",
        subscription,
        now=now,
        who=who,
        data={"plan_version_id": plan_version.pk, "identifiers": [v for _kind, v in identifiers]},
    )
    return subscription


def _take_deposit(
    subscription: Subscription, plan_version: PlanVersion, *, now: datetime, who: tuple[str, str]
) -> None:
    """Keep the deposit that the plan asks of accounts of this credit class, if any."""
    amount = deposits.deposit_for(subscription.account, plan_version.deposit)
    if not amount:
        return
    try:
        deposits.take_deposit(
            account_id=subscription.account_id,
            subscription_id=subscription.pk,
            plan_version_id=plan_version.pk,
            amount=amount,
            request_id=f"service:{subscription.pk}",
            business_date=timezone.localdate(now),
            now=now,
            actor=who[0],
            on_behalf_of=who[1],
        )
    except deposits.UnableToKeepDeposit as refusal:
        raise UnableToOrder(str(refusal)) from None


def _check_order(
    account: Account, plan_version: PlanVersion, *, service: str, now: datetime
) -> None:
    on = timezone.localdate(now)
    if account.closed_on is not None and account.closed_on <= on:
        raise UnableToOrder(_("The account is closed."))
    plan = plan_version.plan
    if plan.service != service or plan.account_kind not in {"", account.kind}:
        raise UnableToOrder(_("This plan is not for this service or kind of account."))
    on_sale = plan_version.on_sale_from <= on and (
        plan_version.closed_on is None or on < plan_version.closed_on
    )
    if plan_version.published_at is None or plan.is_archived or not on_sale:
        raise UnableToOrder(_("This plan is not on sale."))
    buyer = queries.buyer_of(account, service=service)
    reasons = judge(tariffs_queries.conditions_of(plan_version), buyer=buyer)
    if reasons:
        raise UnableToOrder(" ".join(map(tariffs_queries.describe_reason, reasons)))


def activate_service(
    *, subscription_id: int, now: datetime, actor: str, on_behalf_of: str = ""
) -> Subscription:
    """Begin the service; fees count from now."""
    with transaction.atomic():
        _move(subscription_id, "active", sources={"ordered"}, at=now, who=(actor, on_behalf_of))
        Subscription.objects.filter(pk=subscription_id).update(activated_at=now)
        return _moved("service.activated", subscription_id, now=now, who=(actor, on_behalf_of))


def suspend_service(
    *,
    subscription_id: int,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    reason: str = "",
    first: date | None = None,
    keeps_packages: bool = False,
) -> Subscription:
    """
    Pause the service at the subscriber's wish.

    `first` is the first day that counts as paused: tomorrow, since today was begun, unless the pause
    begins with a day. `keeps_packages`: the fees of its packages go on.
    """
    who = (actor, on_behalf_of)
    with transaction.atomic():
        _move(subscription_id, "suspended", sources={"active"}, at=now, who=who, reason=reason)
        paused = _moved("service.suspended", subscription_id, now=now, who=who)
        PausedDays.objects.create(
            account_id=paused.account_id,
            subscription=paused,
            first=first or timezone.localdate(now) + timedelta(days=1),
            keeps_packages=keeps_packages,
        )
        return paused


def resume_service(
    *,
    subscription_id: int,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    on: date | None = None,
) -> Subscription:
    """End the pause; `on`, today if not given, is the first day that isn't paused."""
    who = (actor, on_behalf_of)
    with transaction.atomic():
        _move(subscription_id, "active", sources={"suspended"}, at=now, who=who)
        _end_pause(subscription_id, until=on or timezone.localdate(now))
        return _moved("service.resumed", subscription_id, now=now, who=who)


def _end_pause(subscription_id: int, *, until: date) -> None:
    paused = PausedDays.objects.filter(subscription_id=subscription_id, until__isnull=True)
    paused.update(until=Greatest("first", Value(until)))


def end_service(
    *,
    subscription_id: int,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    reason: str = "",
    quarantine_days: int = QUARANTINE_DAYS,
) -> Subscription:
    """End the service for good: its plan and numbers end now, the numbers rest."""
    who = (actor, on_behalf_of)
    rests_until = timezone.localdate(now) + timedelta(days=quarantine_days)
    with transaction.atomic():
        _move(subscription_id, "terminated", at=now, who=who, reason=reason)
        Subscription.objects.filter(pk=subscription_id).update(terminated_at=now)
        _end_plans(subscription_id, at=now)
        _end_pause(subscription_id, until=timezone.localdate(now) + timedelta(days=1))
        pool.release(subscription_id=subscription_id, now=now, quarantine_until=rests_until)
        ended = _moved("service.terminated", subscription_id, now=now, who=who)
        end_packages(ended, at=now, now=now, who=who)
        review_bundles(subscription_id=subscription_id, at=now, now=now, who=who, reason=reason)
        return ended


@transaction.atomic
def set_plan(
    *,
    subscription_id: int,
    plan_version_id: int,
    active_from: datetime,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> PlanAssignment:
    """
    Put the service on a plan version from a moment on, and write `plan.changed`.

    The present assignment ends there; later ones are replaced. Published versions only; whether it
    is on sale is the caller's question (a subscriber may be moved to an archived one).
    """
    subscription = (
        Subscription.objects.select_for_update(no_key=True)
        .select_related("account")
        .get(pk=subscription_id)
    )
    version = PlanVersion.objects.select_related("plan").get(pk=plan_version_id)
    _check_plan(subscription, version, active_from=active_from, now=now)
    before = _assignment_at(subscription_id, active_from)
    _end_plans(subscription_id, at=active_from)
    assignment = PlanAssignment.objects.create(
        account_id=subscription.account_id,
        subscription=subscription,
        plan_version=version,
        active_from=active_from,
    )
    who = (actor, on_behalf_of)
    # First the bundles: the day of the change is the new plan's, which is no part of them.
    changed_on = timezone.localdate(active_from)
    review_bundles(
        subscription_id=subscription_id, at=active_from, now=now, who=who, until=changed_on
    )
    end_packages(subscription, at=active_from, now=now, who=who, plan=version.plan)
    _announce(
        "plan.changed",
        subscription,
        now=now,
        who=who,
        data={
            "plan_version_id": plan_version_id,
            "before": before.plan_version_id if before else None,
            "active_from": active_from.isoformat(),
        },
    )
    return assignment


def _check_plan(
    subscription: Subscription, version: PlanVersion, *, active_from: datetime, now: datetime
) -> None:
    if subscription.state == Subscription.State.TERMINATED:
        raise UnableToSetPlan(_("The service has ended."))
    if version.published_at is None or version.plan.service != subscription.service:
        raise UnableToSetPlan(_("This plan is not published or not for this service."))
    present = _assignment_at(subscription.pk, now)
    started_later = present is not None and present.active_from > active_from
    if started_later or active_from < subscription.ordered_at:
        raise UnableToSetPlan(_("The day lies before the start of the present plan."))


def _assignment_at(subscription_id: int, at: datetime) -> PlanAssignment | None:
    return (
        PlanAssignment.objects.filter(subscription_id=subscription_id, active_from__lte=at)
        .order_by("-active_from")
        .first()
    )


def _end_plans(subscription_id: int, *, at: datetime) -> None:
    """End the plan that runs at the moment; take away those that would only begin then."""
    rows = PlanAssignment.objects.filter(subscription_id=subscription_id)
    rows.filter(active_from__gte=at).delete()
    rows.filter(Q(active_to__isnull=True) | Q(active_to__gt=at)).update(active_to=at)


def _move(
    subscription_id: int,
    to: str,
    *,
    at: datetime,
    who: tuple[str, str],
    reason: str = "",
    sources: set[str] | None = None,
) -> None:
    """Move the state, where `sources` narrows the graph: resuming is not activating."""
    ids_sql = "SELECT id FROM accounts_subscription WHERE id = %s"
    params: list[Any] = [subscription_id]
    if sources is not None:
        ids_sql += " AND state = ANY(%s)"
        params.append(sorted(sources))
    moved = change_state(
        model=Subscription,
        ids_sql=ids_sql,
        params=params,
        to=to,
        at=at,
        actor=who[0],
        on_behalf_of=who[1],
        reason=reason,
    )
    if not moved:
        raise UnableToChangeService(_("The service is not in a state that allows this."))


def _moved(kind: str, subscription_id: int, *, now: datetime, who: tuple[str, str]) -> Subscription:
    rows = Subscription.objects.select_related("account")
    subscription: Subscription = rows.get(pk=subscription_id)
    _announce(kind, subscription, now=now, who=who, data={"service": subscription.service})
    return subscription


def _announce(
    kind: str,
    subscription: Subscription,
    *,
    now: datetime,
    who: tuple[str, str],
    data: dict[str, Any],
) -> None:
    record_event(
        kind=kind,
        account_id=subscription.account_id,
        customer_id=subscription.account.customer_id,
        subscription_id=subscription.pk,
        happened_at=now,
        actor=who[0],
        on_behalf_of=who[1],
        data=data,
    )
