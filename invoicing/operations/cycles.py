"""
Changes of an account's billing cycle: its day, its length, its early end with the last service.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.domain.calendars import Anchor
from accounts.models import Account, Subscription
from accounts.operations import calendars
from accounts.queries.calendars import calendar_of
from billing_project.kernel.operations import record_event
from invoicing.operations.fee_postings import lock_fees
from invoicing.queries.cycles import (
    CycleQuote,
    UnableToChangeCycle,
    get_cycle_quote,
    may_change_own,
)


@transaction.atomic
def change_cycle(
    *,
    account_id: int,
    cycle_day: int,
    on: date,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    anchor: Anchor = Anchor.DAY,
    months: int | None = None,
    agreed: Mapping[str, Any] | None = None,
    is_own: bool = False,
) -> CycleQuote:
    """
    Change an account's cycle from the end of the present one.

    What is charged stays charged: a new day begins after a short period, prorated as a part of the
    new cycle. A change that was agreed for later is replaced. `agreed` is the quote as it was shown;
    `is_own`: the subscriber asks, who may once a cycle. Raises UnableToChangeCycle.
    """
    account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
    if is_own and not may_change_own(account, on=on):
        raise UnableToChangeCycle(_("The cycle day can't be changed now."))
    quote = get_cycle_quote(
        account_id=account_id, anchor=anchor, cycle_day=cycle_day, months=months, on=on
    )
    if agreed is not None and dict(agreed) != quote.as_json():
        raise UnableToChangeCycle(_("The offer has changed since it was shown. Look at it again."))
    # Nobody charges the next cycle by the former rule meanwhile.
    lock_fees(alone=True)
    calendars.set_rule(
        account_id=account_id,
        rule=quote.rule,
        anchor=anchor,
        now=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
    )
    record_event(
        kind="cycle.changed",
        account_id=account_id,
        customer_id=account.customer_id,
        happened_at=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        data=quote.as_json(),
    )
    return quote


def end_cycle(
    *, account_id: int, on: date, now: datetime, actor: str, on_behalf_of: str = ""
) -> bool:
    """
    Let the cycle end on a day if no service of the account lives on: the final bill follows at night.

    Returns whether it ends earlier than it would have. To be called with the fees locked.
    """
    live = Subscription.objects.filter(account_id=account_id, activated_at__isnull=False)
    if live.exclude(state=Subscription.State.TERMINATED).exists():
        return False
    account = Account.objects.get(pk=account_id)
    cycle = calendar_of(account).cycle_on(on)
    if cycle.days.start == on:
        return False
    return calendars.cut_cycle(
        account_id=account_id,
        on=on,
        now=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
    )
