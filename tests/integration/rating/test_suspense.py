"""Suspended records are priced again, corrected or as they are, or written off."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from accounts.models.ledger import LedgerEntry
from bench.world import Operator
from rating import operations, queries
from rating.models import PricedUsage, SuspenseRecord, UsageBatch
from rating.operations import UnableToRecycle, UnableToWriteOff
from rating.operations.batches import SOURCE_LOCK
from tests.integration.rating.night import NOW, Night, call, only_file

CLERK = "staff:7"
LATER = datetime(2026, 11, 22, 9, tzinfo=UTC)
ABROAD = {"dst": "81012125550101"}


def recycle(**corrected: str) -> operations.Recycled:
    ids = list(SuspenseRecord.objects.filter(state="waiting").values_list("id", flat=True))
    lines = {ids[int(place[1:])]: line for place, line in corrected.items()}
    return operations.recycle(record_ids=ids, corrected=lines, actor=CLERK, now=LATER)


def test_a_corrected_record_is_priced_and_posted(night: Night, operator: Operator) -> None:
    night.load(call(id="good"), call(id="bad", seconds="-1"))
    answer = recycle(_0=call(id="bad", **ABROAD))
    record = SuspenseRecord.objects.get()
    assert answer.priced == [record.pk]
    assert (record.state, record.closed_by, record.closed_at) == ("recycled", CLERK, LATER)
    assert (record.batch_id, record.corrected) == (answer.batch_id, call(id="bad", **ABROAD))
    row = PricedUsage.objects.get(batch_id=answer.batch_id)
    assert (str(row.amount), row.file_id) == ("21.49", only_file().pk)
    entry = LedgerEntry.objects.get()
    assert (entry.account_id, entry.ref) == (operator.accounts[0].pk, answer.batch_id)
    assert UsageBatch.objects.get(pk=answer.batch_id).state == "posted"
    assert (only_file().priced, only_file().suspended) == (1, 1)


def test_a_record_is_priced_as_it_is_once_its_subscriber_is_known(
    night: Night, operator: Operator
) -> None:
    identifier = operator.subscriptions[0].identifiers
    identifier.update(active_from=datetime(2026, 11, 21, tzinfo=UTC))
    night.load(call(**ABROAD))
    assert recycle().waiting == {SuspenseRecord.objects.get().pk: "unknown_subscriber"}
    identifier.update(active_from=datetime(2026, 11, 1, tzinfo=UTC))
    assert len(recycle().priced) == 1


def test_what_is_still_bad_waits_with_its_new_reason(night: Night) -> None:
    night.load(call(), call(id="2", seconds="x"))
    answer = recycle(_0=call(id="2", src="79990000000"))
    record = SuspenseRecord.objects.get()
    assert answer.waiting == {record.pk: "unknown_subscriber"}
    assert (record.state, record.reason, record.batch_id) == ("waiting", "unknown_subscriber", None)
    assert (record.closed_by, record.raw) == ("", call(id="2", seconds="x"))
    assert PricedUsage.objects.count() == 1


def test_a_record_that_was_charged_meanwhile_is_closed(night: Night) -> None:
    night.load(call(id="ok"), call(id="x", seconds="-1"))
    night.load(call(id="x", **ABROAD))
    answer = recycle(_0=call(id="x", **ABROAD))
    assert (answer.priced, list(answer.closed)) == ([], [SuspenseRecord.objects.get().pk])
    assert SuspenseRecord.objects.get().state == "written_off"
    assert PricedUsage.objects.count() == 2


def test_records_of_several_files_and_formats_go_together(night: Night) -> None:
    line = "{},sms,{},2026-11-20T10:00:00Z,7,79031234567"
    night.bring(call(id="ok"), call(id="x", src="79990000000"))
    night.bring(line.format("1", "79210000000"), line.format("2", "79990000000"), source="csv-1")
    night.load()
    csv = SuspenseRecord.objects.get(file__source__code="csv-1")
    assert csv.line == 3
    answer = operations.recycle(
        record_ids=SuspenseRecord.objects.values_list("id", flat=True),
        corrected={csv.pk: line.format("2", "79210000001")},
        actor=CLERK,
        now=LATER,
    )
    assert answer.priced == [csv.pk]
    assert list(answer.waiting.values()) == ["unknown_subscriber"]


def test_a_record_is_recycled_once(night: Night) -> None:
    night.load(call(), call(id="2", seconds="x"))
    recycle(_0=call(id="2"))
    ids = list(SuspenseRecord.objects.values_list("id", flat=True))
    with pytest.raises(UnableToRecycle):
        operations.recycle(record_ids=ids, actor=CLERK, now=LATER)
    assert PricedUsage.objects.count() == 2


def test_a_correction_is_one_line(night: Night) -> None:
    night.load(call(), call(id="2", seconds="x"))
    with pytest.raises(UnableToRecycle):
        recycle(_0=call(id="2") + "\n" + call(id="3"))
    assert SuspenseRecord.objects.get().state == "waiting"


def test_nothing_is_recycled_while_a_run_holds_the_source(night: Night, operator: Operator) -> None:
    night.load(call(), call(id="2", seconds="x"))
    other = connection.Database.connect(**connection.get_connection_params())
    try:
        source = operator.sources["msc-1"].pk
        other.cursor().execute("SELECT pg_advisory_xact_lock(%s, %s)", [SOURCE_LOCK, source])
        with pytest.raises(UnableToRecycle):
            recycle(_0=call(id="2"))
    finally:
        other.rollback()
        other.close()
    assert len(recycle(_0=call(id="2")).priced) == 1


def test_records_are_written_off_with_a_reason(night: Night) -> None:
    night.load(call(), call(id="2", seconds="x"))
    record = SuspenseRecord.objects.get()
    with pytest.raises(UnableToWriteOff):
        operations.write_off(record_ids=[record.pk], actor=CLERK, reason=" ", now=LATER)
    wrote = operations.write_off(record_ids=[record.pk], actor=CLERK, reason="тест", now=LATER)
    record.refresh_from_db()
    assert (wrote, record.state, record.closed_by) == (1, "written_off", CLERK)
    with pytest.raises(UnableToWriteOff):
        operations.write_off(record_ids=[record.pk], actor=CLERK, reason="тест", now=LATER)


def test_what_waits_is_counted_by_reason_with_samples(night: Night) -> None:
    bad = [call(id=str(place), seconds="x") for place in range(3)]
    night.load(call(id="ok"), *bad, call(id="u", src="79990000000"))
    first, second = queries.count_suspense(samples=2)
    assert (first.reason, first.records, first.samples) == ("bad_duration", 3, bad[:2])
    assert (second.reason, second.records, second.oldest) == ("unknown_subscriber", 1, NOW)
    lines = [record.line for record in queries.list_suspense(reason="bad_duration", limit=2)]
    assert lines == [2, 3]
