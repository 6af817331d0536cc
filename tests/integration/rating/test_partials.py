"""Calls that a switch cut up, and sessions reported on: priced once, when they are all there."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from bench.world import Operator, number_of
from billing_project.kernel.invariants import find_violations
from rating import operations, queries
from rating.models import PartialRecord, PricedUsage, SuspenseRecord, UsageFile, UsageSource
from rating.operations import Recycled
from tests.integration.rating.night import NOW, Night

LATER = NOW + timedelta(hours=73)
CLERK = "staff:7"
MAPPING: dict[str, Any] = {
    "columns": {n: i for i, n in enumerate("call part last a b at length".split())},
    "usage": {
        "kind": "voice",
        "subscriber": {"column": "a"},
        "started_at": {"column": "at"},
        "quantity": {"column": "length"},
        "other_number": "b",
        "record_id": ["call"],
        "partial": {
            "is_part": {"column": "part"},
            "last": {"column": "last", "in": ["1"]},
            "number": "part",
        },
    },
}
UNNUMBERED = {
    **MAPPING,
    "usage": {
        **MAPPING["usage"],
        "partial": {
            "is_part": {"column": "last"},
            "last": {"column": "last", "in": ["1"]},
        },
    },
}


def piece(
    number: int | str, length: int = 60, *, last: bool = False, call: str = "c1", at: str = ""
) -> str:
    minute = int(number or 0) - 1 if number else 30
    at = at or f"2026-11-20 10:{minute:02d}:00"
    mark = int(last) if number else ""
    return f"{call},{number},{mark},{number_of(0)},81012125550101,{at},{length}"


THREE = (piece(1), piece(2), piece(3, 30, last=True))


@pytest.fixture
def switch(operator: Operator) -> UsageSource:
    """A switch that cuts long calls up."""
    return UsageSource.objects.create(code="sw-1", name="sw-1", format="mapping", mapping=MAPPING)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recycling keeps its locks until the test ends: runs after it must not ask for them."""
    monkeypatch.setattr("rating.operations.batches.hold_sources", lambda _ids: nullcontext())


@pytest.fixture
def bras(operator: Operator) -> UsageSource:
    """An access server that reports on sessions."""
    return UsageSource.objects.create(code="bras", name="bras", format="radius_detail")


def report(status: str, seconds: int, octets: int, session: str = "s1") -> str:
    at = int(datetime(2026, 11, 20, 7, tzinfo=UTC).timestamp()) + seconds
    rows = (
        f"Acct-Status-Type = {status}",
        f'Acct-Session-Id = "{session}"',
        'User-Name = "user0"',
        f"Acct-Session-Time = {seconds}",
        f"Acct-Input-Octets = {octets}",
        f"Event-Timestamp = {at}",
    )
    return "Fri Nov 20 10:00:00 2026\n" + "".join(f"\t{row}\n" for row in rows)


def priced() -> list[tuple[str, int]]:
    """Moscow time and length of what was priced."""
    rows = PricedUsage.objects.order_by("started_at", "record_key")
    return [((row.started_at + timedelta(hours=3)).strftime("%H:%M"), row.quantity) for row in rows]


def counters() -> list[tuple[int, int, int, int, int]]:
    """Records, priced, duplicates, not charged, suspended of each file."""
    names = "records priced duplicates not_charged suspended".split()
    return list(UsageFile.objects.order_by("pk").values_list(*names))


def recycle() -> Recycled:
    ids = SuspenseRecord.objects.filter(state="waiting").values_list("pk", flat=True)
    return operations.recycle(record_ids=list(ids), actor=CLERK, now=LATER)


def check_books() -> None:
    for promise in queries.invariants():
        assert find_violations(promise) == [], promise.name


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_pieces_in_any_order_are_one_call(
    night: Night, switch: UsageSource, order: tuple[int, ...]
) -> None:
    for place in order[:2]:
        night.load(THREE[place], source="sw-1")
        assert priced() == []
    night.load(THREE[order[2]], source="sw-1")
    assert priced() == [("10:00", 150)]
    assert counters() == [(1, 0, 0, 1, 0), (1, 0, 0, 1, 0), (1, 1, 0, 0, 0)]
    assert set(PartialRecord.objects.values_list("state", flat=True)) == {"joined"}
    check_books()


