"""
The suspense as people look at it: how much waits, why, what it may be worth, the records.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils import timezone

from billing_project.kernel.money import round_money
from rating.domain.selections import Selection
from rating.models import IntakeSummary, SuspenseRecord, UsageSource, UsageSummary

#: The average charge of a source is that of what it priced in so many days.
AVERAGE_OVER: Final = timedelta(days=30)
EXPORTED_AT_ONCE: Final = 2_000

#: By reason and source: how many wait, since when, and the first of them.
OVERVIEW: Final = """
    SELECT r.reason, r.source_id, r.records, r.oldest, s.raw
      FROM (SELECT w.reason, f.source_id, count(*) AS records, min(w.suspended_at) AS oldest,
                   min(w.id) AS first
              FROM rating_suspenserecord w JOIN rating_usagefile f ON f.id = w.file_id
             WHERE w.state = 'waiting' GROUP BY w.reason, f.source_id) AS r
      JOIN rating_suspenserecord s ON s.id = r.first
     ORDER BY r.records DESC, r.reason, r.source_id
"""


@dataclass(frozen=True, slots=True)
class WaitingReason:
    """How many records wait for one reason, since when, with the first lines as samples."""

    reason: str
    records: int
    oldest: datetime
    samples: list[str]


@dataclass(frozen=True, slots=True)
class WaitingGroup:
    """
    What waits of one source for one reason.

    `share` is that of the source's records on the newest business day that went there, 0 to 1, None
    if none came; `at_stake` the estimate (see `average_charges`), None if nothing tells.
    """

    reason: str
    source: UsageSource | None
    records: int
    oldest: datetime
    sample: str
    share: Decimal | None
    at_stake: Decimal | None


@dataclass(frozen=True, slots=True)
class Overview:
    """All that waits, most records first; `day` is the one that the shares are of."""

    groups: list[WaitingGroup]
    day: date | None
    records: int
    at_stake: Decimal | None


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


def get_overview(*, today: date) -> Overview:
    """Return what waits by reason and source; five queries, however much it is."""
    with connection.cursor() as cursor:
        cursor.execute(OVERVIEW)
        rows = cursor.fetchall()
    sources = UsageSource.objects.in_bulk()
    averages = average_charges(today=today)
    day, shares = _shares_of_newest_day()
    groups = [
        WaitingGroup(
            reason=reason,
            source=sources.get(source_id),
            records=records,
            oldest=oldest,
            sample=sample,
            share=shares.get((source_id, reason), Decimal(0))
            if (source_id, "") in shares
            else None,
            at_stake=averages.worth(source_id, records),
        )
        for reason, source_id, records, oldest, sample in rows
    ]
    return Overview(
        groups=groups,
        day=day,
        records=sum(group.records for group in groups),
        at_stake=_added(group.at_stake for group in groups),
    )


@dataclass(frozen=True, slots=True)
class AverageCharges:
    """The average charge of a priced record by source, and of all sources under 0."""

    by_source: dict[int, Decimal]

    def worth(self, source_id: int | None, records: int) -> Decimal | None:
        """Return what so many records of the source may be worth; None if nothing is known."""
        average = self.by_source.get(source_id or 0, self.by_source.get(0))
        return None if average is None else round_money(average * records)


def average_charges(*, today: date) -> AverageCharges:
    """
    Return the average charge of a record, by the source that delivered it.

    Over all that was priced of usage of the last 30 days; a source that has none has the average
    of all sources. Records that cost nothing count too.
    """
    recent = UsageSummary.objects.filter(day__gt=today - AVERAGE_OVER)
    rows = recent.values_list("source_id").annotate(Sum("amount"), Sum("records"))
    sums = {source: (amount, records) for source, amount, records in rows if records}
    if sums:
        amounts, counts = zip(*sums.values(), strict=True)
        sums[0] = (sum(amounts), sum(counts))
    return AverageCharges({source: amount / records for source, (amount, records) in sums.items()})


def estimate(selection: Selection, *, today: date) -> tuple[int, Decimal | None]:
    """Return how many records are selected, and what they may be worth."""
    rows = list(selected(selection).order_by().values_list("file__source_id").annotate(Count("pk")))
    averages = average_charges(today=today)
    worth = _added(averages.worth(source_id, records) for source_id, records in rows)
    return sum(records for _source, records in rows), worth


def selected(selection: Selection) -> "QuerySet[SuspenseRecord]":
    """Return the records that are meant, oldest first."""
    wanted: dict[str, object] = {"state": selection.state} if selection.state else {}
    if selection.reason:
        wanted["reason"] = selection.reason
    if selection.source_id:
        wanted["file__source_id"] = selection.source_id
    if selection.file_id:
        wanted["file_id"] = selection.file_id
    if selection.record_id:
        wanted["pk"] = selection.record_id
    if selection.day:
        # Away from the ends of the calendar, where a day has no next one.
        day = min(max(selection.day, date(MINYEAR + 1, 1, 1)), date(MAXYEAR - 1, 1, 1))
        start = timezone.make_aware(datetime.combine(day, time.min))
        wanted["suspended_at__gte"] = start
        wanted["suspended_at__lt"] = start + timedelta(days=1)
    found = SuspenseRecord.objects.filter(**wanted).order_by("pk")
    return found.filter(_with_text(selection)) if selection.text else found


def list_suspense(
    *, reason: str = "", after_id: int = 0, limit: int = 50, selection: Selection | None = None
) -> list[SuspenseRecord]:
    """Return records (that wait, if nothing else is said), with file and source, oldest first."""
    found = selected(selection or Selection(reason=reason)).filter(pk__gt=after_id)
    return list(found.select_related("file__source")[:limit])


def suspended_by_ids(ids: Iterable[int]) -> list[SuspenseRecord]:
    """Return records with file and source in the order of their ids."""
    found = SuspenseRecord.objects.filter(pk__in=list(ids)).select_related("file__source")
    return list(found.order_by("pk"))


def export_suspense(selection: Selection) -> Iterator[SuspenseRecord]:
    """Yield all records of a selection with file and source, a portion in memory at a time."""
    after = 0
    while portion := list_suspense(selection=selection, after_id=after, limit=EXPORTED_AT_ONCE):
        yield from portion
        after = portion[-1].pk


def _with_text(selection: Selection) -> Q:
    texts = {selection.text, selection.digits or selection.text}
    found = Q()
    for text in texts:
        found |= Q(raw__icontains=text) | Q(corrected__icontains=text)
    return found


def _shares_of_newest_day() -> tuple[date | None, dict[tuple[int, str], Decimal]]:
    """Return the newest day with records, and shares by source and reason ("" is all: 1)."""
    newest = IntakeSummary.objects.filter(reason="", records__gt=0).order_by("-business_date")
    day = newest.values_list("business_date", flat=True).first()
    if day is None:
        return None, {}
    rows = IntakeSummary.objects.filter(business_date=day).values_list("source_id", "reason")
    sums = {(source, reason): n for source, reason, n in rows.annotate(Sum("records"))}
    return day, {
        (source, reason): Decimal(records) / sums[source, ""]
        for (source, reason), records in sums.items()
        if sums.get((source, ""))
    }


def _added(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None
