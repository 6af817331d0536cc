"""
The suspense as people look at it: how much waits, why, and what the records look like.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from rating.models import SuspenseRecord


@dataclass(frozen=True, slots=True)
class WaitingReason:
    """How many records wait for one reason, since when, with the first lines as samples."""

    reason: str
    records: int
    oldest: datetime
    samples: list[str]


def count_suspense(*, samples: int = 3) -> list[WaitingReason]:
    """Return what waits by reason, most records first."""
    waiting = SuspenseRecord.objects.filter(state=SuspenseRecord.State.WAITING)
    groups = waiting.values("reason").annotate(records=Count("id"), oldest=Min("suspended_at"))
    return [
        WaitingReason(
            reason=group["reason"],
            records=group["records"],
            oldest=group["oldest"],
            samples=list(
                waiting.filter(reason=group["reason"])
                .order_by("id")
                .values_list("raw", flat=True)[:samples]
            ),
        )
        for group in groups.order_by("-records", "reason")
    ]


def list_suspense(*, reason: str = "", after_id: int = 0, limit: int = 50) -> list[SuspenseRecord]:
    """Return records that wait, with file and source, oldest first, from the id after."""
    waiting = SuspenseRecord.objects.filter(
        state=SuspenseRecord.State.WAITING, pk__gt=after_id
    ).select_related("file__source")
    if reason:
        waiting = waiting.filter(reason=reason)
    return list(waiting.order_by("pk")[:limit])