def test_pieces_of_one_file_and_whole_calls_go_together(night: Night, switch: UsageSource) -> None:
    report = night.load(*THREE, piece("", 7, call="whole"), source="sw-1")
    assert priced() == [("10:00", 150), ("10:30", 7)]
    assert (report.records, report.priced, report.not_charged) == (4, 2, 2)
    check_books()


def test_a_piece_delivered_twice_is_one(night: Night, switch: UsageSource) -> None:
    night.load(THREE[0], source="sw-1")
    night.load(THREE[0], THREE[0] + " ", source="sw-1")
    assert counters()[1] == (2, 0, 2, 0, 0)
    night.load(*THREE[1:], source="sw-1")
    night.load(*THREE, "", source="sw-1")
    assert counters()[3] == (3, 0, 3, 0, 0)
    assert priced() == [("10:00", 150)]
    check_books()


def test_a_batch_killed_and_run_again_joins_the_same_calls(
    night: Night, switch: UsageSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.load(THREE[0], source="sw-1")
    night.bring(*THREE[1:], source="sw-1")
    with monkeypatch.context() as patch:
        patch.setattr("rating.operations.batches._finish", lambda *_args, **_more: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            night.price()
    assert set(PartialRecord.objects.values_list("state", flat=True)) == {"joined"}
    assert priced() == [("10:00", 150)]
    report = night.price()
    assert (report.priced, report.not_charged, report.duplicates) == (1, 1, 0)
    assert priced() == [("10:00", 150)]
    operations.post_batch(batch_id=report.batch_id, now=NOW)
    check_books()


def test_without_numbers_the_last_piece_completes_the_call(
    night: Night, switch: UsageSource
) -> None:
    UsageSource.objects.filter(pk=switch.pk).update(mapping=UNNUMBERED)
    night.load(THREE[0], THREE[1], source="sw-1")
    assert priced() == []
    night.load(THREE[2], source="sw-1")
    assert priced() == [("10:00", 150)]


def test_what_stays_incomplete_goes_to_suspense_after_its_hours(
    night: Night, switch: UsageSource
) -> None:
    night.load(THREE[0], THREE[2], source="sw-1")
    assert operations.suspend_incomplete(now=LATER - timedelta(hours=2)) == 0
    assert operations.suspend_incomplete(now=LATER) == 2
    assert operations.suspend_incomplete(now=LATER) == 0
    rows = SuspenseRecord.objects.order_by("line").values_list("line", "reason", "raw")
    assert list(rows) == [(1, "incomplete_record", THREE[0]), (2, "incomplete_record", THREE[2])]
    assert counters() == [(2, 0, 0, 0, 2)]
    check_books()
    assert len(recycle().priced) == 2
    assert priced() == [("10:00", 60), ("10:02", 30)]
    check_books()


def test_the_missing_piece_takes_the_others_out_of_suspense(
    night: Night, switch: UsageSource
) -> None:
    night.load(THREE[0], THREE[2], source="sw-1")
    operations.suspend_incomplete(now=LATER)
    night.load(THREE[1], source="sw-1")
    assert priced() == [("10:00", 150)]
    assert set(SuspenseRecord.objects.values_list("state", flat=True)) == {"written_off"}
    check_books()


@pytest.mark.usefixtures("alone")
def test_a_piece_priced_by_itself_is_not_priced_again(night: Night, switch: UsageSource) -> None:
    night.load(THREE[0], THREE[2], source="sw-1")
    operations.suspend_incomplete(now=LATER)
    recycle()
    night.load(*THREE, source="sw-1")
    assert priced() == [("10:00", 60), ("10:02", 30)]
    operations.suspend_incomplete(now=LATER + timedelta(hours=73))
    recycle()
    assert priced() == [("10:00", 60), ("10:01", 60), ("10:02", 30)]
    check_books()


@pytest.mark.usefixtures("alone")
def test_a_joined_call_comes_whole_out_of_suspense(
    night: Night, switch: UsageSource, operator: Operator
) -> None:
    identifier = operator.subscriptions[0].identifiers
    identifier.update(active_from=datetime(2026, 11, 21, tzinfo=UTC))
    night.load(*THREE, source="sw-1")
    assert [row.reason for row in SuspenseRecord.objects.all()] == ["unknown_subscriber"]
    identifier.update(active_from=datetime(2026, 11, 1, tzinfo=UTC))
    assert len(recycle().priced) == 1
    assert priced() == [("10:00", 150)]
    night.load(*THREE, "", source="sw-1")
    assert priced() == [("10:00", 150)]
    check_books()


def test_a_session_is_priced_at_its_end_only(night: Night, bras: UsageSource) -> None:
    night.load(report("Start", 0, 0), report("Interim-Update", 60, 1000), source="bras")
    assert priced() == []
    assert PartialRecord.objects.get().quantity == 1000
    night.load(report("Stop", 90, 1500), source="bras")
    assert priced() == [("10:00", 1500)]
    assert counters() == [(2, 0, 0, 2, 0), (1, 1, 0, 0, 0)]
    check_books()


def test_a_report_that_comes_after_the_end_waits_for_nothing(
    night: Night, bras: UsageSource
) -> None:
    night.load(report("Stop", 90, 1500), source="bras")
    night.load(report("Interim-Update", 60, 1000), source="bras")
    night.load(report("Stop", 90, 1500), report("Start", 0, 0), source="bras")
    assert operations.suspend_incomplete(now=LATER) == 0
    assert priced() == [("10:00", 1500)]
    assert counters()[2] == (2, 0, 1, 1, 0)
    check_books()


def test_a_session_without_end_goes_to_suspense_with_its_newest_report(
    night: Night, bras: UsageSource
) -> None:
    night.load(report("Interim-Update", 60, 1000), report("Interim-Update", 30, 500), source="bras")
    assert operations.suspend_incomplete(now=LATER) == 1
    [record] = SuspenseRecord.objects.all()
    assert (record.line, record.reason) == (1, "incomplete_record")
    assert "\tAcct-Input-Octets = 1000" in record.raw
    night.load(report("Interim-Update", 80, 1400), source="bras")
    assert SuspenseRecord.objects.get().state == "written_off"
    night.load(report("Stop", 90, 1500), source="bras")
    assert priced() == [("10:00", 1500)]
    check_books()


@pytest.mark.usefixtures("alone")
def test_a_session_priced_out_of_suspense_is_not_priced_at_its_end(
    night: Night, bras: UsageSource
) -> None:
    night.load(report("Interim-Update", 60, 1000), source="bras")
    operations.suspend_incomplete(now=LATER)
    assert len(recycle().priced) == 1
    night.load(report("Stop", 90, 1500), source="bras")
    assert priced() == [("10:00", 1000)]
    assert counters()[1] == (1, 0, 1, 0, 0)
    check_books()


def test_ends_are_forgotten_after_their_time(night: Night, bras: UsageSource) -> None:
    night.load(report("Stop", 90, 1500), report("Interim-Update", 5, 5, "s2"), source="bras")
    operations.suspend_incomplete(now=NOW + timedelta(days=101))
    assert [part.state for part in PartialRecord.objects.all()] == ["suspended"]


def test_an_end_told_again_a_second_beside_the_hour_is_a_duplicate(
    night: Night, bras: UsageSource
) -> None:
    stop = report("Stop", 90, 1500)
    night.load(stop, source="bras")
    night.load(stop.replace("Acct-Session-Time = 90", "Acct-Session-Time = 91"), source="bras")
    assert priced() == [("10:00", 1500)]
    assert counters()[1] == (1, 0, 1, 0, 0)
