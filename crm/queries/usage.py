"""
Usage files and suspended records as the CRM lists them.
"""

from dataclasses import dataclass
from typing import Final

from django.db.models import Count, QuerySet, Sum

from rating.models import SuspenseRecord, UsageFile

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class FileTotals:
    """Sums over all files: every record is somewhere."""

    files: int
    records: int
    priced: int
    duplicates: int
    not_charged: int
    suspended: int


def count_suspense_by_reason() -> list[tuple[str, int]]:
    """Return how many records wait, by reason, the commonest first."""
    waiting = SuspenseRecord.objects.filter(state=SuspenseRecord.State.WAITING)
    rows = waiting.values_list("reason").annotate(waiting=Count("pk")).order_by("-waiting")
    return list(rows)


def list_suspense(
    *, reason: str = "", after: int = 0, limit: int = PAGE
) -> "QuerySet[SuspenseRecord]":
    """Return waiting records, oldest first, after the given id."""
    waiting = SuspenseRecord.objects.filter(state=SuspenseRecord.State.WAITING, pk__gt=after)
    waiting = waiting.filter(reason=reason) if reason else waiting
    return waiting.select_related("file__source").order_by("pk")[:limit]


def find_suspended(record_id: int) -> SuspenseRecord | None:
    """Return one suspended record with its file, in whatever state."""
    return SuspenseRecord.objects.filter(pk=record_id).select_related("file__source").first()


def list_files(*, before: int | None = None, limit: int = PAGE) -> "QuerySet[UsageFile]":
    """Return files, newest first, with ids below `before`."""
    files = UsageFile.objects.select_related("source").order_by("-pk")
    return (files if before is None else files.filter(pk__lt=before))[:limit]


def sum_files() -> FileTotals:
    """Return the totals over all files."""
    names = ("records", "priced", "duplicates", "not_charged", "suspended")
    sums = UsageFile.objects.aggregate(files=Count("pk"), **{name: Sum(name) for name in names})
    return FileTotals(**{name: value or 0 for name, value in sums.items()})
