"""
Connecting a service: ordered with its plan and number, and begun, as one act.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts import operations as accounts_operations
from accounts.models import Account, Consent, Subscription
from accounts.operations import consents
from invoicing.queries.plans import own_fee
from tariffs.models import PlanVersion


@transaction.atomic
def connect(
    *,
    account: Account,
    plan_version: PlanVersion,
    identifiers: Sequence[tuple[str, str]],
    address: str,
    now: datetime,
    actor: str,
    on_behalf_of: str,
) -> Subscription:
    """
    Order the plan's service and begin it, with the consent to its fee; all or nothing.

    Raises `UnableToOrder`, `UnableToOccupy` of accounts.
    """
    ordered = accounts_operations.order_service(
        account=account,
        service=plan_version.plan.service,
        plan_version=plan_version,
        identifiers=identifiers,
        address=address,
        now=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
    )
    consents.give(
        account_id=account.pk,
        subscription_id=ordered.pk,
        what=Consent.What.PLAN,
        object_id=plan_version.pk,
        amount=own_fee(account, plan_version, on=timezone.localdate(now)),
        per=plan_version.fee_period,
        door=Consent.Door.CRM,
        now=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
    )
    return accounts_operations.activate_service(
        subscription_id=ordered.pk, now=now, actor=actor, on_behalf_of=on_behalf_of
    )
