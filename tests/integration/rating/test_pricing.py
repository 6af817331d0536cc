"""Files to priced rows: amounts, duplicates, suspense, allowances, counts."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import BinaryIO

import pytest
from django.db import IntegrityError, transaction

from bench.world import MIB, Operator
from rating import operations
from rating.formats import FORMATS, ParsedUsage, SourceSettings
from rating.models import (
    AllowanceUse,
    PricedUsage,
    SuspenseRecord,
    UsageBatch,
    UsageFile,
    UsageSource,
)
from rating.operations import batches
from tests.integration.rating.night import DAY, NOW, Night, call, calls, only_file

ABROAD = {"dst": "81012125550101"}


def amounts() -> list[str]:
    return [str(row.amount) for row in PricedUsage.objects.order_by("started_at", "record_key")]


def reasons() -> list[tuple[int, str]]:
    return list(SuspenseRecord.objects.order_by("line").values_list("line", "reason"))


@pytest.mark.parametrize(
    ("changes", "amount"),
    [
        pytest.param({"dst": "+79031234567"}, "3.45", id="a minute to the country"),
        pytest.param({"dst": "+79031234567", "seconds": "61"}, "6.90", id="a started minute"),
        pytest.param({"dst": "+79031234567", "seconds": "2"}, "0.00", id="within the grace"),
        pytest.param(ABROAD, "21.49", id="abroad, with the connection fee"),
        pytest.param({**ABROAD, "seconds": "61"}, "21.82", id="abroad by the second"),
        pytest.param({**ABROAD, "at": "2026-11-20 21:00:00"}, "11.50", id="in the evening"),
        pytest.param({**ABROAD, "at": "2026-11-15 21:00:00"}, "16.49", id="on Sunday"),
        pytest.param(
            {**ABROAD, "at": "2026-11-20 19:59:30", "seconds": "90"}, "26.49", id="over the border"
        ),
        pytest.param({"dst": "112", "seconds": "600"}, "0.00", id="for help"),
        pytest.param({}, "0.00", id="at home, out of the allowance"),
    ],
)
def test_a_call_costs_what_the_deck_says(
    night: Night, changes: dict[str, str], amount: str
) -> None:
    night.load(call(**changes))
    assert amounts() == [amount]


def test_a_row_says_everything_about_its_record(night: Night, operator: Operator) -> None:
    report = night.load(call(3, **ABROAD, seconds="61"))
    row = PricedUsage.objects.get()
    assert row.account_id == operator.accounts[3].pk
    assert row.started_at == datetime(2026, 11, 20, 7, tzinfo=UTC)
    assert (row.source_id, row.file_id) == (operator.sources["msc-1"].pk, only_file().pk)
    assert (row.batch_id, row.revision, row.kind) == (report.batch_id, 0, 1)
    assert (row.other_number, row.quantity, row.billed) == (12125550101, 61, 61)
    assert row.plan_version_id == operator.mobile.pk
    assert (row.allowance_id, row.allowance_used) == (0, 0)
    assert row.band_id > 0
    assert row.zone_id > 0


def test_messages_data_and_sessions_are_priced(night: Night) -> None:
    number = "79210000000"
    moment = "2026-11-20T10:00:00+03:00"
    report = night.load(
        f"1,sms,{number},{moment},7,79031234567",
        f"2,data,{number},{moment},{600 * MIB},",
        f"3,session,USER0,{moment},{1000 * MIB},",
        source="csv-1",
    )
    # 7 messages of which 5 are included; 600 MiB of which 500 are; sessions cost from the first.
    assert report.amounts == {"sms": "5.00", "data": "90.00", "session": "10.00"}


def test_the_allowance_is_used_in_order_of_time_over_files_and_batches(night: Night) -> None:
    night.bring(call(id="late", at="2026-11-20 12:00:00", seconds="1200"))
    night.bring(call(id="early", at="2026-11-20 08:00:00", seconds="1800"))
    night.load(call(id="middle", at="2026-11-20 10:00:00", seconds="1200"))
    # An hour is included: 30 and 20 minutes fit, 10 of the last 20 cost 1.20 each.
    assert amounts() == ["0.00", "0.00", "12.00"]
    night.load(call(id="next", at="2026-11-20 13:00:00"))
    assert amounts()[-1] == "1.20"
    [use] = AllowanceUse.objects.all()
    assert (use.period, use.granted, use.used) == (20261101, 3600, 3600)


def test_slices_change_nothing(night: Night) -> None:
    lines = calls(40, seconds="300") + [call(id=str(i), seconds="130", **ABROAD) for i in range(9)]
    night.bring(*lines)
    night.price(slice_rows=7)
    assert Counter(amounts()) == {"0.00": 12, "6.00": 28, "44.81": 9}
    assert AllowanceUse.objects.get().used == 3600


def test_a_record_delivered_twice_is_priced_once(night: Night) -> None:
    night.bring(call(), call(), call(id="other"))
    night.bring(call())
    report = night.price()
    assert (report.records, report.priced, report.duplicates) == (4, 2, 2)
    files = UsageFile.objects.order_by("id").values_list("priced", "duplicates")
    assert list(files) == [(2, 1), (0, 1)]


def test_a_record_of_an_earlier_batch_is_a_duplicate(night: Night) -> None:
    night.load(call())
    report = night.load(call(), call(id="other"))
    assert (report.priced, report.duplicates) == (1, 1)
    assert PricedUsage.objects.count() == 2


def test_the_same_id_of_another_source_is_another_record(night: Night) -> None:
    line = "r,data,79210000000,2026-11-20T10:00:00Z,5,"
    night.bring(line, source="csv-1")
    night.bring(call(id="r"))
    assert night.price().priced == 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"src": "79990000000"}, "unknown_subscriber"),
        ({"at": "2025-12-31 10:00:00"}, "unknown_subscriber"),
        ({"dst": "99"}, "unknown_zone"),
        ({"dst": "+4930123456"}, "unknown_zone"),
        ({"seconds": "-1"}, "bad_duration"),
        ({"seconds": "9999999"}, "bad_duration"),
        ({"at": "2026-11-31 10:00:00"}, "bad_time"),
        ({"at": "2031-01-01 10:00:00"}, "bad_time"),
        ({"at": "1970-01-01 10:00:00"}, "bad_time"),
    ],
)
def test_a_bad_record_waits_with_its_line_and_the_rest_is_priced(
    night: Night, changes: dict[str, str], reason: str
) -> None:
    night.load(call(id="good"), call(id="bad", **changes), call(id="fine"))
    assert reasons() == [(2, reason)]
    record = SuspenseRecord.objects.get()
    assert record.raw == call(id="bad", **changes)
    assert (record.state, record.file_id) == ("waiting", only_file().pk)
    assert (only_file().records, only_file().priced, only_file().suspended) == (3, 2, 1)


def test_a_service_without_a_plan_waits(night: Night, operator: Operator) -> None:
    operator.subscriptions[0].plan_assignments.all().delete()
    night.load(call(), call(1, id="2"))
    assert reasons() == [(1, "no_plan")]


def test_a_day_without_prices_waits(night: Night, operator: Operator) -> None:
    deck = operator.mobile.decks.get(usage_kind="voice").deck
    deck.versions.update(valid_to=date(2026, 11, 20))
    night.load(call(), call(id="2", at="2026-11-19 10:00:00"))
    assert reasons() == [(1, "no_price_version")]


def test_the_totals_say_what_happened(night: Night) -> None:
    report = night.load(
        call(**ABROAD),
        call(**ABROAD),
        call(id="2", disposition="NO ANSWER"),
        call(id="3", src="79990000000"),
        "rubbish",
    )
    assert (report.files, report.records) == (1, 5)
    counts = (report.priced, report.duplicates, report.not_charged, report.suspended)
    assert counts == (1, 1, 1, 2)
    assert report.suspense == {"malformed_line": 1, "unknown_subscriber": 1}
    assert (report.amounts, report.refused) == ({"voice": "21.49"}, {})


def test_a_file_without_a_readable_line_is_refused_and_others_are_priced(night: Night) -> None:
    night.bring("rubbish", "more rubbish", name="bad.csv")
    night.bring(call(), name="good.csv")
    report = night.price()
    assert list(report.refused) == ["msc-1/bad.csv"]
    assert (report.records, report.priced, report.suspended) == (1, 1, 0)
    states = dict(UsageFile.objects.values_list("name", "state"))
    assert states == {"msc-1/bad.csv": "refused", "msc-1/good.csv": "priced"}
    assert not SuspenseRecord.objects.exists()


def test_a_file_refused_for_what_is_in_it_is_not_tried_every_night(
    night: Night, operator: Operator
) -> None:
    path = night.bring("rubbish", name="bad.csv")
    night.price()
    received = night.receive()
    assert (received.new, received.seen) == ([], ["msc-1/bad.csv"])
    assert only_file().state == "refused"
    night.bring("rubbish", name="bad.csv", source="msc-2")
    path.unlink()
    UsageSource.objects.create(code="msc-2", name="msc-2", format="asterisk")
    assert night.receive().new == ["msc-2/bad.csv"]
    assert (only_file().state, only_file().batch_id) == ("received", None)


def test_a_binary_file_is_refused(night: Night) -> None:
    night.bring(call()).write_bytes(call().encode("utf-16"))
    assert len(night.price().refused) == 1
    assert "UTF-8" in only_file().refusal


def test_a_source_of_an_unknown_time_zone_is_refused(night: Night, operator: Operator) -> None:
    source = operator.sources["msc-1"]
    source.time_zone = "Europe/Ladoga"
    source.save()
    night.bring(call())
    assert "Europe/Ladoga" in night.price().refused["msc-1/file-0.csv"]
    assert not PricedUsage.objects.exists()


def test_a_batch_that_is_not_finished_comes_before_a_newer_one(night: Night) -> None:
    night.bring(call())
    first = night.price()
    UsageBatch.objects.create(business_date=DAY, opened_at=NOW)
    assert operations.open_batch(business_date=DAY, now=NOW) == first.batch_id


def test_pricing_again_changes_nothing(night: Night) -> None:
    night.bring(call(**ABROAD))
    first = night.price()
    again = operations.price_batch(batch_id=first.batch_id, now=NOW)
    assert again == first
    assert PricedUsage.objects.count() == 1


def test_a_day_is_opened_once(night: Night) -> None:
    assert operations.open_batch(business_date=DAY, now=NOW) is None
    night.load(call())
    same = operations.open_batch(business_date=DAY, now=NOW)
    assert same == UsageBatch.objects.get().pk


def test_files_that_come_later_get_a_batch_of_their_own(night: Night) -> None:
    first = night.load(call())
    second = night.load(call(id="2"))
    assert second.batch_id != first.batch_id
    assert UsageBatch.objects.filter(business_date=DAY, state="posted").count() == 2


def test_priced_rows_are_never_changed(night: Night) -> None:
    night.load(call())
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        PricedUsage.objects.update(amount=Decimal(0))
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        PricedUsage.objects.all()._raw_delete("default")


def test_a_file_that_joins_while_the_batch_is_read_waits_for_the_next_one(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.bring(call(id="first"))
    read_batch = batches.read_batch

    def read_slowly(*args: object, **kwargs: object) -> object:
        monkeypatch.setattr(batches, "read_batch", read_batch)
        night.bring(call(id="second"))
        night.receive()
        operations.open_batch(business_date=DAY, now=NOW)
        return read_batch(*args, **kwargs)

    monkeypatch.setattr(batches, "read_batch", read_slowly)
    first = night.price()
    operations.post_batch(batch_id=first.batch_id, now=NOW)
    second = night.price()
    assert (first.priced, second.priced) == (1, 1)
    assert second.batch_id != first.batch_id
    assert set(UsageFile.objects.values_list("state", flat=True)) == {"priced"}


def test_a_parser_that_fails_refuses_its_file_and_stops_no_other(
    night: Night, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    known = FORMATS["asterisk"]

    def stumbling(stream: BinaryIO, settings: SourceSettings) -> ParsedUsage:
        if b"odd" in stream.read():
            raise IndexError("no such column")
        stream.seek(0)
        return known.parse(stream, settings)

    monkeypatch.setitem(FORMATS, "asterisk", replace(known, parse=stumbling))
    night.bring(call(id="odd"), name="a.csv")
    night.bring(call(id="good"), name="b.csv")
    report = night.price()
    # The language is the installation's: nobody in particular asks at night.
    assert report.refused == {
        "msc-1/a.csv": "Формат «asterisk» не справился с файлом: no such column"
    }
    assert (report.priced, PricedUsage.objects.count()) == (1, 1)
    assert "the format asterisk failed at file" in caplog.text
