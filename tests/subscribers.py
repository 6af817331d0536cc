"""
Subscribers whose services work: connected, watched, decided. For tests of access and messages.
"""

from datetime import datetime
from decimal import Decimal
from itertools import count

from accounts import operations as accounts_operations
from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from accounts.models import Account, Subscription
from dunning import operations
from dunning.models import ServiceAccess
from tariffs.models import PlanVersion
from tests import people

_refs = count(1_000_000)


def connect(
    account: Account,
    *,
    service: str = "internet",
    identifier: str = "ivanova",
    version: PlanVersion | None = None,
) -> Subscription:
    """An active service; access is decided when the event is drained."""
    kind = {"internet": "login", "mobile": "msisdn", "fixed": "fixed"}[service]
    accounts_operations.add_pool_numbers(kind=kind, values=[identifier])
    subscription = accounts_operations.order_service(
        account=account,
        service=service,
        plan_version=version or people.plan_version(f"plan-{service}", service=service),
        identifiers=[(kind, identifier)],
        now=people.NOON,
        actor=people.CLERK,
    )
    return accounts_operations.activate_service(
        subscription_id=subscription.pk, now=people.NOON, actor=people.CLERK
    )


def pay(account: Account, amount: str, *, now: datetime = people.NOON) -> None:
    """A payment at the desk."""
    accounts_operations.take_payment(
        account_id=account.pk,
        amount=Decimal(amount),
        gateway="desk",
        external_id=f"desk-{next(_refs)}",
        paid_at=now,
        business_date=now.date(),
        now=now,
        actor=people.CLERK,
    )


def charge(account: Account, amount: str, *, now: datetime = people.NOON) -> None:
    """A fee of so much."""
    posting = Posting(
        account_id=account.pk,
        kind=Kind.FEE,
        ref=next(_refs),
        amount=-Decimal(amount),
        business_date=now.date(),
    )
    accounts_operations.post(postings=[posting], now=now, actor="system:test")


def drain(now: datetime = people.NOON) -> operations.Decided:
    """Decide what waits."""
    return operations.drain_crossings(now=now)


def level_of(subscription: Subscription) -> str:
    """The service's level as it is written."""
    return ServiceAccess.objects.get(pk=subscription.pk).level
