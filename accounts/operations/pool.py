"""
The pool of numbers and logins: filled, given to services, rested after use.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.domain.identifiers import (
    UnreadablePhone,
    beauty_of,
    read_login,
    read_phone,
    subscriber_key,
)
from accounts.models import IdentifierUse, PoolNumber, Subscription

#: More numbers at once are a slip of the keyboard.
LARGEST_RANGE: Final = 1_000_000
ADD: Final = """
    INSERT INTO accounts_poolnumber (kind, value, beauty, is_free)
    SELECT %s, value, beauty, true FROM unnest(%s::text[], %s::text[]) AS n (value, beauty)
    ON CONFLICT (kind, value) DO NOTHING
"""


class UnableToAddNumbers(Exception):
    """The range is no range of telephone numbers, or too large."""


class UnableToOccupy(Exception):
    """The number is not in the pool, in use, or rests after its last use."""


def add_pool_numbers(*, kind: str, values: Iterable[str]) -> int:
    """Add numbers (any notation) or logins to the pool; return how many were new."""
    try:
        return _add(kind, [read_identifier(kind, value) for value in values])
    except ValueError as error:
        message = _("“%(text)s” is no number or login.") % {"text": error}
        raise UnableToAddNumbers(message) from None


def add_pool_range(*, kind: str, first: str, last: str) -> int:
    """Add the numbers from `first` to `last`, both included; return how many were new."""
    refusal = UnableToAddNumbers(_("This is no range of at most a million numbers."))
    try:
        low, high = read_phone(first), read_phone(last)
    except UnreadablePhone:
        raise refusal from None
    size = int(high) - int(low) + 1
    if len(low) != len(high) or not 0 < size <= LARGEST_RANGE:
        raise refusal
    return _add(kind, [str(number) for number in range(int(low), int(high) + 1)])


def read_identifier(kind: str, value: str) -> str:
    """Return the number or login as it is stored."""
    return read_login(value) if kind == PoolNumber.Kind.LOGIN else read_phone(value)


@transaction.atomic
def occupy(
    *, subscription: Subscription, kind: str, value: str, now: datetime, on: date
) -> IdentifierUse:
    """
    Give a free number or login to the service from `now`; a login not in the pool is added.

    Raises UnableToOccupy when it is in use, rests, can't be read, or (a number) is
    not in the pool.
    """
    refusal = UnableToOccupy(_("%(value)s is not free.") % {"value": value})
    try:
        value = read_identifier(kind, value)
    except ValueError:
        raise refusal from None
    if kind == PoolNumber.Kind.LOGIN:
        _add(kind, [value])
    rested = Q(quarantine_until__isnull=True) | Q(quarantine_until__lte=on)
    taken = PoolNumber.objects.filter(rested, kind=kind, value=value, is_free=True).update(
        is_free=False, quarantine_until=None
    )
    if taken != 1:
        raise refusal
    draft = IdentifierUse(
        kind=kind,
        value=value,
        key=subscriber_key(value),
        account_id=subscription.account_id,
        subscription=subscription,
        active_from=now,
    )
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
    except IntegrityError:
        # In use by a moment that overlaps, or a login of digits that is somebody's number.
        raise refusal from None
    return draft


def release(*, subscription_id: int, now: datetime, quarantine_until: date) -> int:
    """End the service's numbers at `now`; they rest until the day, then are free again."""
    uses = list(
        IdentifierUse.objects.filter(
            Q(active_to__isnull=True) | Q(active_to__gt=now), subscription_id=subscription_id
        )
    )
    for kind in {use.kind for use in uses}:
        values = [use.value for use in uses if use.kind == kind]
        PoolNumber.objects.filter(kind=kind, value__in=values).update(
            is_free=True, quarantine_until=quarantine_until
        )
    ids = [use.pk for use in uses]
    return IdentifierUse.objects.filter(pk__in=ids).update(active_to=now)


def _add(kind: str, values: list[str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(ADD, [kind, values, [beauty_of(value) for value in values]])
        return int(cursor.rowcount)
