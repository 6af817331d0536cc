"""Sums of batches, the day's levels, alarms when a reason's share grows."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bench.world import Operator
from billing_project import night_steps, schedule
from billing_project.kernel.invariants import find_violations
from billing_project.kernel.models import BusinessEvent, JobRun
from rating import operations, queries, tasks
from rating.models import (
    IntakeSummary,
    PricedUsage,
    SummarisedBatch,
    SuspenseAlarm,
    SuspenseLevel,
    SuspenseRecord,
    SuspenseRun,
    SuspenseThreshold,
    UsageBatch,
    UsageSource,
    UsageSummary,
)
from rating.operations import suspense
from rating.operations.suspense import runs
from tariffs.domain.deck import UsageKind
from tests.integration.rating.night import DAY, NOW, Night, call, calls

ABROAD = {"dst": "81012125550101"}


def summary() -> list[tuple[Any, ...]]:
    rows = UsageSummary.objects.order_by("day", "hour", "kind", "amount")
    return [
        (row.day, row.hour, row.kind, row.records, row.quantity, str(row.amount)) for row in rows
    ]


class TestSums:
    def test_a_batch_is_added_up_by_local_hour(self, night: Night) -> None:
        night.load(
            *calls(2, **ABROAD),
            call(id="night", at="2026-11-20 00:10:00"),
            call(id="late", at="2026-11-19 23:59:59", seconds="90"),
        )
        assert summary() == []
        assert operations.summarise_batches(now=NOW) == [DAY]
        voice = int(UsageKind.VOICE)
        assert summary() == [
            (date(2026, 11, 19), 23, voice, 1, 90, "0.00"),
            (DAY, 0, voice, 1, 60, "0.00"),
            (DAY, 10, voice, 2, 120, "42.98"),
        ]

    def test_added_up_once(self, night: Night) -> None:
        night.load(*calls(3, **ABROAD))
        operations.summarise_batches(now=NOW)
        before = summary()
        assert operations.summarise_batches(now=NOW) == []
        assert summary() == before
        assert SummarisedBatch.objects.count() == 1

    def test_only_posted_batches(self, night: Night) -> None:
        night.bring(*calls(3))
        night.price()
        assert operations.summarise_batches(now=NOW) == []
        assert summary() == []

    def test_the_sums_are_those_of_the_rows(self, night: Night) -> None:
        sms = "{},sms,79210000000,2026-11-20T10:00:00Z,7,79031234567"
        night.bring(*(sms.format(n) for n in range(4)), source="csv-1")
        night.load(*calls(5, **ABROAD), call(id="bad", seconds="-1"))
        night.load(*calls(5, **ABROAD), call(id="again", **ABROAD))
        record = SuspenseRecord.objects.get()
        operations.recycle(
            record_ids=[record.pk], corrected={record.pk: call(id="bad")}, actor="s", now=NOW
        )
        operations.summarise_batches(now=NOW)
        period = queries.usage_of_period(first=DAY, end=DAY + timedelta(days=1))
        rows = list(PricedUsage.objects.all())
        assert period.records == len(rows) == 11
        assert period.amount == sum(row.amount for row in rows)
        assert sum(one.records for one in period.by_zone.values()) == 11
        assert {hour: one.records for hour, one in period.by_hour.items()} == {10: 7, 13: 4}
        assert period.by_day[DAY].amount == period.amount
        assert set(period.by_kind) == {UsageKind.VOICE, UsageKind.SMS}
        assert period.by_kind[int(UsageKind.SMS)].quantity == 28
        assert queries.usage_of_period(first=date(2026, 11, 1), end=DAY).records == 0

    def test_a_reversal_takes_its_record_out_again(self, night: Night) -> None:
        night.load(*calls(2, **ABROAD))
        row = PricedUsage.objects.all()[0]
        batch = UsageBatch.objects.create(business_date=DAY, opened_at=NOW, state="posted")
        names = [field.attname for field in PricedUsage._meta.concrete_fields]
        values = {name: getattr(row, name) for name in names if name != "id"}
        changed = {"batch_id": batch.pk, "revision": 1}
        negated = {name: -values[name] for name in ("quantity", "billed", "amount")}
        PricedUsage.objects.create(**{**values, **changed, **negated})
        PricedUsage.objects.create(
            **{**values, **changed, "revision": 2, "amount": Decimal("30.00")}
        )
        operations.summarise_batches(now=NOW)
        period = queries.usage_of_period(first=DAY, end=DAY + timedelta(days=1))
        assert (period.records, period.amount) == (2, Decimal("51.49"))
        assert period.by_kind[int(UsageKind.VOICE)].quantity == 120

    def test_the_intake_is_noted_by_source_and_reason(self, night: Night) -> None:
        night.load(*calls(3), call(id="x", seconds="-1"), call(id="y", seconds="-1"))
        operations.summarise_batches(now=NOW)
        rows = IntakeSummary.objects.order_by("reason").values_list("reason", "records", "files")
        assert list(rows) == [("", 5, 1), ("bad_duration", 2, 0)]

    def test_levels_are_those_of_the_end_of_the_day(self, night: Night) -> None:
        night.load(call(id="ok"), call(id="x", seconds="-1"), call(id="y", seconds="-1"))
        suspense.watch_suspense(business_date=DAY, now=NOW)
        first = SuspenseRecord.objects.order_by("pk")[0]
        operations.write_off(record_ids=[first.pk], actor="s", reason="x", now=NOW)
        suspense.watch_suspense(business_date=DAY + timedelta(days=1), now=NOW)
        # An old night gone through again notes nothing new for its day.
        suspense.watch_suspense(business_date=DAY, now=NOW)
        levels = SuspenseLevel.objects.order_by("business_date").values_list("records", flat=True)
        assert list(levels) == [2, 1]
        period = queries.suspense_of_period(first=DAY, end=DAY + timedelta(days=2))
        assert period.waited == {(DAY, "bad_duration"): 2, (DAY + timedelta(1), "bad_duration"): 1}
        assert period.came == {(DAY, "bad_duration"): 2}
        assert period.intake == {DAY: (1, 3)}


class TestEstimates:
    def test_of_its_own_source_else_of_all(self, night: Night, operator: Operator) -> None:
        night.load(*calls(3, **ABROAD), call(id="x", seconds="-1"))
        operations.summarise_batches(now=NOW)
        averages = queries.average_charges(today=DAY)
        own = operator.sources["msc-1"].pk
        assert averages.worth(own, 2) == Decimal("42.98")
        assert averages.worth(None, 1) == Decimal("21.49")
        assert averages.worth(2**30, 1) == Decimal("21.49")

    def test_nothing_priced_of_late_is_no_estimate(self, night: Night) -> None:
        night.load(*calls(3, **ABROAD), call(id="x", seconds="-1"))
        operations.summarise_batches(now=NOW)
        overview = queries.get_overview(today=DAY + timedelta(days=31))
        assert overview.at_stake is None
        assert overview.groups[0].at_stake is None
        assert queries.get_overview(today=DAY).at_stake == Decimal("21.49")

    def test_the_overview_is_five_queries(
        self, night: Night, django_assert_num_queries: Any
    ) -> None:
        night.load(*calls(3), call(id="x", seconds="-1"), call(id="y", src="79990000000"))
        operations.summarise_batches(now=NOW)
        with django_assert_num_queries(5):
            overview = queries.get_overview(today=DAY)
        assert [(group.reason, group.records) for group in overview.groups] == [
            ("bad_duration", 1),
            ("unknown_subscriber", 1),
        ]
        assert overview.groups[0].share == Decimal("0.2")
        assert overview.groups[0].sample == call(id="x", seconds="-1")
        assert (overview.day, overview.records) == (DAY, 2)


@pytest.fixture
def source(operator: Operator) -> UsageSource:
    """A source with 1 % of unknown zones on each of the last ten days."""
    found = operator.sources["msc-1"]
    for days in range(1, 11):
        intake(found, DAY - timedelta(days=days), records=1000, suspended=10)
    return found


def intake(source: UsageSource, day: date, *, records: int, suspended: int) -> None:
    batch = IntakeSummary.objects.count() + 1000
    for reason, count in (("", records), ("unknown_zone", suspended)):
        IntakeSummary.objects.create(
            batch_id=batch, business_date=day, source_id=source.pk, reason=reason, records=count
        )


def watch(day: date = DAY) -> int:
    return suspense.watch_suspense(business_date=day, now=NOW)


class TestAlarms:
    @pytest.mark.parametrize(
        ("records", "suspended", "is_alarming"),
        [(1000, 30, False), (1000, 31, True), (100, 9, False), (100, 10, True), (0, 0, False)],
    )
    def test_when(
        self, source: UsageSource, records: int, suspended: int, is_alarming: bool
    ) -> None:
        intake(source, DAY, records=records, suspended=suspended)
        assert watch() == int(is_alarming)
        assert SuspenseAlarm.objects.count() == int(is_alarming)

    def test_an_alarm_tells_and_is_raised_once(self, source: UsageSource) -> None:
        intake(source, DAY, records=1000, suspended=50)
        assert (watch(), watch()) == (1, 0)
        alarm = SuspenseAlarm.objects.get()
        assert (alarm.share, alarm.usual_share) == (Decimal("0.0500"), Decimal("0.0100"))
        event = BusinessEvent.objects.get(kind="suspense.grew")
        assert event.data["reason"] == "unknown_zone"
        assert (event.data["suspended"], event.data["records"]) == (50, 1000)

    def test_days_longer_ago_than_two_weeks_are_not_usual(self, source: UsageSource) -> None:
        day = DAY + timedelta(days=20)
        intake(source, day, records=1000, suspended=11)
        assert watch(day) == 1
        assert SuspenseAlarm.objects.get().usual_share is None

    def test_a_source_may_have_its_own_threshold(self, source: UsageSource) -> None:
        intake(source, DAY, records=1000, suspended=50)
        values = {"times": 10, "least_percent": 1, "least_records": 1}
        SuspenseThreshold.objects.create(source=source, **values)
        assert watch() == 0
        SuspenseThreshold.objects.update(source=None, times=4)
        assert watch() == 1

    def test_nobody_has_looked_is_an_alarm_of_the_house(self, source: UsageSource) -> None:
        intake(source, DAY, records=1000, suspended=50)
        watch()
        [unseen, old, standing] = queries.alarms(now=NOW)
        assert len(find_violations(unseen)) == 1
        alarm = SuspenseAlarm.objects.get()
        assert suspense.see_alarm(alarm_id=alarm.pk, now=NOW, actor="staff:7")
        assert not suspense.see_alarm(alarm_id=alarm.pk, now=NOW, actor="staff:8")
        alarm.refresh_from_db()
        assert alarm.seen_by == "staff:7"
        assert find_violations(unseen) == find_violations(old) == find_violations(standing) == []

    def test_what_waits_or_stands_too_long_is_an_alarm(self, night: Night) -> None:
        night.load(call(), call(id="x", seconds="-1"))
        SuspenseRun.objects.create(
            kind="recycle", request_id="r", asked_by="staff:7", asked_at=NOW, total=1
        )
        names = {
            days: [len(find_violations(each)) for each in queries.alarms(now=NOW + days)]
            for days in (timedelta(hours=1), timedelta(days=31))
        }
        assert list(names.values()) == [[0, 0, 0], [0, 1, 1]]

    def test_follow_up_does_all_of_it(self, source: UsageSource, night: Night) -> None:
        night.load(call(), *(call(id=str(n), seconds="-1") for n in range(20)))
        SuspenseRun.objects.create(
            kind="recycle", request_id="r", asked_by="staff:7", asked_at=NOW, total=0
        )
        done = operations.follow_up(now=NOW)
        assert (done.days, done.alarms, done.runs) == (1, 1, 1)
        assert SuspenseRun.objects.get().state == "done"
        again = operations.follow_up(now=NOW)
        assert (again.days, again.alarms, again.runs) == (0, 0, 0)


def test_the_night_watches_once_usage_is_posted(night: Night) -> None:
    night.bring(call(), *(call(id=str(n), seconds="-1") for n in range(20)))
    night.price()
    work = night_steps.Night(business_date=DAY, now=NOW)
    figures = night_steps.post_usage(work, JobRun(), lambda **_done: None)
    assert figures["alarms of the suspense"] == 1
    assert SuspenseLevel.objects.get().records == 20


def test_the_schedule_knows_the_task() -> None:
    assert schedule.BEAT["usage"]["task"] == tasks.follow_up.name
    assert tasks.follow_up.name == runs.TASK
