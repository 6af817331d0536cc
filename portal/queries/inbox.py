"""
The inbox of the self-service account, and what is wanted on which channel.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from notifications.models import Category, Channel, Message, Preference

PAGE = 20


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in the inbox."""

    id: int
    subject: str
    body: str
    created_at: datetime
    is_new: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether a category is wanted on a channel; `name` is that of its checkbox."""

    category: str
    category_label: str
    channel: str
    channel_label: str
    is_wanted: bool

    @property
    def name(self) -> str:
        """The name of the checkbox."""
        return f"{self.category}.{self.channel}"


def count_unread(customer_id: int) -> int:
    """Return how many messages in the inbox are new."""
    return _inbox(customer_id).filter(read_at__isnull=True).count()


def list_letters(customer_id: int, *, before: int | None = None, limit: int = PAGE) -> list[Letter]:
    """Return the inbox by key, newest first."""
    rows = _inbox(customer_id).order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return [
        Letter(row.pk, row.subject, row.body, row.created_at, row.read_at is None)
        for row in rows[:limit]
    ]


def list_choices(customer_id: int) -> list[Choice]:
    """Return every category on every channel; what was never chosen is wanted."""
    chosen = {
        (row.category, row.channel): row.is_wanted
        for row in Preference.objects.filter(customer_id=customer_id)
    }
    return [
        Choice(
            category.value,
            str(category.label),
            channel.value,
            str(channel.label),
            chosen.get((category.value, channel.value), True),
        )
        for category in Category
        for channel in Channel
    ]


def _inbox(customer_id: int) -> "QuerySet[Message]":
    return Message.objects.filter(customer_id=customer_id, channel=Channel.INBOX)
