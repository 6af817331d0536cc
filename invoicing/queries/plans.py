"""
What a service pays now, what it will pay next, and whether it may change its plan.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts import queries as accounts_queries
from accounts.models import Account, Subscription
from accounts.queries.calendars import calendar_of
from billing_project.kernel.money import ZERO
from billing_project.kernel.periods import Period
from invoicing.domain.proration import FeeTerms, fee_of, next_period
from invoicing.domain.quotes import Move, PlanTerms, Quote, Refusal, quote_change
from invoicing.models import BilledPeriod, Pause, PlanChange
from invoicing.queries.splits import quote_settlement
from tariffs.domain.eligibility import Buyer, Reason, judge
from tariffs.domain.moves import MoveDecision, MoveRefusal, Rule, Side, decide
from tariffs.models import PlanVersion
from tariffs.queries import (
    conditions_of,
    get_plan_version,
    list_move_rules,
    list_plans_on_sale,
)

PLAN_ON = """
    SELECT q.plan_version_id FROM accounts_planassignment q
     WHERE q.subscription_id = %s AND (q.active_from AT TIME ZONE %s)::date <= %s
     ORDER BY q.active_from DESC LIMIT 1
"""


# The plans that a service has had up to a day, the latest first.
HELD = """
    SELECT v.plan_id, (q.active_from AT TIME ZONE %s)::date
      FROM accounts_planassignment q JOIN tariffs_planversion v ON v.id = q.plan_version_id
     WHERE q.subscription_id = %s AND (q.active_from AT TIME ZONE %s)::date <= %s
     ORDER BY q.active_from DESC
"""

REFUSAL_OF: Final = {
    Reason.AUDIENCE: Refusal.OTHER_AUDIENCE,
    Reason.CUSTOMER_KIND: Refusal.OTHER_CUSTOMER,
    Reason.REGION: Refusal.OTHER_REGION,
    Reason.CREDIT_CLASS: Refusal.OTHER_CREDIT_CLASS,
    Reason.ACCOUNT_KIND: Refusal.OTHER_ACCOUNT,
    Reason.ONLY_NEW: Refusal.ONLY_NEW,
    # Whoever changes a plan is a subscriber already.
    Reason.ONLY_EXISTING: Refusal.ENDED,
}
MOVE_REFUSAL_OF: Final = {
    MoveRefusal.FORBIDDEN: Refusal.FORBIDDEN_MOVE,
    MoveRefusal.TOO_EARLY: Refusal.TOO_EARLY,
    MoveRefusal.BEFORE: Refusal.BEFORE_RULE,
    MoveRefusal.TOO_FAR: Refusal.TOO_FAR,
}


class UnableToQuote(Exception):
    """The change isn't possible; `refusals` says why, `possible_on` from when, if a day is known."""

    def __init__(self, refusals: list[Refusal], *, possible_on: date | None = None) -> None:
        self.refusals = refusals
        self.possible_on = possible_on
        told = [describe_refusal(refusal) for refusal in refusals]
        if possible_on is not None:
            told.append(_("It is possible from %(day)s.") % {"day": f"{possible_on:%d.%m.%Y}"})
        super().__init__(" ".join(told))


@dataclass(frozen=True, slots=True)
class NextFee:
    """The next recurring charge of a service: when, for which days, how much, on which plan."""

    due_on: date
    period: Period
    amount: Decimal
    plan_version: PlanVersion


def describe_refusal(refusal: Refusal) -> str:
    """Return what stands in the way, and what would make it possible."""
    return {
        Refusal.ENDED: _("The service is not active."),
        Refusal.SAME_PLAN: _("The service has this plan already."),
        Refusal.NOT_ON_SALE: _("This plan is not on sale. Choose one of those on sale."),
        Refusal.OTHER_SERVICE: _("This plan is for another service."),
        Refusal.OTHER_ACCOUNT: _("This plan is for another kind of account."),
        Refusal.OTHER_AUDIENCE: _("This plan is for other customers."),
        Refusal.ALREADY_SCHEDULED: _(
            "Another change of plan is scheduled. Cancel it first, then choose anew."
        ),
        Refusal.OTHER_CUSTOMER: _("This plan is not for this kind of customer."),
        Refusal.OTHER_REGION: _("This plan is not sold in the customer's region."),
        Refusal.OTHER_CREDIT_CLASS: _("This plan is not for the account's credit class."),
        Refusal.ONLY_NEW: _("This plan is for new subscribers only."),
        Refusal.FORBIDDEN_MOVE: _("From the present plan one can't move to this one."),
        Refusal.TOO_EARLY: _("The present plan must be held longer before it is changed."),
        Refusal.BEFORE_RULE: _("The plan can't be changed as early as that day."),
        Refusal.TOO_FAR: _("A change of plan is agreed three months ahead at most."),
        Refusal.NOT_ENOUGH_MONEY: _("There is not enough money on the account for this change."),
    }[refusal]


