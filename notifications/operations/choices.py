"""
What a customer chose and has read.
"""

from datetime import datetime

from django.utils.translation import gettext as _

from notifications.models import Category, Channel, Message, Preference


class UnableToSetPreference(Exception):
    """There is no such category or channel, or messages of the category can't be turned off."""


def set_preference(
    *, customer_id: int, category: str, channel: str, is_wanted: bool, now: datetime
) -> Preference:
    """Keep whether the customer wants the category on the channel; the last choice holds."""
    if category not in Category.values or channel not in Channel.values:
        raise UnableToSetPreference(_("There are no such messages."))
    if category == Category.SECURITY and not is_wanted:
        raise UnableToSetPreference(_("Messages about security can't be turned off."))
    preference, _is_new = Preference.objects.update_or_create(
        customer_id=customer_id,
        category=category,
        channel=channel,
        defaults={"is_wanted": is_wanted, "set_at": now},
    )
    return preference


def mark_read(*, customer_id: int, up_to: int, now: datetime) -> int:
    """Mark the customer's inbox up to the message as read; return how many were new."""
    return Message.objects.filter(
        customer_id=customer_id, channel=Channel.INBOX, pk__lte=up_to, read_at__isnull=True
    ).update(read_at=now)
