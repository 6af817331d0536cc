"""
Accounts, services, numbers: one of them, or lists.
"""

import itertools
from datetime import date, datetime

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.domain.identifiers import subscriber_key
from accounts.models import (
    Account,
    Customer,
    IdentifierUse,
    PlanAssignment,
    PoolNumber,
    Subscription,
)
from billing_project.kernel.jobs import LAST_ACCOUNT


def get_account(account_id: int) -> Account:
    """Return the account with customer, contract and legal entity; DoesNotExist."""
    rows = Account.objects.select_related("customer", "contract__legal_entity")
    return rows.get(pk=account_id)


def find_account(number: str) -> Account | None:
    """Return the account of that number, or None."""
    return Account.objects.select_related("customer").filter(number=number).first()


def get_customer(customer_id: int) -> Customer:
    """Return the customer; DoesNotExist."""
    return Customer.objects.get(pk=customer_id)


def list_accounts(*, customer_id: int) -> "QuerySet[Account]":
    """List the customer's accounts, oldest first."""
    rows = Account.objects.select_related("contract")
    return rows.filter(customer_id=customer_id).order_by("pk")


def list_subscriptions(*, account_id: int) -> "QuerySet[Subscription]":
    """List the account's services with their identifiers and plan history, oldest first."""
    rows: QuerySet[Subscription] = Subscription.objects.filter(account_id=account_id)
    return rows.prefetch_related("identifiers", "plan_assignments__plan_version__plan").order_by(
        "pk"
    )


def subscription_by_identifier(value: str, at: datetime) -> Subscription | None:
    """Return the service that used the number (E.164 digits) or login at that moment, or None."""
    use = (
        IdentifierUse.objects.select_related("subscription__account")
        .filter(Q(active_to__isnull=True) | Q(active_to__gt=at), active_from__lte=at)
        .filter(value=value.lower(), key=subscriber_key(value))
        .first()
    )
    return use.subscription if use else None


def list_identifiers(*, subscription_id: int, at: datetime) -> list[str]:
    """List the numbers and logins the service uses at that moment."""
    uses = IdentifierUse.objects.filter(
        Q(active_to__isnull=True) | Q(active_to__gt=at),
        subscription_id=subscription_id,
        active_from__lte=at,
    )
    return list(uses.order_by("pk").values_list("value", flat=True))


def plan_at(*, subscription_id: int, at: datetime) -> PlanAssignment | None:
    """Return the plan the service has at that moment, or None."""
    return (
        PlanAssignment.objects.select_related("plan_version__plan")
        .filter(Q(active_to__isnull=True) | Q(active_to__gt=at))
        .filter(subscription_id=subscription_id, active_from__lte=at)
        .first()
    )


def plans_after(subscription_id: int, *, after: datetime) -> list[PlanAssignment]:
    """Return the plans that the service gets later, with their versions."""
    rows = PlanAssignment.objects.select_related("plan_version__plan")
    return list(rows.filter(subscription_id=subscription_id, active_from__gt=after).order_by("id"))


def list_free_numbers(
    *,
    kind: str,
    limit: int = 20,
    starts_with: str = "",
    contains: str = "",
    beauty: str = "",
    on: date | None = None,
) -> "QuerySet[PoolNumber]":
    """
    List free numbers of the pool in their order, for an agent to pick from.

    Without `on`, numbers that ever rested until some day are left out; with it, only those that
    still rest on that day.
    """
    rested = Q(quarantine_until__isnull=True)
    if on is not None:
        rested |= Q(quarantine_until__lte=on)
    rows = PoolNumber.objects.filter(rested, kind=kind, is_free=True)
    if starts_with:
        rows = rows.filter(value__startswith=starts_with)
    if contains:
        rows = rows.filter(value__contains=contains)
    if beauty:
        rows = rows.filter(beauty=beauty)
    return rows.order_by("value")[:limit]


def list_account_ranges(*, size: int = 50_000) -> list[tuple[int, int]]:
    """
    Cut all accounts into half-open ranges of ids with at most `size` accounts each.

    The last range is open to accounts not opened yet, so no account is ever outside.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS place"
            " FROM accounts_account) AS numbered WHERE place > 1 AND (place - 1) %% %s = 0"
            " ORDER BY id",
            [size],
        )
        edges = [0, *(row[0] for row in cursor.fetchall()), LAST_ACCOUNT]
    return list(itertools.pairwise(edges))
