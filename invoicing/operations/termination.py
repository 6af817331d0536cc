"""
The end of a service: what was charged for days to come is given back.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import operations as accounts
from accounts.models import Consent, Subscription
from accounts.operations import consents
from invoicing.models import PlanChange
from invoicing.operations import plan_changes
from invoicing.operations.cycles import end_cycle
from invoicing.operations.fee_postings import lock_fees
from invoicing.operations.offers import withdraw_ended
from invoicing.operations.pauses import close_pause
from invoicing.operations.splits import split_periods
from invoicing.queries.splits import EVERYTHING, Cut


class UnableToTerminate(Exception):
    """The service has ended already."""


@transaction.atomic
def terminate_service(
    *,
    subscription_id: int,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    reason: str = "",
    is_final: bool = False,
) -> Decimal:
    """
    End a service for good; return what is given back of its fees.

    `is_final`: if it was the account's last one its cycle ends today, and the coming night issues
    the final bill, against which deposits are returned; otherwise the bill comes with the cycle.

    The last day is charged if the plan says so, days after it are given back at once; what is still
    to be charged up to it (arrears) follows in the night. A change of plan that was scheduled is cancelled, a pause ends,
    consents to its fees are withdrawn.
    """
    locked = Subscription.objects.select_for_update(no_key=True).get(pk=subscription_id)
    if locked.state == Subscription.State.TERMINATED:
        raise UnableToTerminate(_("The service has ended already."))
    lock_fees(alone=True)
    who = (actor, on_behalf_of)
    close_pause(subscription=locked, now=now, who=who)
    _cancel_scheduled(subscription_id, now=now, who=who)
    accounts.end_service(
        subscription_id=subscription_id,
        now=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        reason=reason,
    )
    _withdraw_consents(locked, now=now, who=who)
    withdraw_ended(locked.account_id, now=now, who=who)
    today = timezone.localdate(now)
    cut = Cut(subscription_id, today + timedelta(days=1), what=EVERYTHING, ended_at=now)
    given_back = split_periods(cuts=[cut], business_date=today, now=now, actor=actor)
    if is_final:
        end_cycle(
            account_id=locked.account_id,
            on=today + timedelta(days=1),
            now=now,
            actor=actor,
            on_behalf_of=on_behalf_of,
        )
    return given_back


def _cancel_scheduled(subscription_id: int, *, now: datetime, who: tuple[str, str]) -> None:
    scheduled = PlanChange.objects.filter(subscription_id=subscription_id, state="scheduled")
    for change_id in scheduled.select_for_update(no_key=True).values_list("id", flat=True):
        plan_changes.cancel(
            change_id=change_id,
            now=now,
            actor=who[0],
            on_behalf_of=who[1],
            reason=_("The service ends."),
        )


def _withdraw_consents(service: Subscription, *, now: datetime, who: tuple[str, str]) -> None:
    for what in (Consent.What.PLAN, Consent.What.PACKAGE):
        consents.withdraw_all(
            account_id=service.account_id,
            subscription_id=service.pk,
            what=what,
            now=now,
            actor=who[0],
            on_behalf_of=who[1],
            reason=_("The service ends."),
        )
