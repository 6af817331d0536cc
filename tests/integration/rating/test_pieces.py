"""However a batch is cut, the same is priced; what is delivered twice is found across the cuts."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from bench.generate import Job, write_files
from bench.world import Operator, number_of
from rating.domain.shards import make_shards
from rating.models import PricedUsage, SuspenseRecord, UsageFile
from rating.operations import batches, gathering, problems, reading
from rating.operations.pieces import price_all
from tests.integration.rating.night import Night, call

BOOKS = {
    "usage": """
        SELECT account_id, started_at, record_key, quantity, billed, allowance_id, allowance_used,
               band_id, zone_id, amount FROM rating_pricedusage ORDER BY 1, 2, 3
    """,
    "suspense": """
        SELECT f.name, line, reason, detail, raw, started_at FROM rating_suspenserecord s
          JOIN rating_usagefile f ON f.id = s.file_id ORDER BY 1, 2
    """,
    "files": """
        SELECT name, state, records, priced, duplicates, not_charged, suspended
          FROM rating_usagefile ORDER BY 1
    """,
    "allowances": """
        SELECT account_id, subscription_id, allowance_id, used FROM rating_allowanceuse
         ORDER BY 1, 2, 3
    """,
}


class Enough(Exception):
    """Ends the transaction of a night that was only tried."""


def books() -> dict[str, list[tuple[Any, ...]]]:
    """Everything a night wrote."""
    found = {}
    with connection.cursor() as cursor:
        for name, sql in BOOKS.items():
            cursor.execute(sql)
            found[name] = cursor.fetchall()
    return found


def books_of_night(night: Night, *, slice_rows: int) -> dict[str, list[tuple[Any, ...]]]:
    """The books of a night that leaves no trace."""
    found = {}
    with suppress(Enough), transaction.atomic():
        night.price(slice_rows=slice_rows)
        found = books()
        raise Enough
    return found


@pytest.fixture
def busy(night: Night) -> Night:
    """A night of two thousand records of ten subscribers in four files, with troubles."""
    write_files(Job(night.folder, 2_000, 10, date(2026, 11, 20)))
    return night


def test_a_batch_cut_anywhere_gives_the_same_books(
    busy: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = books_of_night(busy, slice_rows=10**6)
    assert len(whole["usage"]) > 1_500
    assert all(whole.values())
    for shards, rows, parts, at_once in (
        (1, 97, 1, 7),
        (3, 1, 2, 100),
        (64, 150, 32, 1),
        (9, 800, 4, 9),
    ):
        monkeypatch.setattr(batches, "make_shards", partial(make_shards, count=shards))
        monkeypatch.setattr(gathering, "KEY_PARTS", parts)
        monkeypatch.setattr(problems, "AT_ONCE", at_once)
        assert books_of_night(busy, slice_rows=rows) == whole


def test_pieces_are_written_one_by_one_in_a_transaction_of_the_caller(
    busy: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int]] = []

    def watched(work: Any, *, progress: Any = None) -> None:
        price_all(work, progress=lambda done, total: told.append((done, total)))

    monkeypatch.setattr(batches.pieces, "price_all", watched)
    busy.price(slice_rows=300)
    assert len(told) > 3
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]


@pytest.mark.parametrize("slice_rows", [1, 1000])
def test_a_record_delivered_for_two_accounts_is_priced_for_the_first(
    night: Night, operator: Operator, slice_rows: int
) -> None:
    night.bring(call(9, id="same"), call(0, id="other"))
    night.bring(call(0, id="same"))
    report = night.price(slice_rows=slice_rows)
    assert (report.priced, report.duplicates) == (2, 1)
    found = PricedUsage.objects.values_list("account_id", flat=True)
    assert sorted(found) == sorted(operator.accounts[place].pk for place in (0, 9))
    duplicates = UsageFile.objects.order_by("id").values_list("duplicates", flat=True)
    assert list(duplicates) == [0, 1]


def test_a_record_delivered_hours_later_is_known_again(night: Night) -> None:
    night.load(call(id="same", at="2026-11-20 03:00:00"))
    night.bring(call(id="same", at="2026-11-20 03:00:00"), call(id="new", at="2026-11-20 23:00:00"))
    assert (night.price().duplicates, PricedUsage.objects.count()) == (1, 2)


def test_late_troubles_keep_their_lines(night: Night) -> None:
    stranger = {"src": "79990000000"}
    lines = [call(id=str(place), **(stranger if place % 3 == 0 else {})) for place in range(9)]
    night.bring(*lines)
    night.bring(call(id="far", at="2019-01-01 00:00:00"), call(id="far too", **stranger))
    assert night.price(slice_rows=2).suspended == 5
    found = SuspenseRecord.objects.order_by("file_id", "line").values_list("line", "reason", "raw")
    assert list(found) == [
        *((place + 1, "unknown_subscriber", lines[place]) for place in (0, 3, 6)),
        (1, "bad_time", call(id="far", at="2019-01-01 00:00:00")),
        (2, "unknown_subscriber", call(id="far too", **stranger)),
    ]


def test_only_some_files_are_parsed_ahead(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    parse = reading._parse

    def counting(file: UsageFile) -> Any:
        begun.append(file.name)
        return parse(file)

    monkeypatch.setattr(reading, "_parse", counting)
    for place in range(8):
        night.bring(call(place, id=str(place)))
    night.receive()
    files = list(UsageFile.objects.select_related("source").order_by("id"))
    with ThreadPoolExecutor(2) as pool:
        found = reading.parse_all(files, pool=pool)
        next(found)
        assert len(begun) <= reading.PARSERS + 1
        assert len(list(found)) == 7
    assert len(begun) == 8


def test_the_spool_is_gone_after_the_night(night: Night, tmp_path: Path) -> None:
    night.bring(call(src=number_of(1)))
    night.price()
    assert list((tmp_path / "archive" / "spool").iterdir()) == []
