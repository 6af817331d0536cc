"""Each promise of rating finds a planted violation, and nothing in an honest night."""

from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection
from django.db.models import F

from billing_project.kernel.invariants import find_violations
from rating import operations, queries
from rating.domain.counters import Meter
from rating.models import (
    AllowanceCarry,
    AllowanceUse,
    PartialRecord,
    PricedUsage,
    RunningTotal,
    SuspenseRecord,
    UsageBatch,
    UsageCorrection,
    UsageFile,
)
from tests.integration.rating.night import NOW, Night, call, calls

ABROAD = {"dst": "81012125550101"}
COPY = """
    INSERT INTO rating_pricedusage (account_id, started_at, record_key, batch_id, file_id,
        subscription_id, other_number, quantity, billed, allowance_used, band_id, plan_version_id,
        deck_version_id, allowance_id, source_id, revision, kind, zone_id, amount)
    SELECT account_id + {other}, started_at + {later}, record_key + {key}, batch_id, file_id,
        subscription_id, other_number, quantity, billed, {used}, band_id, plan_version_id,
        deck_version_id, {allowance}, source_id, revision + {revision}, kind, zone_id, {amount}
      FROM rating_pricedusage WHERE amount > 0 LIMIT 1
"""


def plant(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def plant_row(**changes: str) -> None:
    values = dict.fromkeys(("other", "key", "used", "revision", "allowance"), "0")
    later = {"later": "interval '0'", "amount": "amount"}
    plant(COPY.format(**{**values, **later, **changes}))


def lose_a_record() -> None:
    UsageFile.objects.update(priced=F("priced") + 1, duplicates=F("duplicates") - 1)


def lose_a_suspended_record() -> None:
    SuspenseRecord.objects.filter(state="waiting").delete()


def recycle_without_pricing() -> None:
    SuspenseRecord.objects.filter(state="waiting").update(state="recycled", batch_id=batch_id())


def batch_id() -> int:
    return SuspenseRecord.objects.get(state="recycled").batch_id or 0


def overdraw() -> None:
    plant("ALTER TABLE rating_allowanceuse DROP CONSTRAINT allowanceuse_within_grant")
    plant("UPDATE rating_allowanceuse SET used = granted + 1, granted = granted")


def forget_a_batch() -> None:
    UsageBatch.objects.create(business_date=date(2026, 11, 1), opened_at=NOW)


def miscount_allowances() -> None:
    AllowanceUse.objects.update(used=1)


def count_what_nobody_priced() -> None:
    row = PricedUsage.objects.filter(amount__gt=0)[0]
    RunningTotal.objects.create(
        account_id=row.account_id,
        subscription_id=row.subscription_id,
        meter=Meter.MEMBER,
        number=1,
        period=20261101,
        quantity=1,
    )


def carry_without_a_trace() -> None:
    AllowanceUse.objects.update(carried=1)


def carry_what_never_arrives() -> None:
    counter = AllowanceUse.objects.all()[0]
    AllowanceCarry.objects.create(
        account_id=counter.account_id,
        subscription_id=counter.subscription_id,
        allowance_id=counter.allowance_id,
        from_period=counter.period,
        to_period=20261201,
        units=1,
        carried_at=NOW,
    )


def withdraw_on_paper() -> None:
    row = PricedUsage.objects.filter(amount__gt=0)[0]
    UsageCorrection.objects.create(
        source_id=row.source_id,
        record_key=row.record_key,
        correction=1,
        account_id=row.account_id,
        started_at=row.started_at,
        revision=1,
        is_withdrawn=True,
        batch_id=row.batch_id,
        file_id=row.file_id,
        line=1,
    )


def join_parts_to_nothing() -> None:
    file = UsageFile.objects.get()
    PartialRecord.objects.create(
        source=file.source,
        file=file,
        line=99,
        batch=file.batch,
        **dict.fromkeys(("call_key", "subscriber_key", "kind", "quantity"), 1),
        **dict.fromkeys(("number", "number_b", "number_b_length"), 0),
        is_last=True,
        is_running=False,
        state=PartialRecord.State.JOINED,
        **dict.fromkeys(("started_at", "received_at"), NOW),
    )


VIOLATIONS: dict[str, list[Callable[[], None]]] = {
    "rating: each record of a file is in exactly one state": [
        lose_a_record,
        lose_a_suspended_record,
        lambda: plant_row(key="1"),
    ],
    "rating: recycled records are priced": [recycle_without_pricing],
    "rating: the ledger has what was priced": [
        lambda: plant_row(key="1"),
        lambda: plant_row(key="1", other="100000"),
    ],
    "rating: a record has one price in force, or none": [
        lambda: plant_row(revision="2"),
        lambda: plant_row(revision="2", other="1"),
        lambda: plant_row(revision="1", amount="-amount + 1"),
    ],
    "rating: no record is priced twice": [
        lambda: plant_row(other="1"),
        lambda: plant_row(later="interval '1 s'"),
    ],
    "rating: allowances used are those of the records": [
        miscount_allowances,
        lambda: plant_row(
            key="1", used="60", allowance="(SELECT min(allowance_id) FROM rating_allowanceuse)"
        ),
    ],
    "rating: allowances are not overdrawn": [overdraw],
    "rating: running totals are those of the records": [count_what_nobody_priced],
    "rating: what is carried over was left of the period before": [
        carry_without_a_trace,
        carry_what_never_arrives,
    ],
    "rating: a withdrawn record is charged no more": [withdraw_on_paper],
    "rating: a call joined of its parts is priced or waits": [join_parts_to_nothing],
    "rating: no batch is left behind": [forget_a_batch],
    "rating: usage has a month": [lambda: plant_row(later="interval '-9 years'")],
}


@pytest.fixture
def _honest_night(night: Night) -> None:
    night.load(
        *calls(2, **ABROAD),
        call(id="home", seconds="600"),
        call(id="home", seconds="600"),
        call(id="none", disposition="BUSY"),
        call(id="bad", seconds="x"),
        call(id="worse", src="79990000000"),
    )
    bad = SuspenseRecord.objects.get(reason="bad_duration")
    corrected = {bad.pk: call(id="bad", **ABROAD)}
    operations.recycle(record_ids=[bad.pk], corrected=corrected, actor="staff:1", now=NOW)


def broken() -> set[str]:
    return {item.name for item in queries.invariants() if find_violations(item)}


@pytest.mark.usefixtures("_honest_night")
def test_an_honest_night_breaks_no_promise() -> None:
    assert broken() == set()


@pytest.mark.usefixtures("_honest_night")
@pytest.mark.parametrize(
    ("name", "violate"),
    [(name, violate) for name, planted in VIOLATIONS.items() for violate in planted],
)
def test_a_planted_violation_is_found(name: str, violate: Callable[[], None]) -> None:
    violate()
    assert name in broken()


@pytest.mark.usefixtures("db")
def test_every_promise_has_a_planted_violation() -> None:
    mine = {item.name for item in queries.invariants() if item.name.startswith("rating:")}
    assert mine == set(VIOLATIONS)
