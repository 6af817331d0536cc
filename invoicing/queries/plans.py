"""
What a service pays now, what it will pay next, and whether it may change its plan.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from accounts.models import Subscription
from billing_project.kernel.periods import Period
from invoicing.domain.proration import FeeTerms, fee_of, next_period
from invoicing.domain.quotes import PlanTerms, Quote, Refusal, quote_change
from invoicing.models import BilledPeriod, PlanChange
from tariffs.models import PlanVersion
from tariffs.queries import get_plan_version, list_plans_on_sale

PLAN_ON = """
    SELECT q.plan_version_id FROM accounts_planassignment q
     WHERE q.subscription_id = %s AND (q.active_from AT TIME ZONE %s)::date <= %s
     ORDER BY q.active_from DESC LIMIT 1
"""


class UnableToQuote(Exception):
    """The change isn't possible; `refusals` says why, for people."""

    def __init__(self, refusals: list[Refusal]) -> None:
        self.refusals = refusals
        super().__init__(" ".join(describe_refusal(refusal) for refusal in refusals))


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
    account, plan = subscription.account, version.plan
    audience = "company" if account.customer.kind == "company" else "person"
    checks = {
        Refusal.ENDED: subscription.state != Subscription.State.ACTIVE,
        Refusal.SAME_PLAN: get_plan_on(subscription.pk, on=on).pk == version.pk,
        Refusal.NOT_ON_SALE: version not in list_plans_on_sale(on=on),
        Refusal.OTHER_SERVICE: plan.service != subscription.service,
        Refusal.OTHER_ACCOUNT: plan.account_kind not in {"", account.kind},
        Refusal.OTHER_AUDIENCE: plan.audience not in {"all", audience},
        Refusal.ALREADY_SCHEDULED: find_scheduled_change(subscription.pk) is not None,
    }
    return [refusal for refusal, holds in checks.items() if holds]


def get_quote(*, subscription_id: int, plan_version_id: int, on: date) -> Quote:
    """
    Return the binding offer for a change from the next cycle; raise UnableToQuote with reasons.

    It may be scheduled on the same day; `operations.schedule` checks that nothing changed since.
    """
    subscription = Subscription.objects.select_related("account__customer").get(pk=subscription_id)
    version = get_plan_version(plan_version_id)
    refusals = list_refusals(subscription=subscription, version=version, on=on)
    if refusals:
        raise UnableToQuote(refusals)
    return quote_change(
        before=plan_terms(get_plan_on(subscription_id, on=on)),
        after=plan_terms(version),
        on=on,
        cycle_day=subscription.account.cycle_day,
    )


def list_quotes(*, subscription_id: int, on: date) -> list[Quote]:
    """Return the offers of all plans the service may change to, cheapest first."""
    subscription = Subscription.objects.select_related("account__customer").get(pk=subscription_id)
    present = plan_terms(get_plan_on(subscription_id, on=on))
    account = subscription.account
    on_sale = list_plans_on_sale(
        on=on,
        service=subscription.service,
        account_kind=account.kind,
        audience="company" if account.customer.kind == "company" else "person",
    )
    return [
        quote_change(before=present, after=plan_terms(version), on=on, cycle_day=account.cycle_day)
        for version in on_sale
        if version.pk != present.plan_version_id
    ]


def plan_terms(version: PlanVersion) -> PlanTerms:
    """Return a plan version as the values that a quote compares."""
    included: dict[str, int] = defaultdict(int)
    for allowance in version.allowances.all():
        classes = ",".join(sorted(allowance.zone_classes))
        included[f"{allowance.usage_kind}:{classes}".rstrip(":")] += allowance.amount
    return PlanTerms(
        plan_version_id=version.pk,
        name_ru=version.plan.name_ru,
        name_en=version.plan.name_en,
        fee=FeeTerms(version.fee, version.fee_period, version.proration),
        included=dict(included),
        speed_kbps=version.speed_kbps,
    )


def forecast_fee(*, subscription_id: int, on: date) -> NextFee | None:
    """Return the next recurring charge after what is billed, or None when no more is due."""
    subscription = Subscription.objects.select_related("account").get(pk=subscription_id)
    if subscription.activated_at is None or subscription.state == Subscription.State.TERMINATED:
        return None
    last = (
        BilledPeriod.objects.filter(subscription_id=subscription_id, kind="fee")
        .order_by("-period_end")
        .first()
    )
    starts_on = last.period_end if last else on
    change = find_scheduled_change(subscription_id)
    is_changed = change is not None and change.effective_on <= starts_on
    version = (
        get_plan_version(change.plan_version_id)
        if change is not None and is_changed
        else get_plan_on(subscription_id, on=starts_on)
    )
    ends_before = change.effective_on if change and not is_changed else None
    terms = FeeTerms(version.fee, version.fee_period, version.proration)
    cycle_day = subscription.account.cycle_day
    period = next_period(
        starts_on=starts_on, cycle_day=cycle_day, terms=terms, ends_before=ends_before
    )
    due_on = period.start if version.fee_timing == "advance" else period.end
    return NextFee(due_on, period, fee_of(period, cycle_day=cycle_day, terms=terms), version)
