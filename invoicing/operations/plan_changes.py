"""
Changes of plan: agreed by quote for the next cycle, executed exactly or cancelled loudly.
"""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import operations as accounts
from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from accounts.models import Consent, Subscription
from accounts.operations import consents
from billing_project.kernel.operations import change_state, record_event
from invoicing import queries
from invoicing.models import PlanChange
from invoicing.operations.fee_postings import lock_fees
from invoicing.operations.offers import settle_packages
from invoicing.operations.splits import split_periods
from invoicing.queries.plans import own_fee
from invoicing.queries.splits import Cut
from tariffs import queries as tariffs_queries


class UnableToChangePlan(Exception):
    """The change isn't possible, or isn't what was shown; `refusals` has the reasons' codes."""

    def __init__(self, message: str, refusals: list[str] | None = None) -> None:
        self.refusals = refusals or []
        super().__init__(message)


@transaction.atomic
def schedule(
    *,
    subscription_id: int,
    plan_version_id: int,
    on: date,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    agreed: Mapping[str, Any] | None = None,
    door: str = "",
    wanted: date | None = None,
) -> PlanChange:
    """
    Agree on a change of plan: at once, from the next cycle, or from a day, as the quote says.

    `wanted` is a later day than the rules' earliest.

    `agreed` is the quote as it was shown (`Quote.as_json()`); when the offer is another by now,
    nothing is scheduled. `door`: the consent to the new fee is stored. The fee of the move is charged now; a change at once is executed now. A
    move that the operator announced is called off for it. Raises UnableToChangePlan with everything
    that stands in the way.
    """
    subscription = Subscription.objects.select_for_update(no_key=True).get(pk=subscription_id)
    quote = _agreed_quote(subscription_id, plan_version_id, on=on, agreed=agreed, wanted=wanted)
    who = (actor, on_behalf_of)
    if door:
        _give_consent(subscription, quote, door=door, now=now, who=who)
    if quote.effective_on <= on:
        lock_fees(alone=True)
    _call_off_move(subscription_id, now=now, who=who)
    change = _write_change(
        subscription=subscription,
        plan_version_id=plan_version_id,
        quote=quote.as_json(),
        effective_on=quote.effective_on,
        requested_at=now,
        fee=quote.move_fee,
        actor=actor,
        on_behalf_of=on_behalf_of,
    )
    _charge_fee(change, on=on, now=now, who=who)
    if quote.effective_on > on:
        _announce("plan.change_scheduled", change, now=now, who=who)
        return change
    try:
        _carry_out(change, on, begins_at=now, now=now, actor=actor)
    except accounts.UnableToSetPlan as refusal:
        raise UnableToChangePlan(str(refusal)) from None
    return change


def _agreed_quote(
    subscription_id: int,
    plan_version_id: int,
    *,
    on: date,
    agreed: Mapping[str, Any] | None,
    wanted: date | None,
) -> queries.Quote:
    try:
        quote = queries.get_quote(
            subscription_id=subscription_id,
            plan_version_id=plan_version_id,
            on=on,
            wanted=wanted,
        )
    except queries.UnableToQuote as refusal:
        raise UnableToChangePlan(str(refusal), [str(one) for one in refusal.refusals]) from None
    if agreed is not None and dict(agreed) != quote.as_json():
        raise UnableToChangePlan(_("The offer has changed since it was shown. Look at it again."))
    return quote


def _give_consent(
    subscription: Subscription,
    quote: queries.Quote,
    *,
    door: str,
    now: datetime,
    who: tuple[str, str],
) -> None:
    version = tariffs_queries.get_plan_version(quote.plan_version_id)
    consents.give(
        account_id=subscription.account_id,
        subscription_id=subscription.pk,
        what=Consent.What.PLAN,
        object_id=quote.plan_version_id,
        amount=own_fee(subscription.account, version, on=quote.effective_on),
        per=quote.fee_period,
        terms=quote.as_json(),
        door=door,
        now=now,
        actor=who[0],
        on_behalf_of=who[1],
    )


