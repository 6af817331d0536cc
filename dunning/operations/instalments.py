"""
Instalment plans as people agree on them: the rows are invoicing's; here what isn't due yet is kept from
restricting the service, and access is decided anew when that changes.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction

from billing_project.kernel.models import Approval
from dunning import queries
from dunning.operations.deciding import decide_accounts
from dunning.operations.floors import set_floors
from invoicing.models import InstalmentPlan
from invoicing.operations import instalments
from invoicing.operations.instalments import Agreement, Followed, UnableToAgree, Wish
from invoicing.operations.shares import Settled, settle_shares
from invoicing.queries.instalments import list_active

__all__ = ["UnableToAgree", "Wish", "agree", "approve", "cancel", "follow", "follow_debts"]

#: By day purposes of these days are read; the night reads those of a month.
LATELY: Final = timedelta(days=3)
#: Plans looked at in one transaction.
PORTION: Final = 500


@transaction.atomic
def agree(
    *,
    wish: Wish,
    limit: Decimal | None,
    business_date: date,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> InstalmentPlan | Approval:
    """
    Agree on paying a debt in parts: until a part is due it isn't worked as debt.

    Above `limit` a second person approves it; None where the rules alone limit it. Raises
    UnableToAgree.
    """
    queries.lock_accounts([wish.account_id])
    agreement = Agreement(on=business_date, now=now, actor=actor, on_behalf_of=on_behalf_of)
    made = instalments.open_plan(wish=wish, limit=limit, agreement=agreement)
    if isinstance(made, InstalmentPlan):
        _settle([made.account_id], now=now, actor=actor)
    return made


@transaction.atomic
def approve(*, approval_id: int, business_date: date, now: datetime, actor: str) -> InstalmentPlan:
    """Agree on a plan that a colleague asked for; raises kernel's UnableToDecide, UnableToAgree."""
    queries.lock_accounts([Approval.objects.get(pk=approval_id).account_id])
    plan = instalments.approve_plan(
        approval_id=approval_id, business_date=business_date, now=now, actor=actor
    )
    _settle([plan.account_id], now=now, actor=actor)
    return plan


@transaction.atomic
def cancel(*, plan_id: int, reason: str, now: datetime, actor: str) -> InstalmentPlan:
    """End a plan with a reason: what is left of it is worked as debt again."""
    plan = instalments.cancel_plan(plan_id=plan_id, reason=reason, now=now, actor=actor)
    _settle([plan.account_id], now=now, actor=actor)
    return plan


def follow(*, on: date, may_break: bool, now: datetime, actor: str) -> Followed:
    """
    Look at every active plan on the morning of a day, in portions: paid ones are kept, what was paid
    in advance is no longer frozen; by night (`may_break`) a plan with a part too late is broken.

    Killed anywhere, run again; the second time it changes nothing.
    """
    total, after = Followed(), 0
    while portion := list_active(after=after, limit=PORTION):
        after = portion[-1].pk
        done = _follow(portion, on=on, may_break=may_break, now=now, actor=actor)
        total = Followed(
            total.account_ids + done.account_ids,
            total.kept + done.kept,
            total.broken + done.broken,
        )
    return total


def follow_debts(
    *, business_date: date, now: datetime, actor: str = "system:debts"
) -> tuple[Settled, Followed]:
    """Do by day what the night does too: split payments, unfreeze what was paid; break nothing."""
    settled = settle_shares(business_date=business_date, now=now, actor=actor, back=LATELY)
    return settled, follow(on=business_date, may_break=False, now=now, actor=actor)


@transaction.atomic
def _follow(
    portion: Sequence[InstalmentPlan], *, on: date, may_break: bool, now: datetime, actor: str
) -> Followed:
    queries.lock_accounts([plan.account_id for plan in portion])
    # Read again under the lock: somebody may have ended one.
    ids = [plan.pk for plan in portion]
    plans = list(InstalmentPlan.objects.filter(pk__in=ids, state=InstalmentPlan.State.ACTIVE))
    done = instalments.follow_plans(plans=plans, on=on, may_break=may_break, now=now, actor=actor)
    _settle(done.account_ids, now=now, actor=actor)
    return done


def _settle(account_ids: Sequence[int], *, now: datetime, actor: str) -> None:
    if not account_ids:
        return
    queries.lock_accounts(account_ids)
    set_floors(account_ids)
    decide_accounts(account_ids=account_ids, now=now, actor=actor)
