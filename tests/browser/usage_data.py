"""A month of usage with its suspense, for the pictures of the screens of usage."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from django.utils import timezone

from bench.world import build_operator
from rating import operations
from rating.models import IntakeSummary, SuspenseLevel, UsageSummary
from rating.operations import suspense
from tariffs import queries as tariffs_queries
from tariffs.domain.deck import UsageKind
from tests.integration.rating.night import Night, call

REASONS = ("unknown_subscriber", "unknown_zone", "bad_duration", "bad_time", "no_plan")
#: How busy each hour of a day is.
HOURS = (1, 1, 0, 0, 0, 1, 2, 4, 7, 9, 10, 9, 8, 8, 9, 9, 10, 11, 12, 10, 8, 6, 4, 2)


def a_month_of_usage(folder: Path) -> None:
    """Records of some days ago in suspense, sums of a month, an alarm of yesterday."""
    operator = build_operator(subscribers=10)
    now = timezone.now()
    today = timezone.localdate(now)
    _load(Night(folder), now - timedelta(days=3))
    operations.summarise_batches(now=now)
    source = operator.sources["msc-1"].pk
    zones = list(tariffs_queries.zone_names(language="ru"))[:20]
    UsageSummary.objects.bulk_create(_usage(today, source, zones))
    for days in range(1, 31):
        _intake(today - timedelta(days=days), source, days)
    suspense.watch_suspense(business_date=today - timedelta(days=1), now=now)


def _load(night: Night, moment: datetime) -> None:
    at = timezone.localtime(moment).strftime("%Y-%m-%d 10:%M:00")
    abroad = {"dst": "81012125550101", "at": at}
    lines = [call(id=f"g{n}", **abroad) for n in range(20)]
    lines += [call(id=f"s{n}", src=f"999000000{n % 10}", **abroad) for n in range(60)]
    lines += [call(id=f"d{n}", seconds="-1", at=at) for n in range(7)]
    lines += [call(id=f"t{n}", at="2026-13-01 10:00:00") for n in range(3)]
    night.bring(*lines)
    operations.load_usage(folder=night.folder, business_date=timezone.localdate(moment), now=moment)


def _usage(today: date, source: int, zones: list[int]) -> Iterator[UsageSummary]:
    for days in range(30):
        for hour, busy in enumerate(HOURS):
            for place, zone in enumerate(zones):
                records = busy * (30 - place) * (5 + (days * 7 + place) % 5)
                if records:
                    yield UsageSummary(
                        batch_id=10_000 + days,
                        day=today - timedelta(days=days),
                        hour=hour,
                        source_id=source,
                        kind=UsageKind.VOICE if place % 4 else UsageKind.SMS,
                        zone_id=zone,
                        records=records,
                        quantity=records * 95,
                        amount=Decimal(records * (place + 1)) / 4,
                    )


def _intake(day: date, source: int, days: int) -> None:
    batch = 20_000 + days
    IntakeSummary.objects.create(
        batch_id=batch,
        business_date=day,
        source_id=source,
        records=90_000 + 900 * (days % 7),
        files=20 + days % 4,
    )
    for place, reason in enumerate(REASONS):
        came = (300 - 50 * place) * (1 + (days + place) % 3) * (6 if days == 1 and not place else 1)
        IntakeSummary.objects.create(
            batch_id=batch, business_date=day, source_id=source, reason=reason, records=came
        )
        SuspenseLevel.objects.create(
            business_date=day, source_id=source, reason=reason, records=came * 3 + 40 * place
        )
