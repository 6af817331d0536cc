"""
The subscriber's choices, handed down to the apps that keep them.
"""

from collections.abc import Set
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts import operations as accounts_operations
from accounts.models import User
from notifications import operations as notifications_operations
from portal.queries.inbox import list_choices


def choose(*, customer_id: int, wanted: Set[str], now: datetime) -> None:
    """Keep which categories are wanted on which channels; `wanted` are `Choice.name`s."""
    with transaction.atomic():
        for choice in list_choices(customer_id):
            is_wanted = choice.name in wanted
            if is_wanted != choice.is_wanted and not choice.is_fixed:
                notifications_operations.set_preference(
                    customer_id=customer_id,
                    category=choice.category,
                    channel=choice.channel,
                    is_wanted=is_wanted,
                    now=now,
                )


def choose_language(*, user: User, language: str, now: datetime) -> None:
    """Write to the subscriber in this language from now on; unknown languages are ignored."""
    if user.customer_id is None or language not in dict(settings.LANGUAGES):
        return
    accounts_operations.edit_contact(
        customer_id=user.customer_id, language=language, now=now, actor=user.actor
    )
