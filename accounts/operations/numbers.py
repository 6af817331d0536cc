"""
Another number or login for a service that goes on: usage from now on goes by it, the former rests.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import IdentifierUse, PoolNumber, Subscription
from accounts.operations import pool
from accounts.operations.pool import UnableToOccupy
from accounts.operations.services import QUARANTINE_DAYS
from billing_project.kernel.operations import record_event


class UnableToChangeNumber(Exception):
    """The service has ended, doesn't have that number, or the other one is not free; see `field`."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def change_number(
    *,
    subscription_id: int,
    former: str,
    value: str,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    quarantine_days: int = QUARANTINE_DAYS,
) -> IdentifierUse:
    """
    Give the service another number (or login) in place of one it has, from `now` on.

    The former rests as one of a service that ended does. Raises UnableToChangeNumber, and then
    nothing has changed.
    """
    subscription = (
        Subscription.objects.select_for_update(no_key=True, of=("self",))
        .select_related("account")
        .get(pk=subscription_id)
    )
    if subscription.state == Subscription.State.TERMINATED:
        raise UnableToChangeNumber(_("The service has ended."))
    use = _find_use(subscription_id, former, now=now)
    on = timezone.localdate(now)
    try:
        with transaction.atomic():
            given = pool.occupy(
                subscription=subscription, kind=use.kind, value=value, now=now, on=on
            )
    except UnableToOccupy as refusal:
        raise UnableToChangeNumber(str(refusal), "number") from None
    IdentifierUse.objects.filter(pk=use.pk).update(active_to=now)
    PoolNumber.objects.filter(kind=use.kind, value=use.value).update(
        is_free=True, quarantine_until=on + timedelta(days=quarantine_days)
    )
    record_event(
        kind="number.changed",
        account_id=subscription.account_id,
        customer_id=subscription.account.customer_id,
        subscription_id=subscription_id,
        happened_at=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        data={"former": use.value, "identifier": given.value},
    )
    return given


def _find_use(subscription_id: int, former: str, *, now: datetime) -> IdentifierUse:
    present = IdentifierUse.objects.filter(
        Q(active_to__isnull=True) | Q(active_to__gt=now),
        subscription_id=subscription_id,
        value=former,
        active_from__lt=now,
    )
    use = present.first()
    if use is None:
        raise UnableToChangeNumber(_("The service doesn't have this number now."))
    return use
