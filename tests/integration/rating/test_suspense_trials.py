"""Suspended records are tried without effect: the same answers as recycling, nothing written."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from bench.world import Operator
from rating import operations
from rating.domain.selections import Selection
from rating.models import AllowanceUse, PricedUsage, SuspenseRecord, UsageBatch
from rating.operations import suspense
from tests.integration.rating.night import NOW, Night, call

LATER = NOW + timedelta(days=1)
ABROAD = {"dst": "81012125550101"}


@pytest.fixture
def waiting(night: Night) -> list[SuspenseRecord]:
    """A charged call, then: two that can be mended, one charged already, one unanswered, one bad."""
    night.load(
        call(id="good", **ABROAD), *(call(id=f"w{place}", seconds="-1") for place in range(5))
    )
    return list(SuspenseRecord.objects.order_by("pk"))


@pytest.fixture
def mended(waiting: list[SuspenseRecord]) -> dict[int, str]:
    lines = [
        call(id="w0", **ABROAD),
        call(id="w1"),
        call(id="good", **ABROAD),
        call(id="w3", disposition="NO ANSWER"),
        call(id="w4", src="79990000000"),
    ]
    return dict(zip((record.pk for record in waiting), lines, strict=True))


def counts(**verdicts: int) -> dict[str, int]:
    return {**dict.fromkeys(suspense.trials.VERDICTS, 0), **verdicts}


def footprint() -> list[int]:
    tables = (PricedUsage, UsageBatch, AllowanceUse)
    counts = [table.objects.count() for table in tables]
    return [*counts, SuspenseRecord.objects.filter(state="waiting", corrected="").count()]


def test_each_gets_its_verdict(mended: dict[int, str], operator: Operator) -> None:
    before = footprint()
    tried = suspense.try_pricing(record_ids=mended, corrected=mended, now=LATER)
    assert [one.verdict for one in tried.records] == [
        "priced",
        "priced",
        "duplicate",
        "not_charged",
        "still_bad",
    ]
    assert tried.counts == counts(priced=2, still_bad=1, duplicate=1, not_charged=1)
    assert tried.amount == Decimal("21.49")
    first, last = tried.records[0], tried.records[-1]
    assert (first.amount, first.account_id) == (Decimal("21.49"), operator.accounts[0].pk)
    assert (first.quantity, first.started_at) == (60, NOW - timedelta(hours=17))
    assert first.zone_id
    assert first.plan_version_id
    assert last.reason == "unknown_subscriber"
    assert footprint() == before


def test_the_trial_says_what_recycling_does(mended: dict[int, str]) -> None:
    tried = suspense.try_pricing(record_ids=mended, corrected=mended, now=LATER)
    done = operations.recycle(record_ids=mended, corrected=mended, actor="staff:7", now=LATER)
    priced = [one.record.pk for one in tried.records if one.verdict == "priced"]
    bad = {one.record.pk: one.reason for one in tried.records if one.verdict == "still_bad"}
    assert (sorted(done.priced), done.waiting) == (priced, bad)
    rows = PricedUsage.objects.filter(batch_id=done.batch_id)
    assert sum(row.amount for row in rows) == tried.amount


def test_a_selection_is_tried_as_it_is(
    waiting: list[SuspenseRecord], mended: dict[int, str]
) -> None:
    SuspenseRecord.objects.filter(pk=waiting[0].pk).update(corrected=mended[waiting[0].pk])
    tried = suspense.try_selection(selection=Selection(reason="bad_duration"), now=LATER)
    assert tried.counts == counts(priced=1, still_bad=4)


def test_only_the_first_of_many_are_tried(
    waiting: list[SuspenseRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspense.trials, "TRIED_AT_ONCE", 2)
    tried = suspense.try_selection(selection=Selection(), now=LATER)
    assert [one.record.pk for one in tried.records] == [record.pk for record in waiting[:2]]


def test_nothing_selected_is_nothing_tried(operator: Operator) -> None:
    tried = suspense.try_selection(selection=Selection(), now=LATER)
    assert (tried.records, tried.amount, set(tried.counts.values())) == ([], Decimal(0), {0})


def test_the_same_call_twice_is_priced_once(waiting: list[SuspenseRecord]) -> None:
    ids = [record.pk for record in waiting[:2]]
    same = dict.fromkeys(ids, call(id="same", **ABROAD))
    tried = suspense.try_pricing(record_ids=ids, corrected=same, now=LATER)
    assert [one.verdict for one in tried.records] == ["priced", "duplicate"]


def test_no_month_is_made_for_a_trial(waiting: list[SuspenseRecord]) -> None:
    line = call(id="old", at="2025-01-15 10:00:00")
    suspense.try_pricing(record_ids=[waiting[0].pk], corrected={waiting[0].pk: line}, now=LATER)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('rating_pricedusage_2025_01')")
        assert cursor.fetchone() == (None,)
