"""
Whose history is read, and from where on.
"""

from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from accounts.models import Account, Subscription
from crm.domain.timeline import Key

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Scope:
    """A customer with the ids that the other tables know it by; currency and number by account."""

    customer_id: int
    accounts: dict[int, str]
    currencies: dict[int, str]
    services: dict[int, str]


def get_scope(customer_id: int) -> Scope:
    """Return the customer's accounts and services, the ended ones too."""
    accounts = Account.objects.filter(customer_id=customer_id).values_list(
        "pk", "number", "currency"
    )
    rows = list(accounts)
    services = Subscription.objects.filter(account_id__in=[row[0] for row in rows])
    return Scope(
        customer_id=customer_id,
        accounts={pk: number for pk, number, _currency in rows},
        currencies={pk: currency for pk, _number, currency in rows},
        services={service.pk: service.get_service_display() for service in services},
    )


def older_than(rows: QuerySet[Row], before: Key | None, *, at: str, source: str) -> QuerySet[Row]:
    """Return the rows of a source that come after the key in a history sorted newest first."""
    newest_first = rows.order_by(f"-{at}", "-pk")
    if before is None:
        return newest_first
    earlier = Q(**{f"{at}__lt": before.at})
    if source < before.source:
        earlier = Q(**{f"{at}__lte": before.at})
    elif source == before.source:
        earlier |= Q(**{at: before.at, "pk__lt": before.id})
    return newest_first.filter(earlier)
