"""
Late, duplicate, corrected and out-of-order files in any order give the same books.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest
from django.db.models import Sum

from accounts.domain.kinds import Kind
from accounts.models.ledger import LedgerEntry
from bench.world import MIB, Operator, number_of
from billing_project.kernel.invariants import find_violations
from rating import operations, queries
from rating.models import (
    AllowanceUse,
    PricedUsage,
    SuspenseRecord,
    UsageBatch,
    UsageCorrection,
    UsageFile,
)
from tests.integration.rating.books import Books, books, differences, forgotten
from tests.integration.rating.night import CSV_HEADER, NOW, Night, call
from tests.oracle.describe_database import describe_database, plain_sources
from tests.oracle.plain_rating import PlainRating
from tests.oracle.switch_files import read_files

HEADER = f"{CSV_HEADER},correction"
MOMENT = "2026-11-20T{}+03:00"


def sms(
    record: str, hour: str = "10:00:00", *, quantity: int = 1, correction: str = "", who: int = 0
) -> str:
    """A line of messages of subscriber `who`; with a correction number perhaps."""
    moment = MOMENT.format(hour)
    return f"{record},sms,{number_of(who)},{moment},{quantity},79031234567,{correction}"


def bring(night: Night, *lines: str, source: str = "csv-1") -> Path:
    """Put a file into its folder; Retel CSV with the column of corrections."""
    path = night.bring(*lines, source=source)
    if source == "csv-1":
        path.write_text("\n".join([HEADER, *lines, ""]))
    return path


def load(night: Night, *lines: str, source: str = "csv-1") -> operations.BatchReport:
    """Bring, price and post a file."""
    bring(night, *lines, source=source)
    report = night.price()
    operations.post_batch(batch_id=report.batch_id, now=NOW)
    return report


def rows() -> list[tuple[str, int, str]]:
    """Hour, revision and amount of everything that was written."""
    found = PricedUsage.objects.order_by("started_at", "record_key", "revision")
    return [(f"{row.started_at:%H:%M}", row.revision, str(row.amount)) for row in found]


def broken() -> set[str]:
    """Promises that don't hold."""
    return {item.name for item in queries.invariants() if find_violations(item)}


def test_a_late_call_takes_its_minutes_from_the_one_that_came_first(night: Night) -> None:
    night.load(call(id="late night", at="2026-11-20 10:00:00", seconds="3600"))
    report = night.load(call(id="early", at="2026-11-20 08:00:00", seconds="1800"))
    assert rows() == [
        ("05:00", 0, "36.00"),
        ("05:00", 1, "-36.00"),
        ("05:00", 2, "0.00"),
        ("07:00", 0, "0.00"),
        ("07:00", 1, "0.00"),
        ("07:00", 2, "36.00"),
    ]
    assert AllowanceUse.objects.get().used == 3600
    assert (report.priced, report.records) == (1, 1)
    assert LedgerEntry.objects.aggregate(total=Sum("amount"))["total"] == Decimal("-36.00")
    assert broken() == set()


def test_a_late_call_that_displaces_nothing_writes_its_price_only(night: Night) -> None:
    night.load(call(id="later", at="2026-11-20 10:00:00", seconds="600"))
    night.load(call(id="earlier", at="2026-11-20 08:00:00", seconds="600"))
    assert [row[1] for row in rows()] == [0, 0]


