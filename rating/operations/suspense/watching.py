"""
The watch over the suspense: what grew, and who has seen it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import transaction

from billing_project.kernel.operations import record_event
from rating import queries
from rating.domain.suspense_alarms import DayOfReason, alarming
from rating.models import SuspenseAlarm
from rating.operations.summaries import note_levels, summarise_batches
from rating.operations.suspense.runs import drain_runs

ACTOR: Final = "system:usage"
EVENT: Final = "suspense.grew"


@dataclass(frozen=True, slots=True)
class FollowedUp:
    """What was caught up with: business days added up, alarms raised, runs looked at."""

    days: int
    alarms: int
    runs: int


def watch_suspense(*, business_date: date, now: datetime) -> int:
    """Close a day for the charts and raise its alarms; return how many are new."""
    days = {*summarise_batches(now=now), business_date}
    note_levels(business_date=business_date)
    return sum(raise_alarms(business_date=day, now=now) for day in sorted(days))


def follow_up(*, now: datetime) -> FollowedUp:
    """Catch up with what batches and people left: sums, alarms, work on suspended records."""
    days = summarise_batches(now=now)
    raised = sum(raise_alarms(business_date=day, now=now) for day in days)
    return FollowedUp(len(days), raised, drain_runs(now=now))


@transaction.atomic
def raise_alarms(*, business_date: date, now: datetime) -> int:
    """Compare the day's shares with the usual ones; each reason and source is alarming once a day."""
    found = alarming(queries.days_of_reasons(business_date=business_date), queries.thresholds())
    return sum(_raise(day, business_date=business_date, now=now) for day in found)


def see_alarm(*, alarm_id: int, now: datetime, actor: str) -> bool:
    """Note that somebody looks after it; the first one stays noted."""
    unseen = SuspenseAlarm.objects.filter(pk=alarm_id, seen_at__isnull=True)
    return bool(unseen.update(seen_at=now, seen_by=actor))


def _raise(day: DayOfReason, *, business_date: date, now: datetime) -> bool:
    usual = day.usual_share
    alarm, is_new = SuspenseAlarm.objects.get_or_create(
        business_date=business_date,
        source_id=day.source_id,
        reason=day.reason,
        defaults={
            "suspended": day.suspended,
            "records": day.records,
            "share": _short(day.share),
            "usual_share": None if usual is None else _short(usual),
            "raised_at": now,
        },
    )
    if is_new:
        record_event(kind=EVENT, happened_at=now, actor=ACTOR, data=_told(alarm))
    return is_new


def _told(alarm: SuspenseAlarm) -> dict[str, object]:
    return {
        "alarm_id": alarm.pk,
        "source_id": alarm.source_id,
        "reason": alarm.reason,
        "suspended": alarm.suspended,
        "records": alarm.records,
    }


def _short(share: Decimal) -> Decimal:
    return share.quantize(Decimal("0.0001"))
