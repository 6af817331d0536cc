"""
What the charts of usage and suspense show: sums of a span, as geometry with names.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeVar

from crm.domain.charts import Chart, bar, chart
from crm.domain.spans import Span
from rating import queries as rating_queries
from rating.queries.charts import SuspensePeriod, UsagePeriod, UsageSum
from tariffs import queries as tariffs_queries
from tariffs.domain.deck import UsageKind

K = TypeVar("K", bound=Hashable)
#: The zones shown by name; the others are one line.
MOST_ZONES: Final = 15


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table with bars: its code and name, what is behind it, lengths in thousandths."""

    code: str
    name: str
    sums: UsageSum
    amount_bar: int
    records_bar: int


@dataclass(frozen=True, slots=True)
class UsagePage:
    """The usage of a span: totals, charts by day and hour, lines by kind and zone."""

    records: int
    amount: Decimal
    by_day: tuple[Chart, Chart]
    by_hour: tuple[Chart, Chart]
    kinds: list[Line]
    zones: list[Line]
    others: UsageSum | None


@dataclass(frozen=True, slots=True)
class SuspensePage:
    """The suspense of a span: what came and what waited by reason, files and records by day."""

    came: Chart
    waited: Chart
    files: Chart
    records: int
    suspended: int


def get_usage(span: Span, *, language: str) -> UsagePage:
    """Return the usage of a span; two queries."""
    period = rating_queries.usage_of_period(first=span.first, end=span.end)
    zones = _zones(period, tariffs_queries.zone_names(language=language))
    return UsagePage(
        records=period.records,
        amount=period.amount,
        by_day=_two_charts(period.by_day, span.days),
        by_hour=_two_charts(period.by_hour, list(range(24))),
        kinds=_lines(
            {_code(kind): ("", sums) for kind, sums in period.by_kind.items()},
        ),
        zones=zones[:MOST_ZONES],
        others=_added([line.sums for line in zones[MOST_ZONES:]]),
    )


def get_suspense(span: Span) -> SuspensePage:
    """Return the suspense of a span; three queries."""
    period: SuspensePeriod = rating_queries.suspense_of_period(first=span.first, end=span.end)
    files = {(day, "files"): files for day, (files, _records) in period.intake.items()}
    return SuspensePage(
        came=chart(period.came, keys=span.days, other="other"),
        waited=chart(period.waited, keys=span.days, other="other"),
        files=chart(files, keys=span.days),
        records=sum(records for _files, records in period.intake.values()),
        suspended=sum(period.came.values()),
    )


def _two_charts(sums: Mapping[K, UsageSum], keys: list[K]) -> tuple[Chart, Chart]:
    """Return the amounts and the records as charts."""
    amounts = {(key, "amount"): one.amount for key, one in sums.items()}
    records = {(key, "records"): one.records for key, one in sums.items()}
    return chart(amounts, keys=keys), chart(records, keys=keys)


def _zones(period: UsagePeriod, names: dict[int, str]) -> list[Line]:
    merged: dict[int, UsageSum] = {}
    for (zone_id, _kind), sums in period.by_zone.items():
        before = merged.get(zone_id, UsageSum(0, Decimal(0)))
        merged[zone_id] = UsageSum(before.records + sums.records, before.amount + sums.amount)
    return _lines({str(zone): (names.get(zone, ""), sums) for zone, sums in merged.items()})


def _lines(found: Mapping[str, tuple[str, UsageSum]]) -> list[Line]:
    """Return lines by amount, the largest first, with bars of the highest."""
    amount = max((sums.amount for _name, sums in found.values()), default=Decimal(0))
    records = max((sums.records for _name, sums in found.values()), default=0)
    lines = [
        Line(code, name, sums, bar(sums.amount, amount), bar(sums.records, records))
        for code, (name, sums) in found.items()
    ]
    return sorted(lines, key=lambda line: (-line.sums.amount, -line.sums.records, line.code))


def _added(sums: list[UsageSum]) -> UsageSum | None:
    if not sums:
        return None
    amount = sum((one.amount for one in sums), Decimal(0))
    return UsageSum(sum(one.records for one in sums), amount)


def _code(kind: int) -> str:
    return UsageKind(kind).code