def get_plan_on(subscription_id: int, *, on: date) -> PlanVersion:
    """Return the plan version in force on a day; PlanVersion.DoesNotExist if there is none."""
    with connection.cursor() as cursor:
        cursor.execute(PLAN_ON, [subscription_id, settings.TIME_ZONE, on])
        row = cursor.fetchone()
    return get_plan_version(row[0] if row else 0)


def find_scheduled_change(subscription_id: int) -> PlanChange | None:
    """Return the change of plan that waits for its day, or None."""
    return PlanChange.objects.filter(subscription_id=subscription_id, state="scheduled").first()


def list_refusals(*, subscription: Subscription, version: PlanVersion, on: date) -> list[Refusal]:
    """Return everything that stands in the way of a change to the version; none = possible."""
    scheduled = find_scheduled_change(subscription.pk)
    checks = {
        Refusal.ENDED: subscription.state != Subscription.State.ACTIVE,
        Refusal.SAME_PLAN: get_plan_on(subscription.pk, on=on).pk == version.pk,
        Refusal.NOT_ON_SALE: version not in list_plans_on_sale(on=on),
        Refusal.OTHER_SERVICE: version.plan.service != subscription.service,
        # A move that the operator announced gives way to the subscriber's own choice.
        Refusal.ALREADY_SCHEDULED: scheduled is not None and not scheduled.is_move,
    }
    found = [refusal for refusal, holds in checks.items() if holds]
    reasons = judge(conditions_of(version), buyer=_buyer(subscription))
    return found + [REFUSAL_OF[reason] for reason in reasons]


def _buyer(subscription: Subscription) -> Buyer:
    return accounts_queries.buyer_of(subscription.account, service=subscription.service)


def get_quote(
    *, subscription_id: int, plan_version_id: int, on: date, wanted: date | None = None
) -> Quote:
    """
    Return the binding offer for a change; raise UnableToQuote with everything in the way.

    When it takes effect at the earliest (or, if it is `wanted` later, on that day), and what the
    move costs, is the move matrix's word. Who pays less is let go in debt too. It may be scheduled on
    the same day; `operations.schedule` checks that nothing changed since.
    """
    subscription = _subscription(subscription_id)
    version = get_plan_version(plan_version_id)
    refusals = list_refusals(subscription=subscription, version=version, on=on)
    if refusals:
        raise UnableToQuote(refusals)
    present = get_plan_on(subscription_id, on=on)
    decision = _decide_move(
        subscription, present, version, on=on, rules=list_move_rules(), wanted=wanted
    )
    if decision.refusals:
        refused = [MOVE_REFUSAL_OF[refusal] for refusal in decision.refusals]
        raise UnableToQuote(refused, possible_on=decision.possible_on)
    quote = _quote(subscription, present, version, on=on, decision=decision)
    account = subscription.account
    if account.kind == "prepaid" and quote.cost_now > 0 and decision.is_up:
        balance = accounts_queries.get_balance(account.pk)
        if balance.available < quote.cost_now:
            raise UnableToQuote([Refusal.NOT_ENOUGH_MONEY])
    return quote


def _subscription(subscription_id: int) -> Subscription:
    found: Subscription = Subscription.objects.select_related("account__customer").get(
        pk=subscription_id
    )
    return found


def _decide_move(
    subscription: Subscription,
    present: PlanVersion,
    version: PlanVersion,
    *,
    on: date,
    rules: list[Rule],
    wanted: date | None = None,
) -> MoveDecision:
    return decide(
        rules,
        before=Side(present.plan_id, present.fee, present.fee_period),
        after=Side(version.plan_id, version.fee, version.fee_period),
        held_since=_held_since(subscription, plan_id=present.plan_id, on=on),
        on=on,
        next_period_on=calendar_of(subscription.account).cycle_on(on).days.end,
        wanted=wanted,
    )


