"""
What the charts of usage and suspense are drawn from: the narrow sums, never the priced rows.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models import Sum

from rating.models import IntakeSummary, SuspenseLevel

TO_SUMMARISE: Final = """
    SELECT b.id, b.business_date FROM rating_usagebatch b
     WHERE b.state = 'posted'
       AND NOT EXISTS (SELECT 1 FROM rating_summarisedbatch s WHERE s.batch_id = b.id)
     ORDER BY b.id
"""
#: All sides of the period in one pass.
USAGE: Final = """
    SELECT grouping(day, hour, kind, zone_id), day, hour, kind, zone_id,
           sum(records)::bigint, sum(quantity)::bigint, sum(amount)
      FROM rating_usagesummary WHERE day >= %s AND day < %s
     GROUP BY GROUPING SETS ((day), (hour), (kind), (zone_id, kind))
"""
_BY_DAY, _BY_HOUR, _BY_KIND, _BY_ZONE = 0b0111, 0b1011, 0b1101, 0b1100


@dataclass(frozen=True, slots=True)
class UsageSum:
    """
    Priced usage added up: records, amount (positive for charges), and quantity.

    The quantity is in the units of its kind (seconds, messages, bytes), None over several kinds.
    """

    records: int
    amount: Decimal
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class UsagePeriod:
    """The usage of some days, by day, hour of the day, kind of usage, and (zone, kind)."""

    by_day: dict[date, UsageSum]
    by_hour: dict[int, UsageSum]
    by_kind: dict[int, UsageSum]
    by_zone: dict[tuple[int, int], UsageSum]

    @property
    def records(self) -> int:
        """All records of the period."""
        return sum(one.records for one in self.by_kind.values())

    @property
    def amount(self) -> Decimal:
        """Everything charged for the period."""
        return sum((one.amount for one in self.by_kind.values()), Decimal(0))


@dataclass(frozen=True, slots=True)
class SuspensePeriod:
    """
    Days of the suspense: what came by (day, reason), what waited at their ends, and the intake.

    `intake` is day -> (files, records) that came; days without any are left out everywhere.
    """

    came: dict[tuple[date, str], int]
    waited: dict[tuple[date, str], int]
    intake: dict[date, tuple[int, int]]


def batches_to_summarise() -> list[tuple[int, date]]:
    """Return the posted batches that are in no sum yet, with their business dates."""
    with connection.cursor() as cursor:
        cursor.execute(TO_SUMMARISE)
        return list(cursor.fetchall())


def usage_of_period(*, first: date, end: date) -> UsagePeriod:
    """Return the usage of the days from `first` to before `end`, in one query."""
    period = UsagePeriod({}, {}, {}, {})
    with connection.cursor() as cursor:
        cursor.execute(USAGE, [first, end])
        for side, day, hour, kind, zone_id, records, quantity, amount in cursor.fetchall():
            if side == _BY_DAY:
                period.by_day[day] = UsageSum(records, amount)
            elif side == _BY_HOUR:
                period.by_hour[hour] = UsageSum(records, amount)
            elif side == _BY_KIND:
                period.by_kind[kind] = UsageSum(records, amount, quantity)
            elif side == _BY_ZONE:
                period.by_zone[zone_id, kind] = UsageSum(records, amount, quantity)
    return period


def suspense_of_period(*, first: date, end: date) -> SuspensePeriod:
    """Return the suspense of the days from `first` to before `end`, in three queries."""
    came = IntakeSummary.objects.filter(business_date__gte=first, business_date__lt=end)
    waited = SuspenseLevel.objects.filter(business_date__gte=first, business_date__lt=end)
    by_reason = came.exclude(reason="").values_list("business_date", "reason")
    levels = waited.values_list("business_date", "reason")
    intake = came.filter(reason="").values_list("business_date")
    return SuspensePeriod(
        came={(day, reason): n for day, reason, n in by_reason.annotate(Sum("records"))},
        waited={(day, reason): n for day, reason, n in levels.annotate(Sum("records"))},
        intake={
            day: (files, records)
            for day, files, records in intake.annotate(Sum("files"), Sum("records"))
        },
    )
