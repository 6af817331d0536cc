"""
The numbers of a service, and those it may have instead.
"""

from datetime import date, datetime
from itertools import chain
from typing import Final

from django.db.models import Q

from accounts import queries as accounts_queries
from accounts.models import IdentifierUse, PoolNumber, Subscription

#: So many free numbers are offered of each kind.
OFFERED: Final = 40


def list_uses(subscription: Subscription, *, at: datetime) -> list[IdentifierUse]:
    """Return the numbers and logins that the service has at the moment."""
    open_then = Q(active_to__isnull=True) | Q(active_to__gt=at)
    return list(subscription.identifiers.filter(open_then, active_from__lte=at).order_by("pk"))


def list_offered(uses: list[IdentifierUse], *, on: date, chosen: str = "") -> list[PoolNumber]:
    """Return free numbers of the kinds in use, with the one that was chosen; logins are typed."""
    kinds = sorted({use.kind for use in uses} - {PoolNumber.Kind.LOGIN})
    free = [accounts_queries.list_free_numbers(kind=kind, limit=OFFERED, on=on) for kind in kinds]
    picked = PoolNumber.objects.filter(kind__in=kinds, value=chosen)
    return sorted({row.pk: row for row in chain(picked, *free)}.values(), key=lambda row: row.value)