def test_what_comes_in_order_is_not_priced_again(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.load(call(id="1", at="2026-11-20 08:00:00", seconds="3600"))

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError

    monkeypatch.setattr("rating.operations.order.price_again", refuse)
    night.load(call(id="2", at="2026-11-20 09:30:00", seconds="3600"))
    assert [row[1] for row in rows()] == [0, 0]


def test_other_months_and_other_people_are_left_alone(night: Night) -> None:
    night.load(
        call(id="october", at="2026-10-20 10:00:00", seconds="3700"),
        call(1, id="neighbour", at="2026-11-20 10:00:00", seconds="3700"),
        call(id="november", at="2026-11-20 10:00:00", seconds="3600"),
    )
    night.load(call(id="early", at="2026-11-20 08:00:00", seconds="60"))
    changed = PricedUsage.objects.filter(revision__gt=0).values_list("started_at", flat=True)
    assert {f"{at:%d.%m %H}" for at in changed} == {"20.11 05", "20.11 07"}


@pytest.mark.parametrize(
    ("deliveries", "amount", "revisions"),
    [
        pytest.param([(7, "")], "5.00", [0], id="as it was"),
        pytest.param([(7, ""), (9, "1")], "10.00", [0, 1, 2], id="corrected"),
        pytest.param([(9, "1"), (7, "")], "10.00", [0], id="the correction first"),
        pytest.param([(7, ""), (9, "1"), (8, "1")], "10.00", [0, 1, 2], id="an equal one"),
        pytest.param([(7, ""), (9, "2"), (6, "1")], "10.00", [0, 1, 2], id="a lower one"),
        pytest.param([(7, ""), (9, "2"), (6, "3")], "2.50", [0, 1, 2, 3, 4], id="a higher one"),
        pytest.param([(7, ""), (0, "1")], "0", [0, 1], id="withdrawn"),
        pytest.param([(0, "1"), (7, "")], "0", [], id="withdrawn before it came"),
        pytest.param([(7, ""), (0, "1"), (6, "2")], "2.50", [0, 1, 2], id="and brought back"),
        pytest.param([(0, "1"), (6, "2"), (7, "")], "2.50", [0], id="brought back, then came"),
    ],
)
def test_the_highest_correction_is_what_counts(
    night: Night, deliveries: Sequence[tuple[int, str]], amount: str, revisions: list[int]
) -> None:
    for quantity, correction in deliveries:
        load(night, sms("r", quantity=quantity, correction=correction))
    found = PricedUsage.objects.order_by("revision")
    assert [row.revision for row in found] == revisions
    assert sum((row.amount for row in found), Decimal(0)) == Decimal(amount)
    assert broken() == set()
    total = LedgerEntry.objects.aggregate(total=Sum("amount"))["total"] or 0
    assert total == -Decimal(amount)


def test_corrections_of_one_batch_count_alike(night: Night) -> None:
    bring(night, sms("r", quantity=7), sms("r", quantity=9, correction="2"))
    report = load(night, sms("r", quantity=8, correction="1"))
    assert (report.records, report.priced, report.duplicates) == (3, 2, 1)
    assert sum(row.amount for row in PricedUsage.objects.all()) == Decimal("10.00")
    assert broken() == set()


def test_a_withdrawn_record_keeps_its_trace(night: Night) -> None:
    load(night, sms("r", quantity=7))
    report = load(night, sms("r", quantity=0, correction="4"))
    assert (report.priced, report.not_charged) == (0, 1)
    trace = UsageCorrection.objects.get()
    assert (trace.correction, trace.revision, trace.is_withdrawn) == (4, 1, True)
    assert (trace.file_id, trace.line) == (UsageFile.objects.latest("id").pk, 2)
    assert AllowanceUse.objects.get().used == 0
    assert queries.list_usage(account_id=trace.account_id) == []


def test_a_correction_moves_a_record_to_its_subscriber_and_hour(
    night: Night, operator: Operator
) -> None:
    load(night, sms("r", quantity=7), sms("other", "11:00:00", quantity=3))
    load(night, sms("r", "12:00:00", quantity=7, correction="1", who=1))
    [moved] = queries.list_usage(account_id=operator.accounts[1].pk)
    assert (moved.revision, str(moved.amount), f"{moved.started_at:%H}") == (2, "5.00", "09")
    # The other's messages are all included now.
    [kept] = queries.list_usage(account_id=operator.accounts[0].pk)
    assert (kept.revision, str(kept.amount)) == (2, "0.00")
    load(night, sms("r", "10:00:00", quantity=7))
    assert PricedUsage.objects.filter(batch_id=UsageBatch.objects.latest("id").pk).count() == 0
    assert broken() == set()


def test_a_correction_that_has_no_price_waits_and_changes_nothing(night: Night) -> None:
    load(night, sms("r", quantity=7))
    before = books()
    bad = sms("r", quantity=9, correction="1").replace(number_of(0), "79990000000")
    report = load(night, bad)
    assert (report.priced, report.suspended) == (0, 1)
    assert books() == before
    waiting = SuspenseRecord.objects.get()
    line = sms("r", quantity=9, correction="1")
    recycled = operations.recycle(
        record_ids=[waiting.pk], corrected={waiting.pk: line}, actor="staff:1", now=NOW
    )
    assert recycled.priced == [waiting.pk]
    assert [row[1:] for row in rows()] == [(0, "5.00"), (1, "-5.00"), (2, "10.00")]
    assert broken() == set()


#: Files of a few days: calls out of an hour included, messages out of five, data out of 500 MB.
FILES: dict[str, tuple[str, list[str]]] = {
    "morning": (
        "msc-1",
        [
            call(id="a", at="2026-11-20 08:00:00", seconds="1800"),
            call(id="b", at="2026-11-20 10:00:00", seconds="1500"),
            call(id="w", at="2026-11-20 10:30:00", seconds="700", dst="+79031234567"),
        ],
    ),
    "late": (
        "msc-1",
        [
            call(id="c", at="2026-11-20 09:00:00", seconds="1200"),
            call(id="a", at="2026-11-20 08:00:00", seconds="1800"),
            call(id="z", at="2026-11-19 23:59:59", seconds="61"),
        ],
    ),
    "messages": (
        "csv-1",
        [sms("r", quantity=4), sms("s", "09:00:00", quantity=3), sms("t", "11:00:00", who=1)],
    ),
    "corrections": (
        "csv-1",
        [
            sms("r", "08:30:00", quantity=2, correction="1"),
            sms("t", quantity=0, correction="1"),
            f"d,data,{number_of(0)},{MOMENT.format('07:00:00')},{600 * MIB},,",
        ],
    ),
    "more corrections": (
        "csv-1",
        [
            sms("s", "09:00:00", quantity=6, correction="3"),
            sms("r", "08:30:00", quantity=1, correction="2", who=1),
            f"e,data,{number_of(0)},{MOMENT.format('06:00:00')},{10 * MIB},,",
        ],
    ),
}
#: What all of them together say, each record once.
TRUTH = {
    "msc-1": [*FILES["morning"][1], FILES["late"][1][0], FILES["late"][1][2]],
    "csv-1": [
        sms("s", "09:00:00", quantity=6),
        sms("r", "08:30:00", quantity=1, who=1),
        FILES["corrections"][1][2],
        FILES["more corrections"][1][2],
    ],
}


def afresh(night: Night) -> Night:
    """The same subscribers, and a folder that nothing lies in yet."""
    parent = night.folder.parent
    return Night(parent / f"in-{len(list(parent.iterdir()))}")


def books_of(night: Night, order: Sequence[str]) -> Books:
    """Load the files one after the other, each in a night of its own, and forget it again."""
    night = afresh(night)
    with forgotten():
        for name in order:
            source, lines = FILES[name]
            load(night, *lines, source=source)
        assert broken() == set()
        assert UsageBatch.objects.count() == len(order)
        return books()


def plain_kopecks(folder: Path) -> dict[int, Decimal]:
    """What the plain program charges for the truth, by account."""
    sources = plain_sources()
    files = []
    for source, lines in TRUTH.items():
        path = folder / source
        header = [HEADER] if source == "csv-1" else []
        path.write_text("\n".join([*header, *lines, ""]))
        files.append((sources[source], path))
    rating = PlainRating(describe_database())
    total: dict[int, Decimal] = {}
    for record in sorted(read_files(files).records, key=lambda record: record.at):
        answer = rating.price(record)
        total[answer.account] = total.get(answer.account, Decimal(0)) + answer.amount
    return {account: amount for account, amount in total.items() if amount}


def test_files_in_any_order_give_the_same_books(night: Night, tmp_path: Path) -> None:
    expected = books_of(night, list(FILES))
    assert len(expected["in force"]) == 9
    for order in list(permutations(FILES))[1::7]:
        found = books_of(night, order)
        assert found == expected, (order, differences(found, expected))
    charged = {account: -money for account, money in expected["balances"]}
    assert charged == plain_kopecks(tmp_path)


def test_files_of_one_night_give_the_same_books(night: Night) -> None:
    expected = books_of(night, list(FILES))
    for source, lines in FILES.values():
        bring(night, *lines, source=source)
    report = night.price(slice_rows=2)
    operations.post_batch(batch_id=report.batch_id, now=NOW)
    assert differences(books(), expected) == {}
    assert broken() == set()


def test_suspense_recycled_in_between_is_put_in_order_too(night: Night) -> None:
    night.load(call(id="a", at="2026-11-20 08:00:00", seconds="1800"), call(id="bad", dst="99"))
    night.load(call(id="b", at="2026-11-20 11:00:00", seconds="1800"))
    waiting = SuspenseRecord.objects.get()
    line = call(id="bad", at="2026-11-20 09:00:00", seconds="1800")
    operations.recycle(
        record_ids=[waiting.pk], corrected={waiting.pk: line}, actor="staff:1", now=NOW
    )
    in_force = [(hour, amount) for hour, _revision, amount in rows()[-1:]]
    assert in_force == [("08:00", "36.00")]
    assert [row[1] for row in rows() if row[0] == "06:00"] == [0, 1, 2]
    assert broken() == set()
    assert LedgerEntry.objects.filter(kind=Kind.USAGE_CORRECTION).count() <= 1