def _call_off_move(subscription_id: int, *, now: datetime, who: tuple[str, str]) -> None:
    """The subscriber's own choice goes before a move that the operator announced."""
    moves = PlanChange.objects.select_for_update(no_key=True).filter(
        subscription_id=subscription_id, state="scheduled", is_move=True
    )
    for move in moves:
        _close(move, to="cancelled", now=now, who=who, reason=_("The subscriber chose a plan."))


def _charge_fee(change: PlanChange, *, on: date, now: datetime, who: tuple[str, str]) -> None:
    if not change.fee:
        return
    posted = _post_fee(change, amount=-change.fee, ref=change.pk, on=on, now=now, who=who)
    change.fee_entry_id, change.fee_on = posted.entry_id, on
    change.save(update_fields=["fee_entry_id", "fee_on"])


def _give_fee_back(change: PlanChange, *, on: date, now: datetime, who: tuple[str, str]) -> None:
    if change.fee_entry_id is not None and change.fee_on is not None:
        charged = (change.fee_entry_id, change.fee_on)
        _post_fee(
            change, amount=change.fee, ref=-change.pk, on=on, now=now, who=who, reverses=charged
        )


def _post_fee(
    change: PlanChange,
    *,
    amount: Decimal,
    ref: int,
    on: date,
    now: datetime,
    who: tuple[str, str],
    reverses: tuple[int, date] | None = None,
) -> accounts.Posted:
    quote = change.quote
    given_back = "given back" if reverses else ""
    posting = Posting(
        account_id=change.account_id,
        kind=Kind.ONE_OFF,
        ref=ref,
        amount=amount,
        business_date=on,
        about_subscription_id=change.subscription_id,
        reverses=reverses,
        explanation={
            "title_ru": f"Переход на тариф «{quote['name_ru']}»"
            + (", возврат" if reverses else ""),
            "title_en": f"Change to plan “{quote['name_en']}” {given_back}".rstrip(),
            "plan_version": change.plan_version_id,
            "plan_change": change.pk,
        },
    )
    return accounts.post(postings=[posting], now=now, actor=who[0], on_behalf_of=who[1])[0]


def _write_change(**fields: Any) -> PlanChange:
    try:
        with transaction.atomic():
            account_id = fields["subscription"].account_id
            return PlanChange.objects.create(account_id=account_id, **fields)
    except IntegrityError:
        refusal = queries.Refusal.ALREADY_SCHEDULED
        raise UnableToChangePlan(queries.describe_refusal(refusal), [str(refusal)]) from None


@transaction.atomic
def cancel(
    *, change_id: int, now: datetime, actor: str, on_behalf_of: str = "", reason: str = ""
) -> PlanChange:
    """
    Call a scheduled change off and give its fee back.

    UnableToChangePlan if it was executed or cancelled before. A move that the operator announced is
    not announced again: its subscriber keeps the plan.
    """
    change = PlanChange.objects.select_for_update(no_key=True).get(pk=change_id)
    who = (actor, on_behalf_of)
    _close(change, to="cancelled", now=now, who=who, reason=reason)
    _withdraw_consents(change, now=now, who=who, object_id=change.plan_version_id)
    _give_fee_back(change, on=timezone.localdate(now), now=now, who=who)
    _announce("plan.change_cancelled", change, now=now, who=(actor, on_behalf_of))
    return change


def execute_due(
    *,
    business_date: date,
    now: datetime,
    actor: str = "system:nightly",
    account_from: int = 0,
    account_to: int = 2**62,
) -> int:
    """
    Put every change due up to the business day into force; return how many.

    To run before `charge_fees` of the same day. Each change commits alone: changes are rare, and
    one that can't be executed any more is cancelled with its reason without stopping the others.
    """
    due = PlanChange.objects.filter(
        state="scheduled",
        effective_on__lte=business_date,
        account_id__gte=account_from,
        account_id__lt=account_to,
    ).order_by("account_id", "id")
    executed = 0
    for change_id in list(due.values_list("id", flat=True)):
        try:
            executed += _execute(change_id, business_date, now=now, actor=actor)
        except accounts.UnableToSetPlan as refusal:
            _give_up(change_id, now=now, actor=actor, reason=str(refusal))
    return executed