def _held_since(subscription: Subscription, *, plan_id: int, on: date) -> date:
    """Return since when the service has had the plan, in whatever versions, without a break."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, [settings.TIME_ZONE, subscription.pk, settings.TIME_ZONE, on])
        history = cursor.fetchall()
    since = on
    for held_plan_id, from_day in history:
        if held_plan_id != plan_id:
            break
        since = from_day
    return since


def _quote(
    subscription: Subscription,
    present: PlanVersion,
    version: PlanVersion,
    *,
    on: date,
    decision: MoveDecision,
) -> Quote:
    account, effective_on = subscription.account, decision.effective_on
    billed_to = _billed_to(subscription.pk)
    settlement = ZERO
    if billed_to is not None and billed_to > effective_on:
        settlement = quote_settlement(
            subscription_id=subscription.pk, plan_version_id=version.pk, on=effective_on
        ).to_pay
    return quote_change(
        before=plan_terms(present, fee=own_fee(account, present, on=on)),
        after=plan_terms(version, fee=own_fee(account, version, on=effective_on)),
        on=on,
        calendar=calendar_of(account),
        move=Move(
            effective_on=effective_on,
            fee=decision.fee,
            settlement=settlement,
            next_fee_from=billed_to,
        ),
    )


def _billed_to(subscription_id: int) -> date | None:
    found: date | None = BilledPeriod.objects.filter(
        subscription_id=subscription_id, kind="fee"
    ).aggregate(latest=Max("period_end"))["latest"]
    return found


def own_fee(account: Account, version: PlanVersion, *, on: date) -> Decimal:
    """Return the fee of a plan version for an account: a company may have its own on the day."""
    if account.customer.kind != "company":
        return version.fee
    fee = accounts_queries.company_fee(
        customer_id=account.customer_id, plan_version_id=version.pk, on=on
    )
    return version.fee if fee is None else fee


def list_quotes(*, subscription_id: int, on: date) -> list[Quote]:
    """Return the offers of all plans the service may change to, cheapest first."""
    subscription = _subscription(subscription_id)
    present = get_plan_on(subscription_id, on=on)
    rules = list_move_rules()
    on_sale = list_plans_on_sale(on=on, service=subscription.service, buyer=_buyer(subscription))
    decided = [
        (version, _decide_move(subscription, present, version, on=on, rules=rules))
        for version in on_sale
        if version.pk != present.pk
    ]
    return [
        _quote(subscription, present, version, on=on, decision=decision)
        for version, decision in decided
        if not decision.refusals
    ]


def fee_terms(version: PlanVersion, *, fee: Decimal) -> FeeTerms:
    """Return how a plan version's fee is counted, at the fee that is paid."""
    return FeeTerms(fee, version.fee_period, version.proration, version.bills_change_day)


def plan_terms(version: PlanVersion, *, fee: Decimal) -> PlanTerms:
    """Return a plan version as the values that a quote compares, at the fee that is paid."""
    included: dict[str, int] = defaultdict(int)
    for allowance in version.allowances.all():
        classes = ",".join(sorted(allowance.zone_classes))
        included[f"{allowance.usage_kind}:{classes}".rstrip(":")] += allowance.amount
    return PlanTerms(
        plan_version_id=version.pk,
        name_ru=version.plan.name_ru,
        name_en=version.plan.name_en,
        fee=fee_terms(version, fee=fee),
        included=dict(included),
        speed_kbps=version.speed_kbps,
    )


def forecast_fee(*, subscription_id: int, on: date) -> NextFee | None:
    """Return the next recurring charge after what is billed, or None when no more is due."""
    subscription = _subscription(subscription_id)
    if subscription.activated_at is None or subscription.state == Subscription.State.TERMINATED:
        return None
    last = (
        BilledPeriod.objects.filter(subscription_id=subscription_id, kind="fee")
        .order_by("-period_end")
        .first()
    )
    starts_on = last.period_end if last else on
    if subscription.state == Subscription.State.SUSPENDED:
        resumed_on = _resumed_on(subscription_id)
        if resumed_on is None:
            return None
        starts_on = resumed_on
    change = find_scheduled_change(subscription_id)
    following = get_plan_version(change.plan_version_id) if change is not None else None
    changes_on = None
    if change is not None and following is not None:
        changes_on = fee_terms(following, fee=ZERO).first_day(change.effective_on)
    is_changed = changes_on is not None and changes_on <= starts_on
    version = get_plan_on(subscription_id, on=starts_on)
    if is_changed and following is not None:
        version = following
    ends_before = None if is_changed else changes_on
    fee = own_fee(subscription.account, version, on=starts_on)
    share = accounts_queries.share_of(subscription_id=subscription_id, on=starts_on)
    if share is not None and not is_changed:
        fee = share.fee
    terms = fee_terms(version, fee=fee)
    calendar = calendar_of(subscription.account)
    period = next_period(
        starts_on=starts_on, calendar=calendar, terms=terms, ends_before=ends_before
    )
    due_on = period.start if version.fee_timing == "advance" else period.end
    return NextFee(due_on, period, fee_of(period, calendar=calendar, terms=terms), version)


def _resumed_on(subscription_id: int) -> date | None:
    """Return when a service that rests works again, if that is agreed."""
    pause = Pause.objects.filter(subscription_id=subscription_id, state=Pause.State.RUNNING).first()
    return pause.ends_on if pause else None
