"""
Who of the staff did it, and how often a login was tried.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from accounts.models import User
from crm.domain import roles
from crm.models import StaffSignIn
from rating.domain.selections import Limits

WINDOW: Final = timedelta(minutes=15)


class WrongTries(NamedTuple):
    """Tries within the window that let nobody in, this one included."""

    of_login: int
    from_address: int


def count_wrong_tries(*, login: str, address: str | None, now: datetime) -> WrongTries:
    """Return how often the login, and this address, was tried in vain of late."""
    late = StaffSignIn.objects.filter(succeeded=False, tried_at__gt=now - WINDOW)
    from_address = late.filter(address=address).count() if address else 0
    return WrongTries(of_login=late.filter(login=login).count(), from_address=from_address)


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """Return actor -> name for the members of staff and subscribers among them, in one query."""
    keys = {
        int(actor.partition(":")[2])
        for actor in actors
        if actor.startswith(("staff:", "subscriber:")) and actor.partition(":")[2].isdigit()
    }
    if not keys:
        return {}
    rows = User.objects.filter(pk__in=keys).values_list("kind", "pk", "full_name", "login")
    return {f"{kind}:{pk}": full_name or login for kind, pk, full_name, login in rows}


def can_anybody_sign_in() -> bool:
    """Return whether there is a member of staff at all."""
    return User.objects.filter(kind=User.Kind.STAFF, is_active=True).exists()


def adjustment_limit(user: User) -> Decimal:
    """Return how much the member of staff may adjust alone: the highest limit of the roles."""
    if user.is_superuser:
        return Decimal(max(roles.ADJUSTMENT_LIMITS.values()))
    names = user.groups.values_list("name", flat=True)
    return Decimal(max((roles.ADJUSTMENT_LIMITS.get(name, 0) for name in names), default=0))


def instalments_limit(user: User) -> Decimal:
    """Return how large a debt the member of staff may let be paid in parts alone."""
    known = roles.INSTALMENTS_LIMITS
    names = known if user.is_superuser else set(user.groups.values_list("name", flat=True))
    return Decimal(max((known.get(name, 0) for name in names), default=0))


def write_off_limits(user: User) -> Limits:
    """Return what the member of staff may give up of the suspense alone: the highest of the roles."""
    known = roles.WRITE_OFF_LIMITS
    names = known if user.is_superuser else set(user.groups.values_list("name", flat=True))
    held = [known[name] for name in names if name in known] or [(0, 0)]
    return Limits(
        money=Decimal(max(money for money, _records in held)),
        records=max(records for _money, records in held),
    )


def debts_limit(user: User) -> Decimal:
    """Return how much of old debts the member of staff may write off together alone."""
    known = roles.DEBTS_LIMITS
    names = known if user.is_superuser else user.groups.values_list("name", flat=True)
    return Decimal(max((known.get(name, 0) for name in names), default=0))


def rerating_limit(user: User) -> Decimal:
    """Return what the member of staff may apply alone when usage is priced anew."""
    known = roles.RERATING_LIMITS
    names = known if user.is_superuser else user.groups.values_list("name", flat=True)
    return Decimal(max((known.get(name, 0) for name in names), default=0))