def _give_up(change_id: int, *, now: datetime, actor: str, reason: str) -> None:
    """Cancel what can't be executed; an agent who cancelled it meanwhile was first."""
    try:
        cancel(change_id=change_id, now=now, actor=actor, reason=reason)
    except UnableToChangePlan:
        if PlanChange.objects.filter(pk=change_id, state=PlanChange.State.SCHEDULED).exists():
            raise


@transaction.atomic
def _execute(change_id: int, business_date: date, *, now: datetime, actor: str) -> int:
    # The service before its change: whoever ends a service locks them in this order.
    service = Subscription.objects.select_for_update(no_key=True, of=("self",))
    service.get(plan_changes=change_id)
    change = PlanChange.objects.select_for_update(no_key=True).get(pk=change_id)
    if change.state != PlanChange.State.SCHEDULED:
        return 0
    midnight = timezone.make_aware(datetime.combine(change.effective_on, time()))
    _carry_out(change, business_date, begins_at=midnight, now=now, actor=actor)
    return 1


def _carry_out(
    change: PlanChange, business_date: date, *, begins_at: datetime, now: datetime, actor: str
) -> None:
    accounts.set_plan(
        subscription_id=change.subscription_id,
        plan_version_id=change.plan_version_id,
        active_from=begins_at,
        now=now,
        actor=actor,
        on_behalf_of=change.on_behalf_of,
    )
    # Days charged by the old plan already, because the change lies inside a period or a night was
    # missed, go to the new one.
    cut = Cut(change.subscription_id, change.effective_on, change.plan_version_id)
    split_periods(cuts=[cut], business_date=business_date, now=now, actor=actor)
    settle_packages(
        change.subscription,
        business_date=business_date,
        now=now,
        who=(actor, change.on_behalf_of),
        reason=_("The plan was changed."),
    )
    _close(change, to="executed", now=now, who=(actor, change.on_behalf_of))
    _withdraw_consents(
        change, now=now, who=(actor, change.on_behalf_of), keep_object_id=change.plan_version_id
    )


def _withdraw_consents(
    change: PlanChange, *, now: datetime, who: tuple[str, str], **which: int
) -> None:
    """The consent to a plan goes with it: to the former one, or to one that isn't to come."""
    consents.withdraw_all(
        account_id=change.account_id,
        subscription_id=change.subscription_id,
        what=Consent.What.PLAN,
        now=now,
        actor=who[0],
        on_behalf_of=who[1],
        reason=_("The plan was changed.") if "keep_object_id" in which else change.close_reason,
        **which,
    )


def _close(
    change: PlanChange, *, to: str, now: datetime, who: tuple[str, str], reason: str = ""
) -> None:
    moved = change_state(
        model=PlanChange,
        ids=[change.pk],
        to=to,
        at=now,
        actor=who[0],
        on_behalf_of=who[1],
        reason=reason,
    )
    if not moved:
        raise UnableToChangePlan(_("This change is not scheduled any more."))
    PlanChange.objects.filter(pk=change.pk).update(closed_at=now, close_reason=reason[:200])
    change.refresh_from_db()


def _announce(kind: str, change: PlanChange, *, now: datetime, who: tuple[str, str]) -> None:
    account = change.account
    record_event(
        kind=kind,
        account_id=account.pk,
        customer_id=account.customer_id,
        subscription_id=change.subscription_id,
        happened_at=now,
        actor=who[0],
        on_behalf_of=who[1],
        data={
            "change_id": change.pk,
            "plan_version_id": change.plan_version_id,
            "effective_on": change.effective_on.isoformat(),
            "quote": change.quote,
            "reason": change.close_reason,
        },
    )
