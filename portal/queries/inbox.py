"""
The inbox of the self-service account, and what is wanted on which channel.
"""

from dataclasses import dataclass
from datetime import datetime

from notifications import queries as notifications_queries
from notifications.models import Category, Channel
from portal.queries.words import CATEGORIES, CHANNELS

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
    #: Messages about security always come.
    is_fixed: bool

    @property
    def name(self) -> str:
        """The name of the checkbox."""
        return f"{self.category}.{self.channel}"


def list_letters(customer_id: int, *, before: int | None = None, limit: int = PAGE) -> list[Letter]:
    """Return the inbox by key, newest first."""
    rows = notifications_queries.list_inbox(customer_id=customer_id, before=before, limit=limit)
    return [
        Letter(row.pk, row.subject, row.body, row.created_at, row.read_at is None) for row in rows
    ]


def list_choices(customer_id: int) -> list[Choice]:
    """Return every category on every channel; what was never chosen is wanted."""
    chosen = notifications_queries.list_wanted([customer_id]).get(customer_id, {})
    return [
        Choice(
            category=category.value,
            category_label=str(CATEGORIES[category.value]),
            channel=channel.value,
            channel_label=str(CHANNELS[channel.value]),
            is_wanted=chosen.get((category.value, channel.value), True),
            is_fixed=category == Category.SECURITY,
        )
        for category in Category
        for channel in Channel
    ]
